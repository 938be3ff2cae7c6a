extension GraphGenerator {

  /// A state of a scan.
  private struct State {

    var name: String
    var shape: [String]
    var isLocal: Bool

  }

  /// Appends a scan over dimension `count`.
  mutating func scan(_ count: String, depth: Int) {
    let step = depth == 1 ? "t" : "u"
    let hasLengths = depth == 1 && chance(0.25)
    var head = "scan \(step) in \(count)"
    if chance(0.3) { head += " reverse" }
    if hasLengths {
      let name = name("l")
      graph.declarations.append(
        .init(kind: "input", name: name, rest: " : index<\(count) + 1>[b]"))
      head += " lengths \(name)"
    }
    var locals: [GraphText.Declaration] = []
    var states: [State] = []
    for _ in 0..<Int.random(in: depth == 1 ? 0...3 : 1...2, using: &random) {
      states.append(state(isLocal: depth > 1 || chance(0.3), &locals))
    }
    let outer = pool
    // Elements of sequences come twice, so that they are read more often.
    for q in outer where q.shape.first == count && q.element != .oneHot("q") {
      var element = q
      element.text += "[\(step)]"
      element.shape.removeFirst()
      pool.append(element)
    }
    for s in states { pool.append(Quantity(text: s.name, shape: s.shape, magnitude: 1)) }
    items.append([])
    for _ in 0..<Int.random(in: 1...3, using: &random) { operate() }
    if depth == 1, chance(0.25) { scan("r", depth: 2) }
    for s in states {
      if chance(0.3) { pool.append(Quantity(text: "old(\(s.name))", shape: s.shape)) }
      update(s)
      if chance(0.5) { operate() }
    }
    let stacked = stack(count, step, atLeastOne: states.isEmpty, rows: hasLengths)
    let body = items.removeLast()
    items[items.count - 1].append(
      .init(target: .scan(locals: locals), expression: head, body: body))
    pool = outer + stacked
    for s in states where !s.isLocal { pool.append(Quantity(text: s.name, shape: s.shape)) }
  }

  /// Declares a state.
  private mutating func state(
    isLocal: Bool, _ locals: inout [GraphText.Declaration]
  ) -> State {
    let state = State(
      name: name(isLocal ? "local" : "h"), shape: ["b", pick(["p", "q"])], isLocal: isLocal)
    let type = "f32[\(state.shape.joined(separator: ", "))]"
    if isLocal {
      let initial = pool.filter { $0.element == .number && $0.shape == state.shape }
        .filter { $0.magnitude <= 1 }.randomElement(using: &random)
      locals.append(
        .init(kind: "state", name: state.name, rest: " : \(type) = \(initial?.text ?? "zeros")"))
    } else {
      let kind = chance(0.7) ? "carried state" : "state"
      let initial = pick(["zeros", "ones", "constant(0.5)"])
      graph.declarations.append(
        .init(kind: kind, name: state.name, rest: " : \(type) = \(initial)"))
    }
    return state
  }

  /// Assigns `state` a value that is at most 1.
  private mutating func update(_ state: State) {
    let other = pool.filter { $0.element == .number && $0.shape == state.shape }
      .suffix(5).randomElement(using: &random)?.text
    let rows = pool.filter { $0.element == .number && $0.shape.count == 2 && $0.shape[0] == "b" }
    let part = rows.suffix(5).randomElement(using: &random)
    let old = "old(\(state.name))"
    var expressions: [String] = []
    if let other { expressions.append("tanh(\(other) + \(old) * 0.5)") }
    if let other { expressions.append("0.5 * \(old) + 0.5 * tanh(\(other))") }
    if let part {
      let weight = parameter([part.shape[1], state.shape[1]], magnitude: "1 / \(part.shape[1])")
      let recurrent = parameter(
        [state.shape[1], state.shape[1]], magnitude: "1 / \(state.shape[1])")
      let bias = parameter([state.shape[1]], magnitude: "1")
      expressions += Array(
        repeating: "tanh(linear(\(part.text), \(weight)) + linear(\(old), \(recurrent)) + \(bias))",
        count: 3)
      expressions.append(
        "sigmoid(linear([\(part.text), \(old)], [\(weight), \(recurrent)], \(bias)))")
    }
    if expressions.isEmpty { expressions.append("tanh(\(old) + 0.25)") }
    let expression = pick(expressions)
    items[items.count - 1].append(.init(target: .state(state.name), expression: expression))
  }

  /// Stacks some of what the body has computed, with rows first if `rows`, and returns the stacks.
  private mutating func stack(
    _ count: String, _ step: String, atLeastOne: Bool, rows: Bool
  ) -> [Quantity] {
    let values = pool.filter { q in
      if case .oneHot = q.element { return false }
      return !q.text.contains("[") && !q.text.contains("(") && q.shape.first == "b"
        && !q.shape.contains(count) && q.shape.count < 4
    }
    var result: [Quantity] = []
    for q in values.suffix(6).shuffled(using: &random)
      .prefix(Int.random(in: atLeastOne ? 1...2 : 0...3, using: &random))
    {
      var stack = q
      stack.text = name("y")
      stack.shape.insert(count, at: 0)
      items[items.count - 1].append(
        .init(target: .element(stack.text, step: step), expression: q.text))
      result.append(stack)
    }
    if result.isEmpty, atLeastOne {
      let name = name("y")
      items[items.count - 1].append(
        .init(
          target: .element(name, step: step),
          expression: parameterRow()))
      result.append(Quantity(text: name, shape: [count, "b", "p"]))
    }
    return result
  }

  /// Returns the text of a table of rows, for a body that computes nothing to stack.
  private mutating func parameterRow() -> String {
    parameter(["b", "p"], magnitude: "1")
  }

}

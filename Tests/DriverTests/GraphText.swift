/// A graph as text that can be taken apart.
struct GraphText: Sendable {

  /// A line of declarations.
  struct Declaration: Sendable {

    var kind: String
    var name: String

    /// What stands behind the name.
    var rest: String

  }

  /// A line of a body, or a scan.
  struct Item: Sendable {

    /// What a line gives a value.
    enum Target: Sendable {

      /// A new name, whose type is written so.
      case value(String, type: String)

      /// Two new names of one type, of a `split`.
      case parts([String], type: String)

      case state(String)

      /// The element of a stacked value at a step.
      case element(String, step: String)

      /// Nothing: the line is the head of a scan, whose local states it declares.
      case scan(locals: [Declaration])

    }

    var target: Target

    /// What stands behind `=`, or the head of a scan.
    var expression: String

    var body: [Item] = []

  }

  var name: String
  var declarations: [Declaration] = []
  var items: [Item] = []
  var outputs: [String] = []

  /// What training makes small, if the graph is trained.
  var loss: String?

  /// Creates an empty graph.
  init(name: String) {
    self.name = name
  }

  /// The text.
  var description: String {
    var lines = ["model \(name) {"]
    for d in declarations { lines.append("  \(d.kind) \(d.name)\(d.rest)") }
    for item in items { lines += item.lines(depth: 1) }
    for output in outputs { lines.append("  output \(output)") }
    if let loss {
      lines += ["  train {", "    loss = \(loss)", "    optimizer = sgd(lr: 0.1)", "  }"]
    }
    return (lines + ["}", ""]).joined(separator: "\n")
  }

  /// The states that go on after a call.
  var states: [String] { declarations.filter { $0.kind.hasSuffix("state") }.map(\.name) }

  /// The number of lines that compute something.
  var lineCount: Int { items.reduce(0) { $0 + $1.lineCount } }

}

extension GraphText.Item {

  fileprivate func lines(depth: Int) -> [String] {
    let indent = String(repeating: "  ", count: depth)
    switch target {
    case .value(let name, _), .state(let name): return ["\(indent)\(name) = \(expression)"]
    case .parts(let names, _):
      return ["\(indent)\(names.joined(separator: ", ")) = \(expression)"]
    case .element(let name, let step): return ["\(indent)\(name)[\(step)] = \(expression)"]
    case .scan(let locals):
      return ["\(indent)\(expression) {"]
        + locals.map { "\(indent)  \($0.kind) \($0.name)\($0.rest)" }
        + body.flatMap { $0.lines(depth: depth + 1) } + ["\(indent)}"]
    }
  }

  fileprivate var lineCount: Int { body.reduce(1) { $0 + $1.lineCount } }

}

extension GraphText {

  /// The words in `text` that can be names.
  static func words(in text: String) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
  }

  /// Removes what neither an output nor a value in `roots` needs, until nothing changes; each round
  /// removes something, so this ends.
  mutating func prune(keeping roots: [String] = []) {
    var before = -1
    while before != description.count {
      before = description.count
      var used = Set(outputs + roots + (loss.map(Self.words) ?? []))
      for d in declarations { used.formUnion(Self.words(in: d.rest)) }
      for item in items { item.addUses(to: &used) }
      items = items.compactMap { $0.pruned(used) }
      var mentioned = used
      for item in items { item.addTargets(to: &mentioned) }
      declarations.removeAll { !mentioned.contains($0.name) }
    }
  }

  /// Returns the graphs in which one line fewer is computed: its value becomes an input.
  ///
  /// Those without early lines come first, because they are smaller.
  var cuts: [GraphText] {
    var count = 0
    for item in items { item.countValues(&count) }
    return (0..<count).map { position in
      var result = self
      var left = position
      var inputs: [Declaration] = []
      result.items = items.map { $0.cut(&left, &inputs) }
      result.declarations += inputs
      result.prune()
      return result
    }
  }

}

extension GraphText.Item {

  /// Adds the words that the item reads; what a state reads of itself does not count.
  fileprivate func addUses(to used: inout Set<String>) {
    var words = GraphText.words(in: expression)
    if case .state(let name) = target { words.removeAll { $0 == name } }
    if case .scan(let locals) = target {
      for local in locals { words += GraphText.words(in: local.rest) }
    }
    used.formUnion(words)
    for item in body { item.addUses(to: &used) }
  }

  /// Adds the names of the states that the item assigns.
  fileprivate func addTargets(to names: inout Set<String>) {
    if case .state(let name) = target { names.insert(name) }
    for item in body { item.addTargets(to: &names) }
  }

  /// Returns the item without what is not `used`, or `nil` if nothing is left.
  fileprivate func pruned(_ used: Set<String>) -> GraphText.Item? {
    var result = self
    switch target {
    case .value(let name, _), .state(let name), .element(let name, _):
      return used.contains(name) ? self : nil
    case .parts(let names, _): return names.contains { used.contains($0) } ? self : nil
    case .scan(let locals):
      result.body = body.compactMap { $0.pruned(used) }
      var assigned: Set<String> = []
      for item in result.body { item.addTargets(to: &assigned) }
      result.target = .scan(locals: locals.filter { assigned.contains($0.name) })
      return result.body.isEmpty ? nil : result
    }
  }

  fileprivate func countValues(_ count: inout Int) {
    switch target {
    case .value, .parts: count += 1
    case .state, .element, .scan: break
    }
    for item in body { item.countValues(&count) }
  }

  /// Returns the item without the line at `position`, which is counted down; its names become
  /// inputs.
  fileprivate func cut(
    _ position: inout Int, _ inputs: inout [GraphText.Declaration]
  ) -> GraphText.Item {
    var result = self
    switch target {
    case .value(let name, let type):
      if position == 0 {
        inputs.append(.init(kind: "input", name: name, rest: " : \(type)"))
        // A line without a use, which goes with the next pruning.
        result = .init(target: .value("unused_\(name)", type: type), expression: "0 + 0")
      }
      position -= 1
    case .parts(let names, let type):
      if position == 0 {
        inputs += names.map { .init(kind: "input", name: $0, rest: " : \(type)") }
        result = .init(target: .value("unused_\(names[0])", type: type), expression: "0 + 0")
      }
      position -= 1
    case .state, .element, .scan: break
    }
    result.body = body.map { $0.cut(&position, &inputs) }
    return result
  }

}

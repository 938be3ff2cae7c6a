import IR

/// What the sweep of a scan has found so far.
struct LoopSweep {

  /// A value from outside of the scan whose adjoint is summed over the steps.
  struct Captured {
    let value: Value

    /// The sum over the steps that have been swept before.
    let argument: Value

    var sum: Value
  }

  /// What is formed behind the sweep, from the values of all steps.
  enum Postponed {

    /// The gradient of a weight: rows for each of `parts`, values of the forward body, from the
    /// adjoint of the product with it.
    case product(weight: Value, parts: [Value], adjoints: [Value], of: Value)

    /// The gradient of a weight whose transpose `part` is multiplied by.
    case transposedProduct(weight: Value, part: Value, adjoint: Value, of: Value)

    /// The gradient of rows of a table, of which those at `indices` are looked up.
    case rows(table: Value, indices: Value, adjoint: Value)

    /// The gradient of what was broadcast.
    case sum(of: Value, Value)

  }

  /// The scan in the forward graph, and its step there.
  let id: ID<Node>
  let step: Value

  /// The step of the sweep.
  let newStep: Value

  fileprivate(set) var captured: [Captured] = []

  /// The places of sequences that the step reads, in the order in which adjoints were found.
  private(set) var places: [Value] = []

  /// What is formed behind the sweep, with the names of what that belongs to.
  fileprivate var postponed: [(what: Postponed, origins: [String])] = []

  /// The adjoints that the sweep stacks.
  fileprivate var stacked: [Value] = []

  /// What the sweep reads for values of the forward body. Never iterated.
  fileprivate var recalled: [Value: Value] = [:]

  init(_ id: ID<Node>, step: Value, newStep: Value) {
    self.id = id
    self.step = step
    self.newStep = newStep
  }

  /// Remembers that there is an adjoint of `place`.
  mutating func note(place: Value) {
    if !places.contains(place) { places.append(place) }
  }

}

extension Differentiation {

  /// The loop whose sweep is being written.
  private var loop: LoopSweep {
    get { loop(at: frames.count - 1) }
    set { frames[frames.count - 1].loop = newValue }
  }

  private func loop(at depth: Int) -> LoopSweep {
    guard let loop = frames[depth].loop else { preconditionFailure("a scan is being swept") }
    return loop
  }

  /// Adds `dv` to the adjoint of `v`, a value from outside of the scan that is being swept.
  mutating func accumulateOutside(_ v: Value, _ dv: Value) {
    if let i = loop.captured.firstIndex(where: { $0.value == v }) {
      let sum = apply(.binary(.add), [loop.captured[i].sum, dv], name: name(of: v))
      loop.captured[i].sum = sum
      return
    }
    let argument = argument(name: name(of: v), type: type(of: v).dense)
    loop.captured.append(.init(value: v, argument: argument, sum: dv))
  }

  /// Forms a gradient behind the sweep of the present scan.
  mutating func postpone(_ what: LoopSweep.Postponed) {
    loop.postponed.append((what, origins))
    switch what {
    case .product(_, _, let adjoints, _): for d in adjoints { stack(d) }
    case .transposedProduct(_, _, let d, _), .rows(_, _, let d), .sum(_, let d): stack(d)
    }
  }

  /// Lets the sweep stack `v`, a value that it writes, unless all steps can be read elsewhere.
  private mutating func stack(_ v: Value) {
    if steppedSequence(v, loop) == nil, !loop.stacked.contains(v) { loop.stacked.append(v) }
  }

  /// Returns the sequence, known in front of the sweep, of which `v` is the place of the step.
  private func steppedSequence(_ v: Value, _ loop: LoopSweep) -> Value? {
    let node = graph[v.node]
    guard node.op == .at(axis: 0, offset: 0), node.operands.dropFirst().first == loop.newStep,
      depth(of: node.operands[0]) < depth(of: loop.newStep)
    else { return nil }
    return node.operands[0]
  }

  /// Returns what the block being written reads for `v`, a value of the forward graph.
  mutating func recall(_ v: Value) -> Value {
    if let last = lastStep(of: v) {
      return element(of: recall(last.steps), step: nil, offset: last.place)
    }
    let depth = depth(of: v)
    if depth == 0 { return v }
    let loop = loop(at: depth)
    if v == loop.step { return loop.newStep }
    if let known = loop.recalled[v] { return known }
    let node = graph[v.node]
    let result: Value
    if case .at(let axis, let offset) = node.op {
      let step = node.operands.count > 1 ? recall(node.operands[1]) : nil
      result = element(of: recall(node.operands[0]), axis: axis, step: step, offset: offset)
    } else if isRepeated(v) {
      let operands = node.operands.map { recall($0) }
      result = apply(node.op, operands, name: node.results[0].name)
    } else {
      result = element(of: recall(stacked(v, by: loop.id)), step: loop.newStep)
    }
    frames[depth].loop?.recalled[v] = result
    return result
  }

  /// Returns what the block being written reads for `y` where the derivative of the function that
  /// yields `y` is computed from it.
  ///
  /// If a state keeps `flush` of `y`, it is that, which is stacked anyway: a difference of less
  /// than `Unary.flushLimit`. For `relu` it is the derivative at 0.
  mutating func recall(result y: Value) -> Value { recall(flushedCopies[y] ?? y) }

  /// Returns where to find `v`, a state after all steps of a scan, if nothing else means it any
  /// more: the stacked values of the state, and the place of its last step.
  private mutating func lastStep(of v: Value) -> (steps: Value, place: Int)? {
    guard superseded.contains(v), case .scan(let scan) = graph.op(of: v),
      case let count = size(scan.count), count > 0
    else { return nil }
    return (stacked(scan.body.results[v.result], by: v.node), scan.isReversed ? 0 : count - 1)
  }

  /// `true` iff the sweep computes `v` again instead of reading it: another view of its operand, or
  /// a condition that depends on the step and not on what the scan computes.
  private func isRepeated(_ v: Value) -> Bool {
    let node = graph[v.node]
    switch node.op {
    case .oneHot, .transpose, .reshape, .detach, .broadcast, .convert: return true
    case .compare, .unary(.not), .binary(.and), .binary(.or):
      return node.operands.allSatisfy { isKnown($0) }
    default: return false
    }
  }

  /// `true` iff `v` depends on the step, but not on what its scan computes.
  private func isKnown(_ v: Value) -> Bool {
    let node = graph[v.node]
    switch node.op {
    case .source: return true
    case .at: return node.operands.allSatisfy { isKnown($0) }
    case .argument: return frames.contains { $0.loop?.step == v }
    case .scan: return depth(of: v) < frames.count - 1
    default:
      return depth(of: v) < frames.count - 1 || node.operands.allSatisfy { isKnown($0) }
    }
  }

  /// Returns the values of `v`, of the body of the scan at `depth`, of all steps; the block around
  /// the scan can read them.
  private mutating func sequence(of v: Value, _ loop: LoopSweep, depth: Int) -> Value {
    let node = graph[v.node]
    if self.depth(of: v) < depth {
      guard case .scan(let scan) = graph[loop.id].op else {
        preconditionFailure("a loop is a scan")
      }
      return apply(.broadcast([scan.count] + shape(of: v)), [recall(v)], name: plainName(of: v))
    }
    if let last = lastStep(of: v) {
      let steps = sequence(of: last.steps, loop, depth: depth)
      return element(of: steps, axis: 1, step: nil, offset: last.place)
    }
    switch node.op {
    case .at(let axis, _)
    where node.operands.dropFirst().first == loop.step && self.depth(of: node.operands[0]) < depth:
      let base = recall(node.operands[0])
      if axis == 0 { return base }
      let others = shape(of: base).indices.filter { $0 != axis }
      return apply(.transpose(permutation: [axis] + others), [base], name: plainName(of: base))
    case .oneHot:
      let indices = sequence(of: node.operands[0], loop, depth: depth)
      return apply(.oneHot, [indices], name: node.results[0].name)
    default:
      return recall(stacked(v, by: loop.id))
    }
  }

}

extension Differentiation {

  /// Writes the sweep of node `id`, an application of `scan`.
  ///
  /// The sweep carries the adjoints of the states: at its head that of the value after the step, at
  /// its end that of the value before it.
  mutating func differentiate(_ scan: Scan, _ id: ID<Node>) {
    let node = graph[id]
    let adjoints = node.results.indices.map { takeAdjoint(of: Value(id, $0)) }
    guard adjoints.contains(where: { $0 != nil }) else { return }
    let body = scan.body
    let step = body.arguments[0]
    frames.append(Frame())
    let newStep = argument(name: scan.variable, type: graph.type(of: step))
    loop = LoopSweep(id, step: step, newStep: newStep)

    let states = scan.carried.indices.filter { isActive(body.arguments[$0 + 1]) }
    let arguments = states.map { i in
      argument(name: "d_\(scan.carried[i].name)", type: graph.type(of: Value(id, i)))
    }
    for (i, argument) in zip(states, arguments) {
      let result = body.results[i]
      accumulate(result, unbroadcast(argument, to: shape(of: result), name: name(of: result)))
    }
    for i in body.results.indices.dropFirst(scan.carried.count) {
      guard i < adjoints.count, let d = adjoints[i] else { continue }
      accumulate(body.results[i], element(of: d, step: newStep))
    }
    sweep(body)

    var results: [Value] = []
    for i in states {
      origins = [scan.carried[i].name]
      let d = takeAdjoint(of: body.arguments[i + 1]) ?? number(0)
      results.append(flushed(d, name: "d_\(scan.carried[i].name)"))
    }
    for i in loop.captured.indices {
      let captured = loop.captured[i]
      let name = name(of: captured.value)
      origins = [plainName(of: captured.value)]
      let sum = apply(.binary(.add), [captured.argument, captured.sum], name: name)
      results.append(flushed(sum, name: name))
    }
    origins = node.origins.isEmpty ? node.results.map(\.name) : node.origins
    var places: [(place: Value, adjoint: Value)] = []
    for place in loop.places {
      guard let d = takeAdjoint(of: place) else { continue }
      places.append((place, d))
      stack(d)
    }
    results += loop.stacked

    let swept = loop
    let written = frames.removeLast()
    let initial = number(0)
    var new = Scan(
      variable: scan.variable, count: scan.count, isReversed: !scan.isReversed, carried: [],
      stacked: [],
      body: Block(
        arguments: [newStep] + arguments + swept.captured.map(\.argument), nodes: written.nodes,
        results: results))
    var types = new.body.arguments.dropFirst().map { graph.type(of: $0) }
    new.carried = new.body.arguments.dropFirst().map {
      Scan.Carried(name: graph.name(of: $0), state: nil)
    }
    for v in swept.stacked {
      let type = type(of: v).dense
      new.stacked.append(plainName(of: v))
      types.append(TensorType(type.element, [scan.count] + type.shape))
    }
    let names = new.carried.map(\.name) + new.stacked
    let sweptNode = append(
      Node(
        op: .scan(new),
        operands: states.map { adjoints[$0] ?? initial } + swept.captured.map { _ in initial },
        results: zip(names, types).map { Node.Result(name: $0, type: $1) }, span: node.span))
    finish(swept, places, sweptNode, states, firstStack: new.carried.count)
  }

  /// Returns what a state of the sweep called `name` keeps of `d`: like every state, `flush` of it.
  private mutating func flushed(_ d: Value, name: String) -> Value {
    switch graph.op(of: d) {
    case .argument, .unary(.flush), .source(.number): d
    default: apply(.unary(.flush), [d], name: name)
    }
  }

  /// Hands what the sweep of a scan, node `new`, has found to the block around it.
  private mutating func finish(
    _ swept: LoopSweep, _ places: [(place: Value, adjoint: Value)], _ new: ID<Node>,
    _ states: [Int], firstStack: Int
  ) {
    let operands = graph[swept.id].operands
    for (i, state) in states.enumerated() {
      let initial = operands[state]
      accumulate(
        initial, unbroadcast(Value(new, i), to: shape(of: initial), name: name(of: initial)))
    }
    for (i, captured) in swept.captured.enumerated() {
      accumulate(captured.value, Value(new, states.count + i))
    }
    func all(_ v: Value) -> Value {
      if let known = steppedSequence(v, swept) { return known }
      guard let i = swept.stacked.firstIndex(of: v) else { preconditionFailure("it is stacked") }
      return Value(new, firstStack + i)
    }
    for (place, d) in places {
      guard case .at(let axis, _) = graph.op(of: place) else { continue }
      let base = graph[place.node].operands[0]
      var dx = all(d)
      if axis > 0 {
        var permutation = Array(1..<shape(of: dx).count)
        permutation.insert(0, at: axis)
        dx = apply(.transpose(permutation: permutation), [dx], name: name(of: base))
      }
      accumulate(base, dx)
    }
    let depth = frames.count
    for (what, origins) in swept.postponed {
      self.origins = origins
      switch what {
      case .product(let weight, let parts, let adjoints, let z):
        // W has a row for each column of the parts;  dW = sum of x^T dz
        let rows = zip(parts, adjoints).map { x, dz in
          weightGradient(x, z, all(dz), swept, depth: depth, name: name(of: weight))
        }
        accumulate(weight, concatenated(rows, name: name(of: weight)))
      case .transposedProduct(let weight, let x, let dz, let z):
        // z = x W^T;  dW = sum of dz^T x
        accumulate(
          weight,
          apply(
            .weightGradient, [all(dz), rows(of: x, z, swept, depth: depth)],
            name: name(of: weight)))
      case .rows(let table, let indices, let dy):
        let places = sequence(of: indices, swept, depth: depth)
        accumulate(
          table,
          apply(
            .scatterAdd(rows: shape(of: table)[0]), [all(dy), places], name: name(of: table)))
      case .sum(let v, let dy):
        accumulate(v, unbroadcast(all(dy), to: shape(of: v), name: name(of: v)))
      }
    }
  }

  /// Returns the rows of `x`, a factor of the product `z` in the forward body, at all steps.
  private mutating func rows(
    of x: Value, _ z: Value, _ swept: LoopSweep, depth: Int
  ) -> Value {
    let rows = sequence(of: x, swept, depth: depth)
    let conditions = exclusions.lifted(exclusions[z].ofRows, to: 0, of: swept.id)
    return cleaned(rows, of: x, under: conditions)
  }

  /// Returns the gradient of a weight from `dz`, the adjoints of its products `z` with `x`, values
  /// of the forward body, at all steps.
  private mutating func weightGradient(
    _ x: Value, _ z: Value, _ dz: Value, _ swept: LoopSweep, depth: Int, name: String
  ) -> Value {
    if graph.op(of: x) == .oneHot, case .oneHot(let classes) = graph.type(of: x).element {
      let indices = sequence(of: graph[x.node].operands[0], swept, depth: depth)
      if (try? Op.oneHot.signature(of: [type(of: indices)], in: dimensions)) == nil {
        // Written out, the rows would be larger than a tensor may be.
        return apply(.scatterAdd(rows: classes), [dz, indices], name: name)
      }
    }
    return apply(.weightGradient, [rows(of: x, z, swept, depth: depth), dz], name: name)
  }

  /// Returns `rows`, one after the other.
  mutating func concatenated(_ rows: [Value], name: String) -> Value {
    rows.count == 1 ? rows[0] : apply(.concat(axis: 0), rows, name: name)
  }

}

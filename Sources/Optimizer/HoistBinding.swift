import IR

extension Module {

  /// Moves what depends on parameters and constants alone from the entries to `bind`.
  ///
  /// It is computed there once, when weights are bound, instead of in each call. Entries that move
  /// the same node share it. One-hot values stay: nothing can hold them.
  mutating func hoistToBind(_ context: inout PassContext) {
    if form == .model { return }
    var hoisting = BindHoisting(bind: bind)
    for i in entries.indices {
      let fixed = entries[i].graph.fixedValues
      hoisting.forgetValues()
      entries[i].rewrite { rewriter, id in hoisting.hoist(id, fixed, &rewriter, &context) }
    }
    bind = hoisting.bind
  }

}

/// The moving of nodes to `bind`.
private struct BindHoisting {

  private struct Key: Hashable {

    let op: Op
    let operands: [Value]

  }

  private(set) var bind: Bind

  /// What `bind` computes.
  private var known: [Key: Value] = [:]

  /// What values of the present entry are in `bind`.
  private var images: [Value: Value] = [:]

  init(bind: Bind) {
    self.bind = bind
    for id in bind.graph.body.nodes {
      let node = bind.graph[id]
      let key = Key(op: node.op, operands: node.operands)
      known[key] = known[key] ?? Value(id)
    }
  }

  /// Prepares for another entry.
  mutating func forgetValues() {
    images = [:]
  }

  /// Lets a result of `bind` stand for node `id` and returns `true`, if it is one of `fixed`.
  mutating func hoist(
    _ id: ID<Node>, _ fixed: Set<Value>, _ rewriter: inout GraphRewriter,
    _ context: inout PassContext
  ) -> Bool {
    let node = rewriter.old[id]
    guard fixed.contains(Value(id)), node.group == nil else { return false }
    if case .oneHot = node.results[0].type.element { return false }
    var operands: [Value] = []
    for operand in node.operands {
      guard let image = image(of: operand, in: rewriter.old) else { return false }
      operands.append(image)
    }
    guard context.permitsRewrite() else { return false }
    let key = Key(op: node.op, operands: operands)
    let value = known[key] ?? append(node, operands)
    known[key] = value
    images[Value(id)] = value
    let source = rewriter.value(of: .bound(position(of: value)), type: node.results[0].type)
    rewriter.replace(Value(id), by: source)
    return true
  }

  /// Appends `node` to `bind`.
  private mutating func append(_ node: Node, _ operands: [Value]) -> Value {
    var copy = node
    copy.operands = operands
    let id = bind.graph.add(copy)
    bind.graph.body.nodes.append(id)
    return Value(id)
  }

  /// Returns the position of `value` among the results of `bind`.
  private mutating func position(of value: Value) -> Int {
    if let known = bind.results.firstIndex(where: { $0.value == value }) { return known }
    bind.results.append(.init(name: bind.graph.name(of: value), value: value))
    return bind.results.count - 1
  }

  /// Returns what `value`, one of an entry, is in `bind`, if it is there.
  private mutating func image(of value: Value, in graph: Graph) -> Value? {
    if let known = images[value] { return known }
    let node = graph[value.node]
    switch node.op {
    case .source(.bound(let i)): return bind.results[i].value
    case .source(.number), .source(.parameter), .source(.constant):
      guard case .source(let source) = node.op else { return nil }
      return bind.graph.value(of: source, type: node.results[0].type)
    case .at(let axis, let offset) where node.operands.count == 1:
      guard let x = image(of: node.operands[0], in: graph) else { return nil }
      return bind.graph.element(of: x, axis: axis, step: nil, offset: offset)
    default: return nil
    }
  }

}

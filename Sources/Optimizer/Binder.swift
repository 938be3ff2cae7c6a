import IR

/// A writer of the section `bind`: what entries share because it depends on parameters and
/// constants alone.
///
/// Values of `bind` that are computed alike are one value, so that entries which are rewritten
/// alike share their weights.
struct Binder {

  private(set) var bind: Bind
  private(set) var constants: [Constant]
  private let dimensions: [Dimension]

  /// Creates a writer that goes on with the section of `module`.
  init(_ module: Module) {
    self.bind = module.bind
    self.constants = module.constants
    self.dimensions = module.dimensions
  }

  /// The type of `v`, a value of `bind`.
  func type(of v: Value) -> TensorType { bind.graph.type(of: v) }

  /// Returns the types that `op` gives for operands of `types`; `nil` if they do not fit.
  func resultType(of op: Op, _ types: [TensorType]) -> TensorType? {
    // What does not fit is left as it is: `try?` is meant.
    (try? op.signature(of: types, in: dimensions))?.results[0]
  }

  /// Returns `op` applied to values of `bind`, or `nil` if the result would be too large.
  mutating func apply(_ op: Op, _ operands: [Value], name: String) -> Value? {
    let known = bind.graph.body.nodes.first { id in
      bind.graph[id].op == op && bind.graph[id].operands == operands
    }
    if let known { return Value(known) }
    guard let type = resultType(of: op, operands.map { self.type(of: $0) }) else { return nil }
    let id = bind.graph.add(
      Node(op: op, operands: operands, results: [Node.Result(name: name, type: type)]))
    bind.graph.body.nodes.append(id)
    return Value(id)
  }

  /// Returns `values`, one after the other along `axis`.
  mutating func concat(_ values: [Value], axis: Int, name: String) -> Value? {
    let flat = values.flatMap { v in
      bind.graph.op(of: v) == .concat(axis: axis) ? bind.graph[v.node].operands : [v]
    }
    return flat.count == 1 ? flat[0] : apply(.concat(axis: axis), flat, name: name)
  }

  /// Returns the sum of `values`.
  mutating func sum(_ values: [Value], name: String) -> Value? {
    var result: Value? = values[0]
    for v in values.dropFirst() {
      guard let partial = result else { return nil }
      result = apply(.binary(.add), [partial, v], name: name)
    }
    return result
  }

  /// Returns rows `lower ..< upper` of the matrix `v`.
  ///
  /// Rows of a concatenation are those of its operands where the borders allow it, so that the
  /// concatenation need not be made.
  mutating func rows(_ lower: Extent, _ upper: Extent, of v: Value, name: String) -> Value? {
    alignedRows(lower, upper, of: v, name: name)
      ?? apply(.slice(axis: 0, lower: lower, upper: upper), [v], name: name)
  }

  private mutating func alignedRows(
    _ lower: Extent, _ upper: Extent, of v: Value, name: String
  ) -> Value? {
    if lower == Extent(0), upper == type(of: v).shape[0] { return v }
    let operands = bind.graph[v.node].operands
    switch bind.graph.op(of: v) {
    case .concat(axis: 0):
      var taken: [Value] = []
      var position = Extent(0)
      var isInside = false
      for operand in operands {
        if position == lower { isInside = true }
        if position == upper { break }
        if isInside { taken.append(operand) }
        guard let next = position.adding(type(of: operand).shape[0]) else { return nil }
        position = next
      }
      // A border may fall into an operand.
      guard !taken.isEmpty, position == upper else { return nil }
      return concat(taken, axis: 0, name: name)
    case .concat(axis: 1):
      var pieces: [Value] = []
      for operand in operands {
        guard let piece = alignedRows(lower, upper, of: operand, name: name) else { return nil }
        pieces.append(piece)
      }
      return concat(pieces, axis: 1, name: name)
    default:
      return nil
    }
  }

  /// Returns `count` zeros.
  mutating func zeros(_ count: Extent) -> Value {
    let type = TensorType(.f32, [count])
    let known = constants.firstIndex { $0.type == type && $0.initial == .zeros }
    let id =
      known.map { ID<Constant>($0) }
      ?? constants.add(Constant(name: "no_bias", type: type, initial: .zeros))
    return bind.graph.value(of: .constant(id), type: type)
  }

  /// Returns where entries find `v`.
  mutating func source(of v: Value) -> Source {
    if case .source(let source) = bind.graph.op(of: v) { return source }
    if let known = bind.results.firstIndex(where: { $0.value == v }) { return .bound(known) }
    bind.results.append(Bind.Result(name: bind.graph.name(of: v), value: v))
    return .bound(bind.results.count - 1)
  }

}

/// The values of a graph that depend on parameters and constants alone.
struct BindableValues {

  private let graph: Graph
  private var nodes: Set<ID<Node>> = []

  /// Finds those of `graph`.
  init(of graph: Graph) {
    self.graph = graph
    for block in graph.allBlocks {
      for id in block.nodes where isBindable(id) { nodes.insert(id) }
    }
  }

  private func isBindable(_ id: ID<Node>) -> Bool {
    switch graph[id].op {
    case .source, .argument, .at, .scan, .oneHot, .dropout: false
    case .linear, .matmul, .concat, .slice, .transpose, .reshape, .stack, .unary,
      .binary, .compare, .select, .softmax, .reduce, .argmax, .gather, .convert, .mask, .detach,
      .broadcast, .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .convolution,
      .pool:
      graph[id].operands.allSatisfy { contains($0) }
    }
  }

  /// Returns `true` iff `v` depends on parameters and constants alone.
  func contains(_ v: Value) -> Bool {
    switch graph.op(of: v) {
    case .source(.number), .source(.parameter), .source(.constant), .source(.bound): true
    case .source(.input), .source(.state), .at: false
    default: nodes.contains(v.node)
    }
  }

}

extension Binder {

  /// Returns the value of `bind` that is `v` of `graph`, or `nil` if it would be too large.
  ///
  /// - Requires: `v` depends on parameters and constants alone.
  mutating func lowered(_ v: Value, of graph: Graph) -> Value? {
    var known: [Value: Value] = [:]
    // Each value waits until its operands are there; there are no cycles, so that this ends.
    var waiting = [v]
    while let next = waiting.last {
      if known[next] != nil {
        waiting.removeLast()
        continue
      }
      let node = graph[next.node]
      if case .source(let source) = node.op {
        known[next] = value(of: source, type: node.results[0].type)
        continue
      }
      let missing = node.operands.filter { known[$0] == nil }
      if !missing.isEmpty {
        waiting += missing
        continue
      }
      let operands = node.operands.compactMap { known[$0] }
      guard let value = apply(node.op, operands, name: node.results[0].name) else { return nil }
      known[next] = value
    }
    return known[v]
  }

  /// Returns the value of `bind` that entries find at `source`.
  private mutating func value(of source: Source, type: TensorType) -> Value {
    if case .bound(let i) = source { return bind.results[i].value }
    return bind.graph.value(of: source, type: type)
  }

}

/// A value of `bind` as entries read it.
struct BoundValue {

  let source: Source
  let type: TensorType

}

extension Binder {

  /// Returns how entries read `v`.
  mutating func boundValue(_ v: Value) -> BoundValue {
    BoundValue(source: source(of: v), type: type(of: v))
  }

}

extension Module {

  /// Lets `rewrite` rewrite each entry and what the entries share.
  ///
  /// Does nothing before the entries are written out: until then there is no section `bind`.
  mutating func rewriteEntries(_ rewrite: (inout Entry, inout Binder) -> Void) {
    guard form == .entries else { return }
    let constantCount = constants.count
    let known = Set(bind.graph.body.nodes).subtracting(usedBindNodes)
    var binder = Binder(self)
    for i in entries.indices { rewrite(&entries[i], &binder) }
    bind = binder.bind
    constants = binder.constants

    // What is not used any more, or was made for a rewrite that was not permitted, goes.
    let kept = usedBindNodes.union(known)
    bind.graph.body.nodes.removeAll { !kept.contains($0) }
    for i in bind.results.indices where !kept.contains(bind.results[i].value.node) {
      // Nobody reads it; settling drops it.
      bind.results[i].value = bind.graph.value(of: .number(0), type: .scalar)
    }
    while constants.count > constantCount, !usesConstant(constants.count - 1) {
      constants.removeLast()
    }
  }

  /// The nodes of `bind` that entries depend on.
  private var usedBindNodes: Set<ID<Node>> {
    var used: Set<Value> = []
    for entry in entries {
      for node in entry.graph.nodes {
        if case .source(.bound(let i)) = node.op { used.insert(bind.results[i].value) }
      }
    }
    return bind.graph.ancestors(of: used, in: bind.graph.body)
  }

  /// Returns `true` iff a line reads the constant at `position`.
  private func usesConstant(_ position: Int) -> Bool {
    let constant = Op.source(.constant(ID(position)))
    let isRead = entries.contains { $0.graph.nodes.contains { $0.op == constant } }
    return isRead
      || bind.graph.body.nodes.contains { id in
        bind.graph[id].operands.contains { bind.graph.op(of: $0) == constant }
      }
  }

}

/// A copy of a graph in the making, with some nodes replaced.
///
/// Walks the old graph in order and maps each of its values to one of the new graph. Nodes that
/// the transformation does not take are copied, with their names, spans and comments; those that
/// nothing lists any more disappear.
package struct GraphRewriter {

  /// Replaces the node of the old graph with the given identity: maps its results, after appending
  /// what it needs, and returns `true`; or returns `false` to have it copied.
  package typealias Transform = (inout GraphRewriter, ID<Node>) -> Bool

  /// The graph that is read.
  package let old: Graph

  /// The graph that is written.
  package private(set) var new = Graph()

  private var map: ValueTable<Value>

  /// The blocks that are being written, the outermost first.
  private var open: [[ID<Node>]] = []

  /// Creates a copy of `old` without nodes.
  package init(_ old: Graph) {
    self.old = old
    map = ValueTable(of: old)
  }

  /// The number of blocks that are being written: one outside of scans.
  package var depth: Int { open.count }

  /// Returns the value of the new graph that stands for `v` of the old one.
  package mutating func mapped(_ v: Value) -> Value {
    if let known = map[v] { return known }
    let node = old[v.node]
    let value: Value
    switch node.op {
    case .source(let source):
      value = new.value(of: source, type: node.results[0].type)
    case .at(let axis, let offset):
      let x = mapped(node.operands[0])
      let step = node.operands.count > 1 ? mapped(node.operands[1]) : nil
      value = new.element(of: x, axis: axis, step: step, offset: offset)
    default:
      preconditionFailure("operands are defined before they are used")
    }
    map[v] = value
    return value
  }

  /// Lets `v` of the old graph be `replacement` of the new one.
  package mutating func replace(_ v: Value, by replacement: Value) {
    map[v] = replacement
  }

  /// Forgets which values stand for `v` and, through places of it, for others.
  ///
  /// For copying a block twice.
  package mutating func forgetMapping(of values: some Sequence<Value>) {
    for v in values { map[v] = nil }
  }

  /// Returns the value of `source` in the new graph.
  package mutating func value(of source: Source, type: TensorType) -> Value {
    new.value(of: source, type: type)
  }

  /// Returns a place of `x` in the new graph.
  package mutating func element(of x: Value, axis: Int, step: Value?, offset: Int) -> Value {
    new.element(of: x, axis: axis, step: step, offset: offset)
  }

  /// Appends `node` to the innermost block, or to one `outward` blocks further out, and returns
  /// its first result.
  @discardableResult
  package mutating func append(_ node: Node, outward: Int = 0) -> Value {
    let id = new.add(node)
    open[open.count - 1 - outward].append(id)
    return Value(id)
  }

  /// Appends the application of `op` to `operands` and returns its result.
  package mutating func append(
    _ op: Op, _ operands: [Value], type: TensorType, name: String, origins: [String] = [],
    like model: Node? = nil, outward: Int = 0
  ) -> Value {
    append(
      Node(
        op: op, operands: operands, results: [Node.Result(name: name, type: type)],
        span: model?.span ?? .none, origins: origins, comments: model?.comments ?? .init()),
      outward: outward)
  }

  /// Adds an argument of a block.
  package mutating func argument(name: String, type: TensorType) -> Value {
    Value(
      new.add(
        Node(op: .argument, operands: [], results: [Node.Result(name: name, type: type)])))
  }

  /// Copies node `id`, with the blocks in it.
  package mutating func copy(_ id: ID<Node>, _ transform: Transform) {
    var node = old[id]
    node.operands = node.operands.map { mapped($0) }
    if case .scan(var scan) = node.op {
      scan.body = copied(scan.body, transform)
      scan.remainder = scan.remainder.map { copied($0, transform) }
      node.op = .scan(scan)
    }
    let copy = append(node)
    for i in node.results.indices { map[Value(id, i)] = Value(copy.node, i) }
  }

  /// Returns a copy of `block` of the old graph.
  package mutating func copied(_ block: Block, _ transform: Transform) -> Block {
    var result = Block(closingComments: block.closingComments)
    result.arguments = block.arguments.map { v in
      let argument = old[v.node].results[0]
      let copy = self.argument(name: argument.name, type: argument.type)
      map[v] = copy
      return copy
    }
    (result.nodes, result.results) = collect { rewriter in
      rewriter.appendNodes(of: block, transform)
      return block.results.map { rewriter.mapped($0) }
    }
    return result
  }

  /// Appends the nodes of `block` of the old graph to the innermost block.
  package mutating func appendNodes(of block: Block, _ transform: Transform) {
    for id in block.nodes where !transform(&self, id) { copy(id, transform) }
  }

  /// Returns the nodes that `write` appends, as those of a new innermost block, and its result.
  package mutating func collect<T>(
    _ write: (inout GraphRewriter) -> T
  ) -> (nodes: [ID<Node>], result: T) {
    open.append([])
    let result = write(&self)
    return (open.removeLast(), result)
  }

  /// Returns the new graph, and `roots` of the old one as values of it, after `write` has appended
  /// all nodes outside of scans.
  fileprivate mutating func finished(
    _ roots: [Value], _ write: (inout GraphRewriter) -> Void
  ) -> (graph: Graph, roots: [Value]) {
    let (nodes, roots) = collect { rewriter in
      write(&rewriter)
      return roots.map { rewriter.mapped($0) }
    }
    new.body = Block(nodes: nodes, closingComments: old.body.closingComments)
    return (new, roots)
  }

}

extension Graph {

  /// Returns `self` rewritten by `transform`, and `roots` of `self` as values of the result.
  package func rewritten(
    keeping roots: [Value], _ transform: GraphRewriter.Transform
  ) -> (graph: Graph, roots: [Value]) {
    rewritten(keeping: roots, starting: { _ in }, transform)
  }

  /// Returns `self` rewritten by `transform` after `start` has had a say in what stands for what.
  package func rewritten(
    keeping roots: [Value], starting start: (inout GraphRewriter) -> Void,
    _ transform: GraphRewriter.Transform
  ) -> (graph: Graph, roots: [Value]) {
    var rewriter = GraphRewriter(self)
    return rewriter.finished(roots) { rewriter in
      start(&rewriter)
      rewriter.appendNodes(of: body, transform)
    }
  }

}

extension Entry {

  /// The values that the entry yields: new values, then the outputs and the loss if there is one.
  package var roots: [Value] {
    updates.map(\.value) + outputs.map(\.value) + (training.map { [$0.loss] } ?? [])
  }

  /// Sets the graph to `graph`, in which `values` are the roots.
  package mutating func replaceGraph(_ graph: Graph, roots values: [Value]) {
    self.graph = graph
    for i in updates.indices { updates[i].value = values[i] }
    for i in outputs.indices { outputs[i].value = values[updates.count + i] }
    training?.loss = values[values.count - 1]
  }

  /// Rewrites the graph by `transform`, after `start` has had a say in what stands for what.
  package mutating func rewrite(
    starting start: (inout GraphRewriter) -> Void = { _ in }, _ transform: GraphRewriter.Transform
  ) {
    let (graph, roots) = graph.rewritten(keeping: roots, starting: start, transform)
    replaceGraph(graph, roots: roots)
  }

}

extension Bind {

  /// Rewrites the graph by `transform`, after `start` has had a say in what stands for what.
  package mutating func rewrite(
    starting start: (inout GraphRewriter) -> Void = { _ in }, _ transform: GraphRewriter.Transform
  ) {
    let (graph, roots) = graph.rewritten(
      keeping: results.map(\.value), starting: start, transform)
    self.graph = graph
    for i in results.indices { results[i].value = roots[i] }
  }

}

extension Module {

  /// Rewrites the graphs of `bind` and of every entry by `transform`.
  package mutating func rewriteGraphs(_ transform: GraphRewriter.Transform) {
    bind.rewrite(transform)
    for i in entries.indices { entries[i].rewrite(transform) }
  }

}

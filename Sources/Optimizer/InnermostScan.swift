import IR

/// A scan whose body may be left by what need not be in it: it does one step at a time, for all
/// rows, and holds no other scan.
struct InnermostScan {

  let graph: Graph
  let id: ID<Node>
  let scan: Scan
  let dimensions: [Dimension]

  /// The nodes of the body.
  private let own: Set<ID<Node>>

  /// The nodes of the body that compute the same in every step.
  private(set) var fixed: Set<ID<Node>> = []

  /// The nodes of the body that a state depends on.
  let feeding: Set<ID<Node>>

  /// The step.
  var step: Value { scan.body.arguments[0] }

  /// Creates the description of scan `id`, or `nil` if nothing may leave it.
  init?(_ id: ID<Node>, in graph: Graph, _ dimensions: [Dimension]) {
    guard case .scan(let scan) = graph[id].op, scan.factor == 1, !scan.hasLengths else {
      return nil
    }
    for inner in scan.body.nodes { if case .scan = graph[inner].op { return nil } }
    self.graph = graph
    self.id = id
    self.scan = scan
    self.dimensions = dimensions
    self.own = Set(scan.body.nodes)
    self.feeding = graph.ancestors(
      of: scan.body.results.prefix(scan.carried.count), in: scan.body)
    for inner in scan.body.nodes where graph[inner].operands.allSatisfy({ isInvariant($0) }) {
      fixed.insert(inner)
    }
  }

  /// The number of steps.
  var steps: Double { extent(scan.count) }

  /// The products in the body, in order.
  var linears: [ID<Node>] {
    scan.body.nodes.filter { id in
      if case .linear = graph[id].op { return true }
      return false
    }
  }

  /// Returns those of `nodes`, or what they need, that compute the same in every step; in order.
  func fixedNodes(for nodes: Set<ID<Node>>) -> [ID<Node>] {
    let needed = graph.ancestors(
      of: nodes.flatMap { graph[$0].operands }.filter { isInvariant($0) }, in: scan.body)
    return scan.body.nodes.filter { fixed.contains($0) && needed.contains($0) }
  }

  /// Returns `true` iff node `id` stands in the body.
  func contains(_ id: ID<Node>) -> Bool { own.contains(id) }

  /// Returns `true` iff `v` is the old value of a state.
  func isOldState(_ v: Value) -> Bool { scan.body.arguments.dropFirst().contains(v) }

  /// Returns the sequence of which `v` is the place of the step.
  func sequence(behind v: Value) -> Value? {
    let node = graph[v.node]
    guard node.op == .at(axis: 0, offset: 0), node.operands.count == 2, node.operands[1] == step,
      isInvariant(node.operands[0]), graph.type(of: node.operands[0]).shape[0] == scan.count
    else { return nil }
    return node.operands[0]
  }

  /// Returns `true` iff `v` is the same in every step.
  func isInvariant(_ v: Value) -> Bool {
    switch graph.op(of: v) {
    case .source: true
    case .at: graph[v.node].operands.allSatisfy { isInvariant($0) }
    case .argument: !scan.body.arguments.contains(v)
    default: !own.contains(v.node) || fixed.contains(v.node)
    }
  }

  /// Returns the type of `type` for all steps.
  func lifted(_ type: TensorType) -> TensorType {
    TensorType(type.element, [scan.count] + type.shape)
  }

  /// The number that `extent` is.
  func extent(_ extent: Extent) -> Double { Double(extent.value(in: dimensions) ?? 0) }

  /// Returns the number of elements of `v`.
  func size(of v: Value) -> Double {
    graph.type(of: v).denseShape.reduce(1) { $0 * extent($1) }
  }

  /// Returns the rows of product `id`.
  func rows(of id: ID<Node>) -> Double {
    graph[id].results[0].type.shape.dropLast().reduce(1) { $0 * extent($1) }
  }

  /// Returns the elements of the weights that part `i` of product `id` is multiplied by.
  func weights(ofPart i: Int, of id: ID<Node>) -> Double {
    guard case .linear(let linear) = graph[id].op, !linear.parts[i].isGathered,
      let columns = graph[id].results[0].type.shape.last
    else { return 0 }
    let width = extent(graph.type(of: graph[id].operands[i]).denseShape.last ?? Extent(1))
    let fed = linear.parts[i].columns.map { extent($0.upper) - extent($0.lower) }
    return width * (fed ?? extent(columns))
  }

  /// Returns the elements of the weights that the parts of product `id` are multiplied by.
  func weights(of id: ID<Node>) -> Double {
    guard case .linear(let linear) = graph[id].op else { return 0 }
    return linear.partOperands.reduce(0) { $0 + weights(ofPart: $1, of: id) }
  }

  /// The bytes of the weights that each step visits.
  var footprint: Double {
    scan.body.nodes.reduce(0) { $0 + 4 * weights(of: $1) }
  }

}

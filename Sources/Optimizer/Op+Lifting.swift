import IR

extension Graph {

  /// Returns the operation that does, for all steps at once, what node `id` does in one; `nil` if
  /// there is none.
  ///
  /// Operands for which `varies` is `true` have the steps along a new first axis, as the result
  /// does; the others are the same in every step. Each row of the result is computed from one row of
  /// such an operand, so that any number of steps may be left out at the end.
  func liftedOp(of id: ID<Node>, over count: Extent, varying varies: (Value) -> Bool) -> Op? {
    let node = self[id]
    let varying = node.operands.map(varies)
    guard varying.contains(true) else { return nil }
    switch node.op {
    case .source, .argument, .at, .mask, .scan: return nil
    case .linear(let linear):
      let start = linear.startOperand.map { [$0] } ?? []
      let isRowWise =
        linear.partOperands.allSatisfy { varying[$0] } && start.allSatisfy { varying[$0] }
        && !varying[linear.weightOperands].contains(true)
        && linear.biasOperand.map { !varying[$0] } ?? true
      return isRowWise ? node.op : nil
    case .unary, .binary, .compare, .select, .matmul:
      // The axes are aligned at the end: what varies must have all of those of the result, or its
      // steps would be taken for another axis.
      let rank = node.results[0].type.denseShape.count
      let isAligned = node.operands.indices.allSatisfy { i in
        !varying[i] || type(of: node.operands[i]).denseShape.count == rank
      }
      return isAligned ? node.op : nil
    case .oneHot, .convert: return node.op
    case .gather: return varying[0] ? nil : node.op
    case .concat(let axis): return varying.contains(false) ? nil : .concat(axis: axis + 1)
    case .stack(let axis): return varying.contains(false) ? nil : .stack(axis: axis + 1)
    case .slice(let axis, let lower, let upper):
      return .slice(axis: axis + 1, lower: lower, upper: upper)
    case .transpose(let permutation): return .transpose(permutation: [0] + permutation.map { $0 + 1 })
    case .reshape(let shape): return .reshape([count] + shape)
    case .softmax(let axis, let logarithmic):
      return .softmax(axis: axis + 1, logarithmic: logarithmic)
    case .reduce(let f, let axes, let keepingAxes):
      return .reduce(f, axes: axes.map { $0 + 1 }, keepingAxes: keepingAxes)
    case .argmax(let axis): return .argmax(axis: axis + 1)
    }
  }

}

/// A scan whose body may be left by what need not be in it: it does one step at a time, for all
/// rows, and holds no other scan.
struct InnermostScan {

  let graph: Graph
  let id: ID<Node>
  let scan: Scan
  let dimensions: [Dimension]

  private let own: Set<ID<Node>>

  /// The step.
  private var step: Value { scan.body.arguments[0] }

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
  }

  /// The number of steps.
  var steps: Double { extent(scan.count) }

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
    default: !own.contains(v.node) && !scan.body.arguments.contains(v)
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

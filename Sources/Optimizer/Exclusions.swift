import IR

/// For each value of a graph the conditions without which nothing that is differentiated depends on
/// its elements.
///
/// The adjoint of an element is exactly zero where one of these conditions does not hold: all that
/// reads it is a branch that `where` does not take, a row that a mask of `cross_entropy` leaves
/// out, or computed from elements of which that is true.
struct Exclusions {

  private let graph: Graph
  private let dimensions: [Dimension]
  private let depths: [ID<Node>: Int]

  /// The scans, by their steps. Never iterated.
  private var scans: [Value: ID<Node>] = [:]

  /// The conditions of what has been found to be read. Never iterated.
  private var found: [Value: [Condition]] = [:]

  /// The number of scans around the block that is being visited.
  private var depth = 0

  private var isChanged = true

  /// Finds the conditions in `graph`, where `seeds` are differentiated.
  init(of graph: Graph, differentiating seeds: [Value], in dimensions: [Dimension]) {
    self.graph = graph
    self.dimensions = dimensions
    guard graph.nodes.contains(where: { $0.op.excludes }) else {
      depths = [:]
      return
    }
    depths = graph.depths
    for id in graph.nodes.ids {
      if case .scan(let scan) = graph[id].op { scans[scan.body.arguments[0]] = id }
    }
    // At first nothing is known to be read. Each turn finds a value that is, or weakens its
    // conditions, which is possible a limited number of times, until nothing changes.
    while isChanged {
      isChanged = false
      for seed in seeds { add([], to: seed) }
      visit(graph.body)
    }
  }

  /// The conditions of the elements of `v`; none if they only say which are read.
  subscript(v: Value) -> [Condition] {
    guard let conditions = found[v], !conditions.allSatisfy(\.isOfPlaces) else { return [] }
    return conditions
  }

  /// Returns `conditions`, on values of a step of the scan `id`, on the values of all steps.
  func lifted(_ conditions: [Condition], to axis: Int, of id: ID<Node>) -> [Condition] {
    guard case .scan(let scan) = graph[id].op else { return [] }
    let step = scan.body.arguments[0]
    let inside = depth(of: step)
    return conditions.compactMap {
      $0.lifted(to: axis, of: id, step: step) { depth(of: $0) >= inside }
    }
  }

  /// Lets `v` be read where all of `conditions` hold.
  private mutating func add(_ conditions: [Condition], to v: Value) {
    let node = graph[v.node]
    if case .source = node.op { return }
    let home = depth(of: v)
    var conditions = conditions
    if home < depth { conditions = conditions.filter { depth(of: $0.root) <= home } }
    if let known = found[v] {
      conditions = Array(known.or(conditions).prefix(conditionLimit))
      if conditions == known { return }
    }
    found[v] = conditions
    isChanged = true
    guard case .at(let axis, _) = node.op else { return }
    let base = node.operands[0]
    guard let step = node.operands.dropFirst().first, let id = scans[step] else {
      add(
        node.operands.count == 1 ? unplaced(conditions, v) : conditions.map { $0.inserting(axis) },
        to: base)
      return
    }
    let isOutside = depth(of: base) < depth(of: step)
    add(isOutside ? lifted(conditions, to: axis, of: id) : [], to: base)
  }

  private func depth(of v: Value) -> Int { graph.depth(of: v, depths) }

  private func depth(of root: Condition.Root) -> Int { root.depth(in: graph, depths) }

}

extension Exclusions {

  private mutating func visit(_ block: Block) {
    for id in block.nodes.reversed() {
      if case .scan(let scan) = graph[id].op {
        visit(scan, id)
      } else if graph[id].op.hasDerivative, let conditions = found[Value(id)] {
        for (x, conditions) in zip(graph[id].operands, operands(of: graph[id], conditions)) {
          if graph.type(of: x).element == .f32 { add(conditions, to: x) }
        }
      }
    }
  }

  private mutating func visit(_ scan: Scan, _ id: ID<Node>) {
    let initials = Array(graph[id].operands.dropFirst(scan.hasLengths ? 1 : 0))
    let arguments = scan.body.arguments
    depth += 1
    for (i, result) in scan.body.results.enumerated() {
      let shape = graph.type(of: result).denseShape
      var reads = [found[Value(id, i)]]
      if i < scan.carried.count {
        reads.append(found[arguments[i + 1]]?.filter { holdsBefore($0, scan) })
      } else {
        reads[0] = reads[0]?.map { $0.placed(along: 0, at: arguments[0]) }
      }
      let whole = graph.type(of: Value(id, i)).denseShape.dropFirst(i < scan.carried.count ? 0 : 1)
      for conditions in reads {
        guard let conditions else { continue }
        add(unbroadcast(conditions, from: Array(whole), to: shape), to: result)
      }
    }
    visit(scan.body)
    for (i, initial) in initials.enumerated() {
      let shapes = [Value(id, i), initial].map { graph.type(of: $0).denseShape }
      for conditions in [found[Value(id, i)], found[arguments[i + 1]]] {
        guard let conditions else { continue }
        add(unbroadcast(conditions, from: shapes[0], to: shapes[1]), to: initial)
      }
    }
    depth -= 1
  }

  /// `true` iff where `condition`, on the value of a state at the start of a step of `scan`, does
  /// not hold at a step, it does not hold at the next one.
  private func holdsBefore(_ condition: Condition, _ scan: Scan) -> Bool {
    if depth(of: condition.root) < depth { return true }
    if case .either(let parts) = condition.root {
      return parts.allSatisfy { holdsBefore($0, scan) }
    }
    if condition.isNegated || scan.isReversed { return false }
    guard case .place(.below, 0, scan.body.arguments[0]) = condition.root else { return false }
    return true
  }

  private func unbroadcast(
    _ conditions: [Condition], from whole: [Extent], to shape: [Extent]
  ) -> [Condition] {
    conditions.compactMap { $0.unbroadcast(from: whole, to: shape, in: dimensions) }
  }

  /// Returns the conditions of the value that `v` is one place of, given those of `v`: elsewhere
  /// the adjoint is zero, too.
  private func unplaced(_ conditions: [Condition], _ v: Value) -> [Condition] {
    let node = graph[v.node]
    guard case .at(let axis, let offset) = node.op else { return conditions }
    let base = node.operands[0]
    let all = conditions.map { $0.inserting(axis) }
    if depth(of: base) > 0 { return all }
    let shape = graph.type(of: base).denseShape
    let (lower, upper) = (Extent(offset), Extent(offset + 1))
    if all.isEmpty { return [.range(lower, upper, along: axis, of: shape)] }
    return all.map { $0.padded(axis, lower, upper, of: shape) }
  }

  /// Returns the conditions of the operands of `node`, given those of its result.
  private func operands(of node: Node, _ conditions: [Condition]) -> [[Condition]] {
    let x = node.operands
    let shapes = x.map { graph.type(of: $0).denseShape }
    let whole = node.results[0].type.denseShape
    switch node.op {
    case .unary: return [conditions]
    case .dropout: return x.indices.map { i in i == 0 ? conditions : [] }
    case .binary, .broadcast:
      return shapes.map { unbroadcast(conditions, from: whole, to: $0) }
    case .select:
      return x.indices.map { i in
        let chosen =
          i == 0
          ? []
          : Condition.all(
            of: x[0], isNegated: i == 2, rank: whole.count, in: graph)
        return unbroadcast(conditions.joined(with: chosen), from: whole, to: shapes[i])
      }
    case .linear(let linear):
      return x.indices.map { i in
        if linear.partOperands.contains(i) { return conditions.ofRows }
        return i == linear.startOperand ? conditions : []
      }
    case .matmul(let left, let right):
      return [
        conditions.factor(0, isTransposed: left), conditions.factor(1, isTransposed: right),
      ].enumerated().map { i, found in
        let shape = Array(whole.dropLast(2)) + shapes[i].suffix(2)
        return unbroadcast(found, from: shape, to: shapes[i])
      }
    case .concat(let axis):
      var start = Extent(0)
      return shapes.map { shape in
        guard let end = start.adding(shape[axis]) else {
          return conditions.filter { $0.axes[axis] == nil }
        }
        defer { start = end }
        return conditions.map { $0.sliced(axis, start, end) }
      }
    case .slice(let axis, let lower, let upper):
      if conditions.isEmpty {
        return [[.range(lower, upper, along: axis, of: shapes[0])]]
      }
      if upper.subtracting(lower) == Extent(1), depth(of: x[0]) == 0 {
        return [conditions.map { $0.padded(axis, lower, upper, of: shapes[0]) }]
      }
      return [conditions.flatMap { $0.unsliced(axis, lower, upper, of: shapes[0], in: graph) }]
    case .transpose(let permutation):
      return [conditions.map { $0.transposed(from: permutation) }]
    case .reshape:
      return [
        conditions.compactMap { $0.reshaped(from: whole, to: shapes[0], in: dimensions) }
      ]
    case .stack(let axis):
      return x.indices.map { i in conditions.map { $0.placed(along: axis, at: i) } }
    case .softmax(let axis, _): return [conditions.filter { $0.axes[axis] == nil }]
    case .reduce(_, let axes, let keepingAxes):
      return [conditions.map { $0.expanded(axes, isKept: keepingAxes) }]
    case .crossEntropy(hasMask: true), .crossEntropyGradient(hasMask: true):
      let rows = Condition.all(of: x[2], rank: shapes[0].count - 1, in: graph)
      return [rows.map { $0.inserting($0.axes.count) }, [], []]
    case .convolution(let convolution) where convolution.givesImages:
      return x.indices.map { i in i == 0 ? conditions.ofImages : [] }
    case .pool: return x.map { _ in conditions.ofImages }
    default: return x.map { _ in [] }
    }
  }

}

extension Op {

  /// `true` iff numbers depend on the operands in a way that has a derivative.
  fileprivate var hasDerivative: Bool {
    switch self {
    case .oneHot, .compare, .argmax, .mask, .detach: false
    default: true
    }
  }

  /// `true` iff elements of operands may not count.
  fileprivate var excludes: Bool {
    switch self {
    case .select, .crossEntropy(hasMask: true), .crossEntropyGradient(hasMask: true): true
    default: false
    }
  }

}

extension Convolution {

  /// `true` iff the result has the images of the first operand.
  var givesImages: Bool {
    switch role {
    case .result, .imageGradient: true
    case .kernelGradient: false
    }
  }

}

extension Condition {

  /// The condition on values with a further axis, on which nothing depends.
  func inserting(_ axis: Int) -> Condition {
    var result = self
    result.axes.insert(nil, at: axis)
    return result
  }

  /// The condition on values without `axis`, on which nothing depends.
  func removing(_ axis: Int) -> Condition {
    var result = self
    result.axes.remove(at: axis)
    return result
  }

  /// The condition on what was transposed by `permutation`.
  func transposed(from permutation: [Int]) -> Condition {
    var result = self
    for (i, axis) in permutation.enumerated() { result.axes[axis] = axes[i] }
    return result
  }

  /// The condition on what was reduced along `axes`.
  func expanded(_ axes: [Int], isKept: Bool) -> Condition {
    isKept ? self : axes.reduce(self) { $0.inserting($1) }
  }

}

/// The most conditions that are kept of a value.
private let conditionLimit = 16

extension [Condition] {

  /// `self` and those of `others` that are not in it, unless they are too many.
  fileprivate func joined(with others: [Condition]) -> [Condition] {
    Array((self + others.filter { !contains($0) }).prefix(conditionLimit))
  }

  /// The conditions on a factor of a matrix product, the first (`side` 0) or the second, given
  /// those on the product: those that say of its rows, or columns, that they do not count.
  func factor(_ side: Int, isTransposed: Bool) -> [Condition] {
    compactMap { condition in
      var result = condition
      let rank = result.axes.count
      // Axis rank - 2 + side of the product is one of this factor, the other one of the other
      // factor.
      guard result.axes[rank - 1 - side] == nil else { return nil }
      if isTransposed { result.axes.swapAt(rank - 1, rank - 2) }
      return result
    }
  }

  /// The conditions that say of whole rows, along the last axis, that they do not count.
  var ofRows: [Condition] { filter { $0.axes.last == .some(nil) } }

  /// The conditions on images, given those on what is made of windows of them: of whole images.
  var ofImages: [Condition] {
    filter { $0.axes.dropFirst().allSatisfy { $0 == nil } }
  }

}

import IR

/// Truth values by which elements of other values count or do not count.
///
/// What moves truth values, such as `transpose`, is looked through, so that conditions that say the
/// same of the same values are mostly equal.
struct Condition: Hashable {

  /// Where truth values are from.
  indirect enum Root: Hashable {

    /// A value of a graph.
    case value(Value)

    /// The steps, along a first axis, that are below lengths.
    case below(Value, steps: Extent)

    /// The root at all steps of a scan, along a first axis.
    case steps(Root, of: ID<Node>)

    /// The root at the step of a scan.
    case place(Root, axis: Int, step: Value)

    /// The root at one place along an axis, or at a range of them.
    case element(Root, axis: Int, place: Int)
    case slice(Root, axis: Int, lower: Extent, upper: Extent)

    /// Whether a place along an axis of a size is in a range.
    case range(lower: Extent, upper: Extent, of: Extent)

    /// The truths of conditions on values of shapes, joined by a concatenation or a stack.
    case joined([Condition], of: [[Extent]], by: Op)

    /// The truth of a condition on values of one shape, in another one.
    case reshaped(Condition, from: [Extent], to: [Extent])

    /// The truth of at least one of several conditions, on values whose axes they depend on.
    case either([Condition])

  }

  var root: Root

  /// For each axis of the values that the condition is on the axis of the root, whose other axes
  /// have size 1; `nil` along an axis on which nothing depends.
  var axes: [Int?]

  /// `true` iff elements count where the root is false.
  var isNegated: Bool

  /// Returns the condition on the places of a step, given that on values with all steps along
  /// `axis`.
  func placed(along axis: Int, at step: Value) -> Condition {
    without(axis) { .place($0, axis: $1, step: step) }
  }

  /// Returns the condition on one place along `axis` of the values.
  func placed(along axis: Int, at place: Int) -> Condition {
    without(axis) { .element($0, axis: $1, place: place) }
  }

  /// Returns the condition on values without `axis`, where `root` gives that without its axis.
  private func without(_ axis: Int, _ root: (Root, Int) -> Root) -> Condition {
    if case .either = self.root { return .either(alternatives.map { $0.without(axis, root) }) }
    var result = self
    guard let k = result.axes.remove(at: axis) else { return result }
    result.root = root(self.root, k)
    result.axes = result.axes.map { $0.map { $0 > k ? $0 - 1 : $0 } }
    return result
  }

  /// Returns the condition on values of `shape` that holds from `lower` to `upper` along `axis`.
  static func range(
    _ lower: Extent, _ upper: Extent, along axis: Int, of shape: [Extent]
  ) -> Condition {
    Condition(
      root: .range(lower: lower, upper: upper, of: shape[axis]),
      axes: shape.indices.map { $0 == axis ? 0 : nil }, isNegated: false)
  }

  /// `true` iff the condition says where values are, and nothing else.
  var isOfPlaces: Bool {
    alternatives.allSatisfy { if case .range = $0.root { true } else { false } }
  }

  /// Returns the condition on the places from `lower` to `upper` along `axis` of the values.
  func sliced(_ axis: Int, _ lower: Extent, _ upper: Extent) -> Condition {
    if case .either = root { return .either(alternatives.map { $0.sliced(axis, lower, upper) }) }
    guard let k = axes[axis] else { return self }
    var result = self
    result.root = .slice(root, axis: k, lower: lower, upper: upper)
    if case .slice(let base, k, let start, _) = root, let first = start.adding(lower),
      let end = start.adding(upper)
    {
      result.root = .slice(base, axis: k, lower: first, upper: end)
    }
    // On an axis of size 1 nothing depends.
    let isOne = upper.subtracting(lower) == Extent(1)
    return isOne ? result.placed(along: axis, at: 0).inserting(axis) : result
  }

  /// Returns conditions on values of `shape` in `graph`, which are read from `lower` to `upper`
  /// along `axis` alone and there where `self` holds.
  func unsliced(
    _ axis: Int, _ lower: Extent, _ upper: Extent, of shape: [Extent], in graph: Graph
  ) -> [Condition] {
    guard let k = axes[axis] else { return [self] }
    var whole = self
    switch root {
    case .slice(let base, k, lower, upper): whole.root = base
    case .value(let v):
      guard graph.op(of: v) == .slice(axis: k, lower: lower, upper: upper) else { fallthrough }
      whole.root = .value(graph[v.node].operands[0])
    default: return [padded(axis, lower, upper, of: shape)]
    }
    return whole.parts(in: graph)
  }

  /// Returns the condition on values of `shape` that holds where `self` does on those from `lower`
  /// to `upper` along `axis`, and nowhere else.
  func padded(
    _ axis: Int, _ lower: Extent, _ upper: Extent, of shape: [Extent]
  ) -> Condition {
    let sizes = [lower, upper.subtracting(lower), shape[axis].subtracting(upper)]
    let parts = sizes.enumerated().compactMap { i, size -> (Condition, [Extent])? in
      guard let size, size != Extent(0) else { return nil }
      var part = shape
      part[axis] = size
      let nothing = Condition.range(Extent(0), Extent(0), along: axis, of: part)
      return (i == 1 ? self : nothing, part)
    }
    return .joined(parts.map(\.0), of: parts.map(\.1), by: .concat(axis: axis))
  }

  /// Returns the condition on what `op`, a concatenation or a stack, makes of values of `shapes`
  /// that `parts` are on.
  static func joined(_ parts: [Condition], of shapes: [[Extent]], by op: Op) -> Condition {
    var own: Int?
    var stacked: Int?
    switch op {
    case .concat(let axis): own = axis
    case .stack(let axis): stacked = axis
    default: preconditionFailure("'\(op)' joins nothing")
    }
    let rank = shapes[0].count
    let isNeeded = (0..<rank).map { i in i == own || parts.contains { $0.axes[i] != nil } }
    let reduced = shapes.map { shape in
      shape.enumerated().map { isNeeded[$0] ? $1 : Extent(1) }
    }
    var axes: [Int?] = (0..<rank).map { i in
      isNeeded[i] ? stacked.map { i < $0 ? i : i + 1 } ?? i : nil
    }
    if let stacked { axes.insert(shapes.count == 1 ? nil : stacked, at: stacked) }
    return Condition(
      root: .joined(parts, of: reduced, by: op), axes: axes, isNegated: false)
  }

  /// Returns the condition on values with all steps of the scan `id` along `axis`, given that on
  /// the values of a step; `nil` if it cannot be written.
  ///
  /// `isInside` says which roots the body of the scan computes.
  func lifted(
    to axis: Int, of id: ID<Node>, step: Value, isInside: (Root) -> Bool
  ) -> Condition? {
    var result = self
    if !isInside(root) {
      result.axes.insert(nil, at: axis)
    } else if case .either = root {
      let lifted = alternatives.compactMap {
        $0.lifted(to: axis, of: id, step: step, isInside: isInside)
      }
      return lifted.count == alternatives.count ? .either(lifted) : nil
    } else if case .place(let base, let k, step) = root, !isInside(base) {
      result.root = base
      result.axes = axes.map { $0.map { $0 >= k ? $0 + 1 : $0 } }
      result.axes.insert(k, at: axis)
    } else if root.isOfGraph {
      result.root = .steps(root, of: id)
      result.axes = axes.map { $0.map { $0 + 1 } }
      result.axes.insert(0, at: axis)
    } else {
      return nil
    }
    return result
  }

  /// Returns the condition on what is summed over the axes of `whole` that `shape` lacks, or has
  /// once, to give `self`; `nil` if it depends on these.
  func unbroadcast(
    from whole: [Extent], to shape: [Extent], in dimensions: [Dimension]
  ) -> Condition? {
    var result = self
    let added = whole.count - shape.count
    for i in whole.indices where axes[i] != nil {
      if i < added || shape[i - added].value(in: dimensions) == 1 { return nil }
    }
    result.axes.removeFirst(added)
    return result
  }

}

extension Condition.Root {

  /// Returns the number of scans of `graph` around whoever reads the root, given those around
  /// nodes.
  func depth(in graph: Graph, _ depths: [ID<Node>: Int]) -> Int {
    switch self {
    case .value(let v), .below(let v, _): graph.depth(of: v, depths)
    case .element(let root, _, _), .slice(let root, _, _, _): root.depth(in: graph, depths)
    case .steps(_, let id): depths[id] ?? 0
    case .place(let root, _, let step):
      max(root.depth(in: graph, depths), graph.depth(of: step, depths))
    case .range: 0
    case .reshaped(let condition, _, _): condition.root.depth(in: graph, depths)
    case .either(let parts), .joined(let parts, _, _):
      parts.map { $0.root.depth(in: graph, depths) }.max() ?? 0
    }
  }

  /// `true` iff the root is a value that the graph has, a place of one, or all steps of one.
  var isOfGraph: Bool {
    switch self {
    case .value: true
    case .steps(let root, _), .place(let root, _, _): root.isOfGraph
    case .below, .element, .slice, .range, .joined, .reshaped, .either: false
    }
  }

}

extension Condition {

  /// Returns the conditions of which all hold iff `v`, or not `v` if `isNegated`, is true, on
  /// values of `rank` that are broadcast with it; `v` is a value of `graph`.
  static func all(
    of v: Value, isNegated: Bool = false, rank: Int, in graph: Graph
  ) -> [Condition] {
    let shape = graph.type(of: v).shape
    let axes = shape.indices.map { shape[$0] == Extent(1) ? nil : $0 }
    let missing = Array(repeating: Int?.none, count: max(rank - shape.count, 0))
    let whole = Condition(root: .value(v), axes: missing + axes, isNegated: isNegated)
    return whole.parts(in: graph)
  }

  /// Returns the conditions that `self` is made of, seen through moves.
  private func parts(in graph: Graph) -> [Condition] {
    guard case .value(let v) = root else { return [self] }
    let node = graph[v.node]
    let x = node.operands
    if let (base, axis) = graph.base(of: v) { return through(base, axis, graph).parts(in: graph) }
    switch node.op {
    case .unary(.not):
      var result = self
      result.root = .value(x[0])
      result.isNegated.toggle()
      return result.parts(in: graph)
    case .binary(.and) where !isNegated, .binary(.or) where isNegated:
      return x.flatMap { through($0, graph.alignment(of: $0, to: v), graph).parts(in: graph) }
    case .at(let axis, 0) where x.count == 2:
      var whole = self
      whole.root = .value(x[0])
      whole.axes = [axis] + axes.map { $0.map { $0 >= axis ? $0 + 1 : $0 } }
      return whole.parts(in: graph).map { $0.placed(along: 0, at: x[1]) }
    case .mask(let steps):
      var result = self
      result.root = .below(x[0], steps: steps)
      return [result]
    case .compare(.less):
      // A step is below the lengths where a mask of these is true at it.
      guard graph.op(of: x[0]) == .argument, case .index(let steps) = graph.type(of: x[0]).element,
        graph.type(of: x[0]).shape.isEmpty, let all = steps.adding(Extent(1)),
        graph.type(of: x[1]).element == .index(all)
      else { return [self] }
      var (lengths, result) = (x[1], self)
      while let (base, axis) = graph.base(of: lengths) {
        result = result.through(base, axis, graph)
        lengths = base
      }
      result.axes = [0] + result.axes.map { $0.map { $0 + 1 } }
      result.root = .below(lengths, steps: steps)
      return [result.placed(along: 0, at: x[0])]
    default: return [self]
    }
  }

  /// Returns the same of `x`, along axis `axis(i)` of which axis i of the root is.
  private func through(_ x: Value, _ axis: (Int) -> Int?, _ graph: Graph) -> Condition {
    let shape = graph.type(of: x).shape
    var result = self
    result.root = .value(x)
    result.axes = axes.map { i in
      i.flatMap { axis($0) }.flatMap { shape[$0] == Extent(1) ? nil : $0 }
    }
    return result
  }

  /// Returns the condition on values that are reshaped from `whole`, which `self` is on, to
  /// `shape`; `nil` if that is not known.
  func reshaped(
    from whole: [Extent], to shape: [Extent], in dimensions: [Dimension]
  ) -> Condition? {
    if case .either = root {
      let parts = alternatives.compactMap { $0.reshaped(from: whole, to: shape, in: dimensions) }
      return parts.count == alternatives.count ? .either(parts) : nil
    }
    guard let groups = Self.groups(whole, shape, in: dimensions) else { return nil }
    var from: [Int] = []
    var to: [Int] = []
    var isMoved = true
    for (old, new) in groups where old.contains(where: { axes[$0] != nil }) {
      from += old
      to += new
      if old.count > 1 || new.count > 1 { isMoved = false }
    }
    var result = self
    result.axes = Array(repeating: nil, count: shape.count)
    if isMoved {
      for (i, j) in zip(from, to) { result.axes[j] = axes[i] }
      return result
    }
    let part = Condition(root: root, axes: from.map { axes[$0] }, isNegated: false)
    result.root = .reshaped(part, from: from.map { whole[$0] }, to: to.map { shape[$0] })
    for (k, j) in to.enumerated() { result.axes[j] = k }
    return result
  }

  /// Returns axes of `a` and of `b` that have as many places together, the fewest possible in each
  /// group, without axes of size 1; `nil` if there are no places.
  private static func groups(
    _ a: [Extent], _ b: [Extent], in dimensions: [Dimension]
  ) -> [(a: [Int], b: [Int])]? {
    let (m, n) = (a.map { $0.value(in: dimensions) ?? 0 }, b.map { $0.value(in: dimensions) ?? 0 })
    if m.contains(0) || n.contains(0) { return nil }
    var (left, right) = (m.indices.filter { m[$0] > 1 }[...], n.indices.filter { n[$0] > 1 }[...])
    var result: [(a: [Int], b: [Int])] = []
    while let i = left.popFirst(), let j = right.popFirst() {
      var group = (a: [i], b: [j])
      var (p, q) = (m[i], n[j])
      // Each turn takes an axis more; both sides have as many places in the end.
      while p != q {
        if p < q, let next = left.popFirst() {
          group.a.append(next)
          p *= m[next]
        } else if p > q, let next = right.popFirst() {
          group.b.append(next)
          q *= n[next]
        } else {
          return nil
        }
      }
      result.append(group)
    }
    return result
  }

}

extension Graph {

  /// Returns the value of which `v` is another view, and the axis of it that each axis of v is;
  /// `nil` if v is none.
  ///
  /// Views have the same elements, transposed, broadcast, or with other axes of size 1.
  fileprivate func base(of v: Value) -> (base: Value, axis: (Int) -> Int?)? {
    guard let x = self[v.node].operands.first else { return nil }
    switch op(of: v) {
    case .broadcast: return (x, alignment(of: x, to: v))
    case .transpose(let permutation): return (x, { permutation[$0] })
    case .reshape:
      guard let pairs = Condition.moved(type(of: v).denseShape, type(of: x).denseShape) else {
        return nil
      }
      return (x, { i in pairs.first { $0.0 == i }?.1 })
    default: return nil
    }
  }

  /// Returns the axis of `x`, which is broadcast to `v`, that each axis of v is.
  fileprivate func alignment(of x: Value, to v: Value) -> (Int) -> Int? {
    let added = type(of: v).denseShape.count - type(of: x).denseShape.count
    return { $0 >= added ? $0 - added : nil }
  }

}

extension Condition {

  /// Returns pairs of axes of `a` and of `b` that are the same, if the two differ in axes of size 1
  /// only.
  static func moved(_ a: [Extent], _ b: [Extent]) -> [(Int, Int)]? {
    let (i, j) = (a.indices.filter { a[$0] != Extent(1) }, b.indices.filter { b[$0] != Extent(1) })
    return i.map { a[$0] } == j.map { b[$0] } ? Array(zip(i, j)) : nil
  }

}

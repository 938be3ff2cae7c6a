import IR

/// Which operands of a graph have elements that a mask excludes, and that are read nevertheless:
/// zero times not a number is not a number.
///
///     w = softmax(where(mask(k, n), s, -1e9), axis: 0)
///     y = sum(w * x, axis: 0)
///
/// The weight of a step that is not below the length is zero, so that x does not count there. It is
/// read as `where(mask(k, n), x, 0)`, unless it is finite anyway.
struct ExcludedFactors {

  /// The elements of an operand that do not count.
  struct Exclusion {

    /// The position of the operand.
    let operand: Int

    /// The condition on the operand, which may be broadcast with it, under which it counts.
    let condition: Condition

  }

  private let graph: Graph
  private let known: KnownElements
  private let wild: WildValues

  /// The number of scans around nodes.
  let depths: [ID<Node>: Int]

  /// Finds what does not count in `graph`, one of `module`.
  init(of graph: Graph, in module: Module) {
    self.graph = graph
    self.known = KnownElements(of: graph, in: module)
    self.wild = WildValues(of: graph)
    self.depths = graph.depths
  }

  /// Returns what does not count of the operands of node `id`.
  func exclusions(of id: ID<Node>) -> [Exclusion] {
    let x = graph[id].operands
    switch graph[id].op {
    case .binary(.mul): return exclusions(x, of: Value(id)) { other, _ in other == .number(0) }
    case .binary(.add), .binary(.min):
      return exclusions(x, of: Value(id)) { other, _ in other.isLow }
    case .binary(.sub):
      return exclusions(x, of: Value(id)) { other, i in i == 1 ? other.isLow : other.isHigh }
    case .matmul(let left, let right): return exclusions(x, left: left, right: right)
    case .linear(let linear) where linear.hasWeightPerPart || linear.parts.count == 1:
      let count = linear.parts.count
      return linear.parts.indices.filter { !linear.parts[$0].isGathered }.flatMap { i in
        exclusions([x[i], x[count + i]], left: false, right: false).map {
          Exclusion(operand: $0.operand == 0 ? i : count + i, condition: $0.condition)
        }
      }
    default: return []
    }
  }

  /// Returns what does not count of the operands `x` of an elementwise function with the result
  /// `y`, because `decides` says so of the other one, given the position of the operand.
  private func exclusions(
    _ x: [Value], of y: Value, _ decides: (KnownElements.Element, Int) -> Bool
  ) -> [Exclusion] {
    let rank = graph.type(of: y).denseShape.count
    return [1, 0].flatMap { i in
      let other = x[1 - i]
      guard wild.contains(x[i]) else { return [Exclusion]() }
      let missing = rank - graph.type(of: other).denseShape.count
      return known.facts(of: other).compactMap { fact in
        let condition = (0..<missing).reduce(fact.condition) { c, _ in c.inserting(0) }
        guard decides(fact.element, i), graph.isMask(condition.root),
          isDecided(x[i], by: condition), known.element(of: x[i], without: condition) == nil
        else { return nil }
        return Exclusion(operand: i, condition: condition)
      }
    }
  }

  /// `true` iff `v` has elements of its own where `condition` does not hold, instead of some that
  /// are broadcast to places where it may hold.
  private func isDecided(_ v: Value, by condition: Condition) -> Bool {
    let shape = graph.type(of: v).denseShape
    return condition.axes.enumerated().allSatisfy { i, axis in
      let own = i - (condition.axes.count - shape.count)
      return axis == nil || own >= 0 && shape[own] != Extent(1)
    }
  }

  /// Returns what does not count of the factors `x` of a matrix product: elements that are
  /// multiplied by nothing but zeros.
  private func exclusions(_ x: [Value], left: Bool, right: Bool) -> [Exclusion] {
    // A single row is one of a matrix.
    let ranks = x.map { graph.type(of: $0).denseShape.count }
    let rank = max(ranks[0], ranks[1], 2)
    return [1, 0].flatMap { i in
      guard wild.contains(x[i]) else { return [Exclusion]() }
      let isTransposed = [left, right]
      return known.facts(of: x[1 - i]).compactMap { fact in
        var axes = fact.condition.axes
        if axes.count == 1 { axes.insert(nil, at: 0) }
        // Axis 1 of the left factor and axis 0 of the right one, in the last two axes, are summed
        // over.
        if isTransposed[1 - i] { axes.swapAt(axes.count - 1, axes.count - 2) }
        let (own, inner) = (axes.count - 1 - i, axes.count - 2 + i)
        guard fact.element == .number(0), axes[own] == nil, graph.isMask(fact.condition.root) else {
          return nil
        }
        let summed = axes[inner]
        var result = fact.condition
        result.axes = Array(repeating: nil, count: rank - axes.count) + axes.dropLast(2)
        result.axes += i == 1 ? [summed, nil] : [nil, summed]
        if isTransposed[i] { result.axes.swapAt(rank - 1, rank - 2) }
        if ranks[i] == 1 { result.axes.removeFirst(rank - 1) }
        if known.element(of: x[i], without: result) != nil { return nil }
        return Exclusion(operand: i, condition: result)
      }
    }
  }

}

extension Graph {

  /// `true` iff `root` says which steps are below lengths, or which elements count, and not what
  /// numbers are: made of `mask`, comparisons of indices, and truth values that are given.
  fileprivate func isMask(_ root: Condition.Root) -> Bool {
    switch root {
    case .value(let v): isMask(v)
    case .below, .range: true
    case .steps(let root, _), .place(let root, _, _), .element(let root, _, _),
      .slice(let root, _, _, _):
      isMask(root)
    case .reshaped(let condition, _, _): isMask(condition.root)
    case .either(let parts), .joined(let parts, _, _): parts.allSatisfy { isMask($0.root) }
    }
  }

  private func isMask(_ v: Value) -> Bool {
    let node = self[v.node]
    switch node.op {
    case .source, .mask: return true
    case .compare:
      return node.operands.contains { x in
        if case .index = type(of: x).element { return true }
        return false
      }
    case .at: return isMask(node.operands[0])
    case .unary, .binary, .concat, .slice, .transpose, .reshape, .stack, .broadcast, .select:
      return node.operands.allSatisfy { type(of: $0).element == .bool && isMask($0) }
    default: return false
    }
  }

}

/// The writing of choices that keep what a mask excludes out of products and sums.
struct FactorMasking {

  let factors: ExcludedFactors
  let dimensions: [Dimension]

  /// What has been written, by the operand in the new graph and the condition in the old one. Never
  /// iterated.
  private var written: [Key: Value] = [:]

  private struct Key: Hashable {
    let op: Op
    let operands: [Value]
  }

  /// Creates the writing for a copy of `graph`, one of `module`.
  init(_ graph: Graph, of module: Module) {
    self.factors = ExcludedFactors(of: graph, in: module)
    self.dimensions = module.dimensions
  }

  /// Copies node `id` with operands that count only, and returns `true`, if some have elements that
  /// do not count.
  mutating func write(
    _ id: ID<Node>, _ rewriter: inout GraphRewriter, _ context: inout PassContext
  ) -> Bool {
    let exclusions = factors.exclusions(of: id)
    if exclusions.isEmpty || !context.permitsRewrite() { return false }
    let node = rewriter.old[id]
    let origins = rewriter.old.origins(of: [id])
    var operands = node.operands.map { rewriter.mapped($0) }
    for exclusion in exclusions {
      let old = node.operands[exclusion.operand]
      let (condition, x) = (exclusion.condition, operands[exclusion.operand])
      let depth = max(
        rewriter.old.depth(of: old, factors.depths),
        condition.root.depth(in: rewriter.old, factors.depths))
      let truth = truth(of: condition, origins, &rewriter)
      let zero = rewriter.value(of: .number(0), type: .scalar)
      operands[exclusion.operand] = apply(
        .select, condition.isNegated ? [truth, zero, x] : [truth, x, zero],
        name: "counted", origins, depth, &rewriter)
    }
    rewriter.copy(id, as: node.op, operands, in: dimensions)
    return true
  }

  /// Returns the truth values by which `condition` decides, in a shape that is broadcast to that of
  /// the values that it is on.
  private mutating func truth(
    of condition: Condition, _ origins: [String], _ rewriter: inout GraphRewriter
  ) -> Value {
    let depth = condition.root.depth(in: rewriter.old, factors.depths)
    var result = mapped(condition.root, origins, &rewriter)
    let whole = rewriter.new.type(of: result).shape
    let axes = condition.axes.compactMap { $0 }
    if axes != axes.sorted() {
      let others = whole.indices.filter { !axes.contains($0) }
      result = apply(
        .transpose(permutation: others + axes), [result], name: "counts", origins, depth,
        &rewriter)
    }
    let shape = condition.axes.drop { $0 == nil }.map { $0.map { whole[$0] } ?? Extent(1) }
    if rewriter.new.type(of: result).shape == Array(shape) { return result }
    return apply(.reshape(Array(shape)), [result], name: "counts", origins, depth, &rewriter)
  }

  /// Returns what the new graph has for `root`.
  private mutating func mapped(
    _ root: Condition.Root, _ origins: [String], _ rewriter: inout GraphRewriter
  ) -> Value {
    switch root {
    case .value(let v): return rewriter.mapped(v)
    case .below(let v, let steps):
      return apply(
        .mask(steps: steps), [rewriter.mapped(v)], name: "counts", origins,
        rewriter.old.depth(of: v, factors.depths), &rewriter)
    case .place(let base, let axis, let step):
      return rewriter.element(
        of: mapped(base, origins, &rewriter), axis: axis, step: rewriter.mapped(step), offset: 0)
    case .element(let base, let axis, let place):
      return rewriter.element(
        of: mapped(base, origins, &rewriter), axis: axis, step: nil, offset: place)
    case .slice(let base, let axis, let lower, let upper):
      return apply(
        .slice(axis: axis, lower: lower, upper: upper), [mapped(base, origins, &rewriter)],
        name: "counts", origins, root.depth(in: rewriter.old, factors.depths), &rewriter)
    case .reshaped(let condition, let from, let to):
      let depth = condition.root.depth(in: rewriter.old, factors.depths)
      let all = apply(
        .broadcast(from), [truth(of: condition, origins, &rewriter)], name: "counts", origins,
        depth, &rewriter)
      return apply(.reshape(to), [all], name: "counts", origins, depth, &rewriter)
    case .joined(let parts, let shapes, let op):
      let depth = root.depth(in: rewriter.old, factors.depths)
      // Truth values are stacked, but not concatenated.
      let numbers = zip(parts, shapes).map { part, shape in
        var truth = truth(of: part, origins, &rewriter)
        if part.isNegated {
          truth = apply(.unary(.not), [truth], name: "counts", origins, depth, &rewriter)
        }
        truth = apply(.broadcast(shape), [truth], name: "counts", origins, depth, &rewriter)
        return apply(.convert, [truth], name: "counts", origins, depth, &rewriter)
      }
      let all = apply(op, numbers, name: "counts", origins, depth, &rewriter)
      let zero = rewriter.value(of: .number(0), type: .scalar)
      return apply(.compare(.greater), [all, zero], name: "counts", origins, depth, &rewriter)
    case .steps, .range, .either:
      preconditionFailure("what is known of elements is known in the block where they are")
    }
  }

  /// Returns `op` applied to `operands`, in the block inside of `depth` scans.
  private mutating func apply(
    _ op: Op, _ operands: [Value], name: String, _ origins: [String], _ depth: Int,
    _ rewriter: inout GraphRewriter
  ) -> Value {
    let key = Key(op: op, operands: operands)
    if let known = written[key] { return known }
    let type = rewriter.type(of: op, operands, in: dimensions)
    let result = rewriter.append(
      op, operands, type: type, name: name, origins: origins,
      outward: rewriter.depth - 1 - depth)
    written[key] = result
    return result
  }

}

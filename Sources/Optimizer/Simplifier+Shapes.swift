import IR

extension Simplifier {

  /// Returns what can stand for `x` with its axes reordered.
  func transposed(_ x: Value, _ permutation: [Int]) -> Term? {
    if permutation == Array(permutation.indices) { return .value(x) }
    guard case .transpose(let inner) = graph.op(of: x) else { return nil }
    // Axis i of the result is axis permutation[i] of x, and that is axis inner[permutation[i]] of
    // the operand of x.
    let both = permutation.map { inner[$0] }
    let operand = Term.value(graph[x.node].operands[0])
    return both == Array(both.indices) ? operand : .apply(.transpose(permutation: both), [operand])
  }

  /// Returns what can stand for `x` in another shape.
  func reshaped(_ x: Value, _ shape: [Extent]) -> Term? {
    if graph.type(of: x).denseShape == shape { return .value(x) }
    guard case .reshape = graph.op(of: x) else { return nil }
    return .apply(.reshape(shape), [.value(graph[x.node].operands[0])])
  }

  /// Returns what can stand for a range of `x`.
  func sliced(_ x: Value, _ axis: Int, _ lower: Extent, _ upper: Extent) -> Term? {
    if lower == Extent(0), upper == graph.type(of: x).denseShape[axis] { return .value(x) }
    let node = graph[x.node]
    switch node.op {
    case .slice(axis, let start, _):
      guard let from = start.adding(lower), let to = start.adding(upper) else { return nil }
      return .apply(.slice(axis: axis, lower: from, upper: to), [.value(node.operands[0])])
    case .concat(axis):
      return slicedPart(of: node.operands, axis, lower, upper)
    default:
      return nil
    }
  }

  /// Returns the range of the one part that it falls on, if it does for all dimensions.
  private func slicedPart(
    of parts: [Value], _ axis: Int, _ lower: Extent, _ upper: Extent
  ) -> Term? {
    var start = Extent(0)
    for part in parts {
      guard let end = start.adding(graph.type(of: part).denseShape[axis]) else { return nil }
      if lower.isAtLeast(start), end.isAtLeast(upper), let from = lower.subtracting(start),
        let to = upper.subtracting(start)
      {
        return .apply(.slice(axis: axis, lower: from, upper: to), [.value(part)])
      }
      start = end
    }
    return nil
  }

  /// Returns what can stand for the concatenation of `parts`.
  func concatenated(_ parts: [Value], _ axis: Int) -> Term? {
    if parts.count == 1 { return .value(parts[0]) }
    var ranges: [Range] = []
    for part in parts {
      let next = range(part, axis)
      if let last = ranges.last, let x = next.whole, last.whole == x, last.upper == next.lower {
        ranges[ranges.count - 1].upper = next.upper
      } else {
        ranges.append(next)
      }
    }
    if ranges.count == parts.count { return nil }
    let terms = ranges.map { range -> Term in
      guard let x = range.whole, let lower = range.lower, let upper = range.upper else {
        return .value(range.part)
      }
      return .apply(.slice(axis: axis, lower: lower, upper: upper), [.value(x)])
    }
    return terms.count == 1 ? terms[0] : .apply(.concat(axis: axis), terms)
  }

  /// A part of a concatenation: a range of a whole, if it is one.
  private struct Range {

    var part: Value
    var whole: Value?
    var lower: Extent?
    var upper: Extent?

  }

  private func range(_ part: Value, _ axis: Int) -> Range {
    guard case .slice(axis, let lower, let upper) = graph.op(of: part) else {
      return Range(part: part)
    }
    return Range(part: part, whole: graph[part.node].operands[0], lower: lower, upper: upper)
  }

}

extension Extent {

  /// `true` iff `self` is not less than `other` for all dimensions, which are not negative.
  ///
  /// Misses some that are, such as a square and the dimension itself.
  fileprivate func isAtLeast(_ other: Extent) -> Bool {
    guard let difference = subtracting(other) else { return false }
    return difference.terms.allSatisfy { $0.coefficient > 0 }
  }

}

/// Where a value is read twice, its elements count if either reading says so.
extension Condition {

  /// The most alternatives that a condition has.
  private static let limit = 8

  /// The conditions, on the same values, of which one holds iff `self` does.
  var alternatives: [Condition] {
    guard case .either(let parts) = root else { return [self] }
    return parts.map { part in
      Condition(
        root: part.root, axes: axes.map { axis in axis.flatMap { part.axes[$0] } },
        isNegated: part.isNegated)
    }
  }

  /// Returns the condition that holds iff one of `alternatives`, at least one, does.
  static func either(_ alternatives: [Condition]) -> Condition {
    if alternatives.count == 1 { return alternatives[0] }
    let rank = alternatives[0].axes.count
    let own = (0..<rank).filter { i in alternatives.contains { $0.axes[i] != nil } }
    let parts = alternatives.map { condition in
      Condition(
        root: condition.root, axes: own.map { condition.axes[$0] }, isNegated: condition.isNegated)
    }
    var axes = Array(repeating: Int?.none, count: rank)
    for (k, i) in own.enumerated() { axes[i] = k }
    return Condition(root: .either(parts), axes: axes, isNegated: false)
  }

  /// `true` iff `other` holds wherever `self` does, as far as that can be seen.
  func implies(_ other: Condition) -> Bool {
    let others = other.alternatives
    return alternatives.allSatisfy { others.contains($0) }
  }

  /// Returns the condition that holds iff `self` or `other` does; `nil` if it has too many
  /// alternatives.
  func or(_ other: Condition) -> Condition? {
    let own = alternatives
    let all = own + other.alternatives.filter { !own.contains($0) }
    return all.count <= Self.limit ? .either(all) : nil
  }

}

extension [Condition] {

  /// The conditions that all hold wherever all of `self`, or all of `others`, do.
  func or(_ others: [Condition]) -> [Condition] {
    var result: [Condition] = []
    for condition in self {
      let known = others.contains { $0.implies(condition) }
      let weaker = known ? [condition] : others.compactMap { condition.or($0) }
      result += weaker.filter { new in !result.contains { $0.implies(new) } }
    }
    return result
  }

}

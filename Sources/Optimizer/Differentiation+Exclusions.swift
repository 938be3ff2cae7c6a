import IR

/// What does not count is not read: where the adjoint of a result is zero because of a condition,
/// the factors of it may be infinite or not a number, which times zero is not zero.
extension Differentiation {

  /// Returns what the block being written reads for `v`, an operand of `y` that derivatives there
  /// are computed from: itself where elements of `y` count, `other` elsewhere.
  mutating func recall(_ v: Value, for y: Value, elsewhere other: Double = 0) -> Value {
    cleaned(recall(v), of: v, under: exclusions[y], elsewhere: other)
  }

  /// Returns what the block being written reads for `y` where the derivative of the function that
  /// yields it is computed from it, with `other` where elements of `y` do not count.
  mutating func recall(result y: Value, elsewhere other: Double) -> Value {
    cleaned(recall(result: y), of: y, under: exclusions[y], elsewhere: other)
  }

  /// Returns `numbers`, those of `v`, a value of the forward graph, with `other` where one of
  /// `conditions` does not hold, unless they are finite there anyway.
  mutating func cleaned(
    _ numbers: Value, of v: Value, under conditions: [Condition], elsewhere other: Double = 0
  ) -> Value {
    guard wild.contains(v) else { return numbers }
    var result = numbers
    for condition in conditions where !isFinite(v, without: condition) {
      let (truth, other) = (truth(of: condition), number(other))
      let operands = condition.isNegated ? [truth, other, result] : [truth, result, other]
      result = apply(.select, operands, name: plainName(of: v))
    }
    return result
  }

  /// `true` iff `v` is chosen to be something finite where `condition` does not hold.
  private func isFinite(_ v: Value, without condition: Condition) -> Bool {
    guard graph.op(of: v) == .select else { return false }
    let operands = graph[v.node].operands
    return [2, 1].contains { i in
      let chosen = Condition.all(
        of: operands[0], isNegated: i == 1, rank: shape(of: v).count, in: graph)
      return !wild.contains(operands[i])
        && condition.alternatives.contains { chosen.contains($0) }
    }
  }

  /// Returns the truth values by which `condition` decides, in a shape that is broadcast to that of
  /// the values that it is on.
  private mutating func truth(of condition: Condition) -> Value {
    var result = recalled(condition.root)
    let axes = condition.axes.compactMap { $0 }
    let others = shape(of: result).indices.filter { !axes.contains($0) }
    if axes != axes.sorted() {
      result = apply(.transpose(permutation: others + axes), [result], name: "counts")
    }
    let whole = shape(of: recalled(condition.root))
    let shape = condition.axes.drop { $0 == nil }.map { $0.map { whole[$0] } ?? Extent(1) }
    return reshaped(result, to: Array(shape))
  }

  /// Returns the truth values by which `condition` decides, or the opposite ones if `isNegated` is
  /// true.
  private mutating func truth(of condition: Condition, isNegated: Bool) -> Value {
    let result = truth(of: condition)
    return isNegated ? apply(.unary(.not), [result], name: "counts") : result
  }

  /// Returns what the block being written reads for `root`.
  private mutating func recalled(_ root: Condition.Root) -> Value {
    switch root {
    case .value, .steps: return recall(forward(root))
    case .below(let lengths, let steps):
      return apply(.mask(steps: steps), [recall(lengths)], name: "counts")
    case .place(let base, let axis, let step):
      return element(of: recalled(base), axis: axis, step: recall(step))
    case .element(let base, let axis, let place):
      return element(of: recalled(base), axis: axis, step: nil, offset: place)
    case .slice(let base, let axis, let lower, let upper):
      return apply(
        .slice(axis: axis, lower: lower, upper: upper), [recalled(base)], name: "counts")
    case .range(let lower, let upper, let size):
      let sizes = [(lower, 0.0), (upper.subtracting(lower), 1), (size.subtracting(upper), 0)]
      let parts = sizes.compactMap { size, x in
        size.flatMap {
          $0 == Extent(0) ? nil : apply(.broadcast([$0]), [number(x)], name: "counts")
        }
      }
      let all = parts.count == 1 ? parts[0] : apply(.concat(axis: 0), parts, name: "counts")
      return apply(.compare(.greater), [all, number(0)], name: "counts")
    case .joined(let parts, let shapes, let op):
      // Truth values are stacked, but not concatenated.
      let numbers = zip(parts, shapes).map { part, shape in
        let truth = truth(of: part, isNegated: part.isNegated)
        return apply(
          .convert, [apply(.broadcast(shape), [truth], name: "counts")], name: "counts")
      }
      let all = apply(op, numbers, name: "counts")
      return apply(.compare(.greater), [all, number(0)], name: "counts")
    case .reshaped(let condition, let from, let to):
      let all = apply(.broadcast(from), [truth(of: condition)], name: "counts")
      return apply(.reshape(to), [all], name: "counts")
    case .either(let parts):
      let truths = parts.map { truth(of: $0, isNegated: $0.isNegated) }
      return truths.dropFirst().reduce(truths[0]) {
        apply(.binary(.or), [$0, $1], name: "counts")
      }
    }
  }

  /// Returns the value of the forward graph that `root` is.
  private mutating func forward(_ root: Condition.Root) -> Value {
    switch root {
    case .value(let v): return v
    case .below: preconditionFailure("a mask is written where it is read")
    case .steps(let root, let id): return stacked(forward(root), by: id)
    case .place(let root, let axis, let step):
      return element(of: forward(root), axis: axis, step: step)
    case .element, .slice, .range, .joined, .reshaped, .either:
      preconditionFailure("the values of all steps are those of a value")
    }
  }

}

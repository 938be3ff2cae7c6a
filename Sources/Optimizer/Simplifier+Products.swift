import IR

extension Simplifier {

  /// Returns what can stand for the matrix product of two operands.
  func multiplied(_ operands: [Value], _ left: Bool, _ right: Bool) -> Term? {
    let weight = operands[1]
    if !left, fixed.contains(weight), graph.type(of: weight).denseShape.count == 2 {
      let rows: Term =
        right ? .apply(.transpose(permutation: [1, 0]), [.value(weight)]) : .value(weight)
      return .apply(.linear(Linear()), [.value(operands[0]), rows])
    }
    let (a, b) = (transposedMatrix(operands[0]), transposedMatrix(operands[1]))
    if a == nil, b == nil { return nil }
    return .apply(
      .matmul(transposingLeft: left != (a != nil), transposingRight: right != (b != nil)),
      [.value(a ?? operands[0]), .value(b ?? operands[1])])
  }

  /// Returns that of which `value` is the transpose in its last two axes.
  private func transposedMatrix(_ value: Value) -> Value? {
    guard case .transpose(let permutation) = graph.op(of: value), permutation.count >= 2 else {
      return nil
    }
    var expected = Array(permutation.indices)
    expected.swapAt(expected.count - 1, expected.count - 2)
    return permutation == expected ? graph[value.node].operands[0] : nil
  }

  /// Returns the product that `user`, an addition, can be part of as its bias.
  func biased(_ f: Binary, _ user: ID<Node>) -> Term? {
    guard f == .add else { return nil }
    let operands = graph[user].operands
    for (product, bias) in [(operands[0], operands[1]), (operands[1], operands[0])] {
      guard case .linear(var linear) = graph.op(of: product), !linear.hasBias,
        isPrivate(product, to: user), fixed.contains(bias),
        let columns = graph.type(of: product).shape.last,
        graph.type(of: bias) == TensorType(.f32, [columns])
      else { continue }
      linear.hasBias = true
      var terms = graph[product.node].operands.map { Term.value($0) }
      terms.insert(.value(bias), at: linear.weightOperands.upperBound)
      return .apply(.linear(linear), terms)
    }
    return nil
  }

  /// Returns the product over the parts that are concatenated in front of it.
  func split(_ linear: Linear, _ operands: [Value]) -> Term? {
    if linear.hasWeightPerPart { return nil }
    var parts: [Linear.Part] = []
    var terms: [Term] = []
    for (part, value) in zip(linear.parts, operands) {
      let rank = graph.type(of: value).denseShape.count
      if case .concat(rank - 1) = graph.op(of: value) {
        let pieces = graph[value.node].operands
        parts += pieces.map { _ in Linear.Part() }
        terms += pieces.map { .value($0) }
      } else {
        parts.append(part)
        terms.append(.value(value))
      }
    }
    if parts.count == linear.parts.count { return nil }
    var result = linear
    result.parts = parts
    terms += operands.dropFirst(linear.parts.count).map { .value($0) }
    return .apply(.linear(result), terms)
  }

}

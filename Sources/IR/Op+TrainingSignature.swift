import Diagnostics

// The signatures of what losses and gradients are made of.
extension Op {

  /// Returns the type of the operand of `broadcast` in `shape`.
  func broadcasting(
    _ shape: [Extent], _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(1)
    let old = c.operands[0].dense
    for extent in shape where try c.value(extent) < 0 {
      throw SignatureError(.rangeOutOfBounds, "the size \(c.text(extent)) is negative")
    }
    let new = TensorType(old.element, shape)
    let common = try c.broadcast(shape, old.shape, operand: 0)
    guard let common, common.count == shape.count,
      try c.areEqual(common, shape, operand: 0)
    else {
      throw SignatureError(
        .incompatibleShapes, "cannot broadcast \(c.text(old)) to \(c.text(new))", operand: 0)
    }
    return new
  }

  /// Returns the type of the logits of a cross entropy.
  func crossEntropy(
    _ hasMask: Bool, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(hasMask ? 3 : 2)
    let logits = try c.numeric(0)
    let (labels, count) = try c.indices(1)
    guard let classes = logits.shape.last else {
      throw SignatureError(
        .incompatibleShapes, "found \(c.text(logits)), expected at least one axis", operand: 0)
    }
    let rows = Array(logits.shape.dropLast())
    guard try c.unify(classes, count, operand: 1) != nil,
      try c.areEqual(rows, labels.shape, operand: 1)
    else {
      let expected = TensorType(.index(classes), rows)
      throw SignatureError(
        .incompatibleShapes,
        "found the labels \(c.text(labels)), expected \(c.text(expected))", operand: 1)
    }
    if hasMask {
      let mask = try c.truth(2)
      guard try c.areEqual(rows, mask.shape, operand: 2) else {
        throw SignatureError(
          .incompatibleShapes,
          "found the mask \(c.text(mask)), expected \(c.text(TensorType(.bool, rows)))",
          operand: 2)
      }
    }
    return logits
  }

  /// Returns the type of a weight whose product with the first operand has the gradient in the
  /// second.
  func outerProducts(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    try c.requireCount(2)
    let (x, dz) = (try c.numeric(0), try c.numeric(1))
    for (i, type) in [x, dz].enumerated() where type.shape.isEmpty {
      throw SignatureError(
        .incompatibleShapes, "found \(c.text(type)), expected at least one axis", operand: i)
    }
    let rows = Array(dz.shape.dropLast())
    guard try c.areEqual(Array(x.shape.dropLast()), rows, operand: 1) else {
      throw SignatureError(
        .incompatibleShapes,
        "\(c.text(c.operands[0])) and \(c.text(c.operands[1])) have different rows", operand: 1)
    }
    return TensorType(.f32, [x.shape[x.shape.count - 1], dz.shape[dz.shape.count - 1]])
  }

  /// Returns the type of `rows` sums of parts of the first operand.
  func sums(
    _ rows: Extent, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(2)
    let values = try c.numeric(0)
    let (indices, count) = try c.indices(1)
    guard try c.unify(rows, count, operand: 1) != nil else {
      throw SignatureError(
        .incompatibleShapes,
        "found \(c.text(indices)), expected indices below \(c.text(rows))", operand: 1)
    }
    let rank = indices.shape.count
    guard values.shape.count >= rank,
      try c.areEqual(Array(values.shape.prefix(rank)), indices.shape, operand: 1)
    else {
      throw SignatureError(
        .incompatibleShapes,
        "\(c.text(values)) does not begin with the axes of \(c.text(indices))", operand: 1)
    }
    return TensorType(.f32, [rows] + values.shape.dropFirst(rank))
  }

}

extension SignatureChecker {

  /// Returns `true` iff `a` and `b` have the same extents.
  fileprivate mutating func areEqual(
    _ a: [Extent], _ b: [Extent], operand i: Int
  ) throws(SignatureError) -> Bool {
    if a.count != b.count { return false }
    for (x, y) in zip(a, b) where try unify(x, y, operand: i) == nil { return false }
    return true
  }

}

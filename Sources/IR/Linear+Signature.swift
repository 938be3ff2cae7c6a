import Diagnostics

extension Linear {

  /// Returns the type of the product of `c.operands`.
  ///
  /// All parts have the same leading axes; the weights have as many rows together as the parts
  /// have columns, and each as many columns as its part feeds.
  func resultType(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    try c.requireCount(operandCount)
    var leading: [Extent]?
    for i in partOperands {
      let part = try c.numeric(i).shape
      guard !part.isEmpty else {
        throw SignatureError(
          .incompatibleShapes, "found \(c.text(c.operands[i])), expected at least one axis",
          operand: i)
      }
      leading = try common(leading, Array(part.dropLast()), part: i, &c)
      if parts[i].isGathered, case .oneHot = c.operands[i].element { continue }
      if parts[i].isGathered {
        throw SignatureError(
          .wrongElementType,
          "found \(c.text(c.operands[i])), expected one-hot rows to gather by", operand: i)
      }
    }
    for i in weightOperands where try c.numeric(i).shape.count != 2 {
      throw SignatureError(
        .incompatibleFactors,
        "found \(c.text(c.operands[i])), expected a weight with two axes", operand: i)
    }
    try requireRows(&c)
    let columns = try columnCount(&c)
    let result = TensorType(.f32, (leading ?? []) + [columns])
    try requireAddends(result, &c)
    return result
  }

  /// Returns the leading axes that `a` and `b`, those of part `i`, both are.
  private func common(
    _ a: [Extent]?, _ b: [Extent], part i: Int, _ c: inout SignatureChecker
  ) throws(SignatureError) -> [Extent] {
    guard let a else { return b }
    var result: [Extent] = []
    if a.count == b.count {
      for (x, y) in zip(a, b) {
        guard let both = try c.unify(x, y, operand: i) else { break }
        result.append(both)
      }
    }
    if result.count != a.count || a.count != b.count {
      throw SignatureError(
        .incompatibleShapes,
        "the parts \(c.text(c.operands[0])) and \(c.text(c.operands[i])) have different rows",
        operand: i)
    }
    return result
  }

  /// Throws unless the parts have as many columns as the weights have rows.
  private func requireRows(_ c: inout SignatureChecker) throws(SignatureError) {
    var rows = Extent(0)
    for i in partOperands {
      let width = c.operands[i].denseShape[c.operands[i].denseShape.count - 1]
      if hasWeightPerPart {
        let weight = parts.count + i
        guard try c.unify(width, c.operands[weight].denseShape[0], operand: weight) != nil else {
          throw SignatureError(
            .incompatibleFactors,
            "cannot multiply \(c.text(c.operands[i].dense)) by \(c.text(c.operands[weight]))",
            operand: weight)
        }
      } else {
        rows = try c.checked(rows.adding(width))
      }
    }
    guard !hasWeightPerPart else { return }
    let weight = weightOperands.lowerBound
    if try c.unify(rows, c.operands[weight].denseShape[0], operand: weight) == nil {
      let text =
        parts.count == 1
        ? c.text(c.operands[0].dense) : "parts with \(c.text(rows)) columns together"
      throw SignatureError(
        .incompatibleFactors, "cannot multiply \(text) by \(c.text(c.operands[weight]))",
        operand: weight)
    }
  }

  /// Returns the number of columns of the result: those that a part feeds which feeds all, or up to
  /// the last that any part, the bias or the start has.
  private func columnCount(_ c: inout SignatureChecker) throws(SignatureError) -> Extent {
    // The columns of the first part that feeds all, and the last ones that others feed.
    var all: Extent?
    var last = Extent(0)
    for i in partOperands {
      let reach = try lastColumn(ofPart: i, &c)
      if parts[i].columns == nil {
        let others = all ?? reach
        guard try c.value(reach) == c.value(others) else {
          throw SignatureError(
            .incompatibleShapes,
            "part \(i + 1) feeds \(c.text(reach)) columns, the others \(c.text(others))",
            operand: i)
        }
        all = others
      } else if try c.value(reach) > c.value(last) {
        last = reach
      }
    }
    if let all {
      if try c.value(last) > c.value(all) {
        throw SignatureError(
          .incompatibleShapes,
          "some part feeds \(c.text(last)) columns, the others \(c.text(all))")
      }
      return all
    }
    // Columns that no part feeds are those of the bias and the start.
    for i in [biasOperand, startOperand].compactMap({ $0 }) {
      if let width = try c.numeric(i).shape.last, try c.value(width) > c.value(last) {
        last = width
      }
    }
    return last
  }

  /// Returns the last column that part `i` feeds, counted from one.
  private func lastColumn(
    ofPart i: Int, _ c: inout SignatureChecker
  ) throws(SignatureError) -> Extent {
    let weight = hasWeightPerPart ? parts.count + i : parts.count
    let width = c.operands[weight].denseShape[1]
    guard let columns = parts[i].columns else { return width }
    let fed = try c.checked(columns.upper.subtracting(columns.lower))
    guard hasWeightPerPart, try c.value(columns.lower) >= 0,
      try c.unify(fed, width, operand: weight) != nil
    else {
      throw SignatureError(
        .rangeOutOfBounds,
        "part \(i + 1) feeds \(c.text(fed)) columns, its weight is \(c.text(c.operands[weight]))",
        operand: weight)
    }
    return columns.upper
  }

  /// Throws unless the bias and the start can be added to `result`.
  private func requireAddends(
    _ result: TensorType, _ c: inout SignatureChecker
  ) throws(SignatureError) {
    if let i = biasOperand {
      let bias = try c.numeric(i)
      let columns = result.shape[result.shape.count - 1]
      guard bias.shape.count == 1, try c.unify(bias.shape[0], columns, operand: i) != nil else {
        throw SignatureError(
          .incompatibleShapes,
          "found the bias \(c.text(bias)), expected \(c.text(TensorType(.f32, [columns])))",
          operand: i)
      }
    }
    if let i = startOperand {
      let start = try c.numeric(i)
      var fits = start.shape.count == result.shape.count
      for (x, y) in zip(start.shape, result.shape) where fits {
        fits = try c.unify(x, y, operand: i) != nil
      }
      if !fits {
        throw SignatureError(
          .incompatibleShapes, "found the start \(c.text(start)), expected \(c.text(result))",
          operand: i)
      }
    }
  }

}

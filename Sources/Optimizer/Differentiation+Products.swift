import IR

extension Differentiation {

  /// Contributes to the adjoints of the operands `x` of the product `z` that `linear` describes.
  ///
  /// z = sum of x_i W_i + b + s, where part i may feed a range of columns:
  /// dx_i = dz_i W_i^T;  dW_i = x_i^T dz_i, over all rows;  db = sum of dz;  ds = dz
  mutating func differentiate(_ linear: Linear, _ x: [Value], _ z: Value, _ dz: Value) {
    let last = shape(of: dz).count - 1
    let adjoints = linear.parts.map { part in
      part.columns.map { columns in
        apply(
          .slice(axis: last, lower: columns.lower, upper: columns.upper), [dz], name: "d_columns")
      } ?? dz
    }
    var lower = Extent(0)
    for i in linear.partOperands {
      guard let width = shape(of: x[i]).last, let upper = lower.adding(width) else { return }
      let weight = x[linear.weightOperands.lowerBound + (linear.hasWeightPerPart ? i : 0)]
      if isActive(x[i]), !linear.parts[i].isGathered {
        var rows = recall(weight)
        if !linear.hasWeightPerPart, linear.parts.count > 1 {
          rows = apply(.slice(axis: 0, lower: lower, upper: upper), [rows], name: "rows")
        }
        let transposed = apply(.transpose(permutation: [1, 0]), [rows], name: "transpose")
        accumulate(
          x[i], apply(.linear(Linear()), [adjoints[i], transposed], name: name(of: x[i])))
      }
      lower = upper
    }
    let parts = Array(x[linear.partOperands])
    if linear.hasWeightPerPart {
      for (i, part) in parts.enumerated() {
        differentiateWeight(x[linear.weightOperands.lowerBound + i], [part], z, [adjoints[i]])
      }
    } else {
      differentiateWeight(x[linear.weightOperands.lowerBound], parts, z, adjoints)
    }
    if let bias = linear.biasOperand { accumulate(x[bias], unbroadcasting: dz) }
    if let start = linear.startOperand { accumulate(x[start], dz) }
  }

  /// Contributes to the adjoint of `weight`, whose rows belong to `parts` in turn, from those of
  /// the columns of the product `z` that each part feeds.
  private mutating func differentiateWeight(
    _ weight: Value, _ parts: [Value], _ z: Value, _ adjoints: [Value]
  ) {
    guard isActive(weight) else { return }
    if depth(of: weight) < frames.count - 1 {
      postpone(.product(weight: weight, parts: parts, adjoints: adjoints, of: z))
      return
    }
    let name = name(of: weight)
    let rows = zip(parts, adjoints).map { part, dz in
      let x = cleaned(recall(part), of: part, under: exclusions[z].ofRows)
      return apply(.weightGradient, [x, dz], name: name)
    }
    accumulate(weight, concatenated(rows, name: name))
  }

  /// Contributes to the adjoints of the factors of the matrix product `y`, where A and B are `a`
  /// and `b` or their transposes.
  ///
  /// Y = A B;  dA = dY B^T;  dB = A^T dY
  mutating func differentiateProduct(
    _ a: Value, _ b: Value, _ y: Value, _ dy: Value, transposingLeft: Bool,
    transposingRight: Bool
  ) {
    if isActive(a) {
      let columns = exclusions[y].factor(1, isTransposed: transposingRight)
      let (name, other) = (name(of: a), cleaned(recall(b), of: b, under: columns))
      let da =
        transposingLeft
        ? apply(
          .matmul(transposingLeft: transposingRight, transposingRight: true), [other, dy],
          name: name)
        : apply(
          .matmul(transposingLeft: false, transposingRight: !transposingRight), [dy, other],
          name: name)
      accumulate(a, unbroadcast(da, to: shape(of: a), name: name))
    }
    guard isActive(b) else { return }
    let name = name(of: b)
    // A matrix that many rows are multiplied by is a weight.
    if shape(of: b).count == 2, !transposingLeft {
      if depth(of: b) < frames.count - 1 {
        postpone(
          transposingRight
            ? .transposedProduct(weight: b, part: a, adjoint: dy, of: y)
            : .product(weight: b, parts: [a], adjoints: [dy], of: y))
      } else {
        let rows = cleaned(recall(a), of: a, under: exclusions[y].ofRows)
        let factors = transposingRight ? [dy, rows] : [rows, dy]
        accumulate(b, apply(.weightGradient, factors, name: name))
      }
      return
    }
    let rows = exclusions[y].factor(0, isTransposed: transposingLeft)
    let other = cleaned(recall(a), of: a, under: rows)
    let db =
      transposingRight
      ? apply(
        .matmul(transposingLeft: true, transposingRight: transposingLeft), [dy, other], name: name)
      : apply(
        .matmul(transposingLeft: !transposingLeft, transposingRight: false), [other, dy],
        name: name)
    accumulate(b, unbroadcast(db, to: shape(of: b), name: name))
  }

}

import IR

extension Differentiation {

  /// Contributes to the adjoints of the operands `x` of `convolution`, whose result is `y` and its
  /// adjoint `dy`.
  ///
  /// y = x * w + b;  dx = image gradient of dy and w;  dw = kernel gradient of x and dy;  db = sum
  /// of dy
  mutating func differentiate(_ convolution: Convolution, _ x: [Value], _ y: Value, _ dy: Value) {
    func images(_ v: Value) -> Op {
      let shape = shape(of: v)
      return .convolution(
        convolution.with(.imageGradient(height: shape[2], width: shape[3])))
    }
    func kernel(_ v: Value) -> Op {
      let shape = shape(of: v)
      return .convolution(
        convolution.with(.kernelGradient(height: shape[2], width: shape[3])))
    }
    let result = Op.convolution(convolution.with(.result(hasBias: false)))
    let operations: [(op: Op, operands: [Value])]
    switch convolution.role {
    case .result: operations = [(images(x[0]), [dy, x[1]]), (kernel(x[1]), [x[0], dy])]
    case .imageGradient: operations = [(result, [dy, x[1]]), (kernel(x[1]), [dy, x[0]])]
    case .kernelGradient: operations = [(images(x[0]), [x[1], dy]), (result, [x[0], dy])]
    }
    for (v, (op, operands)) in zip(x, operations) where isActive(v) {
      let operands = operands.map { operand in
        if operand == dy { return dy }
        let isImages = convolution.givesImages && operand == x[0]
        return cleaned(recall(operand), of: operand, under: isImages ? exclusions[y].ofImages : [])
      }
      accumulate(v, apply(op, operands, name: name(of: v)))
    }
    if x.count > 2, isActive(x[2]) {
      let db = apply(
        .reduce(.sum, axes: [0, 2, 3], keepingAxes: false), [dy], name: name(of: x[2]))
      accumulate(x[2], db)
    }
  }

  /// Contributes to the adjoints of the operands `x` of `pool`, whose adjoint is `dy`.
  mutating func differentiate(_ pool: Pool, _ x: [Value], _ dy: Value) {
    switch pool.role {
    case .largest:
      // y = the largest of x;  dx = dy at the places of these
      accumulate(
        x[0], apply(.pool(pool.with(.gradient)), [recall(x[0]), dy], name: name(of: x[0])))
    case .gradient:
      // y = v at the places of the largest of x;  dv = dy at these places
      guard isActive(x[1]) else { return }
      accumulate(
        x[1], apply(.pool(pool.with(.chosen)), [recall(x[0]), dy], name: name(of: x[1])))
    case .chosen:
      // y = v at the places of the largest of x;  dv = dy at these places
      guard isActive(x[1]) else { return }
      accumulate(
        x[1], apply(.pool(pool.with(.gradient)), [recall(x[0]), dy], name: name(of: x[1])))
    }
  }

}

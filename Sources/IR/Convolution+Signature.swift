import Diagnostics

extension Convolution {

  /// Returns the type of what is computed from `c.operands`.
  func resultType(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    switch role {
    case .result(let hasBias):
      try c.requireCount(hasBias ? 3 : 2)
      let (x, w) = (try c.images(0), try c.kernel(1))
      try requireChannels(x[1], w[1], kernel: 1, &c)
      if hasBias {
        let bias = try c.numeric(2)
        guard bias.shape.count == 1, try c.unify(bias.shape[0], w[0], operand: 2) != nil else {
          throw SignatureError(
            .incompatibleShapes,
            "found the bias \(c.text(bias)), expected \(c.text(TensorType(.f32, [w[0]])))",
            operand: 2)
        }
      }
      return TensorType(.f32, [x[0], w[0]] + (try places(x, Array(w.suffix(2)), &c)))
    case .imageGradient(let height, let width):
      try c.requireCount(2)
      let (dy, w) = (try c.images(0), try c.kernel(1))
      try requireChannels(dy[1], w[0], kernel: 1, &c)
      let result = [dy[0], w[1], height, width]
      try require(dy, places(result, Array(w.suffix(2)), &c), gradient: 0, &c)
      return TensorType(.f32, result)
    case .kernelGradient(let height, let width):
      try c.requireCount(2)
      let (x, dy) = (try c.images(0), try c.images(1))
      guard try c.unify(x[0], dy[0], operand: 1) != nil else {
        throw SignatureError(
          .incompatibleShapes,
          "\(c.text(c.operands[0])) and \(c.text(c.operands[1])) have different batches",
          operand: 1)
      }
      try require(dy, places(x, [height, width], &c), gradient: 1, &c)
      return TensorType(.f32, [dy[1], x[1], height, width])
    }
  }

  private func requireChannels(
    _ a: Extent, _ b: Extent, kernel i: Int, _ c: inout SignatureChecker
  ) throws(SignatureError) {
    if try c.unify(a, b, operand: i) != nil { return }
    throw SignatureError(
      .incompatibleFactors,
      "the kernel \(c.text(c.operands[i])) does not fit \(c.text(a)) channels", operand: i)
  }

  /// Throws unless `shape`, that of operand `i`, ends in `places`.
  private func require(
    _ shape: [Extent], _ places: [Extent], gradient i: Int, _ c: inout SignatureChecker
  ) throws(SignatureError) {
    for (a, b) in zip(shape.suffix(2), places) where try c.unify(a, b, operand: i) == nil {
      let expected = TensorType(.f32, shape.prefix(2) + places)
      throw SignatureError(
        .incompatibleShapes,
        "found the gradient \(c.text(c.operands[i])), expected \(c.text(expected))", operand: i)
    }
  }

  /// Returns the height and the width of the result for images of `shape` and a kernel of the given
  /// height and width.
  private func places(
    _ shape: [Extent], _ kernel: [Extent], _ c: inout SignatureChecker
  ) throws(SignatureError) -> [Extent] {
    for k in kernel where try padding >= c.value(k) {
      throw SignatureError(
        .rangeOutOfBounds,
        "the padding \(padding) is not less than \(c.text(k)), a side of the kernel")
    }
    var result: [Extent] = []
    for (n, k) in zip(shape.suffix(2), kernel) {
      result.append(
        try c.windows(in: n, of: k, stride: stride, padding: padding, "a kernel"))
    }
    return result
  }

}

extension Pool {

  /// Returns the type of what is computed from `c.operands`.
  func resultType(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    try c.requireCount(role == .largest ? 1 : 2)
    let x = try c.images(0)
    var places: [Extent] = []
    for n in x.suffix(2) {
      places.append(
        try c.windows(in: n, of: Extent(size), stride: stride, padding: 0, "a window"))
    }
    let result = TensorType(.f32, x.prefix(2) + places)
    if role == .largest { return result }
    let expected = role == .gradient ? result : TensorType(.f32, x)
    let second = try c.images(1)
    for (a, b) in zip(second, expected.shape) where try c.unify(a, b, operand: 1) == nil {
      throw SignatureError(
        .incompatibleShapes, "found \(c.text(c.operands[1])), expected \(c.text(expected))",
        operand: 1)
    }
    return role == .gradient ? TensorType(.f32, x) : result
  }

}

extension SignatureChecker {

  /// Returns the shape of operand `i`, which is that of images.
  fileprivate func images(_ i: Int) throws(SignatureError) -> [Extent] {
    let type = try numeric(i)
    if type.shape.count == 4 { return type.shape }
    throw SignatureError(
      .incompatibleShapes,
      "found \(text(operands[i])), expected images: 'f32[batch, channels, height, width]'",
      operand: i)
  }

  /// Returns the shape of operand `i`, which is that of a kernel.
  fileprivate func kernel(_ i: Int) throws(SignatureError) -> [Extent] {
    let type = try numeric(i)
    if type.shape.count == 4 { return type.shape }
    throw SignatureError(
      .incompatibleShapes,
      "found \(text(operands[i])), expected a kernel: 'f32[out, in, height, width]'", operand: i)
  }

  /// Returns how many windows of `size` there are in `extent`, `stride` apart.
  ///
  /// Where they do not follow each other at each place, that is the number for the present
  /// dimensions.
  fileprivate func windows(
    in extent: Extent, of size: Extent, stride: Int, padding: Int, _ what: String
  ) throws(SignatureError) -> Extent {
    let room = try value(checked(extent.adding(Extent(2 * padding))))
    let rest = try room - value(size)
    guard rest >= 0 else {
      let padded = padding > 0 ? " with the padding \(padding)" : ""
      throw SignatureError(
        .incompatibleShapes,
        "\(what) of \(text(size)) does not fit into images of \(text(extent))\(padded)")
    }
    if stride > 1 { return Extent(rest / stride + 1) }
    let places = try checked(extent.adding(Extent(2 * padding + 1)))
    return try checked(places.subtracting(size))
  }

}

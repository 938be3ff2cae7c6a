extension GraphGenerator {

  /// Appends the lines of an operation on images, as which a value with three axes is read.
  mutating func see(_ kind: Kind) {
    guard let x = find({ $0.element == .number && $0.shape.count == 3 }),
      let height = size(x.shape[1]), let width = size(x.shape[2]), height > 0, width > 0
    else { return }
    if kind == .flatten {
      guard !x.shape.contains(where: { $0.contains(" ") }) else { return }
      var result = x
      result.shape = [x.shape[0], "\(x.shape[1]) * \(x.shape[2])"]
      line("flatten(\(x.text))", result)
      return
    }
    var result = x
    result.shape.insert("1", at: 1)
    let images = line("reshape(\(x.text), [\(result.shape.joined(separator: ", "))])", result)
    guard images.shape == result.shape else { return }
    if kind == .pool {
      pool(images, most: min(2, height, width))
    } else {
      convolve(images, [height, width])
    }
  }

  /// Appends the pooling of `images` by windows of at most `most` rows.
  private mutating func pool(_ images: Quantity, most: Int) {
    let size = Int.random(in: 1...most, using: &random)
    let stride = windowStride(in: images)
    let attributes = "size: \(size), stride: \(stride)"
    if chance(0.3), let y = find({ $0.element == .number && $0.shape == images.shape }) {
      append("max_pool2d_choice(\(images.text), \(y.text), \(attributes))", y, size + stride == 2)
    } else if chance(0.4) {
      var result = images
      result.magnitude *= 4
      line(
        "max_pool2d_gradient(\(images.text), "
          + "max_pool2d(\(images.text), \(attributes)), \(attributes))", result)
    } else {
      append("max_pool2d(\(images.text), \(attributes))", images, size + stride == 2)
    }
  }

  /// Appends the convolution of `images`, whose height and width are `sides`, or a gradient.
  private mutating func convolve(_ images: Quantity, _ sides: [Int]) {
    let (stride, padding) = (windowStride(in: images), pick([0, 1]))
    // A side is longer than the padding, and fits into images of all sizes that tests have.
    let kernel = sides.map { side in
      Int.random(in: (padding + 1)...min(2 + padding, side + 2 * padding), using: &random)
    }
    let attributes = "stride: \(stride), padding: \(padding)"
    let weight = parameter(["3", "1", "\(kernel[0])", "\(kernel[1])"], magnitude: "0.1")
    let bias = chance(0.5) ? ", \(parameter(["3"], magnitude: "0.1"))" : ""
    let call = "conv2d(\(images.text), \(weight)\(bias), \(attributes))"
    var result = images
    result.isExact = false
    if chance(0.3) {
      result.magnitude = 3 * (images.magnitude + 1)
      let sides = images.shape.suffix(2).joined(separator: ", ")
      line("conv2d_input_gradient(\(call), \(weight), [\(sides)], \(attributes))", result)
    } else if chance(0.4) {
      (result.shape, result.magnitude) = (["3", "1", "\(kernel[0])", "\(kernel[1])"], 1e5)
      let sides = "[\(kernel[0]), \(kernel[1])]"
      line(
        "conv2d_weight_gradient(\(images.text), tanh(\(call)), \(sides), \(attributes))", result)
    } else {
      result.magnitude += 1
      result.shape[1] = "3"
      append(call, result, stride == 1 && kernel == [2 * padding + 1, 2 * padding + 1])
    }
  }

  /// Appends the line of `call`, whose result has the shape of `result` if it keeps the sides of
  /// the images; otherwise their means, because sizes have no text then.
  private mutating func append(_ call: String, _ result: Quantity, _ keepsSides: Bool) {
    if keepsSides {
      line(call, result)
      return
    }
    var mean = result
    mean.isExact = false
    mean.shape = Array(result.shape.prefix(2))
    line("mean(\(call), axis: [2, 3])", mean)
  }

  /// Returns a distance of windows; with more than 1, their number depends on what dimensions are,
  /// so that the sides of the images must not.
  private mutating func windowStride(in images: Quantity) -> Int {
    let isFixed = images.shape.suffix(2).allSatisfy { Int($0) != nil }
    return isFixed ? Int.random(in: 1...2, using: &random) : 1
  }

  /// Returns the number that `text`, the size of an axis, is.
  private func size(_ text: String) -> Int? {
    if text.hasPrefix("2 * ") { return sizes[String(text.dropFirst(4))].map { 2 * $0 } }
    return Int(text) ?? sizes[text]
  }

}

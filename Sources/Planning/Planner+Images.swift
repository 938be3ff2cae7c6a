import IR

extension GraphPlanner {

  /// Plans a convolution or one of its gradients.
  ///
  /// Padding is written: a kernel sees whole images. The gradient by the images is a convolution
  /// itself, of the gradient of the result, spread out and surrounded by zeros, with the kernel
  /// turned by half a turn and its channels exchanged.
  mutating func planConvolution(_ v: Value, _ node: Node, _ convolution: Convolution) {
    let (a, b) = (view(node.operands[0]), view(node.operands[1]))
    let shape = sizes(node.results[0].type)
    switch convolution.role {
    case .result(let hasBias):
      let bias = hasBias ? denseRows(view(node.operands[2]), [.fixed(shape[1])], name: "bias") : nil
      let input = surrounded(a, padding: convolution.padding)
      planDense(v, node) { planner, output in
        planner.convolve(input, b, bias?.place, output, stride: convolution.stride)
      }
    case .imageGradient:
      let kernel = Array(b.shape.suffix(2))
      let padding = kernel.map { $0 - 1 - convolution.padding }
      let size = [shape[2] + kernel[0] - 1, shape[3] + kernel[1] - 1]
      let input = spread(a, size: size, padding: padding, stride: convolution.stride)
      var turned = b.transposed([1, 0, 2, 3])
      for axis in 2...3 {
        turned.place.offset += (turned.shape[axis] - 1) * turned.strides[axis]
        turned.strides[axis] *= -1
      }
      planDense(v, node) { planner, output in
        planner.convolve(input, turned, nil, output, stride: 1)
      }
    case .kernelGradient:
      let input = surrounded(a, padding: convolution.padding)
      let gradient = denseRows(b, b.shape.map { .fixed($0) }, name: "gradient")
      planDense(v, node) { planner, output in
        planner.emit(
          .convolveGradient(
            ConvolveGradient(
              images: input.shape[0], channels: shape[0], inputs: shape[1],
              kernel: Array(shape.suffix(2)), places: Array(b.shape.suffix(2)),
              stride: convolution.stride,
              input: Operand(place: input.place, strides: input.strides, scalar: .float),
              gradient: gradient.place, output: output.place)))
      }
    }
  }

  /// Plans the convolution of `input`, which has adjacent columns, with `weight`.
  private mutating func convolve(
    _ input: View, _ weight: View, _ bias: Place?, _ output: View, stride: Int
  ) {
    emit(
      .convolve(
        Convolve(
          images: output.shape[0], channels: output.shape[1], inputs: input.shape[1],
          kernel: Array(weight.shape.suffix(2)), places: Array(output.shape.suffix(2)),
          stride: stride,
          input: Operand(place: input.place, strides: input.strides, scalar: .float),
          weight: Operand(place: weight.place, strides: weight.strides, scalar: .float),
          bias: bias, output: output.place)))
  }

  /// Plans pooling, or what follows the places that it chooses.
  mutating func planPool(_ v: Value, _ node: Node, _ pool: Pool) {
    let views = node.operands.map { operand in
      let view = view(operand)
      return denseRows(view, view.shape.map { .fixed($0) }, name: "images")
    }
    let shape = views[0].shape
    let places = shape.suffix(2).map { ($0 - pool.size) / pool.stride + 1 }
    planDense(v, node) { planner, output in
      planner.emit(
        .pooling(
          Pooling(
            pool: pool, images: shape[0], channels: shape[1], size: Array(shape.suffix(2)),
            places: places, input: views[0].place, second: views.count > 1 ? views[1].place : nil,
            output: output.place)))
    }
  }

  /// Plans `v` by `write`, which stores it without gaps.
  mutating func planDense(
    _ v: Value, _ node: Node, _ write: (inout GraphPlanner, View) -> Void
  ) {
    let target = singleStorage(for: v)
    let output =
      target.isDense
      ? target : newTensor(graph.name(of: v), shape: target.shape, scalar: target.scalar)
    write(&self, output)
    if output.place != target.place {
      copy(output, to: target, counts: counts(node.results[0].type.shape))
    }
  }

  /// Returns `images` with adjacent columns and `padding` zeros on all sides.
  private mutating func surrounded(_ images: View, padding: Int) -> View {
    if padding == 0, images.strides[3] == 1 { return images }
    let size = images.shape.suffix(2).map { $0 + 2 * padding }
    return spread(images, size: size, padding: [padding, padding], stride: 1)
  }

  /// Returns images of `size` in which those of `images` begin behind `padding` and have their
  /// elements `stride` apart, with zeros elsewhere.
  private mutating func spread(
    _ images: View, size: [Int], padding: [Int], stride: Int
  ) -> View {
    let whole = newTensor(
      "padded", shape: images.shape.prefix(2) + size, scalar: .float)
    if Array(images.shape.suffix(2)) != size { fill(whole, with: 0) }
    var inner = whole
    inner.shape = images.shape
    for axis in 2...3 {
      inner.place.offset += padding[axis - 2] * whole.strides[axis]
      inner.strides[axis] *= stride
    }
    copy(images, to: inner, counts: images.shape.map { .fixed($0) })
    return whole
  }

}

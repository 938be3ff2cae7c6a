extension Kernel {

  /// Returns what a grain of the kernel, one of images that is divided by `share`, reads and
  /// writes.
  func imageFootprints(_ share: KernelCall.Share) -> (reads: [Footprint], writes: [Footprint]) {
    /// Returns the footprint of a kernel of which each grain touches `size` elements of its own.
    func dense(_ place: Place, _ size: Int) -> Footprint {
      Footprint(place, grains: share.grains, stride: size, loops: [(size, 1)])
    }
    switch self {
    case .convolve(let k):
      let rows = (k.places[0] - 1) * k.stride + k.kernel[0]
      let columns = (k.places[1] - 1) * k.stride + k.kernel[1]
      let input = Footprint(
        k.input.place, grains: share.grains, stride: k.input.strides[0],
        loops: [(k.inputs, k.input.strides[1]), (rows, k.input.strides[2]), (columns, 1)])
      return (
        [input, Footprint(k.weight.place)] + (k.bias.map { [Footprint($0)] } ?? []),
        [dense(k.output, k.channels * k.places.reduce(1, *))]
      )
    case .convolveGradient(let k):
      return (
        [Footprint(k.input.place), Footprint(k.gradient)],
        [dense(k.output, share.size * k.inputs * k.kernel.reduce(1, *))]
      )
    case .pooling(let k):
      let (whole, small) = (
        k.channels * k.size.reduce(1, *), k.channels * k.places.reduce(1, *)
      )
      let isGradient = k.pool.role == .gradient
      return (
        [dense(k.input, whole)] + (k.second.map { [dense($0, isGradient ? small : whole)] } ?? []),
        [dense(k.output, isGradient ? whole : small)]
      )
    case .product, .map, .reduce, .softmax, .argmax, .gather, .oneHot, .mask, .pack, .literal,
      .crossEntropy, .scatter, .drop, .batched:
      preconditionFailure("the kernel is one of images")
    }
  }

  /// `true` iff the kernel is divided as suits itself best, and maps around it follow.
  var isDividedFirst: Bool {
    switch self {
    case .product, .convolve, .pooling: true
    case .map, .reduce, .softmax, .argmax, .gather, .oneHot, .mask, .pack, .literal, .crossEntropy,
      .scatter, .drop, .convolveGradient, .batched:
      false
    }
  }

}

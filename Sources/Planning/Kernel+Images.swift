import IR

/// A convolution of images without padding.
package struct Convolve: Hashable, Sendable {

  /// The number of images, of channels of the result and of channels of an image.
  package var images: Int
  package var channels: Int
  package var inputs: Int

  /// The height and the width of the kernel, and of the result.
  package var kernel: [Int]
  package var places: [Int]

  /// The columns from one part of an image to the next.
  package var stride: Int

  /// The images; strides are those of images, channels, rows and columns, the last one 1.
  package var input: Operand

  /// The kernel; strides are those of channels of the result, channels of the image, rows and
  /// columns.
  package var weight: Operand

  package var bias: Place?

  /// The result, without gaps.
  package var output: Place

}

/// The gradient of a convolution without padding by its kernel.
package struct ConvolveGradient: Hashable, Sendable {

  /// The number of images, of channels of the result and of channels of an image.
  package var images: Int
  package var channels: Int
  package var inputs: Int

  /// The height and the width of the kernel, and of the result.
  package var kernel: [Int]
  package var places: [Int]

  /// The columns from one part of an image to the next.
  package var stride: Int

  /// The images; strides are those of images, channels, rows and columns, the last one 1.
  package var input: Operand

  /// The gradient of the result, without gaps.
  package var gradient: Place

  /// The gradient of the kernel, without gaps.
  package var output: Place

}

/// The pooling of images, or what follows the places that it chooses; all without gaps.
package struct Pooling: Hashable, Sendable {

  package var pool: Pool

  /// The number of images, and of channels of each.
  package var images: Int
  package var channels: Int

  /// The height and the width of an image, and of the result.
  package var size: [Int]
  package var places: [Int]

  package var input: Place

  /// The gradient of the result or what is chosen from, if there is one.
  package var second: Place?

  package var output: Place

}

extension ConvolveGradient {

  /// Returns the channels of the result that are done together: a divisor of all, so few that the
  /// sums for them and for some columns of the kernel are kept in registers, of `lanes` lanes.
  package func channelsOfGrain(lanes: Int) -> Int {
    let most = 12 * lanes / Summation.lanes / max(1, min(kernel[1], 6))
    return (1...max(1, min(channels, most))).last { channels % $0 == 0 } ?? 1
  }

}

extension Convolve {

  /// The products in an element of the result.
  var depth: Double { Double(inputs * kernel[0] * kernel[1]) }

}

extension ConvolveGradient {

  /// The products in which an element of the gradient of the result takes part.
  var depth: Double { Double(inputs * kernel[0] * kernel[1]) }

}

/// The attributes of a convolution of images, as in `torch.nn.functional.conv2d`, or of one of its
/// gradients.
///
/// Images are `f32[batch, channels, height, width]`, kernels `f32[out, in, height, width]`. The
/// result at a place is the sum of the products of the kernel with the part of the image that
/// begins `stride` times as far from its corner, where `padding` zeros surround the image on all
/// sides. All three are linear in each operand, so that the gradients of each are the other two.
package struct Convolution: Hashable, Sendable {

  /// What is computed.
  package enum Role: Hashable, Sendable {

    /// The convolution; operands are the images, the kernel and a bias for each channel if there is
    /// one.
    case result(hasBias: Bool)

    /// The gradient by the images, whose height and width are given; operands are the gradient of
    /// the result and the kernel.
    case imageGradient(height: Extent, width: Extent)

    /// The gradient by the kernel, whose height and width are given; operands are the images and
    /// the gradient of the result.
    case kernelGradient(height: Extent, width: Extent)

  }

  package var role: Role

  /// The rows, and the columns, from one part of an image to the next; at least 1.
  package var stride: Int

  /// The rows of zeros above and below, and the columns of zeros on both sides.
  package var padding: Int

  /// Creates the attributes of a convolution.
  package init(_ role: Role, stride: Int = 1, padding: Int = 0) {
    self.role = role
    self.stride = stride
    self.padding = padding
  }

  /// Returns the same with another role.
  package func with(_ role: Role) -> Convolution {
    Convolution(role, stride: stride, padding: padding)
  }

}

/// The attributes of the pooling of images `f32[batch, channels, height, width]`, as in
/// `torch.nn.functional.max_pool2d`: square windows of `size` rows, `stride` apart.
///
/// Rows and columns that fill no window are left out. The place of the largest element of a window
/// is the first one in row-major order; NaN counts as the largest.
package struct Pool: Hashable, Sendable {

  /// What is computed.
  package enum Role: Hashable, Sendable {

    /// The largest element of each window; the images are the only operand.
    case largest

    /// The gradient of that by the images; operands are these and the gradient of the result.
    case gradient

    /// The elements of the second operand at the places of the largest elements of the first.
    case chosen

  }

  package var role: Role
  package var size: Int
  package var stride: Int

  /// Creates the attributes of pooling.
  package init(_ role: Role, size: Int, stride: Int) {
    self.role = role
    self.size = size
    self.stride = stride
  }

  /// Returns the same with another role.
  package func with(_ role: Role) -> Pool { Pool(role, size: size, stride: stride) }

}

import IR

/// The sizes of a convolution and the walk over all products in it.
private struct Sweep {

  let images: Int
  let channels: Int
  let inputs: Int
  let height: Int
  let width: Int
  let kernelHeight: Int
  let kernelWidth: Int
  let stride: Int
  let padding: Int

  var resultHeight: Int { (height + 2 * padding - kernelHeight) / stride + 1 }
  var resultWidth: Int { (width + 2 * padding - kernelWidth) / stride + 1 }

  init(_ convolution: Convolution, images x: [Int], kernel w: [Int]) {
    (images, inputs, height, width) = (x[0], x[1], x[2], x[3])
    (channels, kernelHeight, kernelWidth) = (w[0], w[2], w[3])
    (stride, padding) = (convolution.stride, convolution.padding)
  }

  /// Calls `visit` with the places of an element of the result, of one of the images and of one of
  /// the kernel, for each product of the latter two that the former is a sum of.
  func forEachProduct(_ visit: (_ y: Int, _ x: Int, _ w: Int) -> Void) {
    let (rows, columns) = (resultHeight, resultWidth)
    for b in 0..<images {
      for o in 0..<channels {
        for i in 0..<rows {
          for j in 0..<columns {
            let y = ((b * channels + o) * rows + i) * columns + j
            for c in 0..<inputs {
              for u in 0..<kernelHeight {
                let row = i * stride + u - padding
                guard 0 <= row, row < height else { continue }
                let x = ((b * inputs + c) * height + row) * width
                let w = ((o * inputs + c) * kernelHeight + u) * kernelWidth
                for v in 0..<kernelWidth {
                  let column = j * stride + v - padding
                  if 0 <= column, column < width { visit(y, x + column, w + v) }
                }
              }
            }
          }
        }
      }
    }
  }

}

extension DenseArray {

  /// Returns what `convolution` computes from `operands`; gradients have `shape`.
  static func convolution(
    _ convolution: Convolution, _ operands: [DenseArray], shape: [Int]
  ) -> DenseArray {
    let (a, b) = (operands[0].elements, operands[1].elements)
    var shape = shape
    var result = Array(repeating: 0.0, count: shape.reduce(1, *))
    switch convolution.role {
    case .result(let hasBias):
      let sweep = Sweep(convolution, images: operands[0].shape, kernel: operands[1].shape)
      shape = [sweep.images, sweep.channels, sweep.resultHeight, sweep.resultWidth]
      result = Array(repeating: 0.0, count: shape.reduce(1, *))
      if hasBias {
        let places = sweep.resultHeight * sweep.resultWidth
        for i in result.indices {
          result[i] = operands[2].elements[i / places % sweep.channels]
        }
      }
      sweep.forEachProduct { y, x, w in result[y] += a[x] * b[w] }
    case .imageGradient:
      let sweep = Sweep(convolution, images: shape, kernel: operands[1].shape)
      sweep.forEachProduct { y, x, w in result[x] += a[y] * b[w] }
    case .kernelGradient:
      let sweep = Sweep(convolution, images: operands[0].shape, kernel: shape)
      sweep.forEachProduct { y, x, w in result[w] += a[x] * b[y] }
    }
    return DenseArray(shape: shape, result)
  }

  /// Returns what `pool` computes from `operands`.
  static func pool(_ pool: Pool, _ operands: [DenseArray]) -> DenseArray {
    let x = operands[0]
    let (height, width) = (x.shape[2], x.shape[3])
    let rows = (height - pool.size) / pool.stride + 1
    let columns = (width - pool.size) / pool.stride + 1
    let shape = pool.role == .gradient ? x.shape : x.shape.prefix(2) + [rows, columns]
    var result = Array(repeating: 0.0, count: shape.reduce(1, *))
    for plane in 0..<x.shape[0] * x.shape[1] {
      for i in 0..<rows {
        for j in 0..<columns {
          let y = (plane * rows + i) * columns + j
          let corner = (plane * height + i * pool.stride) * width + j * pool.stride
          var place = corner
          for k in 0..<pool.size * pool.size {
            let other = corner + k / pool.size * width + k % pool.size
            let (value, best) = (x.elements[other], x.elements[place])
            if value > best || value.isNaN && !best.isNaN { place = other }
          }
          switch pool.role {
          case .largest: result[y] = x.elements[place]
          case .gradient: result[place] += operands[1].elements[y]
          case .chosen: result[y] = operands[1].elements[place]
          }
        }
      }
    }
    return DenseArray(shape: shape, result)
  }

}

import IR
import Tensors

extension DenseArray {

  /// Creates an array from `tensor`.
  package init(_ tensor: Tensor) {
    switch tensor.elements {
    case .float32(let e): self.init(shape: tensor.shape, e.map(Double.init))
    case .float64(let e): self.init(shape: tensor.shape, e)
    case .int64(let e): self.init(shape: tensor.shape, e.map(Double.init))
    case .bool(let e): self.init(shape: tensor.shape, e.map { $0 ? 1 : 0 })
    }
  }

  /// Returns the tensor that a value with such elements is saved as: 32-bit numbers, integers or
  /// truth values.
  ///
  /// - Requires: the elements of an index are whole.
  package func tensor(of element: ElementType) -> Tensor {
    switch element {
    case .f32, .oneHot: Tensor(shape: shape, elements.map { Float($0) })
    case .index: Tensor(shape: shape, .int64(elements.map { Int64($0) }))
    case .bool: Tensor(shape: shape, .bool(elements.map { $0 != 0 }))
    }
  }

}

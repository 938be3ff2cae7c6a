/// A dense array of numbers with a shape, its elements in row-major order.
///
/// - Invariant: the number of elements is the product of `shape`; no extent is negative.
///
/// Two tensors are equal if their shapes and elements are, whatever files they came from.
package struct Tensor: Equatable, Sendable {

  /// The elements of a tensor, by their type.
  ///
  /// Files of other element types are widened on reading to the nearest of these.
  package enum Elements: Equatable, Sendable {

    case float32([Float])
    case float64([Double])
    case int64([Int64])
    case bool([Bool])

    /// The number of elements.
    package var count: Int {
      switch self {
      case .float32(let e): e.count
      case .float64(let e): e.count
      case .int64(let e): e.count
      case .bool(let e): e.count
      }
    }

  }

  /// The extent of each axis.
  package let shape: [Int]

  /// The elements in row-major order.
  package let elements: Elements

  /// The type of the elements in the file that the tensor was read from.
  private let storedType: StoredType

  /// Creates a tensor of `shape`, read from a file with elements of `type` if that is given.
  ///
  /// - Requires: `elements` has as many elements as `shape` asks for.
  init(shape: [Int], _ elements: Elements, readAs type: StoredType?) {
    precondition(elements.count == shape.reduce(1, *), "as many elements as the shape asks for")
    self.shape = shape
    self.elements = elements
    storedType = type ?? elements.storedType
  }

  /// Creates a tensor of `shape`.
  ///
  /// - Requires: `elements` has as many elements as `shape` asks for.
  package init(shape: [Int], _ elements: Elements) {
    self.init(shape: shape, elements, readAs: nil)
  }

  /// Creates a tensor of 32-bit numbers.
  ///
  /// - Requires: `elements` has as many elements as `shape` asks for.
  package init(shape: [Int], _ elements: [Float]) {
    self.init(shape: shape, .float32(elements))
  }

  package static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape && a.elements == b.elements
  }

  /// The name of the element type as messages print it: that of the file, if there is one.
  package var typeName: String { storedType.name }

  /// The type as messages print it: `f16[3, 4]`.
  package var type: String { typeName + (shape.isEmpty ? "" : "\(shape)") }

}

/// A file of numbers, or a set of them, that cannot be used.
package struct TensorError: Error, Equatable, Sendable {

  /// What is wrong, without a final period; names the file where there is one.
  package let message: String

  /// Creates an error that says `message`.
  package init(_ message: String) {
    self.message = message
  }

}

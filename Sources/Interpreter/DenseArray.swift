/// Numbers with a shape, in row-major order: what every value is in the interpreter.
///
/// Indices are whole numbers, truth values are 1 and 0, and one-hot values are written out, with
/// the axis of their classes last.
///
/// - Invariant: the number of elements is the product of `shape`; no extent is negative.
package struct DenseArray: Equatable, Sendable {

  /// The extent of each axis.
  package let shape: [Int]

  /// The elements in row-major order.
  package private(set) var elements: [Double]

  /// Creates an array of `shape`.
  ///
  /// - Requires: `elements` has as many elements as `shape` asks for.
  package init(shape: [Int], _ elements: [Double]) {
    precondition(elements.count == shape.reduce(1, *), "as many elements as the shape asks for")
    self.shape = shape
    self.elements = elements
  }

  /// Creates an array of `shape` in which every element is `number`.
  package init(shape: [Int], repeating number: Double) {
    self.shape = shape
    self.elements = Array(repeating: number, count: shape.reduce(1, *))
  }

  /// Creates an array without axes that holds `number`.
  package init(_ number: Double) {
    self.shape = []
    self.elements = [number]
  }

  /// The distance in `elements` between neighbours along each axis.
  var strides: [Int] {
    var result = Array(repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      result[axis] = result[axis + 1] * shape[axis + 1]
    }
    return result
  }

  /// Returns the array of `shape` whose element at place *i* is the one at `offset` plus the sum
  /// of *i* times `strides`.
  ///
  /// Broadcasting, slicing and transposing are all of this form.
  ///
  /// - Complexity: O(*n*), where *n* is the number of elements of the result.
  func view(shape: [Int], strides: [Int], from offset: Int = 0) -> DenseArray {
    var result: [Double] = []
    result.reserveCapacity(shape.reduce(1, *))
    func visit(_ axis: Int, _ place: Int) {
      if axis == shape.count {
        result.append(elements[place])
      } else if axis == shape.count - 1, strides[axis] == 1 {
        result += elements[place..<place + shape[axis]]
      } else {
        for i in 0..<shape[axis] { visit(axis + 1, place + i * strides[axis]) }
      }
    }
    if !shape.contains(0) { visit(0, offset) }
    return DenseArray(shape: shape, result)
  }

  /// Returns `self` with each element replaced by what `f` gives for it.
  package func map(_ f: (Double) -> Double) -> DenseArray {
    DenseArray(shape: shape, elements.map(f))
  }

  /// Replaces what is at `place` of the first axis.
  ///
  /// - Requires: `part` has the shape of `self` without the first axis.
  mutating func replacePart(at place: Int, with part: DenseArray) {
    precondition(Array(shape.dropFirst()) == part.shape, "a part has the shape of a part")
    let start = place * part.elements.count
    elements.replaceSubrange(start..<start + part.elements.count, with: part.elements)
  }

}

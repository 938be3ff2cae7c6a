extension DenseArray {

  /// Returns the place, along each axis, of the element at `offset`.
  func place(ofElement offset: Int) -> [Int] {
    zip(shape, strides).map { extent, stride in offset / stride % extent }
  }

  /// Returns the elements as indices below `count`.
  func indices(below count: Int) throws(InterpreterError) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(elements.count)
    for (offset, element) in elements.enumerated() {
      guard let index = Int(exactly: element), (0..<count).contains(index) else {
        throw InterpreterError(
          "found \(numeral(element)) at \(place(ofElement: offset)), "
            + "expected an index below \(count)")
      }
      result.append(index)
    }
    return result
  }

  /// Returns the one-hot rows of `count` numbers for the indices in `self`.
  func oneHot(count: Int) throws(InterpreterError) -> DenseArray {
    var elements = Array(repeating: 0.0, count: self.elements.count * count)
    for (row, index) in try indices(below: count).enumerated() {
      elements[row * count + index] = 1
    }
    return DenseArray(shape: shape + [count], elements)
  }

  /// Returns what is at the places `indices` of the first axis.
  func gathered(at indices: DenseArray) throws(InterpreterError) -> DenseArray {
    let row = Array(shape.dropFirst())
    let length = row.reduce(1, *)
    var elements: [Double] = []
    for index in try indices.indices(below: shape[0]) {
      elements += self.elements[index * length..<(index + 1) * length]
    }
    return DenseArray(shape: indices.shape + row, elements)
  }

  /// Returns, for each of `steps` steps, 1 where the length in `self` is greater, and 0 elsewhere.
  func mask(steps: Int) -> DenseArray {
    DenseArray(
      shape: [steps] + shape,
      (0..<steps).flatMap { t in elements.map { Double(t) < $0 ? 1 : 0 } })
  }

}

/// Returns the text of `x`, without a fraction where it is whole.
func numeral(_ x: Double) -> String {
  Int(exactly: x).map { "\($0)" } ?? "\(x)"
}

extension DenseArray {

  /// Returns the arrays of `parts` one after the other along `axis`.
  static func concatenation(
    of parts: [DenseArray], axis: Int
  ) throws(InterpreterError) -> DenseArray {
    var shape = parts[0].shape
    for part in parts.dropFirst() {
      var fitting = part.shape
      fitting[axis] = shape[axis]
      guard fitting == shape else {
        throw InterpreterError("cannot concatenate \(part.shape) to \(shape) along axis \(axis)")
      }
      shape[axis] += part.shape[axis]
    }
    var elements: [Double] = []
    elements.reserveCapacity(shape.reduce(1, *))
    for i in 0..<shape[..<axis].reduce(1, *) {
      for part in parts {
        let length = part.shape[axis...].reduce(1, *)
        elements += part.elements[i * length..<(i + 1) * length]
      }
    }
    return DenseArray(shape: shape, elements)
  }

  /// Returns the arrays of `parts`, which have one shape, along a new axis.
  static func stack(of parts: [DenseArray], axis: Int) throws(InterpreterError) -> DenseArray {
    var expanded: [DenseArray] = []
    for part in parts {
      guard part.shape == parts[0].shape else {
        throw InterpreterError("cannot stack \(part.shape) on \(parts[0].shape)")
      }
      var shape = part.shape
      shape.insert(1, at: axis)
      expanded.append(DenseArray(shape: shape, part.elements))
    }
    return try concatenation(of: expanded, axis: axis)
  }

  /// Returns the range from `lower` up to, but not including, `upper` along `axis`.
  func slice(axis: Int, lower: Int, upper: Int) throws(InterpreterError) -> DenseArray {
    guard 0 <= lower, lower <= upper, upper <= shape[axis] else {
      throw InterpreterError(
        "range \(lower) ..< \(upper) is out of bounds for axis \(axis) of \(shape)")
    }
    var result = shape
    result[axis] = upper - lower
    return view(shape: result, strides: strides, from: lower * strides[axis])
  }

  /// Returns what is at `place` of `axis`, which the result lacks.
  func part(at place: Int, axis: Int) throws(InterpreterError) -> DenseArray {
    guard (0..<shape[axis]).contains(place) else {
      throw InterpreterError("place \(place) is out of range for axis \(axis) of \(shape)")
    }
    var (remaining, steps) = (shape, strides)
    remaining.remove(at: axis)
    steps.remove(at: axis)
    return view(shape: remaining, strides: steps, from: place * strides[axis])
  }

  /// Returns `self` with axis `permutation[i]` as axis *i*.
  func transposed(_ permutation: [Int]) -> DenseArray {
    if permutation == Array(shape.indices) { return self }
    let steps = strides
    return view(shape: permutation.map { shape[$0] }, strides: permutation.map { steps[$0] })
  }

  /// Returns `self` with its last two axes swapped.
  func transposedMatrices() -> DenseArray {
    var permutation = Array(shape.indices)
    permutation.swapAt(shape.count - 1, shape.count - 2)
    return transposed(permutation)
  }

  /// Returns the elements, in row-major order, in another shape.
  func reshaped(_ shape: [Int]) throws(InterpreterError) -> DenseArray {
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == elements.count else {
      throw InterpreterError("cannot reshape \(self.shape) to \(shape)")
    }
    return DenseArray(shape: shape, elements)
  }

}

// What losses and gradients are made of.
extension DenseArray {

  /// Returns the mean, over the places where `mask` is true, of
  /// *log(sum of exp(x)) - x[label]* over the rows *x* of `self`; 0 where there are none.
  func crossEntropy(
    _ labels: DenseArray, mask: DenseArray?
  ) throws(InterpreterError) -> DenseArray {
    let logarithms = softmax(axis: shape.count - 1, logarithmic: true)
    let classes = shape[shape.count - 1]
    let rows = try labels.indices(below: classes)
    var sum = 0.0
    var count = 0
    for (row, label) in rows.enumerated() where mask.map({ $0.elements[row] != 0 }) ?? true {
      sum -= logarithms.elements[row * classes + label]
      count += 1
    }
    return DenseArray(count == 0 ? 0 : sum / Double(count))
  }

  /// Returns the gradient of `crossEntropy`: at true places *(softmax(x) - one_hot(label)) /
  /// count*, and 0 elsewhere.
  func crossEntropyGradient(
    _ labels: DenseArray, mask: DenseArray?
  ) throws(InterpreterError) -> DenseArray {
    let probabilities = softmax(axis: shape.count - 1, logarithmic: false)
    let classes = shape[shape.count - 1]
    let rows = try labels.indices(below: classes)
    let count = Double(mask.map { $0.elements.count { $0 != 0 } } ?? rows.count)
    var result = Array(repeating: 0.0, count: elements.count)
    for (row, label) in rows.enumerated() where mask.map({ $0.elements[row] != 0 }) ?? true {
      for i in 0..<classes {
        let p = probabilities.elements[row * classes + i]
        result[row * classes + i] = (p - (i == label ? 1 : 0)) / count
      }
    }
    return DenseArray(shape: shape, result)
  }

  /// Returns the sum, over all leading places, of the products of each element of a row of `x` with
  /// each of the row of `dz` there.
  static func outerProducts(
    _ x: DenseArray, _ dz: DenseArray, selectingRows: Bool
  ) throws(InterpreterError) -> DenseArray {
    let (k, n) = (x.shape[x.shape.count - 1], dz.shape[dz.shape.count - 1])
    let rows = x.shape.dropLast().reduce(1, *)
    return try product(
      DenseArray(shape: [rows, k], x.elements), DenseArray(shape: [rows, n], dz.elements),
      transposingLeft: true, transposingRight: false, selectingRows: selectingRows)
  }

  /// Returns, for each of `rows` indices, the sum of the parts of `self` where `indices` has it.
  func scatteredSums(
    at indices: DenseArray, rows: Int
  ) throws(InterpreterError) -> DenseArray {
    let part = Array(shape.dropFirst(indices.shape.count))
    let length = part.reduce(1, *)
    var result = Array(repeating: 0.0, count: rows * length)
    for (i, index) in try indices.indices(below: rows).enumerated() {
      for j in 0..<length { result[index * length + j] += elements[i * length + j] }
    }
    return DenseArray(shape: [rows] + part, result)
  }

}

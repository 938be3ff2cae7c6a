import IR

extension DenseArray {

  /// Returns the matrix products of the last two axes of `a` and `b`, broadcast over the axes
  /// before them.
  ///
  /// If `selectingRows` is true, zeros of the first factor add nothing, whatever they would be
  /// multiplied by.
  static func product(
    _ a: DenseArray, _ b: DenseArray, transposingLeft: Bool, transposingRight: Bool,
    selectingRows: Bool = false
  ) throws(InterpreterError) -> DenseArray {
    let x = transposingLeft ? a.transposedMatrices() : a
    let y = transposingRight ? b.transposedMatrices() : b
    let (left, right) = (Array(x.shape.suffix(2)), Array(y.shape.suffix(2)))
    guard left[1] == right[0] else {
      throw InterpreterError("cannot multiply \(x.shape) by \(y.shape)")
    }
    let batch = try broadcastShape([Array(x.shape.dropLast(2)), Array(y.shape.dropLast(2))])
    let (lefts, rights) = (try x.broadcast(to: batch + left), try y.broadcast(to: batch + right))
    let (rows, columns) = (left[0], right[1])
    let count = batch.reduce(1, *)
    var result = Array(repeating: 0.0, count: count * rows * columns)
    for i in 0..<count {
      addProduct(
        Matrix(lefts, offset: i * rows * left[1], rows: rows, columns: left[1]),
        Matrix(rights, offset: i * right[0] * columns, rows: right[0], columns: columns),
        to: &result, offset: i * rows * columns, stride: columns, skippingZeros: selectingRows)
    }
    return DenseArray(shape: batch + [rows, columns], result)
  }

  /// Returns the product that `linear` describes, with `columns` columns.
  static func linear(
    _ linear: Linear, _ operands: [DenseArray], oneHot isOneHot: [Bool] = [], columns: Int,
    in dimensions: [Dimension]
  ) throws(InterpreterError) -> DenseArray {
    let leading = Array(operands[0].shape.dropLast())
    let shape = leading + [columns]
    let rows = leading.reduce(1, *)
    var result = Array(repeating: 0.0, count: rows * columns)
    if let start = linear.startOperand {
      result = try operands[start].broadcast(to: shape).elements
    }
    let widths = linear.partOperands.map { operands[$0].shape[leading.count] }
    let total = widths.reduce(0, +)
    // The first row of the weight that belongs to the part.
    var firstRow = 0
    for (i, part) in linear.parts.enumerated() {
      let x = operands[i]
      let weight = operands[linear.weightOperands.lowerBound + (linear.hasWeightPerPart ? i : 0)]
      let width = widths[i]
      let fed = try range(part.columns, of: columns, in: dimensions)
      guard Array(x.shape.dropLast()) == leading,
        weight.shape == [linear.hasWeightPerPart ? width : total, fed.count]
      else {
        throw InterpreterError("cannot multiply \(x.shape) by \(weight.shape) for \(shape)")
      }
      addProduct(
        Matrix(x, offset: 0, rows: rows, columns: width),
        Matrix(weight, offset: firstRow * fed.count, rows: width, columns: fed.count),
        to: &result, offset: fed.lowerBound, stride: columns,
        skippingZeros: part.isGathered || !isOneHot.isEmpty && isOneHot[i])
      if !linear.hasWeightPerPart { firstRow += width }
    }
    let product = DenseArray(shape: shape, result)
    guard let bias = linear.biasOperand else { return product }
    return try combination(.add, product, operands[bias].broadcast(to: shape))
  }

  /// Returns `columns` as a range of `count` columns.
  private static func range(
    _ columns: Linear.Columns?, of count: Int, in dimensions: [Dimension]
  ) throws(InterpreterError) -> Range<Int> {
    guard let columns else { return 0..<count }
    let lower = try columns.lower.size(in: dimensions)
    let upper = try columns.upper.size(in: dimensions)
    guard lower <= upper, upper <= count else {
      throw InterpreterError("columns \(lower) ..< \(upper) are out of bounds for \(count)")
    }
    return lower..<upper
  }

}

/// A matrix in consecutive elements of an array.
private struct Matrix {

  let elements: [Double]
  let offset: Int
  let rows: Int
  let columns: Int

  /// Creates the matrix that starts at `offset` of `array`.
  init(_ array: DenseArray, offset: Int, rows: Int, columns: Int) {
    self.elements = array.elements
    self.offset = offset
    self.rows = rows
    self.columns = columns
    precondition(offset + rows * columns <= elements.count, "a matrix lies in its array")
  }

}

/// Adds the product of `a` and `b` to the rows in `c` that start at `offset`, `stride` apart.
///
/// If `skippingZeros` is true, rows of `b` are not read where `a` is zero: a one-hot row then adds
/// a row of `b` and nothing else, whatever the other rows hold.
///
/// - Requires: `a` has as many columns as `b` has rows, and the rows in `c` have those of `b`.
/// - Complexity: O(*m* *k* *n*).
private func addProduct(
  _ a: Matrix, _ b: Matrix, to c: inout [Double], offset: Int, stride: Int,
  skippingZeros: Bool = false
) {
  precondition(a.columns == b.rows, "as many columns as rows")
  guard a.rows > 0, b.columns > 0 else { return }
  precondition(offset + (a.rows - 1) * stride + b.columns <= c.count, "the rows lie in the array")
  // Buffers, because the checks of arrays keep the inner loop from being vectorised. All places are
  // in bounds by the preconditions here and those of `Matrix`.
  c.withUnsafeMutableBufferPointer { c in
    a.elements.withUnsafeBufferPointer { x in
      b.elements.withUnsafeBufferPointer { y in
        for i in 0..<a.rows {
          let row = offset + i * stride
          for k in 0..<a.columns {
            let factor = x[a.offset + i * a.columns + k]
            if skippingZeros, factor == 0 { continue }
            let other = b.offset + k * b.columns
            for j in 0..<b.columns { c[row + j] += factor * y[other + j] }
          }
        }
      }
    }
  }
}

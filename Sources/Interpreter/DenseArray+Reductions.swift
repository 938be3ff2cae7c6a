import IR

extension DenseArray {

  /// Returns `self` reduced along `axes`.
  ///
  /// The sum of nothing is 0, its mean is NaN and its maximum is minus infinity.
  func reduced(_ reduction: Reduction, axes: [Int], keepingAxes: Bool) -> DenseArray {
    let others = shape.indices.filter { !axes.contains($0) }
    let results = rows(along: axes).map { reduction.value(of: $0) }
    let reduced =
      keepingAxes
      ? shape.indices.map { axes.contains($0) ? 1 : shape[$0] } : others.map { shape[$0] }
    return DenseArray(shape: reduced, results)
  }

  /// Returns the softmax along `axis`, or its logarithm.
  ///
  /// With *m* the largest element of a row, the logarithm of the softmax of *x* is
  /// *x - m - log(sum of exp(x - m))*, in which no power overflows.
  func softmax(axis: Int, logarithmic: Bool) -> DenseArray {
    let permutation = shape.indices.filter { $0 != axis } + [axis]
    var results: [Double] = []
    for row in rows(along: [axis]) {
      let largest = Reduction.max.value(of: row)
      let powers = row.map { exponential($0 - largest) }
      let sum = powers.reduce(0, +)
      results +=
        logarithmic ? row.map { $0 - largest - logarithm(sum) } : powers.map { $0 / sum }
    }
    var inverse = permutation
    for (i, axis) in permutation.enumerated() { inverse[axis] = i }
    return DenseArray(shape: permutation.map { shape[$0] }, results).transposed(inverse)
  }

  /// Returns the first place of the largest element along `axis`; NaN counts as larger than all.
  func argmax(axis: Int) throws(InterpreterError) -> DenseArray {
    let others = shape.indices.filter { $0 != axis }
    var places: [Double] = []
    for row in rows(along: [axis]) {
      guard var best = row.indices.first else {
        throw InterpreterError("axis \(axis) of \(shape) has no elements and no largest one")
      }
      for i in row.indices where !row[best].isNaN && !(row[i] <= row[best]) { best = i }
      places.append(Double(best - row.startIndex))
    }
    return DenseArray(shape: others.map { shape[$0] }, places)
  }

  /// Returns, for each place along the other axes, the elements along `axes`, in row-major order.
  private func rows(along axes: [Int]) -> [ArraySlice<Double>] {
    let others = shape.indices.filter { !axes.contains($0) }
    let moved = transposed(others + axes).elements
    let length = axes.reduce(1) { $0 * shape[$1] }
    let count = others.reduce(1) { $0 * shape[$1] }
    return (0..<count).map { moved[$0 * length..<($0 + 1) * length] }
  }

}

extension Reduction {

  /// Returns the number that `row` is reduced to.
  fileprivate func value(of row: ArraySlice<Double>) -> Double {
    switch self {
    case .sum: row.reduce(0, +)
    case .mean: row.reduce(0, +) / Double(row.count)
    case .max: row.reduce(-.infinity, larger)
    }
  }

}

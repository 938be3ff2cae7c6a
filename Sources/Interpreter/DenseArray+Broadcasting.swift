extension DenseArray {

  /// Returns the shape that arrays of `shapes` have after broadcasting as NumPy does it: aligned at
  /// the last axis, with extents of 1 and missing axes repeated.
  package static func broadcastShape(_ shapes: [[Int]]) throws(InterpreterError) -> [Int] {
    var result: [Int] = []
    for shape in shapes {
      let rank = max(result.count, shape.count)
      let (a, b) = (padded(result, to: rank), padded(shape, to: rank))
      for (x, y) in zip(a, b) where x != y && x != 1 && y != 1 {
        throw InterpreterError("cannot broadcast \(shape) and \(result) to one shape")
      }
      result = zip(a, b).map { x, y in x == 1 ? y : x }
    }
    return result
  }

  /// Returns `shape` with axes of extent 1 in front, so that it has `rank` of them.
  private static func padded(_ shape: [Int], to rank: Int) -> [Int] {
    Array(repeating: 1, count: rank - shape.count) + shape
  }

  /// Returns `self` repeated along missing axes, and along those of extent 1, so that it has
  /// `shape`.
  package func broadcast(to shape: [Int]) throws(InterpreterError) -> DenseArray {
    if shape == self.shape { return self }
    guard try Self.broadcastShape([self.shape, shape]) == shape else {
      throw InterpreterError("cannot broadcast \(self.shape) to \(shape)")
    }
    let added = shape.count - self.shape.count
    let own = zip(self.shape, strides).map { extent, stride in extent == 1 ? 0 : stride }
    return view(shape: shape, strides: Array(repeating: 0, count: added) + own)
  }

}

import IR

extension DenseArray {

  /// Returns `f` of each element.
  func applying(_ f: Unary) -> DenseArray {
    map(f.function)
  }

  /// Returns `f` of each pair of elements of `a` and `b`, broadcast.
  static func combination(
    _ f: Binary, _ a: DenseArray, _ b: DenseArray
  ) throws(InterpreterError) -> DenseArray {
    try combination(f.function, a, b)
  }

  /// Returns 1 where elements of `a` and `b`, broadcast, are in `relation`, and 0 elsewhere.
  static func comparison(
    _ relation: Comparison, _ a: DenseArray, _ b: DenseArray
  ) throws(InterpreterError) -> DenseArray {
    let holds = relation.predicate
    return try combination({ x, y in holds(x, y) ? 1 : 0 }, a, b)
  }

  private static func combination(
    _ f: (Double, Double) -> Double, _ a: DenseArray, _ b: DenseArray
  ) throws(InterpreterError) -> DenseArray {
    let shape = try broadcastShape([a.shape, b.shape])
    let (x, y) = (try a.broadcast(to: shape), try b.broadcast(to: shape))
    return DenseArray(shape: shape, zip(x.elements, y.elements).map(f))
  }

  /// Returns elements of `a` where `condition` is true and of `b` elsewhere, all broadcast.
  static func selection(
    _ condition: DenseArray, _ a: DenseArray, _ b: DenseArray
  ) throws(InterpreterError) -> DenseArray {
    let shape = try broadcastShape([condition.shape, a.shape, b.shape])
    let c = try condition.broadcast(to: shape)
    let (x, y) = (try a.broadcast(to: shape), try b.broadcast(to: shape))
    return DenseArray(
      shape: shape,
      c.elements.indices.map { c.elements[$0] != 0 ? x.elements[$0] : y.elements[$0] })
  }

}

import IR

extension Extent {

  /// Returns the size that `self` is where dimensions have the values in `dimensions`.
  func size(in dimensions: [Dimension]) throws(InterpreterError) -> Int {
    guard let size = value(in: dimensions) else {
      throw InterpreterError("the size '\(description(in: dimensions))' does not fit into 64 bits")
    }
    guard size >= 0 else {
      throw InterpreterError("the size '\(description(in: dimensions))' is \(size)")
    }
    return size
  }

}

extension Array<Extent> {

  /// Returns the sizes that the extents are where dimensions have the values in `dimensions`.
  func sizes(in dimensions: [Dimension]) throws(InterpreterError) -> [Int] {
    var result: [Int] = []
    for extent in self { result.append(try extent.size(in: dimensions)) }
    return result
  }

}

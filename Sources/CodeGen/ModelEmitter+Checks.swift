import IR

extension ModelEmitter {

  /// Appends a check that the array `expression`, which messages call `name`, has exactly the
  /// elements of `field`.
  ///
  /// A failed check names the argument, its value and its bound, and stops the program in every
  /// build: the optimiser takes a `precondition` for true where it does not check it.
  func emitCountCheck(
    of expression: String, as name: String, _ field: Field, _ writer: inout SourceWriter
  ) {
    emitCheck("\(expression).count == \(field.count)", name, "\(field.count)", expression, &writer)
  }

  /// Appends a check that the array of `field` has at least `count` elements.
  func emitLeastCountCheck(_ field: Field, _ count: String, _ writer: inout SourceWriter) {
    emitCheck(
      "\(field.identifier).count >= \(count)", field.shown, count, field.identifier, &writer)
  }

  private func emitCheck(
    _ condition: String, _ name: String, _ count: String, _ expression: String,
    _ writer: inout SourceWriter
  ) {
    writer.braced(
      "guard \(condition) else {", "stop(\"\(name)\", \(expression).count, of: \(count))")
  }

  /// Appends a check that the first `count` elements of `expression`, which messages call `name`,
  /// are in range, if `field` has indices.
  func emitRangeCheck(
    _ field: Field, of expression: String, as name: String, _ count: String,
    _ writer: inout SourceWriter
  ) {
    guard let limit = field.limit else { return }
    writer.braced(
      "guard greatest(\(expression), \(count)) < \(limit) else {",
      "stop(\"\(name)\", at: \(expression), below: \(limit))")
  }

  /// Appends a check that the input `field`, a single index, is in range, if it is one.
  func emitRangeCheck(ofNumber field: Field, _ writer: inout SourceWriter) {
    guard let limit = field.limit else { return }
    writer.braced(
      "guard UInt32(bitPattern: \(field.identifier)) < \(limit) else {",
      "stop(\"\(field.shown)\", is: \(field.identifier), below: \(limit))")
  }

  /// Appends the functions that the checks of the model and its states call.
  func emitCheckFunctions(into writer: inout SourceWriter) {
    var texts = [Self.stopForCount]
    if plan.entries.contains(where: { $0.countedDimension != nil }) {
      texts.append(Self.stopForSteps)
    }
    if (states + interfaces.flatMap(\.inputs)).contains(where: { $0.limit != nil }) {
      texts += [Self.greatest, Self.stopForIndex, Self.stopForIndices]
    }
    if !states.isEmpty { texts.append(Self.assign) }
    for text in texts {
      writer.gap()
      for line in text.split(separator: "\n") { writer.line(String(line)) }
    }
  }

  private static let stopForCount = """
    /// Stops the program, because `name` has `count` elements, but needs `bound`.
    @inline(never)
    fileprivate func stop(_ name: String, _ count: Int, of bound: Int) -> Never {
      fatalError("\\(name) has \\(count) element\\(count == 1 ? "" : "s"), but needs \\(bound)")
    }
    """

  private static let stopForSteps = """
    /// Stops the program, because `steps` is not in `0...most`.
    @inline(never)
    fileprivate func stop(steps: Int, most: Int) -> Never {
      fatalError("steps is \\(steps), but must be in 0...\\(most)")
    }
    """

  private static let stopForIndex = """
    /// Stops the program, because `name` is `index`, but must be at least 0 and below `limit`.
    @inline(never)
    fileprivate func stop(_ name: String, is index: Int32, below limit: UInt32) -> Never {
      fatalError("\\(name) is \\(index), but must be \\(index < 0 ? "at least 0" : "below \\(limit)")")
    }
    """

  private static let stopForIndices = """
    /// Stops the program, because an element of `name` is negative or not below `limit`.
    @inline(never)
    fileprivate func stop(
      _ name: StaticString, at indices: UnsafePointer<Int32>, below limit: UInt32
    ) -> Never {
      var place = 0
      // One is out of range, and the loop ends there.
      while UInt32(bitPattern: indices[place]) < limit { place += 1 }
      stop("\\(name)[\\(place)]", is: indices[place], below: limit)
    }
    """

  private static let greatest = """
    /// Returns the greatest of the first `count` indices; one that is negative is more than any other.
    fileprivate func greatest(_ indices: UnsafePointer<Int32>, _ count: Int) -> UInt32 {
      var result: UInt32 = 0
      for i in 0..<count { result = max(result, UInt32(bitPattern: indices[i])) }
      return result
    }
    """

  private static let assign = """
    /// Makes the elements of `array` equal to `elements`, in place if there are as many.
    fileprivate func assign<Element>(
      _ array: inout [Element], _ elements: some Collection<Element>
    ) {
      if array.count != elements.count { return array = [Element](elements) }
      for (i, element) in zip(array.indices, elements) { array[i] = element }
    }
    """

}

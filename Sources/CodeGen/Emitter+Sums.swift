import Planning

// Sums in the order that `Summation` defines. Its partial sums take one vector, or several narrower
// ones.
extension Emitter {

  /// The number of vectors that hold the partial sums of a row.
  var sumVectors: Int { Summation.lanes / lanes }

  /// Returns the name of the variable for vector `i` of the partial sums `stem`.
  func sumName(_ stem: String, _ i: Int) -> String {
    sumVectors == 1 ? stem : "\(stem)_\(i)"
  }

  /// Appends the partial sums `stem`, which are zero, and variables where rows of `count` elements
  /// are added to them.
  func emitZeros(_ stem: String, of count: Int = Summation.lanes, _ writer: inout SourceWriter) {
    for i in 0..<sumVectors {
      writer.line("\(i * lanes < count ? "var" : "let") \(sumName(stem, i)) = Vector()")
    }
  }

  /// Appends the addition of the partial sums `part` to `sum`, with their errors; all names end in
  /// `suffix`.
  mutating func emitAccumulation(of suffix: String = "", _ writer: inout SourceWriter) {
    use(.accumulate)
    for i in 0..<sumVectors {
      let names = ["part", "sum", "error"].map { sumName($0 + suffix, i) }
      writer.line("accumulate(\(names[0]), &\(names[1]), &\(names[2]))")
    }
  }

  /// Returns the Swift expression of the total of the partial sums `sum`, whose names end in
  /// `suffix`.
  mutating func total(_ suffix: String = "") -> String {
    var vectors = (0..<sumVectors).map { sumName("sum\(suffix)", $0) }
    use(.horizontalSum)
    // Halves to halves, as `horizontalSum` continues.
    while vectors.count > 1 {
      use(.add)
      let half = vectors.count / 2
      vectors = (0..<half).map { "add(\(vectors[$0]), \(vectors[$0 + half]))" }
    }
    return "horizontalSum(\(vectors[0]))"
  }

  /// Appends the sum of the vectors that `content` gives for `count` elements and returns the Swift
  /// expression of the total.
  ///
  /// `content` is given where a vector starts and its lanes, of which it clears the others.
  mutating func emitSum(
    of count: Int, _ writer: inout SourceWriter,
    _ content: (inout Emitter, inout SourceWriter, String, Lanes) -> String
  ) -> String {
    use(.add)
    let group = Summation.lanes * Summation.rowGroup
    emitZeros("sum", of: count, &writer)
    if count <= group {
      emitSum(of: count, from: nil, to: "sum", &writer, content)
      return total()
    }
    emitZeros("error", &writer)
    writer.block("for group in 0..<\(count / group) {") { writer in
      writer.line("let start = group &* \(group)")
      emitZeros("part", &writer)
      emitSum(of: group, from: "start", to: "part", &writer, content)
      emitAccumulation(&writer)
    }
    if count % group > 0 {
      writer.scope { writer in
        writer.line("let start = \(count / group * group)")
        emitZeros("part", of: count % group, &writer)
        emitSum(of: count % group, from: "start", to: "part", &writer, content)
        emitAccumulation(&writer)
      }
    }
    return total()
  }

  /// Appends the sums of `count` elements from `start` on to the variables `stem`.
  private mutating func emitSum(
    of count: Int, from start: String?, to stem: String, _ writer: inout SourceWriter,
    _ content: (inout Emitter, inout SourceWriter, String, Lanes) -> String
  ) {
    emitTerms(count, from: start, &writer) { emitter, writer, i, k, lanes in
      let x = content(&emitter, &writer, k, lanes)
      let name = emitter.sumName(stem, i)
      writer.line("\(name) = add(\(name), \(x))")
    }
  }

  /// Appends `content` for each vector of `count` elements from `start` on; it is given which of
  /// the vectors of partial sums is meant, where the elements begin, and their lanes.
  mutating func emitTerms(
    _ count: Int, from start: String? = nil, _ writer: inout SourceWriter,
    _ content: (inout Emitter, inout SourceWriter, Int, String, Lanes) -> Void
  ) {
    let whole = count / Summation.lanes
    if whole > 1 {
      writer.block("for chunk in 0..<\(whole) {") {
        let chunk = "chunk &* \(Summation.lanes)"
        emitRow([start, chunk], 0, Summation.lanes, &$0, content)
      }
    } else if whole == 1 {
      writer.scope { emitRow([start], 0, Summation.lanes, &$0, content) }
    }
    let rest = count % Summation.lanes
    if rest == 0 { return }
    writer.scope { emitRow([start], whole * Summation.lanes, rest, &$0, content) }
  }

  /// Appends `content` for the next `count` elements, at most one for each partial sum; the first
  /// is at the sum of `variables` and `offset`.
  private mutating func emitRow(
    _ variables: [String?], _ offset: Int, _ count: Int, _ writer: inout SourceWriter,
    _ content: (inout Emitter, inout SourceWriter, Int, String, Lanes) -> Void
  ) {
    for i in 0..<sumVectors where count > i * lanes {
      let rest = count - i * lanes
      let terms = variables.compactMap { $0 }
      let number = offset + i * lanes
      let text = (terms + (number == 0 ? [] : ["\(number)"])).joined(separator: " &+ ")
      func emit(_ writer: inout SourceWriter) {
        if !terms.isEmpty { writer.line("let k = \(text)") }
        let k = terms.isEmpty ? "\(number)" : "k"
        content(&self, &writer, i, k, rest >= lanes ? .all : .first("\(rest)"))
      }
      // What is named for a vector is named once.
      if sumVectors == 1 { emit(&writer) } else { writer.scope(emit) }
    }
  }

}

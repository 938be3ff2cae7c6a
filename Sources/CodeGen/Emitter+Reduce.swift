import IR
import Planning

extension Emitter {

  /// Emits `reduce` and returns its call.
  mutating func emit(_ reduce: Reduce, _ share: Share? = nil) -> EmittedCall {
    let pointers = [
      PointerParameter(name: "x", scalar: .float, isWritten: false),
      PointerParameter(name: "y", scalar: .float, isWritten: true),
    ]
    let outerRank = reduce.outer.count
    let outerStrides = Array(reduce.input.strides.prefix(outerRank))
    let innerStrides = Array(reduce.input.strides.suffix(reduce.inner.count))
    let isAcross = reduce.isAcross
    // Reductions of one row are told how long it is, so that one function does for many lengths.
    let isOne =
      !isAcross && reduce.outer == [.fixed(1)] && reduce.inner.count == 1 && reduce.repeats.isEmpty
    let isCounted =
      !isOne && (reduce.outer + reduce.inner + reduce.repeats).contains(where: \.isCounted)
    var writer = SourceWriter()
    let parameters =
      (isCounted ? ["_ steps: Int"] : []) + (share == nil ? [] : [Share.parameter])
      + pointers.map(\.declaration) + (isOne ? ["_ n: Int"] : [])
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let loops = isAcross ? Array(reduce.outer.dropLast()) : reduce.outer
      emitLoops(loops, pointers, [outerStrides, reduce.output.strides], &body) { body in
        if isAcross {
          emitAcross(reduce, innerStrides, share?.bounds, &body)
        } else {
          emitAlong(reduce, innerStrides, isOne: isOne, &body)
        }
      }
    }
    return EmittedCall(
      function: function("reduce", writer),
      arguments: (share.map { [$0.argument] } ?? []) + [
        .pointer(reduce.input.place, .float, isWritten: false),
        .pointer(reduce.output.place, .float, isWritten: true),
      ] + (isOne ? [.text(reduce.inner[0].expression)] : []), takesSteps: isCounted)
  }

  /// Appends the reduction of a row of results at once, or of those in `bounds`.
  private mutating func emitAcross(
    _ reduce: Reduce, _ innerStrides: [Int], _ bounds: (lower: String, upper: String)?,
    _ writer: inout SourceWriter
  ) {
    let count = reduce.outer[reduce.outer.count - 1]
    writer.line("let n = \(bounds?.upper ?? count.expression)")
    writer.line("var i = \(bounds?.lower ?? "0")")
    let stride = reduce.output.strides[reduce.output.strides.count - 1]
    writer.block("while i < n {") { writer in
      let lanes = Lanes.upTo("n &- i")
      var value: String
      if reduce.function == .max {
        writer.line("var largest = \(least)")
        emitReducedLoops(reduce.inner, innerStrides, &writer) { emitter, writer, terms in
          emitter.use(.maximum)
          let x = emitter.load(pointer("x", [("i", 1)] + terms), .float, stride: 1, lanes)
          writer.line("largest = maximum(largest, \(x))")
        }
        value = "largest"
      } else {
        value = emitColumnSum(reduce, innerStrides, lanes, &writer)
      }
      if let factor = factor(of: reduce) {
        use(factor.isDivisor ? .divide : .multiply)
        use(.splat)
        let function = factor.isDivisor ? "divide" : "multiply"
        value = "\(function)(\(value), splat(\(factor.text)))"
      }
      writer.line(store(value, pointer("y", [("i", stride)]), .float, stride: stride, lanes))
      writer.line("i &+= \(self.lanes)")
    }
  }

  /// Appends the sums of columns from `i` on and returns the Swift expression of their vector.
  private mutating func emitColumnSum(
    _ reduce: Reduce, _ strides: [Int], _ lanes: Lanes, _ writer: inout SourceWriter
  ) -> String {
    use(.add)
    writer.line("var sum = Vector()")
    if reduce.isFew(Summation.columnGroup, each: 1) {
      emitReducedLoops(reduce.inner, strides, &writer) { emitter, writer, terms in
        let x = emitter.load(pointer("x", [("i", 1)] + terms), .float, stride: 1, lanes)
        writer.line("sum = add(sum, \(x))")
      }
      return "sum"
    }
    use(.accumulate)
    writer.line("var error = Vector()")
    let last = reduce.inner.count - 1
    emitReducedLoops(
      Array(reduce.inner.dropLast()), Array(strides.dropLast()), &writer
    ) { emitter, writer, terms in
      writer.line("let count = \(reduce.inner[last].expression)")
      let first = "stride(from: 0, to: count, by: \(Summation.columnGroup))"
      writer.block("for first in \(first) {") { writer in
        writer.line("var part = Vector()")
        let end = "min(first &+ \(Summation.columnGroup), count)"
        writer.block("for k in first..<\(end) {") { writer in
          let x = emitter.load(
            pointer("x", [("i", 1)] + terms + [("k", strides[last])]), .float, stride: 1, lanes)
          writer.line("part = add(part, \(x))")
        }
        writer.line("accumulate(part, &sum, &error)")
      }
    }
    return "sum"
  }

  /// The Swift expression of the vector that a maximum starts with.
  private var least: String {
    mutating get {
      use(.splat)
      return "splat(-.infinity as Float)"
    }
  }

  /// Returns what the sum of the elements that a kernel reads is multiplied or divided by, if it
  /// is.
  private func factor(of reduce: Reduce) -> (text: String, isDivisor: Bool)? {
    let repeats = countExpression(reduce.repeats)
    switch reduce.function {
    case .max: return nil
    case .sum: return reduce.repeats.isEmpty ? nil : ("Float(\(repeats))", false)
    case .mean:
      if reduce.repeats.isEmpty { return ("Float(\(countExpression(reduce.inner)))", true) }
      let all = countExpression(reduce.inner + reduce.repeats)
      return ("Float(\(repeats)) / Float(\(all))", false)
    }
  }

  private func countExpression(_ counts: [Count]) -> String {
    counts.map { count in
      counts.count > 1 && count.isCounted ? "(\(count.expression))" : count.expression
    }.joined(separator: " &* ")
  }

  /// Appends loops over the reduced axes around `content`, which is given the terms by which the
  /// input moves.
  private mutating func emitReducedLoops(
    _ counts: [Count], _ strides: [Int], _ writer: inout SourceWriter,
    _ content: (inout Emitter, inout SourceWriter, [(String, Int)]) -> Void
  ) {
    func open(_ k: Int, _ emitter: inout Emitter, _ writer: inout SourceWriter) {
      if k == counts.count {
        content(&emitter, &writer, strides.enumerated().map { ("k\($0)", $1) })
        return
      }
      let variable = strides[k] == 0 ? "_" : "k\(k)"
      writer.block("for \(variable) in 0..<\(counts[k].expression) {") {
        open(k + 1, &emitter, &$0)
      }
    }
    open(0, &self, &writer)
  }

  /// Appends the reduction of one result, whose elements vectors run along.
  private mutating func emitAlong(
    _ reduce: Reduce, _ innerStrides: [Int], isOne: Bool, _ writer: inout SourceWriter
  ) {
    let last = reduce.inner.count - 1
    // A single element is adjacent to nothing.
    let stride = reduce.inner[last] == .fixed(1) ? 1 : innerStrides[last]
    let isFew = !isOne && reduce.isFew(Summation.rowGroup, each: Summation.lanes)
    let isSum = reduce.function != .max
    if isSum {
      use(.add)
      emitZeros("sum", &writer)
      if !isFew { emitZeros("error", &writer) }
    } else {
      use(.maximum)
      use(.horizontalMaximum)
      writer.line("var largest = \(least)")
    }
    emitReducedLoops(
      Array(reduce.inner.dropLast()), Array(innerStrides.dropLast()), &writer
    ) { emitter, writer, terms in
      if !isOne { writer.line("let n = \(reduce.inner[last].expression)") }
      writer.line("var k = 0")
      if isSum {
        emitter.emitRowSum(terms, stride: stride, isFew: isFew, &writer)
      } else {
        emitter.emitRowMaximum(terms, stride: stride, &writer)
      }
    }
    var value = isSum ? total() : "horizontalMaximum(largest)"
    if isOne, reduce.function == .mean {
      value += " / Float(n)"
    } else if let factor = factor(of: reduce) {
      value += factor.isDivisor ? " / \(factor.text)" : " * (\(factor.text))"
    }
    writer.line("y[0] = \(value)")
  }

  /// Appends the addition of `n` elements from `x` on, moved by `terms`, to the partial sums `sum`.
  private mutating func emitRowSum(
    _ terms: [(String, Int)], stride: Int, isFew: Bool, _ writer: inout SourceWriter
  ) {
    let (stem, end) = isFew ? ("sum", "n") : ("part", "end")
    func emitAdditions(_ lanes: (Int) -> Lanes, _ writer: inout SourceWriter) {
      for i in 0..<sumVectors {
        let offset = i * self.lanes * stride
        let place = pointer(
          "x", terms + [("k", stride), ("\(offset)", offset == 0 ? 0 : 1)])
        let name = sumName(stem, i)
        let x = load(place, .float, stride: stride, lanes(i))
        writer.line("\(name) = add(\(name), \(x))")
      }
    }
    func emitGroup(_ writer: inout SourceWriter) {
      writer.block("while k &+ \(Summation.lanes) <= \(end) {") { writer in
        emitAdditions({ _ in .all }, &writer)
        writer.line("k &+= \(Summation.lanes)")
      }
      writer.block("if k < \(end) {") { writer in
        emitAdditions(
          { i in
            i == 0 && sumVectors == 1
              ? .first("\(end) &- k") : .upTo("\(end) &- k &- \(i * self.lanes)")
          }, &writer)
        if !isFew { writer.line("k = end") }
      }
    }
    if isFew {
      emitGroup(&writer)
      return
    }
    writer.block("while k < n {") { writer in
      writer.line("let end = min(n, k &+ \(Summation.lanes * Summation.rowGroup))")
      emitZeros("part", &writer)
      emitGroup(&writer)
      emitAccumulation(&writer)
    }
  }

  /// Appends the search for the largest of `n` elements from `x` on, moved by `terms`.
  private mutating func emitRowMaximum(
    _ terms: [(String, Int)], stride: Int, _ writer: inout SourceWriter
  ) {
    let place = pointer("x", terms + [("k", stride)])
    writer.block("while k &+ \(lanes) <= n {") { writer in
      let x = load(place, .float, stride: stride, .all)
      writer.line("largest = maximum(largest, \(x))")
      writer.line("k &+= \(lanes)")
    }
    writer.block("if k < n {") { writer in
      writer.line("let x = \(load(place, .float, stride: stride, .first("n &- k")))")
      writer.line("largest = maximum(largest, \(padded("x", count: "n &- k")))")
    }
  }

}

extension Reduce {

  /// `true` iff at most `limit` terms are added to a partial sum, of which rows have `lanes`.
  fileprivate func isFew(_ limit: Int, each lanes: Int) -> Bool {
    var terms = 1
    for (i, count) in inner.enumerated() {
      guard case .fixed(let n) = count else { return false }
      let (product, isTooLarge) = terms.multipliedReportingOverflow(
        by: i == inner.count - 1 ? (n + lanes - 1) / lanes : n)
      if isTooLarge { return false }
      terms = product
    }
    return terms <= limit
  }

}

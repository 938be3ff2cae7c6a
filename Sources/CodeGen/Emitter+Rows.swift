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
    let isOne = !isAcross && reduce.outer == [.fixed(1)] && reduce.inner.count == 1
    let isCounted =
      !isOne && (reduce.outer + reduce.inner).contains(where: \.isCounted)
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

  /// The Swift expression of the vector that a reduction starts with.
  private mutating func identity(of function: Reduction) -> String {
    if function != .max { return "Vector()" }
    use(.splat)
    return "splat(-.infinity as Float)"
  }

  private mutating func combination(_ function: Reduction, _ a: String, _ b: String) -> String {
    use(function == .max ? .maximum : .add)
    return function == .max ? "maximum(\(a), \(b))" : "add(\(a), \(b))"
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
      writer.line("var sum = \(identity(of: reduce.function))")
      emitReducedLoops(reduce.inner, innerStrides, &writer) { emitter, writer, terms in
        let x = emitter.load(
          pointer("x", [("i", 1)] + terms), .float, stride: 1, lanes)
        writer.line("sum = \(emitter.combination(reduce.function, "sum", x))")
      }
      let value = mean(reduce, "sum")
      writer.line(store(value, pointer("y", [("i", stride)]), .float, stride: stride, lanes))
      writer.line("i &+= \(self.lanes)")
    }
  }

  /// Returns the Swift expression of the result behind the vector `sum`.
  private mutating func mean(_ reduce: Reduce, _ sum: String) -> String {
    guard reduce.function == .mean else { return sum }
    use(.divide)
    use(.splat)
    return "divide(\(sum), splat(Float(\(countExpression(reduce.inner)))))"
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
    // A single element has stride 0, and by that it would be loaded into all lanes.
    let stride = max(1, innerStrides[last])
    writer.line("var sum = \(identity(of: reduce.function))")
    emitReducedLoops(
      Array(reduce.inner.dropLast()), Array(innerStrides.dropLast()), &writer
    ) { emitter, writer, terms in
      if !isOne { writer.line("let n = \(reduce.inner[last].expression)") }
      writer.line("var k = 0")
      let place = pointer("x", terms + [("k", stride)])
      writer.block("while k &+ \(emitter.lanes) <= n {") { writer in
        let x = emitter.load(place, .float, stride: stride, .all)
        writer.line("sum = \(emitter.combination(reduce.function, "sum", x))")
        writer.line("k &+= \(emitter.lanes)")
      }
      writer.block("if k < n {") { writer in
        var x = emitter.load(place, .float, stride: stride, .first("n &- k"))
        if reduce.function == .max {
          x = emitter.padded(x, count: "n &- k")
        }
        writer.line("sum = \(emitter.combination(reduce.function, "sum", x))")
      }
    }
    use(reduce.function == .max ? .horizontalMaximum : .horizontalSum)
    let total = reduce.function == .max ? "horizontalMaximum(sum)" : "horizontalSum(sum)"
    let count = isOne ? "n" : countExpression(reduce.inner)
    let divisor = reduce.function == .mean ? " / Float(\(count))" : ""
    writer.line("y[0] = \(total)\(divisor)")
  }

  /// Returns the Swift expression of `vector` with all but its first `count` lanes the least.
  mutating func padded(_ vector: String, count: String) -> String {
    use(.merge)
    use(.splat)
    return "merge(\(vector), splat(-.infinity as Float), count: \(count))"
  }

  /// Emits `softmax` and returns its call.
  mutating func emit(_ softmax: Softmax) -> EmittedCall {
    let isCounted = softmax.rows.isCounted
    for operation in [
      VectorOperation.load, .store, .splat, .maximum, .subtract, .exponential, .add,
      .horizontalSum, .horizontalMaximum, .loadFirst, .storeFirst,
    ] { use(operation) }
    use(softmax.isLogarithmic ? .logarithm : .multiply)
    let pointers = [
      PointerParameter(name: "x", scalar: .float, isWritten: false),
      PointerParameter(name: "y", scalar: .float, isWritten: true),
    ]
    var writer = SourceWriter()
    let parameters = (isCounted ? ["_ steps: Int"] : []) + pointers.map(\.declaration)
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let strides = [[softmax.input.strides[0]], [softmax.output.strides[0]]]
      emitLoops([softmax.rows], pointers, strides, &body) { body in
        emitSoftmaxRow(softmax, &body)
      }
    }
    return EmittedCall(
      function: function("softmax", writer),
      arguments: [
        .pointer(softmax.input.place, .float, isWritten: false),
        .pointer(softmax.output.place, .float, isWritten: true),
      ], takesSteps: isCounted)
  }

  private mutating func emitSoftmaxRow(_ softmax: Softmax, _ writer: inout SourceWriter) {
    let n = softmax.columns
    writer.line("var top = splat(-.infinity as Float)")
    emitChunks(n, &writer) { emitter, writer, k, lanes in
      var x = emitter.load(pointer("x", [(k, 1)]), .float, stride: 1, lanes)
      if case .first(let count) = lanes { x = emitter.padded(x, count: count) }
      writer.line("top = maximum(top, \(x))")
    }
    writer.line("let peak = splat(horizontalMaximum(top))")
    writer.line("var sum = Vector()")
    emitChunks(n, &writer) { emitter, writer, k, lanes in
      let x = emitter.load(pointer("x", [(k, 1)]), .float, stride: 1, lanes)
      var e = "exponential(subtract(\(x), peak))"
      if case .first(let count) = lanes, softmax.isLogarithmic {
        e = emitter.cleared(e, count: count)
      }
      if softmax.isLogarithmic {
        writer.line("sum = add(sum, \(e))")
        return
      }
      writer.line("let e = \(e)")
      writer.line(emitter.store("e", pointer("y", [(k, 1)]), .float, stride: 1, lanes))
      if case .first(let count) = lanes {
        writer.line("sum = add(sum, \(emitter.cleared("e", count: count)))")
      } else {
        writer.line("sum = add(sum, e)")
      }
    }
    if softmax.isLogarithmic {
      writer.line("let shift = add(peak, logarithm(splat(horizontalSum(sum))))")
    } else {
      writer.line("let scale = splat(1 / horizontalSum(sum))")
    }
    emitChunks(n, &writer) { emitter, writer, k, lanes in
      let source = softmax.isLogarithmic ? "x" : "y"
      let x = emitter.load(pointer(source, [(k, 1)]), .float, stride: 1, lanes)
      let y = softmax.isLogarithmic ? "subtract(\(x), shift)" : "multiply(\(x), scale)"
      writer.line(emitter.store(y, pointer("y", [(k, 1)]), .float, stride: 1, lanes))
    }
  }

  /// Returns the Swift expression of `vector` with all but its first `count` lanes zero.
  mutating func cleared(_ vector: String, count: String) -> String {
    use(.merge)
    return "merge(\(vector), Vector(), count: \(count))"
  }

  /// Appends `content` for `count` elements: in a loop for whole vectors, then for the rest.
  mutating func emitChunks(
    _ count: Int, _ writer: inout SourceWriter,
    _ content: (inout Emitter, inout SourceWriter, String, Lanes) -> Void
  ) {
    let whole = count / lanes
    if whole > 1 {
      writer.block("for chunk in 0..<\(whole) {") { writer in
        writer.line("let k = chunk &* \(lanes)")
        content(&self, &writer, "k", .all)
      }
    } else if whole == 1 {
      writer.block("do {") { content(&self, &$0, "0", .all) }
    }
    if count % lanes > 0 {
      writer.block("do {") { content(&self, &$0, "\(whole * lanes)", .first("\(count % lanes)")) }
    }
  }

  /// Emits `argmax` and returns its call.
  mutating func emit(_ argmax: Argmax) -> EmittedCall {
    let isCounted = argmax.outer.contains(where: \.isCounted)
    let pointers = [
      PointerParameter(name: "x", scalar: .float, isWritten: false),
      PointerParameter(name: "y", scalar: .integer, isWritten: true),
    ]
    let outerRank = argmax.outer.count
    let stride = argmax.input.strides[outerRank]
    let strides = [Array(argmax.input.strides.prefix(outerRank)), argmax.output.strides]
    var writer = SourceWriter()
    let parameters = (isCounted ? ["_ steps: Int"] : []) + pointers.map(\.declaration)
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      emitLoops(argmax.outer, pointers, strides, &body) { body in
        body.line("var (best, place) = (x[0], 0)")
        body.block("for k in 1..<\(max(1, argmax.columns)) {") { body in
          body.line("let value = x[\(sum([("k", stride)]))]")
          body.comment("NaN counts as the largest.")
          body.block("if value > best || (value.isNaN && !best.isNaN) {") {
            $0.line("(best, place) = (value, k)")
          }
        }
        body.line("y[0] = Int32(truncatingIfNeeded: place)")
      }
    }
    return EmittedCall(
      function: function("argmax", writer),
      arguments: [
        .pointer(argmax.input.place, .float, isWritten: false),
        .pointer(argmax.output.place, .integer, isWritten: true),
      ], takesSteps: isCounted)
  }

}

import IR
import Planning

extension Emitter {

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
      .horizontalMaximum, .loadFirst, .storeFirst,
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
    let total = emitSum(of: n, &writer) { emitter, writer, k, lanes in
      let x = emitter.load(pointer("x", [(k, 1)]), .float, stride: 1, lanes)
      var e = "exponential(subtract(\(x), peak))"
      if !softmax.isLogarithmic {
        writer.line("let e = \(e)")
        writer.line(emitter.store("e", pointer("y", [(k, 1)]), .float, stride: 1, lanes))
        e = "e"
      }
      if case .first(let count) = lanes { e = emitter.cleared(e, count: count) }
      return e
    }
    if softmax.isLogarithmic {
      writer.line("let logarithms = logarithm(splat(\(total)))")
    } else {
      writer.line("let scale = splat(1 / \(total))")
    }
    emitChunks(n, &writer) { emitter, writer, k, lanes in
      let source = softmax.isLogarithmic ? "x" : "y"
      let x = emitter.load(pointer(source, [(k, 1)]), .float, stride: 1, lanes)
      // The distance to the peak first: it is small where both are large.
      let y =
        softmax.isLogarithmic
        ? "subtract(subtract(\(x), peak), logarithms)" : "multiply(\(x), scale)"
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
      writer.scope { content(&self, &$0, "0", .all) }
    }
    if count % lanes > 0 {
      writer.scope { content(&self, &$0, "\(whole * lanes)", .first("\(count % lanes)")) }
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

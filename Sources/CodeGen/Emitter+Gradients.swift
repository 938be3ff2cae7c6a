import Planning

extension Emitter {

  /// Emits `loss` and returns its call.
  ///
  /// The sum over rows is kept in double precision, in the order of the rows.
  mutating func emit(_ loss: CrossEntropy, _ share: Share? = nil) -> EmittedCall {
    for operation in [
      VectorOperation.load, .loadFirst, .splat, .maximum, .subtract, .exponential,
      .horizontalMaximum,
    ] { use(operation) }
    for operation in loss.isGradient
      ? [VectorOperation.store, .storeFirst, .multiply] : [.logarithm]
    {
      use(operation)
    }
    var pointers = [
      PointerParameter(name: "x", scalar: .float, isWritten: false),
      PointerParameter(name: "labels", scalar: .integer, isWritten: false),
    ]
    var arguments =
      (share.map { [$0.argument] } ?? []) + [
        EmittedCall.Argument.pointer(loss.logits, .float, isWritten: false),
        .pointer(loss.labels, .integer, isWritten: false),
      ]
    if let mask = loss.mask {
      pointers.append(PointerParameter(name: "mask", scalar: .integer, isWritten: false))
      arguments.append(.pointer(mask, .integer, isWritten: false))
    }
    pointers.append(PointerParameter(name: "y", scalar: .float, isWritten: true))
    arguments.append(.pointer(loss.output, .float, isWritten: true))
    let isCounted = loss.rows.isCounted
    let parameters =
      (isCounted ? ["_ steps: Int"] : []) + (share == nil ? [] : [Share.parameter])
      + pointers.map(\.declaration)
    var writer = SourceWriter()
    let what = loss.isGradient ? "The gradient of the mean" : "The mean"
    writer.line("/// \(what) cross entropy of rows of logits and labels.")
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      emitLoss(loss, share?.bounds, &body)
    }
    return EmittedCall(
      function: function("crossEntropy", writer), arguments: arguments, takesSteps: isCounted)
  }

  private mutating func emitLoss(
    _ loss: CrossEntropy, _ bounds: (lower: String, upper: String)?, _ body: inout SourceWriter
  ) {
    if loss.rows == .fixed(0) {
      if !loss.isGradient { body.line("y[0] = 0") }
      return
    }
    body.line("let rows = \(loss.rows.expression)")
    if loss.mask == nil {
      body.line("let count = rows")
    } else {
      body.line("var count = 0")
      body.line("for row in 0..<rows { count &+= Int(mask[row]) }")
    }
    if loss.isGradient {
      body.line("let share = count > 0 ? 1 / Float(count) : 0")
    } else {
      body.line("var total = 0.0")
    }
    let columns = loss.columns
    let range = bounds.map { "\($0.lower)..<\($0.upper)" } ?? "0..<rows"
    body.block("for row in \(range) {") { body in
      body.line("let x = x + row &* \(columns)")
      if loss.isGradient { body.line("let y = y + row &* \(columns)") }
      if loss.mask != nil {
        body.block("if mask[row] == 0 {") {
          if loss.isGradient { $0.line("y.update(repeating: 0, count: \(columns))") }
          $0.line("continue")
        }
      }
      emitRow(loss, &body)
    }
    if !loss.isGradient {
      body.line("y[0] = count > 0 ? Float(total / Double(count)) : 0")
    }
  }

  /// Appends what is done for one row.
  private mutating func emitRow(_ loss: CrossEntropy, _ body: inout SourceWriter) {
    body.line("var top = splat(-.infinity as Float)")
    emitChunks(loss.columns, &body) { emitter, writer, k, lanes in
      var x = emitter.load(pointer("x", [(k, 1)]), .float, stride: 1, lanes)
      if case .first(let count) = lanes { x = emitter.padded(x, count: count) }
      writer.line("top = maximum(top, \(x))")
    }
    body.line("let peak = splat(horizontalMaximum(top))")
    let total = emitSum(of: loss.columns, &body) { emitter, writer, k, lanes in
      let x = emitter.load(pointer("x", [(k, 1)]), .float, stride: 1, lanes)
      writer.line("let e = exponential(subtract(\(x), peak))")
      if loss.isGradient {
        writer.line(emitter.store("e", pointer("y", [(k, 1)]), .float, stride: 1, lanes))
      }
      if case .first(let count) = lanes { return emitter.cleared("e", count: count) }
      return "e"
    }
    if !loss.isGradient {
      // The distance to the peak first: it is small where both are large.
      body.line("let distance = Double(peak[0]) - Double(x[Int(labels[row])])")
      body.line("total += distance + Double(logarithm(splat(\(total)))[0])")
      return
    }
    body.line("let scale = splat(share / \(total))")
    emitChunks(loss.columns, &body) { emitter, writer, k, lanes in
      let place = pointer("y", [(k, 1)])
      let e = emitter.load(place, .float, stride: 1, lanes)
      writer.line(emitter.store("multiply(\(e), scale)", place, .float, stride: 1, lanes))
    }
    body.line("y[Int(labels[row])] -= share")
  }

  /// Emits `scatter` and returns its call.
  mutating func emit(_ scatter: Scatter, _ share: Share? = nil) -> EmittedCall {
    let isCounted = scatter.rows.isCounted
    let columns = scatter.columns
    let written = [("y", scatter.output)] + (scatter.errors.map { [("e", $0)] } ?? [])
    let pointers =
      [
        PointerParameter(name: "ids", scalar: .integer, isWritten: false),
        PointerParameter(name: "x", scalar: .float, isWritten: false),
      ] + written.map { PointerParameter(name: $0.0, scalar: .float, isWritten: true) }
    let parameters =
      (isCounted ? ["_ steps: Int"] : []) + (share == nil ? [] : [Share.parameter])
      + pointers.map(\.declaration)
    var writer = SourceWriter()
    writer.line("/// Sums of rows that have the same index.")
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      if let share {
        body.block("for sum in 0..<\(scatter.sums) {") {
          $0.line("let first = sum &* \(columns) &+ \(share.bounds.lower)")
          for (name, _) in written {
            let count = "grains.count &* \(share.size)"
            $0.line("(\(name) + first).update(repeating: 0, count: \(count))")
          }
        }
      } else {
        for (name, _) in written {
          body.line("\(name).update(repeating: 0, count: \(scatter.sums * columns))")
        }
      }
      body.block("for row in 0..<\(scatter.rows.expression) {") { body in
        body.line("let x = x + row &* \(columns)")
        body.line("let first = Int(ids[row]) &* \(columns)")
        for (name, _) in written { body.line("let \(name) = \(name) + first") }
        if share == nil {
          emitChunks(columns, &body) { $0.emitAddition(scatter, &$1, $2, $3) }
        } else {
          body.block("for grain in grains {") {
            $0.line("let k = grain &* \(lanes)")
            emitAddition(scatter, &$0, "k", .all)
          }
        }
      }
    }
    return EmittedCall(
      function: function("scatter", writer),
      arguments: (share.map { [$0.argument] } ?? []) + [
        .pointer(scatter.index, .integer, isWritten: false),
        .pointer(scatter.values, .float, isWritten: false),
      ] + written.map { .pointer($0.1, .float, isWritten: true) }, takesSteps: isCounted)
  }

  /// Appends the addition of a vector of a row to the sums at `y`, whose errors are at `e`.
  private mutating func emitAddition(
    _ scatter: Scatter, _ writer: inout SourceWriter, _ k: String, _ lanes: Lanes
  ) {
    func element(_ name: String) -> String { pointer(name, [(k, 1)]) }
    let x = load(element("x"), .float, stride: 1, lanes)
    let y = load(element("y"), .float, stride: 1, lanes)
    if scatter.errors == nil {
      use(.add)
      writer.line(store("add(\(y), \(x))", element("y"), .float, stride: 1, lanes))
      return
    }
    use(.accumulate)
    let e = load(element("e"), .float, stride: 1, lanes)
    writer.line("var (sum, error) = (\(y), \(e))")
    writer.line("accumulate(\(x), &sum, &error)")
    writer.line(store("sum", element("y"), .float, stride: 1, lanes))
    writer.line(store("error", element("e"), .float, stride: 1, lanes))
  }

}

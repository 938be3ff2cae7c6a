import Planning

extension Emitter {

  /// Emits `kernel`, divided as `share` says, and returns its call.
  mutating func emit(_ kernel: Kernel, _ share: Share? = nil) -> EmittedCall {
    switch kernel {
    case .product(let k): emit(k, share)
    case .map(let k): emit(k, share)
    case .reduce(let k): emit(k, share)
    case .softmax(let k): emit(k)
    case .argmax(let k): emit(k)
    case .gather(let k): emit(k)
    case .oneHot(let k): emit(k)
    case .mask(let k): emit(k)
    case .pack(let k): emit(k)
    case .literal(let k): emit(k)
    case .crossEntropy(let k): emit(k, share)
    case .drop(let k): emit(k, share)
    case .convolve(let k): emit(k, share)
    case .convolveGradient(let k): emit(k, share)
    case .pooling(let k): emit(k, share)
    case .scatter(let k): emit(k, share)
    case .batched(let k): emit(k)
    }
  }

  private mutating func emit(_ gather: Gather) -> EmittedCall {
    let isCounted = gather.outer.contains(where: \.isCounted)
    let pointers = [
      PointerParameter(name: "ids", scalar: .integer, isWritten: false),
      PointerParameter(name: "y", scalar: .float, isWritten: true),
    ]
    let table = PointerParameter(name: "table", scalar: .float, isWritten: false)
    let parameters =
      (isCounted ? ["_ steps: Int"] : []) + ([table] + pointers).map(\.declaration)
    var writer = SourceWriter()
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let strides = [gather.index.strides, gather.output.strides]
      emitLoops(gather.outer, pointers, strides, &body) {
        $0.line("let row = table + Int(ids[0]) &* \(gather.columns)")
        $0.line("y.update(from: row, count: \(gather.columns))")
      }
    }
    return EmittedCall(
      function: function("gather", writer),
      arguments: [
        .pointer(gather.table, .float, isWritten: false),
        .pointer(gather.index.place, .integer, isWritten: false),
        .pointer(gather.output.place, .float, isWritten: true),
      ], takesSteps: isCounted)
  }

  private mutating func emit(_ oneHot: OneHot) -> EmittedCall {
    let isCounted = oneHot.outer.contains(where: \.isCounted)
    let pointers = [
      PointerParameter(name: "ids", scalar: .integer, isWritten: false),
      PointerParameter(name: "y", scalar: .float, isWritten: true),
    ]
    let parameters = (isCounted ? ["_ steps: Int"] : []) + pointers.map(\.declaration)
    var writer = SourceWriter()
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let strides = [oneHot.index.strides, oneHot.output.strides]
      emitLoops(oneHot.outer, pointers, strides, &body) {
        $0.line("y.update(repeating: 0, count: \(oneHot.classes))")
        $0.line("y[Int(ids[0])] = 1")
      }
    }
    return EmittedCall(
      function: function("oneHot", writer),
      arguments: [
        .pointer(oneHot.index.place, .integer, isWritten: false),
        .pointer(oneHot.output.place, .float, isWritten: true),
      ], takesSteps: isCounted)
  }

  private mutating func emit(_ mask: Mask) -> EmittedCall {
    var writer = SourceWriter()
    let pointers = [
      PointerParameter(name: "lengths", scalar: .integer, isWritten: false),
      PointerParameter(name: "y", scalar: .integer, isWritten: true),
    ]
    let isCounted = mask.steps.isCounted
    let parameters = (isCounted ? ["_ steps: Int"] : []) + pointers.map(\.declaration)
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      body.block("for t in 0..<\(mask.steps.expression) {") {
        $0.block("for row in 0..<\(mask.rows) {") {
          $0.line("y[\(sum([("t", mask.rows), ("row", 1)]))] = t < Int(lengths[row]) ? 1 : 0")
        }
      }
    }
    return EmittedCall(
      function: function("mask", writer),
      arguments: [
        .pointer(mask.lengths, .integer, isWritten: false),
        .pointer(mask.output, .integer, isWritten: true),
      ], takesSteps: isCounted)
  }

  /// Emits `pack` and returns its call.
  ///
  /// All weights are packed by one function, which is told the sizes: it is called when weights are
  /// bound and for products of two inputs, where the product takes longer.
  mutating func emit(_ pack: Pack) -> EmittedCall {
    let panel = pack.vectors * lanes
    let panels = (pack.units + panel - 1) / panel
    let width = pack.segments.count * panel
    var strides = (row: width, panel: pack.room * width)
    var bias: Place?
    if case .table(let place) = pack.layout {
      strides = (row: panels * width, panel: width)
      bias = place
    }
    useClipped(.loadFirst, whole: .load)
    useClipped(.loadFirstStrided, whole: .loadFirstStrided)
    use(.store)
    use(.add)
    let numbers: [(String, String)] = [
      ("rowStride", "\(pack.rowStride)"), ("columnStride", "\(pack.columnStride)"),
      ("depth", pack.depth.expression), ("columns", "\(pack.columns.count)"),
      ("lower", "\(pack.columns.lowerBound)"), ("units", "\(pack.units)"),
      ("first", "\(pack.segments.lowerBound)"), ("segments", "\(pack.segments.count)"),
      ("vectors", "\(pack.vectors)"), ("row", "\(strides.row)"), ("panel", "\(strides.panel)"),
    ]
    var arguments = [
      EmittedCall.Argument.pointer(pack.source, .float, isWritten: false),
      .pointer(pack.output, .float, isWritten: true),
    ]
    arguments += numbers.map { .text("\($0.0): \($0.1)") }
    arguments.append(.grains(count: panels, label: "panels"))
    if let bias {
      arguments.append(.pointer(bias, .float, isWritten: false, label: "bias"))
    }
    return EmittedCall(
      function: function("pack", packText(numbers.map(\.0))), arguments: arguments,
      takesSteps: false)
  }

  /// Returns the text of the function that packs a weight.
  private func packText(_ names: [String]) -> SourceWriter {
    var writer = SourceWriter()
    let comments = [
      "Packs `depth` rows of a weight at `w` by panels of `vectors` vectors of units, of which only",
      "`panels`.",
      "",
      "Columns of the result from `lower` on are those of the weight; others are zero. Of every",
      "segment of `units` columns, `segments` from `first` on are packed. `row` and `panel` are the",
      "elements between packed rows and between panels; `bias` is added to every row.",
    ]
    for text in comments { writer.line(text.isEmpty ? "///" : "/// \(text)") }
    let parameters =
      ["_ w: UnsafePointer<Float>", "_ y: UnsafeMutablePointer<Float>"]
      + names.map { $0 == "row" || $0 == "panel" ? "\($0) \($0)Length: Int" : "\($0): Int" }
      + ["panels: Range<Int>", "bias: UnsafePointer<Float>? = nil"]
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      body.line("let panelUnits = vectors &* \(lanes)")
      body.line("let end = min(units, panels.upperBound &* panelUnits)")
      body.line("let start = panels.lowerBound &* panelUnits")
      body.block("for unit in stride(from: start, to: end, by: \(lanes)) {") { body in
        body.block("for s in 0..<segments {") { body in
          body.line("let column = (first &+ s) &* units &+ unit &- lower")
          body.comment("How many columns of the weight this vector holds.")
          body.line("let count = column < 0 ? 0 : min(units &- unit, columns &- column)")
          body.line("let x = w + column &* columnStride")
          body.line("let vector = s &* vectors &+ unit % panelUnits / \(lanes)")
          body.line("let z = y + (unit / panelUnits &* panelLength &+ vector &* \(lanes))")
          body.line("let c = (first &+ s) &* units &+ unit")
          body.line("let b = bias.map { load($0 + c, upTo: units &- unit) } ?? Vector()")
          body.block("for k in 0..<depth {") { body in
            body.line("let p = x + k &* rowStride")
            body.line("let v =")
            body.indented {
              $0.line("columnStride == 1")
              $0.line("? load(p, upTo: count) : load(p, stride: columnStride, upTo: count)")
            }
            body.line("let q = z + k &* rowLength")
            body.line("store(add(v, b), q)")
            body.comment("The weight begins within the vector.")
            body.line("let end = min(\(lanes), units &- unit, columns &- column)")
            body.block("for i in max(0, min(-column, end))..<max(0, column < 0 ? end : 0) {") {
              $0.line("q[i] += p[i &* columnStride]")
            }
          }
        }
      }
      body.line("// Vectors that the last panel lacks stay as they are: nobody stores their sums.")
    }
    return writer
  }

  private mutating func emit(_ literal: Literal) -> EmittedCall {
    var writer = SourceWriter()
    let y = PointerParameter(name: "y", scalar: literal.scalar, isWritten: true)
    let element = literal.scalar == .float ? "Float" : "Int32"
    let head = "fileprivate func \(Self.placeholder)"
    var arguments = [
      EmittedCall.Argument.pointer(literal.output, literal.scalar, isWritten: true)
    ]
    switch literal.contents {
    case .constant(let x):
      writer.function(head, [y.declaration, "_ value: \(element)", "_ count: Int"]) {
        $0.line("y.update(repeating: value, count: count)")
      }
      arguments += [.text(CodeGen.literal(x, literal.scalar)), .text("\(literal.count)")]
    case .iota:
      writer.function(head, [y.declaration, "_ count: Int"]) {
        $0.line("for i in 0..<count { y[i] = \(element)(i) }")
      }
      arguments.append(.text("\(literal.count)"))
    case .step(let loop):
      writer.function(head, [y.declaration, "_ value: \(element)"]) {
        $0.line("y[0] = value")
      }
      arguments.append(.step(loop: loop))
    case .elements(let elements) where elements.count > 64:
      emitBits(elements, literal.scalar, y, &writer)
    case .elements(let elements):
      writer.function(head, [y.declaration]) {
        let texts = elements.map { CodeGen.literal($0, literal.scalar) }
        $0.list("let elements: [\(element)] = [", texts, "]")
        $0.line("for (i, x) in elements.enumerated() { y[i] = x }")
      }
    }
    return EmittedCall(
      function: function("fill", writer), arguments: arguments, takesSteps: false)
  }

  /// Appends a function that writes many numbers.
  ///
  /// They stand as the hexadecimal digits of their bits in one string: a literal of an array takes
  /// the Swift compiler longer than linear time.
  private func emitBits(
    _ elements: [Double], _ scalar: Scalar32, _ y: PointerParameter,
    _ writer: inout SourceWriter
  ) {
    let digits = elements.map { x -> String in
      let bits =
        scalar == .float
        ? Float(x).bitPattern : UInt32(bitPattern: Int32(exactly: x.rounded()) ?? 0)
      let text = String(bits, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }
    writer.function("fileprivate func \(Self.placeholder)", [y.declaration]) { body in
      body.line("let digits: StaticString = \"\"\"")
      body.indented { body in
        var first = 0
        while first < digits.count {
          let end = min(first + 11, digits.count)
          body.line(digits[first..<end].joined() + (end < digits.count ? "\\" : ""))
          first = end
        }
        body.line("\"\"\"")
      }
      body.block("for i in 0..<\(elements.count) {") { body in
        body.line("var bits: UInt32 = 0")
        body.block("for k in 0..<8 {") {
          $0.line("let digit = UInt32(digits.utf8Start[i &* 8 &+ k])")
          $0.line("bits = bits << 4 | (digit < 58 ? digit &- 48 : digit &- 87)")
        }
        body.line(
          scalar == .float
            ? "y[i] = Float(bitPattern: bits)" : "y[i] = Int32(bitPattern: bits)")
      }
    }
  }

}

import Planning

extension Emitter {

  /// Emits `kernel` and returns its call.
  mutating func emit(_ kernel: Kernel) -> EmittedCall {
    switch kernel {
    case .product(let k): emit(k)
    case .map(let k): emit(k)
    case .reduce(let k): emit(k)
    case .softmax(let k): emit(k)
    case .argmax(let k): emit(k)
    case .gather(let k): emit(k)
    case .oneHot(let k): emit(k)
    case .mask(let k): emit(k)
    case .pack(let k): emit(k)
    case .literal(let k): emit(k)
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
  mutating func emit(_ pack: Pack) -> EmittedCall {
    var writer = SourceWriter()
    let panel = pack.vectors * lanes
    let panels = (pack.units + panel - 1) / panel
    let segments = pack.segments
    // Elements between rows, and between panels, of the packed weight.
    let (rowStride, panelStride): (Int, Int)
    var bias: Place?
    switch pack.layout {
    case .panels:
      (rowStride, panelStride) = (segments.count * panel, pack.depth * segments.count * panel)
    case .table(let place):
      (rowStride, panelStride) = (panels * segments.count * panel, segments.count * panel)
      bias = place
    }
    use(.load)
    use(.loadFirst)
    use(.store)
    if bias != nil { use(.add) }
    needsClipping = true
    let stride = pack.columnStride
    if stride != 1 { use(.loadFirstStrided) }
    let parameters =
      ["_ w: UnsafePointer<Float>"] + (bias == nil ? [] : ["_ bias: UnsafePointer<Float>"])
      + ["_ y: UnsafeMutablePointer<Float>"]
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      body.block("for row in 0..<\(pack.depth) {") { body in
        body.block("for panel in 0..<\(panels) {") { body in
          body.block("for part in 0..<\(segments.count * pack.vectors) {") { body in
            emitPackedVector(pack, rowStride, panelStride, bias: bias != nil, &body)
          }
        }
      }
    }
    var arguments = [EmittedCall.Argument.pointer(pack.source, .float, isWritten: false)]
    if let bias { arguments.append(.pointer(bias, .float, isWritten: false)) }
    arguments.append(.pointer(pack.output, .float, isWritten: true))
    return EmittedCall(
      function: function("pack", writer), arguments: arguments, takesSteps: false)
  }

  /// Appends the statements that pack one vector.
  private mutating func emitPackedVector(
    _ pack: Pack, _ rowStride: Int, _ panelStride: Int, bias: Bool, _ body: inout SourceWriter
  ) {
    let first = pack.segments.lowerBound
    body.line("let segment = \(first == 0 ? "" : "\(first) &+ ")part / \(pack.vectors)")
    let unit = sum([("panel", pack.vectors * lanes)])
    let vector = pack.vectors == 1 ? "" : " &+ part % \(pack.vectors) &* \(lanes)"
    body.line("let unit = \(unit)\(vector)")
    let lower = pack.columns.lowerBound
    body.line(
      "let column = segment &* \(pack.units) &+ unit\(lower == 0 ? "" : " &- \(lower)")")
    let end = pack.columns.count
    body.line("let count = min(\(pack.units) &- unit, \(end) &- column)")
    body.comment("A column that the weight lacks is zero.")
    body.line("let fed = column >= 0 ? count : 0")
    body.line("let x = \(pointer("w", [("row", pack.rowStride), ("column", pack.columnStride)]))")
    body.line(
      pack.columnStride == 1
        ? "\(bias ? "var" : "let") v = load(x, upTo: fed)"
        : "\(bias ? "var" : "let") v = load(x, stride: \(pack.columnStride), upTo: fed)")
    if bias {
      body.line("let b = bias + (segment &* \(pack.units) &+ unit)")
      body.line("v = add(v, load(b, upTo: \(pack.units) &- unit))")
    }
    let target = pointer("y", [("row", rowStride), ("panel", panelStride), ("part", lanes)])
    body.line("store(v, \(target))")
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
      arguments += [.text(CodeGen.literal(x)), .text("\(literal.count)")]
    case .iota:
      writer.function(head, [y.declaration, "_ count: Int"]) {
        $0.line("for i in 0..<count { y[i] = \(element)(i) }")
      }
      arguments.append(.text("\(literal.count)"))
    case .elements(let elements):
      writer.function(head, [y.declaration]) {
        let texts = elements.map { CodeGen.literal($0) }
        $0.list("let elements: [\(element)] = [", texts, "]")
        $0.line("for (i, x) in elements.enumerated() { y[i] = x }")
      }
    }
    return EmittedCall(
      function: function("fill", writer), arguments: arguments, takesSteps: false)
  }

}

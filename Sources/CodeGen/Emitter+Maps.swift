import Planning

extension Emitter {

  /// Emits `map` and returns its call.
  mutating func emit(_ map: Map, _ share: Share? = nil) -> EmittedCall {
    let program = emit(map.program)
    let inputs = map.program.inputs
    let outputs = map.program.outputs.map(\.operand)
    let last = map.loops.count - 1
    // Maps over one loop are told which elements to do, so that one function does for many sizes.
    var isFlat = last == 0
    if case .fixed(let n) = map.loops[0], n <= lanes { isFlat = false }
    let isCounted = !isFlat && map.loops.contains(where: \.isCounted)
    var pointers: [PointerParameter] = []
    for (i, x) in inputs.enumerated() {
      pointers.append(PointerParameter(name: "x\(i)", scalar: x.scalar, isWritten: false))
    }
    for (i, y) in outputs.enumerated() {
      pointers.append(PointerParameter(name: "y\(i)", scalar: y.scalar, isWritten: true))
    }
    let range = isFlat ? ["_ range: Range<Int>"] : share == nil ? [] : [Share.parameter]
    let parameters =
      (isCounted ? ["_ steps: Int"] : []) + range + pointers.map(\.declaration)
    var writer = SourceWriter()
    writer.line("/// \(summary(map.program)) for every element.")
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let strides = inputs.map(\.strides) + outputs.map(\.strides)
      emitLoops(
        Array(map.loops.dropLast()), pointers, strides, first: share?.bounds, &body
      ) { body in
        emitLanes(isFlat ? nil : map.loops[last], program, map.program, &body)
      }
    }
    let first: [EmittedCall.Argument] =
      isFlat ? [.elements(map.loops[0], share)] : share.map { [$0.argument] } ?? []
    let arguments =
      first
      + inputs.map { EmittedCall.Argument.pointer($0.place, $0.scalar, isWritten: false) }
      + outputs.map { EmittedCall.Argument.pointer($0.place, $0.scalar, isWritten: true) }
    return EmittedCall(
      function: function("map", writer), arguments: arguments, takesSteps: isCounted)
  }

  /// Appends loops over `counts`, in which `pointers` move by `strides`, around `content`; the
  /// first loop keeps to the bounds `first` if there are any.
  func emitLoops(
    _ counts: [Count], _ pointers: [PointerParameter], _ strides: [[Int]],
    first: (lower: String, upper: String)? = nil, _ writer: inout SourceWriter,
    _ content: (inout SourceWriter) -> Void
  ) {
    if counts.isEmpty {
      content(&writer)
      return
    }
    func open(_ depth: Int, _ writer: inout SourceWriter) {
      if depth == counts.count {
        for (p, strides) in zip(pointers, strides) {
          let terms = (0..<counts.count).map { ("i\($0)", strides[$0]) }
          if terms.allSatisfy({ $0.1 == 0 }) { continue }
          writer.line("let \(p.name) = \(pointer(p.name, terms))")
        }
        content(&writer)
        return
      }
      let isUsed = strides.contains { $0[depth] != 0 }
      var range = "0..<\(counts[depth].expression)"
      if depth == 0, let first { range = "\(first.lower)..<\(first.upper)" }
      writer.block("for \(isUsed ? "i\(depth)" : "_") in \(range) {") {
        open(depth + 1, &$0)
      }
    }
    open(0, &writer)
  }

  /// Appends a loop of vectors over `count` elements, or over those in `range` if that is `nil`.
  private mutating func emitLanes(
    _ count: Count?, _ emitted: EmittedProgram, _ program: Program, _ writer: inout SourceWriter
  ) {
    var isWhole = false
    var isOnce = false
    switch count {
    case .fixed(let n): (isWhole, isOnce) = (n % lanes == 0, n <= lanes)
    case .steps(let n): isWhole = n % lanes == 0
    case nil: break
    }
    let last = program.outputs[0].operand.strides.count
    // The terms by which a pointer moves; one element is adjacent to nothing.
    let terms = { (stride: Int) in isOnce ? [] : [("i", stride)] }
    let body = { (emitter: inout Emitter, writer: inout SourceWriter, lanes: Lanes) in
      let inputs = emitted.inputs.map { instruction -> String in
        guard case .input(let i) = instruction else { return "" }
        let x = program.inputs[i]
        let stride = x.strides[last - 1]
        let place = stride == 0 ? "x\(i)" : pointer("x\(i)", terms(stride))
        return emitter.load(place, x.scalar, stride: stride, lanes)
      }
      let outputs = program.outputs.enumerated().map { k, y in
        StoreTarget(
          pointer: pointer("y\(k)", terms(y.operand.strides[last - 1])),
          scalar: y.operand.scalar, stride: max(1, y.operand.strides[last - 1]))
      }
      emitter.emitApplication(emitted, inputs, outputs, lanes, &writer)
    }
    if isOnce, case .fixed(let n) = count {
      if n > 0 { body(&self, &writer, n == lanes ? .all : .first("\(n)")) }
      return
    }
    writer.line("let n = \(count.map(\.expression) ?? "range.upperBound")")
    writer.line("var i = \(count == nil ? "range.lowerBound" : "0")")
    writer.block("while i &+ \(lanes) <= n {") { writer in
      body(&self, &writer, .all)
      writer.line("i &+= \(lanes)")
    }
    if isWhole { return }
    writer.block("if i < n {") { body(&self, &$0, .first("n &- i")) }
  }

  /// A place that a vector is stored to.
  struct StoreTarget {

    var pointer: String
    var scalar: Scalar32
    var stride: Int

  }

  /// Appends the application of `program` to `inputs` and the stores of its results.
  mutating func emitApplication(
    _ program: EmittedProgram, _ inputs: [String], _ outputs: [StoreTarget], _ lanes: Lanes,
    _ writer: inout SourceWriter
  ) {
    var values: [String] = []
    if let function = program.function {
      values = (0..<program.resultCount).map { "r\($0)" }
      let names = values.joined(separator: ", ")
      let head = program.resultCount == 1 ? "let r0" : "let (\(names))"
      writer.list("\(head) = \(function)(", inputs, ")")
    } else {
      values = inputs
    }
    for (result, target) in zip(program.results, outputs) {
      writer.line(
        store(values[result], target.pointer, target.scalar, stride: target.stride, lanes))
    }
  }

}

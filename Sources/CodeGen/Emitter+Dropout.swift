import Planning

extension Emitter {

  /// Emits `drop` and returns its call.
  ///
  /// Numbers are arguments, so that one function does for all dropouts of a file. See `DropoutMask`
  /// for what is computed.
  mutating func emit(_ drop: Drop, _ share: Share? = nil) -> EmittedCall {
    use(.scrambled)
    for operation in [VectorOperation.integersGreaterEqual, .select, .multiply, .splat] {
      use(operation)
    }
    let key = dropoutKey()
    let integers = ["seed", "update"].map {
      PointerParameter(name: $0, scalar: .integer, isWritten: false).declaration
    }
    let parameters =
      ["_ range: Range<Int>"]
      + [PointerParameter(name: "x", scalar: .float, isWritten: false).declaration] + integers
      + ["_ site: Int32", "_ step: Int32", "_ threshold: Int32", "_ scale: Float"]
      + [PointerParameter(name: "y", scalar: .float, isWritten: true).declaration]
    var writer = SourceWriter()
    writer.line("/// The elements that dropout keeps, scaled, and zeros elsewhere.")
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      body.line("let key = \(key)(seed.pointee, update.pointee, site, step)")
      body.line("let low = splat(Int32(truncatingIfNeeded: key))")
      body.line("let high = splat(Int32(truncatingIfNeeded: key >> 32))")
      body.line("var i = range.lowerBound")
      body.block("while i < range.upperBound {") { body in
        let lanes = Lanes.upTo("range.upperBound &- i")
        body.line("let kept = greaterEqual(scrambled(i, low, high), splat(threshold))")
        let x = load("x + i", .float, stride: 1, lanes)
        body.line("let scaled = multiply(\(x), splat(scale))")
        body.line(store("select(kept, scaled, Vector())", "y + i", .float, stride: 1, lanes))
        body.line("i &+= \(self.lanes)")
      }
    }
    // As `DropoutMask.threshold` rounds it.
    let threshold = Int(min((drop.rate * 0x1p31).rounded(), 0x1p31 - 1))
    return EmittedCall(
      function: function("drop", writer),
      arguments: [
        .elements(drop.count, share), .pointer(drop.input, .float, isWritten: false),
        .pointer(drop.seed, .integer, isWritten: false),
        .pointer(drop.update, .integer, isWritten: false), .text("\(drop.site)"),
        argument(for: drop.step), .text("\(threshold)"),
        .text(literal(Float(1 / (1 - drop.rate)))),
        .pointer(drop.output, .float, isWritten: true),
      ], takesSteps: false)
  }

  private func argument(for step: Drop.Step) -> EmittedCall.Argument {
    switch step {
    case .number(let n): .text("\(n)")
    case .loop(let loop, let offset): .step(loop: loop, offset: offset)
    }
  }

  /// Emits the function that mixes counters to a key, and returns its name.
  private mutating func dropoutKey() -> String {
    var writer = SourceWriter()
    writer.line("/// The key of the random bits that belong to the counters of a dropout.")
    writer.function(
      "fileprivate func \(Self.placeholder)",
      ["_ seed: Int32", "_ update: Int32", "_ site: Int32", "_ step: Int32"], " -> UInt64"
    ) { body in
      body.line("var key: UInt64 = 0")
      for counter in ["seed", "update", "site", "step"] {
        body.line("key &+= 0x9e37_79b9_7f4a_7c15 &+ UInt64(truncatingIfNeeded: \(counter))")
        body.line("key = (key ^ (key >> 30)) &* 0xbf58_476d_1ce4_e5b9")
        body.line("key = (key ^ (key >> 27)) &* 0x94d0_49bb_1331_11eb")
        body.line("key ^= key >> 31")
      }
      body.line("return key")
    }
    return function("dropKey", writer)
  }

}

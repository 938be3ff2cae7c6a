import IR
import Planning

// Kernels of images. Vectors run along the columns of the result; a tile is some channels of it by
// some vectors, for which each element of the image that is loaded is multiplied by one of the
// kernel for each channel.
extension Emitter {

  /// The most vectors of sums, which leave registers for what is multiplied.
  private static let mostSums = 12

  /// Returns the largest divisor of `count` that is at most `limit`.
  private static func divisor(of count: Int, upTo limit: Int) -> Int {
    (1...max(1, min(count, limit))).last { count % $0 == 0 } ?? 1
  }

  /// Emits `convolve` and returns its call.
  mutating func emit(_ convolve: Convolve, _ share: Share? = nil) -> EmittedCall {
    for operation in [VectorOperation.multiplyAdd, .splat] { use(operation) }
    var pointers = [
      PointerParameter(name: "x", scalar: .float, isWritten: false),
      PointerParameter(name: "w", scalar: .float, isWritten: false),
    ]
    var arguments = [
      EmittedCall.Argument.pointer(convolve.input.place, .float, isWritten: false),
      .pointer(convolve.weight.place, .float, isWritten: false),
    ]
    if let bias = convolve.bias {
      pointers.append(PointerParameter(name: "bias", scalar: .float, isWritten: false))
      arguments.append(.pointer(bias, .float, isWritten: false))
    }
    pointers.append(PointerParameter(name: "y", scalar: .float, isWritten: true))
    arguments.append(.pointer(convolve.output, .float, isWritten: true))
    let (rows, columns) = (convolve.places[0], convolve.places[1])
    let vectors = min(2, (columns + lanes - 1) / lanes)
    let channels = Self.divisor(of: convolve.channels, upTo: Self.mostSums / max(1, vectors))
    let (input, weight) = (convolve.input.strides, convolve.weight.strides)
    var writer = SourceWriter()
    writer.line("/// The convolution of images.")
    writer.function(
      "fileprivate func \(Self.placeholder)",
      (share == nil ? [] : [Share.parameter]) + pointers.map(\.declaration)
    ) { body in
      let range = share.map { "\($0.bounds.lower)..<\($0.bounds.upper)" }
      body.block("for image in \(range ?? "0..<\(convolve.images)") {") { body in
        body.block("for block in 0..<\(convolve.channels / channels) {") { body in
          body.line("let w = \(pointer("w", [("block", channels * weight[0])]))")
          if convolve.bias != nil {
            body.line("let bias = \(pointer("bias", [("block", channels)]))")
          }
          body.block("for row in 0..<\(rows) {") { body in
            let x = [("image", input[0]), ("row", convolve.stride * input[2])]
            body.line("let x = \(pointer("x", x))")
            let y = [
              ("image", convolve.channels * rows * columns),
              ("block", channels * rows * columns), ("row", columns),
            ]
            body.line("let y = \(pointer("y", y))")
            emitGroups(columns, vectors, &body) { emitter, body, start, lanes in
              emitter.emitTile(convolve, channels, start, lanes, &body)
            }
          }
        }
      }
    }
    return EmittedCall(
      function: function("convolve", writer),
      arguments: (share.map { [$0.argument] } ?? []) + arguments, takesSteps: false)
  }

  /// Appends `content` for `count` elements by groups of `vectors` vectors: in a loop for whole
  /// groups, then for the rest. It is given where the group starts and the lanes of each vector.
  private mutating func emitGroups(
    _ count: Int, _ vectors: Int, _ writer: inout SourceWriter,
    _ content: (inout Emitter, inout SourceWriter, String, [Lanes]) -> Void
  ) {
    let size = vectors * lanes
    let whole = size == 0 ? 0 : count / size
    if whole > 0 {
      writer.block("for group in 0..<\(whole) {") { writer in
        writer.line("let k = group &* \(size)")
        content(&self, &writer, "k", Array(repeating: .all, count: vectors))
      }
    }
    var rest = count - whole * size
    if rest == 0 { return }
    var parts: [Lanes] = []
    // Each turn takes at least one element.
    while rest > 0 {
      parts.append(rest < lanes ? .first("\(rest)") : .all)
      rest -= lanes
    }
    writer.scope { content(&self, &$0, "\(whole * size)", parts) }
  }

  /// Appends the sums of a tile of `convolve`, whose columns begin at `start`.
  private mutating func emitTile(
    _ convolve: Convolve, _ channels: Int, _ start: String, _ lanes: [Lanes],
    _ writer: inout SourceWriter
  ) {
    let vectors = lanes.count
    for r in 0..<channels {
      for v in 0..<vectors {
        let first = convolve.bias == nil ? "Vector()" : "splat(bias[\(r)])"
        writer.line("var sum\(r * vectors + v) = \(first)")
      }
    }
    let size = convolve.kernel[0] * convolve.kernel[1]
    let group = max(1, Summation.productGroup / size)
    if convolve.inputs <= group {
      writer.block("for c in 0..<\(convolve.inputs) {") {
        emitChannel(convolve, channels, start, lanes, to: "sum", &$0)
      }
    } else {
      use(.accumulate)
      for k in 0..<channels * vectors { writer.line("var error\(k) = Vector()") }
      let range = "stride(from: 0, to: \(convolve.inputs), by: \(group))"
      writer.block("for first in \(range) {") { writer in
        for k in 0..<channels * vectors { writer.line("var part\(k) = Vector()") }
        writer.block("for c in first..<min(first &+ \(group), \(convolve.inputs)) {") {
          emitChannel(convolve, channels, start, lanes, to: "part", &$0)
        }
        for k in 0..<channels * vectors {
          writer.line("accumulate(part\(k), &sum\(k), &error\(k))")
        }
      }
    }
    let places = convolve.places[0] * convolve.places[1]
    for r in 0..<channels {
      for v in 0..<vectors {
        let offset = r * places + v * self.lanes
        let place = pointer("y", [(start, 1), ("\(offset)", offset == 0 ? 0 : 1)])
        writer.line(store("sum\(r * vectors + v)", place, .float, stride: 1, lanes[v]))
      }
    }
  }

  /// Appends the products of channel `c` of an image, which are added to the sums `stem`.
  private mutating func emitChannel(
    _ convolve: Convolve, _ channels: Int, _ start: String, _ lanes: [Lanes], to stem: String,
    _ writer: inout SourceWriter
  ) {
    let (input, weight) = (convolve.input.strides, convolve.weight.strides)
    let vectors = lanes.count
    writer.block("for i in 0..<\(convolve.kernel[0]) {") { writer in
      let x = [("c", input[1]), ("i", input[2]), (start, convolve.stride)]
      writer.line("let x = \(pointer("x", x))")
      writer.line("let w = \(pointer("w", [("c", weight[1]), ("i", weight[2])]))")
      writer.block("for j in 0..<\(convolve.kernel[1]) {") { writer in
        for v in 0..<vectors {
          let place = pointer(
            "x", [("j", 1), ("\(v * self.lanes * convolve.stride)", v == 0 ? 0 : 1)])
          let x = load(place, .float, stride: convolve.stride, lanes[v])
          writer.line("let x\(v) = \(x)")
        }
        for r in 0..<channels {
          let place = sum([("j", weight[3]), ("\(r * weight[0])", r == 0 ? 0 : 1)])
          writer.line("let w\(r) = splat(w[\(place)])")
          for v in 0..<vectors {
            let name = "\(stem)\(r * vectors + v)"
            writer.line("\(name) = multiplyAdd(w\(r), x\(v), \(name))")
          }
        }
      }
    }
  }

  /// Emits `gradient` and returns its call.
  mutating func emit(_ gradient: ConvolveGradient, _ share: Share? = nil) -> EmittedCall {
    use(.multiplyAdd)
    let pointers = [
      PointerParameter(name: "x", scalar: .float, isWritten: false),
      PointerParameter(name: "dy", scalar: .float, isWritten: false),
      PointerParameter(name: "y", scalar: .float, isWritten: true),
    ]
    let (height, width) = (gradient.kernel[0], gradient.kernel[1])
    let size = height * width
    let taps = min(width, 6)
    let channels = gradient.channelsOfGrain(lanes: lanes)
    let whole = width / taps
    var writer = SourceWriter()
    writer.line("/// The gradient of a convolution of images by its kernel.")
    writer.function(
      "fileprivate func \(Self.placeholder)",
      (share == nil ? [] : [Share.parameter]) + pointers.map(\.declaration)
    ) { body in
      let range = share == nil ? "0..<\(gradient.channels / channels)" : "grains"
      body.block("for block in \(range) {") { body in
        body.block("for c in 0..<\(gradient.inputs) {") { body in
          body.block("for i in 0..<\(height) {") { body in
            let y = [
              ("block", channels * gradient.inputs * size), ("c", size), ("i", width),
            ]
            body.line("let y = \(pointer("y", y))")
            if whole > 0 {
              body.block("for part in 0..<\(whole) {") { body in
                body.line("let j = part &* \(taps)")
                emitTaps(gradient, channels, "j", taps, &body)
              }
            }
            if width % taps > 0 {
              body.scope {
                emitTaps(gradient, channels, "\(whole * taps)", width % taps, &$0)
              }
            }
          }
        }
      }
    }
    return EmittedCall(
      function: function("convolveGradient", writer),
      arguments: (share.map { [$0.argument] } ?? []) + [
        .pointer(gradient.input.place, .float, isWritten: false),
        .pointer(gradient.gradient, .float, isWritten: false),
        .pointer(gradient.output, .float, isWritten: true),
      ], takesSteps: false)
  }

  /// Appends the sums, over all images, for `taps` columns of the kernel from `start` on.
  private mutating func emitTaps(
    _ gradient: ConvolveGradient, _ channels: Int, _ start: String, _ taps: Int,
    _ writer: inout SourceWriter
  ) {
    let input = gradient.input.strides
    let (rows, columns) = (gradient.places[0], gradient.places[1])
    let terms = (columns + Summation.lanes - 1) / Summation.lanes
    let isFew = gradient.images * rows * terms <= Summation.productGroup
    for k in 0..<channels * taps {
      emitZeros("sum\(k)", of: isFew ? columns : Summation.lanes, &writer)
      if !isFew { emitZeros("error\(k)", &writer) }
    }
    writer.block("for image in 0..<\(gradient.images) {") { writer in
      let x = [("image", input[0]), ("c", input[1]), ("i", input[2]), (start, 1)]
      let dy = [
        ("image", gradient.channels * rows * columns), ("block", channels * rows * columns),
      ]
      writer.line("let x = \(pointer("x", x))")
      writer.line("let dy = \(pointer("dy", dy))")
      if isFew {
        writer.block("for row in 0..<\(rows) {") {
          emitRow(gradient, channels, taps, to: "sum", &$0)
        }
        return
      }
      let group = max(1, Summation.productGroup / max(1, terms))
      writer.block("for first in stride(from: 0, to: \(rows), by: \(group)) {") { writer in
        for k in 0..<channels * taps { emitZeros("part\(k)", of: columns, &writer) }
        writer.block("for row in first..<min(first &+ \(group), \(rows)) {") {
          emitRow(gradient, channels, taps, to: "part", &$0)
        }
        for k in 0..<channels * taps { emitAccumulation(of: "\(k)", &writer) }
      }
    }
    let size = gradient.inputs * gradient.kernel[0] * gradient.kernel[1]
    for r in 0..<channels {
      for t in 0..<taps {
        let place = sum([(start, 1), ("\(r * size + t)", r * size + t == 0 ? 0 : 1)])
        writer.line("y[\(place)] = \(total("\(r * taps + t)"))")
      }
    }
  }

  /// Appends the products of a row of an image and of one of the gradient of the result, which are
  /// added to the partial sums `stem`, one for each channel and each of `taps` columns.
  private mutating func emitRow(
    _ gradient: ConvolveGradient, _ channels: Int, _ taps: Int, to stem: String,
    _ writer: inout SourceWriter
  ) {
    let stride = gradient.stride
    let (rows, columns) = (gradient.places[0], gradient.places[1])
    writer.line("let x = \(pointer("x", [("row", stride * gradient.input.strides[2])]))")
    writer.line("let dy = \(pointer("dy", [("row", columns)]))")
    emitTerms(columns, &writer) { emitter, writer, i, k, lanes in
      for r in 0..<channels {
        let place = pointer("dy", [(k, 1), ("\(r * rows * columns)", r == 0 ? 0 : 1)])
        writer.line("let d\(r) = \(emitter.load(place, .float, stride: 1, lanes))")
      }
      for t in 0..<taps {
        let place = pointer("x", [(k, stride), ("\(t)", t == 0 ? 0 : 1)])
        writer.line("let x\(t) = \(emitter.load(place, .float, stride: stride, lanes))")
        for r in 0..<channels {
          let name = emitter.sumName("\(stem)\(r * taps + t)", i)
          writer.line("\(name) = multiplyAdd(d\(r), x\(t), \(name))")
        }
      }
    }
  }

  /// Emits `pooling` and returns its call.
  mutating func emit(_ pooling: Pooling, _ share: Share? = nil) -> EmittedCall {
    var pointers = [PointerParameter(name: "x", scalar: .float, isWritten: false)]
    var arguments = [EmittedCall.Argument.pointer(pooling.input, .float, isWritten: false)]
    if let second = pooling.second {
      pointers.append(PointerParameter(name: "v", scalar: .float, isWritten: false))
      arguments.append(.pointer(second, .float, isWritten: false))
    }
    pointers.append(PointerParameter(name: "y", scalar: .float, isWritten: true))
    arguments.append(.pointer(pooling.output, .float, isWritten: true))
    var writer = SourceWriter()
    writer.line("/// \(pooling.summary)")
    writer.function(
      "fileprivate func \(Self.placeholder)",
      (share == nil ? [] : [Share.parameter]) + pointers.map(\.declaration)
    ) { body in
      let planes = pooling.images * pooling.channels
      let range = share.map { "\($0.bounds.lower)..<\($0.bounds.upper)" } ?? "0..<\(planes)"
      body.block("for plane in \(range) {") { body in
        if pooling.pool.role == .largest {
          emitLargest(pooling, &body)
        } else {
          emitChosen(pooling, &body)
        }
      }
    }
    return EmittedCall(
      function: function("pool", writer),
      arguments: (share.map { [$0.argument] } ?? []) + arguments, takesSteps: false)
  }

  /// Appends the pooling of a channel of an image, along whose columns vectors run.
  private mutating func emitLargest(_ pooling: Pooling, _ writer: inout SourceWriter) {
    use(.maximum)
    let (height, width) = (pooling.size[0], pooling.size[1])
    let (rows, columns) = (pooling.places[0], pooling.places[1])
    let (size, stride) = (pooling.pool.size, pooling.pool.stride)
    writer.block("for row in 0..<\(rows) {") { writer in
      let x = [("plane", height * width), ("row", stride * width)]
      writer.line("let x = \(pointer("x", x))")
      writer.line("let y = \(pointer("y", [("plane", rows * columns), ("row", columns)]))")
      emitChunks(columns, &writer) { emitter, writer, k, lanes in
        let first = emitter.load(pointer("x", [(k, stride)]), .float, stride: stride, lanes)
        writer.line("var largest = \(first)")
        writer.block("for place in 1..<\(max(1, size * size)) {") { writer in
          writer.line("let (i, j) = (place / \(size), place % \(size))")
          let place = pointer("x", [("i", width), ("j", 1), (k, stride)])
          let value = emitter.load(place, .float, stride: stride, lanes)
          writer.line("largest = maximum(largest, \(value))")
        }
        writer.line(
          emitter.store("largest", pointer("y", [(k, 1)]), .float, stride: 1, lanes))
      }
    }
  }

  /// Appends the search for the largest elements of a channel of an image, and what is done there.
  private func emitChosen(_ pooling: Pooling, _ writer: inout SourceWriter) {
    let (height, width) = (pooling.size[0], pooling.size[1])
    let (rows, columns) = (pooling.places[0], pooling.places[1])
    let (size, stride) = (pooling.pool.size, pooling.pool.stride)
    let isGradient = pooling.pool.role == .gradient
    let (whole, small) = (height * width, rows * columns)
    writer.line("let x = \(pointer("x", [("plane", whole)]))")
    writer.line("let v = \(pointer("v", [("plane", isGradient ? small : whole)]))")
    writer.line("let y = \(pointer("y", [("plane", isGradient ? whole : small)]))")
    if isGradient { writer.line("y.update(repeating: 0, count: \(whole))") }
    writer.block("for row in 0..<\(rows) {") { writer in
      writer.block("for column in 0..<\(columns) {") { writer in
        let corner = sum([("row", stride * width), ("column", stride)])
        writer.line("let corner = \(corner)")
        writer.line("var (best, chosen) = (x[corner], corner)")
        writer.block("for place in 1..<\(max(1, size * size)) {") { writer in
          let offset = "place / \(size) &* \(width) &+ place % \(size)"
          writer.line("let next = corner &+ \(offset)")
          writer.line("let value = x[next]")
          writer.comment("NaN counts as the largest.")
          writer.block("if value > best || (value.isNaN && !best.isNaN) {") {
            $0.line("(best, chosen) = (value, next)")
          }
        }
        let result = sum([("row", columns), ("column", 1)])
        writer.line(
          isGradient ? "y[chosen] += v[\(result)]" : "y[\(result)] = v[chosen]")
      }
    }
  }

}

extension Pooling {

  /// What the kernel does, as a sentence.
  fileprivate var summary: String {
    switch pool.role {
    case .largest: "The largest element of each window of images."
    case .gradient: "The gradient of the largest elements of windows of images."
    case .chosen: "What stands at the places of the largest elements of windows of images."
    }
  }

}

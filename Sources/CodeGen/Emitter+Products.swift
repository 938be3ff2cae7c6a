import Planning

/// The words that the functions of one product share.
struct ProductText {

  var pointers: [PointerParameter] = []
  var arguments: [EmittedCall.Argument] = []

  /// The positions of pointers of each kind.
  var parts: [(a: String, w: String)] = []
  var lookups: [(index: String, table: String)] = []
  var bias: String?
  var start: String?
  var inputs: [String] = []
  var outputs: [String] = []

  /// Adds a pointer to `place` and returns its name.
  mutating func add(_ name: String, _ place: Place, _ scalar: Scalar32, isWritten: Bool) -> String {
    pointers.append(PointerParameter(name: name, scalar: scalar, isWritten: isWritten))
    arguments.append(.pointer(place, scalar, isWritten: isWritten))
    return name
  }

  init(_ product: Product) {
    for (i, part) in product.parts.enumerated() {
      let a = add("a\(i)", part.place, .float, isWritten: false)
      parts.append((a, add("w\(i)", part.weight, .float, isWritten: false)))
    }
    for (i, lookup) in product.lookups.enumerated() {
      let index = add("ids\(i)", lookup.index, .integer, isWritten: false)
      lookups.append((index, add("table\(i)", lookup.table, .float, isWritten: false)))
    }
    bias = product.bias.map { add("bias", $0, .float, isWritten: false) }
    start = product.start.map { add("start", $0.place, .float, isWritten: false) }
    for (i, x) in product.program.inputs.enumerated() {
      inputs.append(add("x\(i)", x.place, x.scalar, isWritten: false))
    }
    for (i, y) in product.program.outputs.enumerated() {
      outputs.append(add("y\(i)", y.operand.place, y.operand.scalar, isWritten: true))
    }
  }

  var declarations: [String] { pointers.map(\.declaration) }
  var names: [String] { pointers.map(\.name) }

}

extension Product {

  /// `true` iff a tile has to know the run-time count of steps.
  var takesStepsInTiles: Bool { parts.contains { $0.depth.isCounted } }

  /// `true` iff the sums have no terms.
  var isZero: Bool {
    bias == nil && start == nil && lookups.isEmpty && parts.allSatisfy { $0.depth == .fixed(0) }
  }

}

extension Emitter {

  /// Emits `product` and returns its call.
  mutating func emit(_ product: Product, _ share: Share? = nil) -> EmittedCall {
    let text = ProductText(product)
    var heights: [(rows: Int, function: String)] = []
    let finish = emitFinish(product, text)
    for rows in tileHeights(product) {
      heights.append((rows, emitTile(product, rows: rows, text, finish: finish)))
    }
    let isCounted = product.rows.isCounted || product.takesStepsInTiles
    let parameters =
      (isCounted ? ["_ steps: Int"] : []) + (share == nil ? [] : [Share.parameter])
      + text.declarations
    var writer = SourceWriter()
    let columns =
      product.segments == 1 ? "\(product.units)" : "\(product.segments) times \(product.units)"
    writer.line("/// A product of \(columns) columns, by panels of columns and tiles of rows.")
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let panels = share?.axis == .columns ? "grains" : "0..<\(product.panels(lanes: lanes))"
      body.block("for \(heights.isEmpty ? "_" : "panel") in \(panels) {") { body in
        emitRows(product, heights, text, isDivided: share?.axis == .rows, &body)
      }
    }
    return EmittedCall(
      function: function("product", writer),
      arguments: (share.map { [$0.argument] } ?? []) + text.arguments, takesSteps: isCounted)
  }

  /// Returns the numbers of rows for which tiles are needed, the largest first.
  private func tileHeights(_ product: Product) -> [Int] {
    let full = product.tile.rows
    switch product.rows {
    case .fixed(let n):
      let rest = n % full
      return (n >= full ? [full] : []) + (rest > 0 ? [rest] : [])
    case .steps(let n):
      return n % full == 0 || full == 1 ? [full] : [full, 1]
    }
  }

  /// Appends the calls for the rows of a panel.
  private func emitRows(
    _ product: Product, _ heights: [(rows: Int, function: String)], _ text: ProductText,
    isDivided: Bool, _ writer: inout SourceWriter
  ) {
    let names = (product.takesStepsInTiles ? ["steps"] : []) + text.names
    switch product.rows {
    case .fixed(let n):
      var first = 0
      for (rows, function) in heights {
        let count = (n - first) / rows
        if isDivided {
          // A grain is a tile; the last one may be lower.
          if first == 0 {
            let isAll = count * rows == n
            let range = isAll ? "grains" : "grains.clamped(to: 0..<\(count))"
            writer.block("for tile in \(range) {") {
              $0.list("\(function)(", ["tile &* \(rows)", "panel"] + names, ")")
            }
          } else {
            writer.block("if grains.contains(\(first / product.tile.rows)) {") {
              $0.list("\(function)(", ["\(first)", "panel"] + names, ")")
            }
          }
        } else if count > 1 {
          writer.block("for tile in 0..<\(count) {") {
            let row = first == 0 ? "tile &* \(rows)" : "\(first) &+ tile &* \(rows)"
            $0.list("\(function)(", [row, "panel"] + names, ")")
          }
        } else {
          writer.list("\(function)(", ["\(first)", "panel"] + names, ")")
        }
        first += count * rows
      }
    case .steps:
      writer.line("let n = \(product.rows.expression)")
      writer.line("var row = 0")
      for (rows, function) in heights {
        writer.block(rows == 1 ? "while row < n {" : "while row &+ \(rows) <= n {") {
          $0.list("\(function)(", ["row", "panel"] + names, ")")
          $0.line("row &+= \(rows)")
        }
      }
    }
  }

  /// Appends what the sums of a tile start with.
  mutating func emitStart(
    _ product: Product, _ shape: TileShape, _ text: ProductText, _ writer: inout SourceWriter
  ) {
    let vectors = product.tile.vectors
    let width = vectors * lanes
    if let bias = text.bias {
      writer.line(
        "let b = \(pointer(bias, [("panel", product.segments * width)]))")
    }
    for r in 0..<shape.rows {
      let row = r == 0 ? "row" : "(row &+ \(r))"
      for (i, (lookup, names)) in zip(product.lookups, text.lookups).enumerated() {
        let fed = lookup.segments.count * width
        let stride = product.panels(lanes: lanes) * fed
        let index = sum([(row, lookup.indexStride)])
        writer.line(
          "let t\(i)_\(r) = \(names.table) + (Int(\(names.index)[\(index)]) &* \(stride) "
            + "&+ panel &* \(fed))")
      }
      if let start = product.start, let name = text.start {
        writer.line(
          "let s_\(r) = \(pointer(name, [(row, start.rowStride), ("panel", width)]))")
      }
      let starts = (0..<shape.vectors).compactMap { k -> (variable: String, value: String)? in
        let terms = startTerms(product, text, row: r, vector: k)
        guard var value = terms.first else { return nil }
        for term in terms.dropFirst() {
          use(.add)
          value = "add(\(value), \(term))"
        }
        return ("c.c\(r)_\(k)", value)
      }
      Self.assign(starts, &writer)
    }
  }

  /// Returns the Swift expressions of what the sum of vector `k` in row `r` starts with.
  private mutating func startTerms(
    _ product: Product, _ text: ProductText, row r: Int, vector k: Int
  ) -> [String] {
    let vectors = product.tile.vectors
    let (segment, v) = (k / vectors, k % vectors)
    func place(_ name: String, _ offset: Int) -> String {
      offset == 0 ? name : "\(name) + \(offset)"
    }
    var terms: [String] = []
    if text.bias != nil { terms.append("load(\(place("b", k * lanes)))") }
    for (i, lookup) in product.lookups.enumerated() where lookup.segments.contains(segment) {
      let first = lookup.segments.lowerBound * vectors
      terms.append("load(\(place("t\(i)_\(r)", (k - first) * lanes)))")
    }
    if let start = product.start {
      let offset = segment * start.segmentStride + v * lanes
      terms.append(load(place("s_\(r)", offset), .float, stride: 1, lanes(product, v)))
    }
    return terms
  }

  /// Returns which lanes of vector `v` of a panel count.
  private func lanes(_ product: Product, _ v: Int) -> Lanes {
    let width = product.tile.vectors * lanes
    if product.units % width == 0 { return .all }
    return .upTo("\(product.units - v * lanes) &- panel &* \(width)")
  }

  /// Emits the function that finishes one vector of units and returns its name.
  private mutating func emitFinish(_ product: Product, _ text: ProductText) -> String {
    let program = emit(product.program)
    let isWhole = product.units % (product.tile.vectors * lanes) == 0
    let lanes = isWhole ? Lanes.all : .upTo("\(product.units) &- unit")
    let used = program.inputs.compactMap { instruction -> Int? in
      guard case .accumulator(let s) = instruction else { return nil }
      return s
    }
    let sums = (0..<product.segments).map { "_ \(used.contains($0) ? "c\($0)" : "_"): Vector" }
    let operands = text.pointers.suffix(text.inputs.count + text.outputs.count)
    let parameters = ["_ row: Int", "_ unit: Int"] + sums + operands.map(\.declaration)
    var writer = SourceWriter()
    writer.line("/// What follows on the sums of one vector of units.")
    writer.line("@inline(__always)")
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let inputs = program.inputs.map { instruction -> String in
        switch instruction {
        case .accumulator(let s): return "c\(s)"
        case .input(let i):
          let x = product.program.inputs[i]
          return load(
            pointer("x\(i)", [("row", x.strides[0]), ("unit", x.strides[1])]), x.scalar,
            stride: x.strides[1], x.strides[1] == 0 ? .all : lanes)
        case .number, .unary, .binary, .compare, .select, .convert:
          preconditionFailure("a program reads tensors and sums")
        }
      }
      let outputs = product.program.outputs.enumerated().map { k, y in
        StoreTarget(
          pointer: pointer(
            "y\(k)", [("row", y.operand.strides[0]), ("unit", y.operand.strides[1])]),
          scalar: y.operand.scalar, stride: y.operand.strides[1])
      }
      emitApplication(program, inputs, outputs, lanes, &body)
    }
    return function("finish", writer)
  }

  /// Emits `batched` and returns its call.
  mutating func emit(_ batched: Batched) -> EmittedCall {
    let pack = emit(batched.pack)
    let product = emit(batched.product)
    let isCounted = batched.batches.contains(where: \.isCounted) || product.takesSteps
    // The pointers that move: the source of the packing, and the two tensors of the product.
    let pointers = [
      PointerParameter(name: "a", scalar: .float, isWritten: false),
      PointerParameter(name: "b", scalar: .float, isWritten: false),
      PointerParameter(name: "y", scalar: .float, isWritten: true),
    ]
    let packed = PointerParameter(name: "packed", scalar: .float, isWritten: true)
    let parameters =
      (isCounted ? ["_ steps: Int"] : []) + (pointers + [packed]).map(\.declaration)
    var writer = SourceWriter()
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      let loops = batched.batches == [.fixed(1)] ? [] : batched.batches
      emitLoops(loops, pointers, loops.isEmpty ? [[], [], []] : batched.strides, &body) { body in
        body.list("\(pack.function)(", texts(pack, ["b", "packed"]), ")")
        body.list("\(product.function)(", texts(product, ["a", "packed", "y"]), ")")
      }
    }
    guard let a = batched.product.parts.first, let y = batched.product.program.outputs.first else {
      preconditionFailure("a batched product has one part and one result")
    }
    return EmittedCall(
      function: function("batched", writer),
      arguments: [
        .pointer(a.place, .float, isWritten: false),
        .pointer(batched.pack.source, .float, isWritten: false),
        .pointer(y.operand.place, .float, isWritten: true),
        .pointer(batched.pack.output, .float, isWritten: true),
      ], takesSteps: isCounted)
  }

  /// Returns the arguments of `call` with its pointers, in order, replaced by `pointers`.
  private func texts(_ call: EmittedCall, _ pointers: [String]) -> [String] {
    var rest = pointers[...]
    let own = call.texts { _, _ in rest.popFirst() ?? "" }
    return (call.takesSteps ? ["steps"] : []) + own
  }

}

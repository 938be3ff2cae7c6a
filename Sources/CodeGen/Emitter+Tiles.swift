import Planning

// Tiles: the sums of a product that are kept in registers.
extension Emitter {

  /// Emits the function that forms the sums of one tile and hands them to `finish`.
  mutating func emitTile(
    _ product: Product, rows: Int, _ text: ProductText, finish: String
  ) -> String {
    let shape = TileShape(rows: rows, vectors: product.tile.vectors * product.segments)
    use(shape)
    use(.load)
    var writer = SourceWriter()
    writer.line("/// A tile of a product: what its sums start with, their parts, what follows.")
    let takesSteps = product.takesStepsInTiles
    let parameters =
      ["_ row: Int", "_ panel: Int"] + (takesSteps ? ["_ steps: Int"] : []) + text.declarations
    writer.function("fileprivate func \(Self.placeholder)", parameters) { body in
      body.line("\(product.isZero ? "let" : "var") c = \(shape.name)()")
      emitStart(product, shape, text, &body)
      let sums = emitParts(product, text, shape, &body)
      let width = product.tile.vectors * lanes
      body.line("let unit = panel &* \(width)")
      for r in 0..<rows {
        for v in 0..<product.tile.vectors {
          let vectors = (0..<product.segments).map { s in
            "\(sums).c\(r)_\(s * product.tile.vectors + v)"
          }
          let place = [
            r == 0 ? "row" : "row &+ \(r)", v == 0 ? "unit" : "unit &+ \(v * lanes)",
          ]
          body.list("\(finish)(", place + vectors + text.inputs + text.outputs, ")")
        }
      }
    }
    return function("tile", writer)
  }

  /// Appends the products of all parts, in groups of terms, and returns the name of the tile that
  /// holds their sums.
  private mutating func emitParts(
    _ product: Product, _ text: ProductText, _ shape: TileShape, _ writer: inout SourceWriter
  ) -> String {
    let group = Summation.productGroup
    // Whether `sums` holds groups that are done, and the terms in `c`, if that begins another one.
    var hasSums = false
    var hasErrors = false
    var terms: Int? = 0
    func closeGroup(_ writer: inout SourceWriter) {
      if terms == nil { return }
      if hasSums { use(shape, folding: .plain) }
      writer.line(hasSums ? "fold(c, into: &sums)" : "var sums = c")
      (hasSums, terms) = (true, nil)
    }
    for (i, (part, names)) in zip(product.parts, text.parts).enumerated() {
      let v = product.tile.vectors
      let range = part.segments.lowerBound * v..<part.segments.upperBound * v
      func add(_ first: String, _ count: String, _ writer: inout SourceWriter) {
        emitPart(product, part, names, shape, range, first, count, &writer)
      }
      if part.room > Summation.shortPart || part.depth.isCounted {
        closeGroup(&writer)
        if !hasErrors { writer.line("var errors = \(shape.name)()") }
        hasErrors = true
        emitLongPart(part, "depth\(i)", shape, &writer) { emitter, first, count, writer in
          let depth = part.depth == .fixed(part.room) ? "depth\(i)" : nil
          emitter.emitPart(
            product, part, names, shape, range, first, count, depth: depth, &writer)
        }
        continue
      }
      // A part begins with what fills the group, unless it fits into the next.
      if part.room <= group, (terms ?? 0) + part.room > group { closeGroup(&writer) }
      var first = 0
      while first < part.room {
        if terms == group { closeGroup(&writer) }
        let whole = (part.room - first) / group
        if terms == nil, whole > 1 {
          let end = first + whole * group
          use(shape, folding: .plain)
          writer.block("for k in stride(from: \(first), to: \(end), by: \(group)) {") { writer in
            writer.line("c = \(shape.name)()")
            add("k", "\(group)", &writer)
            writer.line("fold(c, into: &sums)")
          }
          first = end
          continue
        }
        if terms == nil { writer.line("c = \(shape.name)()") }
        let count = min(group - (terms ?? 0), part.room - first)
        add("\(first)", "\(count)", &writer)
        (first, terms) = (first + count, (terms ?? 0) + count)
      }
    }
    if hasSums { closeGroup(&writer) }
    return hasSums ? "sums" : "c"
  }

  /// Appends the addition of a long part to `sums`, by blocks of groups; the number of its
  /// terms is called `depth`, and `add` appends the addition of some to `c`.
  private mutating func emitLongPart(
    _ part: Product.Part, _ depth: String, _ shape: TileShape, _ writer: inout SourceWriter,
    _ add: (inout Emitter, String, String, inout SourceWriter) -> Void
  ) {
    use(shape, folding: .plain)
    use(shape, folding: .compensated)
    let (block, group) = (Summation.productBlock, Summation.productGroup)
    writer.line("let \(depth) = \(part.depth.expression)")
    writer.block("for block in stride(from: 0, to: \(depth), by: \(block)) {") { writer in
      writer.line("let end = min(block &+ \(block), \(depth))")
      writer.line("var part = \(shape.name)()")
      writer.block("for k in stride(from: block, to: end, by: \(group)) {") { writer in
        writer.line("c = \(shape.name)()")
        add(&self, "k", "min(\(group), end &- k)", &writer)
        writer.line("fold(c, into: &part)")
      }
      writer.line("fold(part, into: &sums, &errors)")
    }
  }

  /// Appends the product of `count` terms of `part`, which feeds the vectors in `range`, from
  /// `first` on; a panel of its weight has `depth` rows, if that is a variable.
  private mutating func emitPart(
    _ product: Product, _ part: Product.Part, _ names: (a: String, w: String), _ shape: TileShape,
    _ range: Range<Int>, _ first: String, _ count: String, depth: String? = nil,
    _ writer: inout SourceWriter
  ) {
    use(shape, adding: range)
    use(.multiplyAdd)
    use(.splat)
    let width = range.count * lanes
    let panel =
      depth.map { [("(panel &* \($0) &+ \(first))", width)] }
      ?? [("panel", part.room * width), (first, width)]
    let method =
      range.count == shape.vectors ? "add" : "add\(range.lowerBound)to\(range.upperBound)"
    writer.list(
      "c.\(method)(",
      [
        pointer(names.a, [("row", part.rowStride), (first, part.depthStride)]),
        "\(part.rowStride)", "\(part.depthStride)",
        pointer(names.w, panel), count,
      ], ")")
  }

  /// Returns the text of the type of tiles of `shape`, which adds products to the vectors in
  /// `ranges`.
  func tileText(_ shape: TileShape, _ ranges: Set<Range<Int>>) -> SourceWriter {
    var writer = SourceWriter()
    writer.line("/// Sums of products for \(shape.rows) rows and \(shape.vectors) vectors.")
    writer.block("fileprivate struct \(shape.name) {") { body in
      body.line("")
      for r in 0..<shape.rows {
        var v = 0
        while v < shape.vectors {
          let end = min(v + 4, shape.vectors)
          let names = (v..<end).map { "c\(r)_\($0)" }.joined(separator: ", ")
          let zeros = (v..<end).map { _ in "Vector()" }.joined(separator: ", ")
          body.line(end - v == 1 ? "var \(names) = \(zeros)" : "var (\(names)) = (\(zeros))")
          v = end
        }
      }
      let ordered = ranges.sorted {
        ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
      }
      for range in ordered {
        body.line("")
        emitAddition(shape, range, &body)
      }
      body.line("")
    }
    for fold in TileFold.allCases where folds[shape]?.contains(fold) == true {
      writer.gap()
      emitFold(shape, fold, &writer)
    }
    return writer
  }

  /// Appends the function that adds the sums of a tile to those of another one.
  private func emitFold(_ shape: TileShape, _ fold: TileFold, _ writer: inout SourceWriter) {
    let errors = fold == .plain ? [] : ["_ errors: inout \(shape.name)"]
    writer.line("/// Adds the sums in `c` to `sums`.")
    writer.line("@inline(__always)")
    writer.function(
      "fileprivate func fold",
      ["_ c: \(shape.name)", "into sums: inout \(shape.name)"] + errors
    ) { body in
      for r in 0..<shape.rows {
        let names = (0..<shape.vectors).map { "c\(r)_\($0)" }
        if fold == .compensated {
          for c in names { body.line("accumulate(c.\(c), &sums.\(c), &errors.\(c))") }
        } else {
          Self.assign(names.map { ("sums.\($0)", "add(sums.\($0), c.\($0))") }, &body)
        }
      }
    }
  }

  /// Appends assignments of `values` to variables, two a line.
  static func assign(
    _ values: [(variable: String, value: String)], _ writer: inout SourceWriter
  ) {
    for i in stride(from: 0, to: values.count, by: 2) {
      let pair = values[i..<min(i + 2, values.count)]
      let (variables, values) = (pair.map(\.variable), pair.map(\.value))
      if pair.count == 1 {
        writer.line("\(variables[0]) = \(values[0])")
      } else {
        writer.line("(\(variables.joined(separator: ", "))) = (\(values.joined(separator: ", ")))")
      }
    }
  }

  private func emitAddition(
    _ shape: TileShape, _ range: Range<Int>, _ writer: inout SourceWriter
  ) {
    let isWhole = range.count == shape.vectors
    let name = isWhole ? "add" : "add\(range.lowerBound)to\(range.upperBound)"
    writer.line("/// Adds rows of `count` elements at `a` times a panel at `w`.")
    writer.line("///")
    writer.line("/// Rows are `stride` elements apart, and neighbours in a row `step`.")
    writer.line("@inline(__always)")
    let parameters = [
      "_ a: UnsafePointer<Float>", "_ stride: Int", "_ step: Int", "_ w: UnsafePointer<Float>",
      "_ count: Int",
    ]
    writer.function("mutating func \(name)", parameters) { body in
      body.line("var (a, w) = (a, w)")
      body.block("for _ in 0..<count {") { body in
        let places = range.map { v in
          v == range.lowerBound ? "w" : "w + \((v - range.lowerBound) * lanes)"
        }
        let areLoadedOnce = shape.rows > 1
        if areLoadedOnce {
          for (v, place) in zip(range, places) { body.line("let w\(v) = load(\(place))") }
        }
        for r in 0..<shape.rows {
          let element = r == 0 ? "a[0]" : r == 1 ? "a[stride]" : "a[\(r) &* stride]"
          body.line("let a\(r) = splat(\(element))")
          for (v, place) in zip(range, places) {
            let factor = areLoadedOnce ? "w\(v)" : "load(\(place))"
            body.line("c\(r)_\(v) = multiplyAdd(a\(r), \(factor), c\(r)_\(v))")
          }
        }
        body.line("a += step")
        body.line("w += \(range.count * lanes)")
      }
    }
  }

}

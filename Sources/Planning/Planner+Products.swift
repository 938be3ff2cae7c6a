import IR

/// How the columns of a product's result are divided.
private struct Segmentation {

  var units: Int
  var segments: Int

}

extension GraphPlanner {

  /// Plans `members`, a linear node and what is fused with it, as one kernel, or a linear node
  /// alone as several; `false` if their shapes do not allow it.
  mutating func planProduct(_ members: [ID<Node>]) -> Bool {
    guard
      let root = members.first(where: { id in
        if case .linear = graph[id].op { return true }
        return false
      }), case .linear(let linear) = graph[root].op
    else { return false }
    guard let division = division(of: root, linear, members) else {
      if members.count > 1 { return false }
      planColumns(of: root, linear)
      return true
    }
    let type = graph[root].results[0].type
    let leading = Array(type.shape.dropLast())
    let space = sizes(TensorType(.f32, leading)) + [division.units]
    for id in members where id != root && !isSegment(id, of: root) {
      if sizes(graph[id].results[0].type) != space { return false }
    }
    let uneven = makeEven(members, root, space)
    defer { values.merge(uneven) { $1 } }
    let rows = product(counts(leading))
    let tile = Tile.best(
      rows: rows, units: division.units, segments: division.segments, machine: machine)
    var kernel = Product(
      rows: rows, units: division.units, segments: division.segments, tile: tile, parts: [],
      lookups: [], bias: nil, start: nil, program: Program())
    addParts(of: root, linear, 0..<division.units * division.segments, to: &kernel)
    addStart(of: root, linear, 0, to: &kernel)
    kernel.program = epilogue(members, root, division, space)
    emit(.product(kernel))
    return true
  }

  /// Plans node `root` as a kernel for each range of columns that its parts feed whole or not at
  /// all.
  private mutating func planColumns(of root: ID<Node>, _ linear: Linear) {
    let type = graph[root].results[0].type
    let leading = Array(type.shape.dropLast())
    let rows = product(counts(leading))
    let views = storage(for: Value(root), where: { Self.rowStride($0.strides, $0.shape) != nil })
    for range in ranges(of: linear, columns: sizes(type)[type.shape.count - 1]) {
      let tile = Tile.best(rows: rows, units: range.count, segments: 1, machine: machine)
      var kernel = Product(
        rows: rows, units: range.count, segments: 1, tile: tile, parts: [], lookups: [], bias: nil,
        start: nil, program: Program(instructions: [.accumulator(segment: 0)]))
      addParts(of: root, linear, range, to: &kernel)
      addStart(of: root, linear, range.lowerBound, to: &kernel)
      for view in views {
        let part = view.slice(axis: view.shape.count - 1, range)
        kernel.program.outputs.append(
          Program.Output(instruction: 0, operand: rowOperand(part, part.strides, part.shape)))
      }
      emit(.product(kernel))
    }
  }

  /// Returns the widest ranges of `columns` columns that each part of `linear` feeds whole or not
  /// at all, in order.
  private func ranges(of linear: Linear, columns: Int) -> [Range<Int>] {
    let parts = linear.parts.compactMap(\.columns)
    let bounds = Set(parts.flatMap { [value($0.lower), value($0.upper)] } + [0, columns]).sorted()
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }

  /// `true` iff node `id` is a range of the columns of node `root`.
  private func isSegment(_ id: ID<Node>, of root: ID<Node>) -> Bool {
    guard case .slice(let axis, _, _) = graph[id].op else { return false }
    return graph[id].operands[0] == Value(root)
      && axis == graph[root].results[0].type.shape.count - 1
  }

  /// Returns how the columns of node `root` are divided, or `nil` if `members` divide them
  /// unevenly, or a part would feed a segment in part: zeros in its place are not left out where
  /// what they are multiplied with is infinite.
  private func division(
    of root: ID<Node>, _ linear: Linear, _ members: [ID<Node>]
  ) -> Segmentation? {
    let type = graph[root].results[0].type
    let columns = sizes(type)[type.shape.count - 1]
    let slices = members.filter { isSegment($0, of: root) }
    if slices.isEmpty {
      let units = widestSegment(of: linear, columns)
      let segments = units == 0 ? 1 : columns / units
      // What is fused follows on whole rows.
      return segments > (members.count == 1 ? machine.mostSegments : 1)
        ? nil : Segmentation(units: units, segments: max(1, segments))
    }
    var units: Int?
    for id in slices {
      guard case .slice(_, let lower, let upper) = graph[id].op else { continue }
      let (from, to) = (value(lower), value(upper))
      guard to > from, units == nil || units == to - from, from % (to - from) == 0 else {
        return nil
      }
      units = to - from
    }
    guard let units, columns % units == 0, columns / units <= machine.mostSegments,
      widestSegment(of: linear, columns) % units == 0
    else { return nil }
    let usesRoot = members.contains { id in
      id != root && !isSegment(id, of: root) && graph[id].operands.contains(Value(root))
    }
    return usesRoot ? nil : Segmentation(units: units, segments: columns / units)
  }

  /// Returns the width of the widest segments of `columns` columns that no part of `linear` feeds
  /// in part.
  private func widestSegment(of linear: Linear, _ columns: Int) -> Int {
    linear.parts.compactMap(\.columns).reduce(columns) { units, range in
      gcd(gcd(units, value(range.lower)), value(range.upper))
    }
  }

  private func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }

  /// Copies the tensors that the epilogue reads and that do not walk evenly over the rows of
  /// `space`, and returns what they were.
  private mutating func makeEven(
    _ members: [ID<Node>], _ root: ID<Node>, _ space: [Int]
  ) -> [Value: Held] {
    var result: [Value: Held] = [:]
    for id in members where id != root && !isSegment(id, of: root) {
      for v in graph[id].operands where !members.contains(v.node) && result[v] == nil {
        guard case .tensor(let view) = held(v),
          Self.rowStride(view.strides(broadcastTo: space), space) == nil
        else { continue }
        result[v] = .tensor(view)
        let copy = newTensor("rows", shape: space, scalar: view.scalar)
        self.copy(view, to: copy, counts: counts(graph[id].results[0].type.shape))
        values[v] = .tensor(copy)
      }
    }
    return result
  }

  /// Returns the elements between rows of a tensor with `strides` over `space`, whose last axis is
  /// that within rows, or `nil` if they are not the same everywhere.
  static func rowStride(_ strides: [Int], _ space: [Int]) -> Int? {
    var stride: Int?
    var extent = 1
    for i in space.indices.dropLast().reversed() where space[i] != 1 {
      if let stride, strides[i] != stride * extent { return nil }
      stride = stride ?? strides[i]
      extent *= space[i]
    }
    return stride ?? 0
  }

  /// Returns `v` as rows that walk evenly, of adjacent elements if they are to be loaded as
  /// vectors; copied if need be.
  private mutating func rows(_ v: Value, isVector: Bool) -> (view: View, stride: Int) {
    var view = view(v)
    let last = view.strides.count - 1
    if let stride = Self.rowStride(view.strides, view.shape),
      !isVector || view.strides[last] == 1 || view.shape[last] == 1
    {
      return (view, stride)
    }
    let copy = newTensor("rows", shape: view.shape, scalar: view.scalar)
    self.copy(view, to: copy, counts: counts(graph.type(of: v).denseShape))
    view = copy
    return (view, Self.rowStride(view.strides, view.shape) ?? 0)
  }

  /// Adds the parts, and the bias, of node `root` to `kernel`, which computes the columns `range`.
  private mutating func addParts(
    of root: ID<Node>, _ linear: Linear, _ range: Range<Int>, to kernel: inout Product
  ) {
    let width = sizes(graph[root].results[0].type).last ?? 0
    let operands = graph[root].operands
    var bias = linear.biasOperand.map { operands[$0] }
    var start = 0
    for (i, part) in linear.parts.enumerated() {
      let v = operands[i]
      let depth = sizes(graph.type(of: v).dense).last ?? 0
      let weight = operands[linear.hasWeightPerPart ? linear.parts.count + i : linear.parts.count]
      let terms = linear.hasWeightPerPart ? 0..<depth : start..<start + depth
      start += depth
      let columns = part.columns.map { value($0.lower)..<value($0.upper) } ?? 0..<width
      let fed = columns.clamped(to: range)
      if fed.isEmpty, !range.isEmpty { continue }
      let (lower, upper) = (fed.lowerBound - range.lowerBound, fed.upperBound - range.lowerBound)
      let segments = lower / max(1, kernel.units)..<upper / max(1, kernel.units)
      let spec = PackSpec(
        weight: weight, rows: terms, columns: shifted(columns, range), segments: segments,
        units: kernel.units, vectors: kernel.tile.vectors)
      if case .oneHot(let index, _) = held(v) {
        let stride = evenIndex(index, v)
        let takesBias = bias != nil && segments == 0..<kernel.segments && range == 0..<width
        let table = pack(spec, as: .table(bias: takesBias ? bias : nil))
        if takesBias { bias = nil }
        kernel.lookups.append(
          Product.Lookup(
            index: stride.place, indexStride: stride.stride, table: table, segments: segments))
      } else {
        let (view, stride) = rows(v, isVector: false)
        let weight = pack(spec, as: .panels)
        kernel.parts.append(
          Product.Part(
            place: view.place, rowStride: stride, depthStride: view.strides.last ?? 1,
            depth: .fixed(depth), room: depth, weight: weight, segments: segments))
      }
    }
    if let bias {
      let spec = PackSpec(
        weight: bias, rows: 0..<1, columns: shifted(0..<width, range),
        segments: 0..<kernel.segments, units: kernel.units, vectors: kernel.tile.vectors)
      kernel.bias = pack(spec, as: .table(bias: nil))
    }
  }

  /// Returns `columns` counted from the start of `range`.
  private func shifted(_ columns: Range<Int>, _ range: Range<Int>) -> Range<Int> {
    columns.lowerBound - range.lowerBound..<columns.upperBound - range.lowerBound
  }

  /// Returns indices that walk evenly over rows, copied if need be.
  private mutating func evenIndex(_ index: View, _ v: Value) -> (place: Place, stride: Int) {
    if let stride = Self.rowStride(index.strides + [1], index.shape + [1]) {
      return (index.place, stride)
    }
    let copy = newTensor("indices", shape: index.shape, scalar: .integer)
    self.copy(index, to: copy, counts: counts(graph.type(of: v).shape))
    return (copy.place, 1)
  }

  private mutating func addStart(
    of root: ID<Node>, _ linear: Linear, _ column: Int, to kernel: inout Product
  ) {
    guard let i = linear.startOperand else { return }
    let (view, stride) = rows(graph[root].operands[i], isVector: true)
    var place = view.place
    place.offset += column
    kernel.start = Product.Start(place: place, rowStride: stride, segmentStride: kernel.units)
  }

  /// Returns the program behind the product that node `root` is.
  private mutating func epilogue(
    _ members: [ID<Node>], _ root: ID<Node>, _ division: Segmentation, _ space: [Int]
  ) -> Program {
    var builder = ProgramBuilder()
    var accumulators: [Int: Int] = [:]
    func accumulator(_ segment: Int, _ v: Value, _ builder: inout ProgramBuilder) -> Int {
      if let known = accumulators[segment] { return known }
      builder.append(.accumulator(segment: segment), for: v)
      accumulators[segment] = builder.instructions.count - 1
      return builder.instructions.count - 1
    }
    var outputs: [(Int, View)] = []
    if isStored(Value(root), by: members) {
      for view in storage(for: Value(root), where: { Self.rowStride($0.strides, $0.shape) != nil })
      {
        for s in 0..<division.segments {
          let part = view.slice(
            axis: view.shape.count - 1, s * division.units..<(s + 1) * division.units)
          outputs.append((accumulator(s, Value(root, s + 1), &builder), part))
        }
      }
    }
    for id in members {
      if id == root {
        if division.segments == 1 { _ = accumulator(0, Value(root), &builder) }
        if let first = accumulators[0], division.segments == 1 {
          builder.alias(Value(root), to: first)
        }
      } else if isSegment(id, of: root), case .slice(_, let lower, _) = graph[id].op {
        let i = accumulator(value(lower) / division.units, Value(id), &builder)
        builder.alias(Value(id), to: i)
      } else {
        append(id, to: &builder)
      }
      if id != root, isStored(Value(id), by: members) {
        let views = storage(for: Value(id), where: { Self.rowStride($0.strides, $0.shape) != nil })
        for view in views { outputs.append((builder[Value(id)] ?? 0, view)) }
      }
    }
    var program = Program(instructions: builder.instructions)
    for view in builder.inputs {
      program.inputs.append(rowOperand(view, view.strides(broadcastTo: space), space))
    }
    for (instruction, view) in outputs {
      program.outputs.append(
        Program.Output(
          instruction: instruction, operand: rowOperand(view, view.strides, view.shape)))
    }
    return program
  }

  private func rowOperand(_ view: View, _ strides: [Int], _ space: [Int]) -> Operand {
    guard let row = Self.rowStride(strides, space) else {
      preconditionFailure("the tensors of an epilogue walk evenly over rows")
    }
    return Operand(
      place: view.place, strides: [row, strides.last ?? 0], scalar: view.scalar)
  }

  /// Plans the product of two tensors with at least two axes; one with one-hot rows is the
  /// selection of rows.
  mutating func planMatmul(
    _ v: Value, _ node: Node, transposingLeft: Bool, transposingRight: Bool
  ) {
    var b = view(node.operands[1])
    let swap: (Int) -> [Int] = { n in Array(0..<n - 2) + [n - 1, n - 2] }
    if transposingRight { b = b.transposed(swap(b.shape.count)) }
    if !transposingLeft, b.shape.count == 2, case .oneHot(let index, _) = held(node.operands[0]) {
      planGather(v, node, of: b, at: index)
      return
    }
    var a = view(node.operands[0])
    if transposingLeft { a = a.transposed(swap(a.shape.count)) }
    let type = node.results[0].type
    var output = singleStorage(for: v)
    let target = output
    if output.strides[output.strides.count - 1] != 1 {
      output = newTensor(graph.name(of: v), shape: output.shape, scalar: .float)
    }
    let shape = output.shape
    let rank = shape.count
    let (rows, columns) = (counts(type.shape)[rank - 2], shape[rank - 1])
    let depth = b.shape[b.shape.count - 2]
    let tile = Tile.best(rows: rows, units: columns, segments: 1, machine: machine)
    let panel = tile.vectors * machine.lanes
    let packed = buffer("packed", count: depth * ((columns + panel - 1) / panel) * panel)
    let pack = Pack(
      layout: .panels, source: b.place, rowStride: b.strides[b.strides.count - 2],
      columnStride: b.strides[b.strides.count - 1], depth: .fixed(depth), room: depth,
      columns: 0..<columns,
      segments: 0..<1, units: columns, vectors: tile.vectors, output: Place(.buffer(packed)))
    var program = Program(instructions: [.accumulator(segment: 0)])
    program.outputs = [
      Program.Output(
        instruction: 0,
        operand: Operand(
          place: output.place, strides: [output.strides[rank - 2], 1], scalar: .float))
    ]
    let product = Product(
      rows: rows, units: columns, segments: 1, tile: tile,
      parts: [
        Product.Part(
          place: a.place, rowStride: a.strides[a.strides.count - 2],
          depthStride: a.strides[a.strides.count - 1], depth: .fixed(depth), room: depth,
          weight: Place(.buffer(packed)), segments: 0..<1)
      ], lookups: [], bias: nil, start: nil, program: program)
    let batch = Array(shape.dropLast(2))
    let strides = [a, b, output].map { view in
      View(
        view.place, shape: Array(view.shape.dropLast(2)), strides: Array(view.strides.dropLast(2)),
        scalar: .float
      ).strides(broadcastTo: batch)
    }
    let (loops, collapsed) = collapse(
      batch.isEmpty ? [.fixed(1)] : Array(counts(type.shape).dropLast(2)),
      batch.isEmpty ? [[0], [0], [0]] : strides)
    emit(.batched(Batched(batches: loops, strides: collapsed, pack: pack, product: product)))
    if target.place != output.place { copy(output, to: target, counts: counts(type.shape)) }
  }

}

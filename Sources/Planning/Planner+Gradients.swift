import IR

extension GraphPlanner {

  /// Plans the view of an operand in another shape.
  mutating func planBroadcast(_ v: Value, _ node: Node, to shape: [Int]) {
    let source = view(node.operands[0])
    values[v] = .tensor(
      View(
        source.place, shape: shape, strides: source.strides(broadcastTo: shape),
        scalar: source.scalar))
  }

  /// Plans a loss of logits and labels, or its gradient.
  mutating func planCrossEntropy(_ v: Value, _ node: Node, isGradient: Bool) {
    let counts = counts(graph.type(of: node.operands[0]).denseShape)
    let logits = denseRows(view(node.operands[0]), counts, name: "logits")
    let leading = Array(counts.dropLast())
    let labels = denseRows(view(node.operands[1]), leading, name: "labels")
    var mask: Place?
    if node.operands.count > 2 {
      mask = denseRows(view(node.operands[2]), leading, name: "mask").place
    }
    let target = singleStorage(for: v)
    let output =
      target.isDense
      ? target : newTensor(graph.name(of: v), shape: target.shape, scalar: .float)
    emit(
      .crossEntropy(
        CrossEntropy(
          isGradient: isGradient, rows: product(leading), columns: logits.shape.last ?? 1,
          logits: logits.place, labels: labels.place, mask: mask, output: output.place)))
    if output.place != target.place {
      copy(output, to: target, counts: self.counts(node.results[0].type.shape))
    }
  }

  /// Plans the sum of outer products of rows.
  ///
  /// That is one product whose depth are the rows: the left factor is read across, the right one
  /// is packed. For one-hot rows it is a sum of the right rows by index.
  mutating func planWeightGradient(_ v: Value, _ node: Node) {
    let shape = graph.type(of: node.operands[1]).denseShape
    let leading = Array(counts(shape).dropLast())
    let right = view(node.operands[1])
    if case .oneHot(let index, let classes) = held(node.operands[0]) {
      planScatter(v, index, right, leading, sums: classes)
      return
    }
    let left = evenRows(view(node.operands[0]), leading + [.fixed(1)], name: "left")
    let even = evenRows(right, leading + [.fixed(1)], name: "right")
    let (rows, columns) = (left.shape.last ?? 1, even.shape.last ?? 1)
    let depth = product(leading)
    let room = even.shape.dropLast().reduce(1, *)
    let tile = Tile.best(rows: .fixed(rows), units: columns, segments: 1, machine: machine)
    let panel = tile.vectors * machine.lanes
    let packed = Place(
      .buffer(
        buffer(
          "packed", count: room * ((columns + panel - 1) / panel) * panel,
          isLong: isLong(shape))))
    let output = singleStorage(for: v)
    var program = Program(instructions: [.accumulator(segment: 0)])
    program.outputs = [
      Program.Output(
        instruction: 0,
        operand: Operand(place: output.place, strides: output.strides, scalar: .float))
    ]
    let pack = Pack(
      layout: .panels, source: even.place, rowStride: Self.rowStride(even.strides, even.shape) ?? 0,
      columnStride: even.strides.last ?? 1, depth: depth, room: room, columns: 0..<columns,
      segments: 0..<1, units: columns, vectors: tile.vectors, output: packed)
    let part = Product.Part(
      place: left.place, rowStride: left.strides.last ?? 1,
      depthStride: Self.rowStride(left.strides, left.shape) ?? 0, depth: depth, room: room,
      weight: packed, segments: 0..<1)
    let product = Product(
      rows: .fixed(rows), units: columns, segments: 1, tile: tile, parts: [part], lookups: [],
      bias: nil, start: nil, program: program)
    emit(.pack(pack))
    emit(.product(product))
  }

  /// Returns `view` with rows that walk evenly, copied if need be.
  private mutating func evenRows(_ view: View, _ counts: [Count], name: String) -> View {
    if Self.rowStride(view.strides, view.shape) != nil { return view }
    let copy = newTensor(name, shape: view.shape, scalar: view.scalar)
    self.copy(view, to: copy, counts: counts.dropLast() + [.fixed(view.shape.last ?? 1)])
    return copy
  }

  /// Plans the sums of parts of a tensor by index.
  mutating func planScatterAdd(_ v: Value, _ node: Node) {
    let index = view(node.operands[1])
    let leading = counts(graph.type(of: node.operands[1]).shape)
    let sums = sizes(node.results[0].type)[0]
    planScatter(v, index, view(node.operands[0]), leading, sums: sums)
  }

  private mutating func planScatter(
    _ v: Value, _ index: View, _ values: View, _ leading: [Count], sums: Int
  ) {
    let trailing = values.shape.dropFirst(leading.count)
    let ids = denseRows(index, leading, name: "indices")
    let rows = denseRows(values, leading + trailing.map { .fixed($0) }, name: "values")
    let target = singleStorage(for: v)
    let output =
      target.isDense
      ? target : newTensor(graph.name(of: v), shape: target.shape, scalar: .float)
    var errors: Place?
    if index.shape.reduce(1, *) > Summation.columnGroup {
      errors = newTensor("errors", shape: output.shape, scalar: .float).place
    }
    emit(
      .scatter(
        Scatter(
          rows: product(leading), columns: trailing.reduce(1, *), sums: sums, index: ids.place,
          values: rows.place, output: output.place, errors: errors)))
    if output.place != target.place {
      copy(output, to: target, counts: target.shape.map { .fixed($0) })
    }
  }

}

import IR

extension GraphPlanner {

  /// Plans node `id` alone.
  mutating func plan(_ id: ID<Node>) {
    pendingNodes.append(id)
    let node = graph[id]
    let v = Value(id)
    switch node.op {
    case .source, .argument, .at:
      preconditionFailure("inline nodes stand in no block")
    case .scan(let scan):
      pendingNodes.removeLast()
      planScan(id, scan)
    case .linear:
      let isPlanned = planProduct([id])
      precondition(isPlanned, "a product alone can be planned")
    case .matmul(let left, let right):
      planMatmul(v, node, transposingLeft: left, transposingRight: right)
    case .oneHot:
      guard case .index(let n) = graph.type(of: node.operands[0]).element else {
        preconditionFailure("one-hot values are made of indices")
      }
      values[v] = .oneHot(view(node.operands[0]), classes: value(n))
    case .slice(let axis, let lower, let upper):
      values[v] = .tensor(
        view(node.operands[0]).slice(axis: axis, value(lower)..<value(upper)))
    case .transpose(let permutation):
      values[v] = .tensor(view(node.operands[0]).transposed(permutation))
    case .reshape: planReshape(v, node)
    case .concat(let axis): planJoint(id, axis: axis)
    case .stack(let axis): planJoint(id, axis: axis)
    case .unary, .binary, .compare, .select, .convert:
      let isPlanned = planMap([id])
      precondition(isPlanned, "an element-wise node alone can be planned")
    case .softmax(let axis, let logarithmic):
      planSoftmax(v, node, axis: axis, isLogarithmic: logarithmic)
    case .reduce(let function, let axes, let keepingAxes):
      planReduce(v, node, function, axes: axes, keepingAxes: keepingAxes)
    case .argmax(let axis): planArgmax(v, node, axis: axis)
    case .gather: planGather(v, node, of: view(node.operands[0]), at: view(node.operands[1]))
    case .mask(let steps): planMask(v, node, steps: counts([steps])[0])
    case .detach: values[v] = held(node.operands[0])
    case .broadcast(let shape): planBroadcast(v, node, to: shape.map { value($0) })
    case .crossEntropy: planCrossEntropy(v, node, isGradient: false)
    case .crossEntropyGradient: planCrossEntropy(v, node, isGradient: true)
    case .weightGradient: planWeightGradient(v, node)
    case .scatterAdd: planScatterAdd(v, node)
    case .convolution(let convolution): planConvolution(v, node, convolution)
    case .pool(let pool): planPool(v, node, pool)
    case .dropout(let dropout): planDropout(v, node, dropout)
    }
  }

  /// Plans `members`, which are fused, as one kernel, or returns `false` where that is impossible.
  mutating func planGroup(_ members: [ID<Node>]) -> Bool {
    if !canBeKernel(members) { return false }
    let isProduct = members.contains { id in
      if case .linear = graph[id].op { return true }
      return false
    }
    let saved = pendingNodes
    pendingNodes += members
    if isProduct ? planProduct(members) : planMap(members) { return true }
    pendingNodes = saved
    return false
  }

  /// `true` iff `members` are element-wise, or a product with what is computed of its columns, and
  /// none reads a place of another, which is not there until all of the kernel is done.
  private func canBeKernel(_ members: [ID<Node>]) -> Bool {
    var isProduct = false
    if case .linear = graph[members[0]].op { isProduct = true }
    return members.enumerated().allSatisfy { i, id in
      for v in graph[id].operands {
        if case .at = graph.op(of: v), isPlace(v, ofOneOf: members) { return false }
      }
      switch graph[id].op {
      case .linear: return i == 0
      case .slice: return isProduct && graph[id].operands[0] == Value(members[0])
      default: return graph[id].op.isElementwise
      }
    }
  }

  /// `true` iff `v` is one of `nodes`, or a place of one.
  private func isPlace(_ v: Value, ofOneOf nodes: [ID<Node>]) -> Bool {
    if case .at = graph.op(of: v) {
      return graph[v.node].operands.contains { isPlace($0, ofOneOf: nodes) }
    }
    return nodes.contains(v.node)
  }

  private mutating func planReshape(_ v: Value, _ node: Node) {
    let source = view(node.operands[0])
    let shape = sizes(node.results[0].type)
    if let view = source.reshaped(shape) {
      values[v] = .tensor(view)
      return
    }
    let copy = newTensor(graph.name(of: v), shape: source.shape, scalar: source.scalar)
    self.copy(source, to: copy, counts: source.shape.map { .fixed($0) })
    values[v] = .tensor(View(dense: copy.place, shape: shape, scalar: copy.scalar))
  }

  /// Plans node `id`, a concatenation or a stack.
  private mutating func planJoint(_ id: ID<Node>, axis: Int) {
    let v = Value(id)
    // If an operand is computed in place, the storage has been chosen before it.
    let storage: View
    if case .tensor(let known) = values[v] {
      storage = known
    } else {
      storage = singleStorage(for: v)
    }
    let views = jointViews(id, axis: axis, storage: storage)
    for (operand, view) in zip(graph[id].operands, views) { satisfy(operand, view) }
  }

  private mutating func planSoftmax(_ v: Value, _ node: Node, axis: Int, isLogarithmic: Bool) {
    let type = node.results[0].type
    let shape = sizes(type)
    let counts = counts(type.shape)
    // The axis goes last; the result comes back by a copy if it was not.
    let order = shape.indices.filter { $0 != axis } + [axis]
    let inOrder = order.map { counts[$0] }
    let source = view(node.operands[0]).transposed(order)
    let isLast = axis == shape.count - 1
    let dense = denseRows(source, inOrder, name: "rows")
    let target = isLast ? singleStorage(for: v) : nil
    let output: View
    if let target, target.isDense {
      output = target
    } else {
      output = newTensor(graph.name(of: v), shape: order.map { shape[$0] }, scalar: .float)
    }
    if shape[axis] > 0 {
      emit(
        .softmax(
          Softmax(
            isLogarithmic: isLogarithmic, rows: product(inOrder.dropLast()), columns: shape[axis],
            input: Operand(place: dense.place, strides: [shape[axis], 1], scalar: .float),
            output: Operand(place: output.place, strides: [shape[axis], 1], scalar: .float))))
    }
    if let target {
      if target.place != output.place { copy(output, to: target, counts: counts) }
      return
    }
    let back = shape.indices.map { i in order.firstIndex(of: i) ?? i }
    values[v] = .tensor(output.transposed(back))
  }

  /// Returns `view` without gaps, copied if need be.
  mutating func denseRows(_ view: View, _ counts: [Count], name: String) -> View {
    if view.isDense { return view }
    let copy = newTensor(name, shape: view.shape, scalar: view.scalar)
    self.copy(view, to: copy, counts: counts)
    return copy
  }

  /// Returns the product of `counts`.
  func product(_ counts: some Sequence<Count>) -> Count {
    var result = Count.fixed(1)
    for count in counts {
      switch (result, count) {
      case (_, .fixed(let n)): result = result.multiplied(by: n)
      case (.fixed(let n), .steps): result = count.multiplied(by: n)
      case (.steps, .steps): preconditionFailure("the counted dimension occurs once")
      }
    }
    return result
  }

  private mutating func planReduce(
    _ v: Value, _ node: Node, _ function: Reduction, axes: [Int], keepingAxes: Bool
  ) {
    let source = view(node.operands[0])
    let counts = counts(graph.type(of: node.operands[0]).denseShape)
    let output = singleStorage(for: v)
    let kept = source.shape.indices.filter { !axes.contains($0) }
    let outputStrides =
      keepingAxes ? kept.map { output.strides[$0] } : Array(output.strides)
    let outer = collapse(
      kept.map { counts[$0] }, [kept.map { source.strides[$0] }, outputStrides])
    // A number that is added many times is multiplied.
    let repeated =
      function == .max
      ? [] : axes.filter { source.strides[$0] == 0 && counts[$0] != .fixed(1) }
    let walked = axes.filter { !repeated.contains($0) }
    let inner = collapse(walked.map { counts[$0] }, [walked.map { source.strides[$0] }])
    emit(
      .reduce(
        Reduce(
          function: function, outer: outer.loops, inner: inner.loops,
          repeats: repeated.map { counts[$0] },
          input: Operand(
            place: source.place, strides: outer.strides[0] + inner.strides[0], scalar: .float),
          output: Operand(place: output.place, strides: outer.strides[1], scalar: .float))))
  }

  private mutating func planArgmax(_ v: Value, _ node: Node, axis: Int) {
    let source = view(node.operands[0])
    let counts = counts(graph.type(of: node.operands[0]).denseShape)
    let output = singleStorage(for: v)
    let kept = source.shape.indices.filter { $0 != axis }
    let outer = collapse(
      kept.map { counts[$0] }, [kept.map { source.strides[$0] }, output.strides])
    emit(
      .argmax(
        Argmax(
          outer: outer.loops, columns: source.shape[axis],
          input: Operand(
            place: source.place, strides: outer.strides[0] + [source.strides[axis]],
            scalar: .float),
          output: Operand(place: output.place, strides: outer.strides[1], scalar: .integer))))
  }

  /// Plans `v`, the result of `node`: rows of `table` at the places that `index` says.
  mutating func planGather(_ v: Value, _ node: Node, of table: View, at index: View) {
    var table = table
    if !table.isDense {
      table = denseRows(table, table.shape.map { .fixed($0) }, name: "table")
    }
    let rank = index.shape.count
    var output = singleStorage(for: v)
    let target = output
    let columns = table.shape.dropFirst().reduce(1, *)
    let rows = View(
      dense: Place(.input(0)), shape: Array(table.shape.dropFirst()), scalar: .float)
    let areRowsAdjacent = Array(output.strides.dropFirst(rank)) == rows.strides || columns == 1
    let counts = counts(node.results[0].type.shape)
    if !areRowsAdjacent {
      output = newTensor(graph.name(of: v), shape: output.shape, scalar: .float)
    }
    let outer = collapse(
      Array(counts.prefix(rank)), [index.strides, Array(output.strides.prefix(rank))])
    emit(
      .gather(
        Gather(
          outer: outer.loops, columns: columns,
          index: Operand(place: index.place, strides: outer.strides[0], scalar: .integer),
          table: table.place,
          output: Operand(place: output.place, strides: outer.strides[1], scalar: .float))))
    if !areRowsAdjacent { copy(output, to: target, counts: counts) }
  }

  private mutating func planMask(_ v: Value, _ node: Node, steps: Count) {
    let source = view(node.operands[0])
    let shape = sizes(graph.type(of: node.operands[0]))
    let lengths = denseRows(source, shape.map { .fixed($0) }, name: "lengths")
    let output = newTensor(
      graph.name(of: v), shape: sizes(node.results[0].type), scalar: .integer)
    emit(
      .mask(
        Mask(
          steps: steps, rows: shape.reduce(1, *), lengths: lengths.place, output: output.place)))
    values[v] = .tensor(output)
  }

}

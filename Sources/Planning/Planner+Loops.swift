import IR

extension GraphPlanner {

  /// Plans node `id`, a scan.
  mutating func planScan(_ id: ID<Node>, _ scan: Scan) {
    let loop = loopCount
    loopCount += 1
    let initials = Array(graph[id].operands.dropFirst(scan.hasLengths ? 1 : 0))
    var carried: [Loop.Carried] = []
    var targets: [View] = []
    let heads = pendingNodes
    pendingNodes = []
    for (i, c) in scan.carried.enumerated() {
      let type = graph.type(of: scan.body.arguments[i + 1])
      let shape = sizes(type)
      let pair = (0..<2).map { _ in buffer(c.name, count: shape.reduce(1, *)) }
      carried.append(
        Loop.Carried(name: c.name, buffers: pair, scalar: Scalar32(type.element)))
      let place = Place(.buffer(pair[0]))
      targets.append(View(dense: place, shape: shape, scalar: Scalar32(type.element)))
    }
    carriedBuffers[loop] = carried.map(\.buffers)
    for (initial, target) in zip(initials, targets) { copy(initial, to: target) }
    let stacks = planStacks(id, scan)
    // Both buffers of a state, and what is stacked, are there before the first round.
    for b in carried.flatMap(\.buffers) { touch(b) }
    position += 1
    let start = position
    let body = planBody(scan.body, of: scan, loop, stacks)
    let remainder = scan.remainder.map { planBody($0, of: scan, loop, stacks) }
    for b in carried.flatMap(\.buffers) { touch(b) }
    extendLives(from: start)
    position += 1
    let count = counts([scan.count])[0]
    steps.append(
      .loop(
        Loop(
          node: id, nodes: heads, id: loop, variable: scan.variable, count: count,
          factor: scan.factor, isReversed: scan.isReversed, carried: carried, body: body.steps,
          closingNodes: body.closing, remainder: remainder?.steps ?? [],
          remainderClosingNodes: remainder?.closing ?? [])))
    for (i, target) in targets.enumerated() {
      var view = target
      view.place = Place(.carried(loop: loop, index: i, isNew: false))
      values[Value(id, i)] = .tensor(view)
    }
  }

  /// Lets every buffer that was alive before `start` and used since live until now.
  private mutating func extendLives(from start: Int) {
    for (i, life) in lives.enumerated() {
      guard let life, life.lowerBound < start, life.upperBound >= start else { continue }
      lives[i] = life.lowerBound...position
    }
  }

  /// Returns the views in which the stacked results of scan `id` are built.
  private mutating func planStacks(_ id: ID<Node>, _ scan: Scan) -> [View] {
    scan.stacked.indices.map { i in
      let v = Value(id, scan.carried.count + i)
      let view = singleStorage(for: v)
      touch(view.place)
      return view
    }
  }

  /// Plans a body of a scan.
  private mutating func planBody(
    _ block: Block, of scan: Scan, _ loop: Int, _ stacks: [View]
  ) -> (steps: [Step], closing: [ID<Node>]) {
    // What a body stores is not there for the steps left over.
    let satisfiedOutside = satisfied
    defer { satisfied = satisfiedOutside }
    let step = block.arguments[0]
    loopOfStep[step] = loop
    for (i, argument) in block.arguments.dropFirst().enumerated() {
      let type = graph.type(of: argument)
      let place = Place(.carried(loop: loop, index: i, isNew: false))
      values[argument] = .tensor(
        View(dense: place, shape: sizes(type), scalar: Scalar32(type.element)))
    }
    var wanted: [(Value, View)] = []
    for (i, v) in block.results.enumerated() {
      let target: View
      if i < scan.carried.count {
        let type = graph.type(of: block.arguments[i + 1])
        let place = Place(.carried(loop: loop, index: i, isNew: true))
        target = View(dense: place, shape: sizes(type), scalar: Scalar32(type.element))
      } else {
        let k = i - scan.carried.count
        let j = k % scan.factor(of: block)
        target = stacks[k / scan.factor(of: block)].element(
          axis: 0, offset: scan.isReversed ? -j : j, loop: loop)
      }
      wanted.append((v, target))
    }
    results.formUnion(wanted.map(\.0))
    var closing: [ID<Node>] = []
    let steps = collect { planner in
      if planner.isRead(step) { planner.write(step, of: loop) }
      planner.plan(block, wanted: wanted)
      closing = planner.pendingNodes
      planner.pendingNodes = []
    }
    return (steps, closing)
  }

  /// `true` iff something reads `step`, the step of a scan, as an index and not only as a place.
  private func isRead(_ step: Value) -> Bool {
    if results.contains(step) { return true }
    return users[step, default: []].contains { !graph[$0].readsOnlyPlace(of: step) }
  }

  /// Writes `step`, that of `loop`, to memory.
  private mutating func write(_ step: Value, of loop: Int) {
    let view = newTensor(graph.name(of: step), shape: [], scalar: .integer)
    emit(
      .literal(
        Literal(contents: .step(loop: loop), scalar: .integer, count: 1, output: view.place)))
    values[step] = .tensor(view)
  }

}

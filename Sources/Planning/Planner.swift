import IR

extension Plan {

  /// Plans `module` for `machine`; work is divided among workers where that is worth it, or
  /// wherever it is possible if `dividingAll`.
  ///
  /// - Requires: the module is in the form of entries, well-formed and settled; no scan has
  ///   lengths.
  package init(_ module: Module, machine: Machine, dividingAll: Bool = false) {
    var weights = WeightPlanner()
    var entries: [EntryPlan] = []
    for entry in module.entries {
      var planner = GraphPlanner(
        graph: entry.graph, module: module, machine: machine, weights: weights,
        countedDimension: entry.countedDimension(in: module),
        updatesParameters: entry.updatesParameters)
      entries.append(planner.plan(entry))
      weights = planner.weights
    }
    var planner = GraphPlanner(
      graph: module.bind.graph, module: module, machine: machine, weights: weights,
      countedDimension: nil, isBind: true)
    var bind = planner.planBind()
    weights = planner.weights
    for i in entries.indices {
      let steps = entries[i].countedDimension.map { module.dimensions[$0].value } ?? 1
      entries[i].share(on: machine, atLeast: dividingAll ? nil : 100_000, steps: steps)
    }
    // Weights are bound again by the workers that have updated the parameters.
    if zip(module.entries, entries).contains(where: { $0.updatesParameters && $1.isParallel }) {
      bind.share(on: machine, atLeast: dividingAll ? nil : 2_000)
    }
    self.bind = bind
    self.entries = entries
    self.modelName = module.name
    self.machine = machine
    self.weights = weights.items
    self.weightBytes = weights.count * 4
  }

}

/// What a value is while an entry is planned.
enum Held {

  case tensor(View)

  /// One-hot rows, by their indices.
  case oneHot(View, classes: Int)

  /// A number in the text.
  case number(Double)

}

/// The planner of one graph.
struct GraphPlanner {

  let graph: Graph
  let module: Module
  let machine: Machine
  let countedDimension: ID<Dimension>?

  /// `true` iff the graph is the section `bind`, where weights are at hand.
  let isBind: Bool

  /// `true` iff the graph is given the parameters themselves, because it changes them.
  private let updatesParameters: Bool

  var weights: WeightPlanner
  var buffers: [Buffer] = []

  /// From the first to the last use of each buffer so far.
  var lives: [ClosedRange<Int>?] = []

  /// The position of the next step in the schedule.
  var position = 0

  /// The steps of the block that is planned.
  var steps: [Step] = []

  /// The nodes whose lines stand above the next kernel.
  var pendingNodes: [ID<Node>] = []

  var values: [Value: Held] = [:]

  /// Where values are wanted, besides where their users read them.
  var destinations: [Value: [View]] = [:]

  /// The destinations that have been written in the block that is planned or around it.
  var satisfied: [Value: Set<View>] = [:]

  var loopCount = 0

  /// The dimensions that scans outside of others count.
  private let scannedDimensions: Set<ID<Dimension>>

  /// The users of each value: for deciding what a group has to store.
  let users: [Value: Set<ID<Node>>]

  /// The values that blocks, updates and outputs give.
  var results: Set<Value> = []

  /// The buffers of the states of each loop.
  var carriedBuffers: [Int: [[ID<Buffer>]]] = [:]

  init(
    graph: Graph, module: Module, machine: Machine, weights: WeightPlanner,
    countedDimension: ID<Dimension>?, isBind: Bool = false, updatesParameters: Bool = false
  ) {
    self.graph = graph
    self.module = module
    self.machine = machine
    self.weights = weights
    self.countedDimension = countedDimension
    self.isBind = isBind
    self.updatesParameters = updatesParameters
    var users: [Value: Set<ID<Node>>] = [:]
    for id in graph.nodes.ids {
      for v in graph[id].operands { users[v, default: []].insert(id) }
      // A body may give what an enclosing block computes, which is planned before it.
      guard case .scan(let scan) = graph[id].op else { continue }
      results.formUnion(scan.body.results + (scan.remainder?.results ?? []))
    }
    self.users = users
    scannedDimensions = Set(
      graph.body.nodes.flatMap { id -> [ID<Dimension>] in
        if case .scan(let scan) = graph[id].op { return Array(scan.count.dimensions) }
        return []
      })
  }

  /// Returns the extents of `type` as numbers.
  func sizes(_ type: TensorType) -> [Int] {
    guard let sizes = type.sizes(in: module.dimensions) else {
      preconditionFailure("sizes of a well-formed module do not overflow")
    }
    return sizes
  }

  /// Returns the number that `extent` is.
  func value(_ extent: Extent) -> Int {
    guard let n = extent.value(in: module.dimensions) else {
      preconditionFailure("sizes of a well-formed module do not overflow")
    }
    return n
  }

  /// Returns the extents of `shape`; the dimension that a call counts is counted then.
  func counts(_ shape: [Extent]) -> [Count] {
    shape.map { extent in
      if let d = countedDimension, extent.dimension == d { return .steps(1) }
      return .fixed(value(extent))
    }
  }

  /// Appends `kernel`, above which the pending lines stand.
  mutating func emit(_ kernel: Kernel) {
    let access = kernel.access
    for place in access.reads + access.writes { touch(place) }
    steps.append(
      .kernel(KernelCall(kernel: kernel, nodes: pendingNodes, position: position)))
    pendingNodes = []
    position += 1
  }

  /// Records that `place` is used now.
  mutating func touch(_ place: Place) {
    switch place.base {
    case .buffer(let b): touch(b)
    case .carried(let loop, _, _):
      for b in (carriedBuffers[loop] ?? []).joined() { touch(b) }
    case .weight, .input, .output, .state, .parameter, .slot: break
    }
  }

  mutating func touch(_ b: ID<Buffer>) {
    let first = lives[b.position]?.lowerBound ?? position
    lives[b.position] = first...position
  }

  /// Returns a new buffer for `name`.
  mutating func buffer(_ name: String, count: Int, isLong: Bool = false) -> ID<Buffer> {
    lives.append(nil)
    return buffers.add(
      Buffer(name: name, count: count, life: position...position, offset: 0, isLong: isLong))
  }

  /// `true` iff a tensor of `shape` has the values of all steps of a scan.
  func isLong(_ shape: [Extent]) -> Bool {
    shape.contains { !$0.dimensions.allSatisfy { !scannedDimensions.contains($0) } }
  }

  /// Returns the view of a new buffer for a tensor of `shape`.
  mutating func newTensor(
    _ name: String, shape: [Int], scalar: Scalar32, isLong: Bool = false
  ) -> View {
    let b = buffer(name, count: shape.reduce(1, *), isLong: isLong)
    return View(dense: Place(.buffer(b)), shape: shape, scalar: scalar)
  }

  /// Returns what `v` is.
  mutating func held(_ v: Value) -> Held {
    if let known = values[v] { return known }
    let node = graph[v.node]
    let result: Held
    switch node.op {
    case .source(let source): result = held(source, node.results[0].type)
    case .at(let axis, let offset): result = place(node, axis: axis, offset: offset)
    default: preconditionFailure("'\(node.results[v.result].name)' is planned before its users")
    }
    // A place is the same in every loop that can name it; a source is the same everywhere.
    values[v] = result
    return result
  }

  private mutating func held(_ source: Source, _ type: TensorType) -> Held {
    let shape = sizes(type)
    let scalar = Scalar32(type.element)
    switch source {
    case .number(let x): return .number(x.value)
    case .input(let i):
      return .tensor(View(dense: Place(.input(i)), shape: shape, scalar: scalar))
    case .state(let s):
      return .tensor(View(dense: Place(.state(s)), shape: shape, scalar: scalar))
    case .slot(let s):
      return .tensor(View(dense: Place(.slot(s)), shape: shape, scalar: scalar))
    case .parameter, .constant, .bound:
      return .tensor(View(dense: weightPlace(source, shape), shape: shape, scalar: scalar))
    }
  }

  /// Returns the place of a tensor that `bind` knows.
  private mutating func weightPlace(_ source: Source, _ shape: [Int]) -> Place {
    if isBind || updatesParameters, case .parameter(let p) = source { return Place(.parameter(p)) }
    guard let weight = WeightSource(source) else {
      preconditionFailure("'\(source)' is a weight")
    }
    let item = weights.copy(
      of: weight, name: name(of: weight), count: shape.reduce(1, *))
    return Place(.weight(item))
  }

  /// Returns the name of `weight` in the text.
  func name(of weight: WeightSource) -> String {
    switch weight {
    case .parameter(let p): module.parameters[p].name
    case .constant(let c): module.constants[c].name
    case .bound(let i): module.bind.results[i].name
    }
  }

  private mutating func place(_ node: Node, axis: Int, offset: Int) -> Held {
    let loop = node.operands.count > 1 ? loopOfStep[node.operands[1]] : nil
    switch held(node.operands[0]) {
    case .tensor(let view):
      return .tensor(view.element(axis: axis, offset: offset, loop: loop))
    case .oneHot(let view, let classes):
      return .oneHot(view.element(axis: axis, offset: offset, loop: loop), classes: classes)
    case .number: preconditionFailure("a number has no axes")
    }
  }

  /// The loop whose step a value is.
  var loopOfStep: [Value: Int] = [:]

  /// Returns the view of `v` as numbers or integers in memory.
  mutating func view(_ v: Value) -> View {
    switch held(v) {
    case .tensor(let view): return view
    case .oneHot(let index, let classes):
      // Not kept: where this is asked for in a loop, others may be asked for where it does not run.
      return writtenOut(index, classes: classes, v)
    case .number(let x):
      let view = newTensor("number", shape: [], scalar: .float)
      fill(view, with: x)
      return view
    }
  }

  /// Returns the view of one-hot rows written out.
  private mutating func writtenOut(_ index: View, classes: Int, _ v: Value) -> View {
    let view = newTensor(graph.name(of: v), shape: index.shape + [classes], scalar: .float)
    let outer = counts(graph.type(of: v).shape)
    let (loops, strides) = collapse(
      outer.isEmpty ? [.fixed(1)] : outer,
      outer.isEmpty ? [[0], [0]] : [index.strides, Array(view.strides.dropLast())])
    emit(
      .oneHot(
        OneHot(
          outer: loops, classes: classes,
          index: Operand(place: index.place, strides: strides[0], scalar: .integer),
          output: Operand(place: view.place, strides: strides[1], scalar: .float))))
    return view
  }

  /// Returns where to store `v`: all the places where it is wanted or, if there are none, a new
  /// buffer. The first is where users read it. Places that are not usable are copied to later.
  mutating func storage(
    for v: Value, where isUsable: (View) -> Bool = { _ in true }
  ) -> [View] {
    let type = graph.type(of: v).dense
    var wanted = (destinations[v] ?? []).filter { view in
      satisfied[v]?.contains(view) != true && isUsable(view)
    }
    if wanted.isEmpty {
      let view = newTensor(
        graph.name(of: v), shape: sizes(type), scalar: Scalar32(type.element),
        isLong: isLong(type.shape))
      values[v] = .tensor(view)
      return [view]
    }
    // A dense place is the best to read from.
    if let i = wanted.firstIndex(where: { $0.isDense }) { wanted.swapAt(0, i) }
    satisfied[v, default: []].formUnion(wanted)
    values[v] = .tensor(wanted[0])
    return wanted
  }

  /// Returns the one place where a kernel that stores once puts `v`; other places are copied to
  /// later.
  mutating func singleStorage(for v: Value) -> View {
    let before = satisfied[v]
    let all = storage(for: v)
    if all.count > 1 {
      satisfied[v] = (before ?? []).union([all[0]])
    }
    return all[0]
  }

  /// Copies `v` to those places where it is wanted but not stored yet.
  mutating func satisfy(_ v: Value, _ destination: View) {
    if satisfied[v]?.contains(destination) == true { return }
    satisfied[v, default: []].insert(destination)
    copy(v, to: destination)
  }

  /// Copies `v` to `target`.
  mutating func copy(_ v: Value, to target: View) {
    if case .number(let x) = held(v) {
      fill(target, with: x)
      return
    }
    copy(view(v), to: target, counts: copyCounts(v, target))
  }

  private func copyCounts(_ v: Value, _ target: View) -> [Count] {
    let own = counts(graph.type(of: v).denseShape)
    return own.count == target.shape.count ? own : target.shape.map { .fixed($0) }
  }

  /// Copies `source`, broadcast, to `target`.
  mutating func copy(_ source: View, to target: View, counts: [Count]) {
    var program = Program()
    let (loops, strides) = collapse(
      counts, [source.strides(broadcastTo: target.shape), target.strides])
    program.inputs = [Operand(place: source.place, strides: strides[0], scalar: source.scalar)]
    program.instructions = [.input(0)]
    program.outputs = [
      Program.Output(
        instruction: 0,
        operand: Operand(place: target.place, strides: strides[1], scalar: target.scalar))
    ]
    emit(.map(Map(loops: loops, program: program)))
  }

  mutating func fill(_ target: View, with x: Double) {
    precondition(target.isDense, "numbers fill dense tensors")
    emit(
      .literal(
        Literal(
          contents: .constant(x), scalar: target.scalar, count: target.shape.reduce(1, *),
          output: target.place)))
  }

  /// Merges neighbouring `extents` along which every operand walks evenly, and drops those of one
  /// element; at least one remains.
  func collapse(_ extents: [Count], _ strides: [[Int]]) -> (loops: [Count], strides: [[Int]]) {
    var loops: [Count] = []
    var result = strides.map { _ in [Int]() }
    for i in extents.indices {
      if extents[i] == .fixed(1) { continue }
      if case .fixed(let n) = extents[i], let last = loops.last,
        zip(result, strides).allSatisfy({ $0[$0.count - 1] == $1[i] * n })
      {
        loops[loops.count - 1] = last.multiplied(by: n)
        for k in result.indices { result[k][result[k].count - 1] = strides[k][i] }
      } else {
        loops.append(extents[i])
        for k in result.indices { result[k].append(strides[k][i]) }
      }
    }
    if loops.isEmpty { return ([.fixed(1)], strides.map { _ in [0] }) }
    return (loops, result)
  }

  /// Runs `write` and returns the steps that it appends.
  mutating func collect(_ write: (inout GraphPlanner) -> Void) -> [Step] {
    let saved = steps
    steps = []
    write(&self)
    defer { steps = saved }
    return steps
  }

  /// Plans the nodes of `block` and puts its results where they are wanted.
  mutating func plan(_ block: Block, wanted: [(Value, View)]) {
    let own = Set(block.nodes)
    for (v, destination) in wanted where isComputed(v, among: own) {
      destinations[v, default: []].append(destination)
    }
    results.formUnion(wanted.map(\.0))
    prepareJoints(in: block, own)
    var i = 0
    while i < block.nodes.count {
      let id = block.nodes[i]
      var members = [id]
      while let group = graph[id].group, i + members.count < block.nodes.count,
        graph[block.nodes[i + members.count]].group == group
      {
        members.append(block.nodes[i + members.count])
      }
      if members.count == 1 || !planGroup(members) {
        for member in members { plan(member) }
      }
      i += members.count
    }
    for (v, destination) in wanted {
      // What another block computes is copied here, whatever the other body of a scan has copied.
      if isComputed(v, among: own) { satisfy(v, destination) } else { copy(v, to: destination) }
    }
  }

  /// `true` iff a kernel of `nodes`, those of a block, or a scan among them, computes `v`.
  private func isComputed(_ v: Value, among nodes: Set<ID<Node>>) -> Bool {
    guard nodes.contains(v.node) else { return false }
    switch graph[v.node].op {
    case .source, .argument, .at, .oneHot, .slice, .transpose, .reshape, .detach, .broadcast:
      return false
    case .scan(let scan): return v.result >= scan.carried.count
    default: return true
    }
  }

  /// Lets what is computed for a concatenation or a stack of `block`, whose nodes are `nodes`, be
  /// computed where it belongs.
  private mutating func prepareJoints(in block: Block, _ nodes: Set<ID<Node>>) {
    for id in block.nodes.reversed() {
      let axis: Int
      switch graph[id].op {
      case .concat(let a): axis = a
      case .stack(let a): axis = a
      default: continue
      }
      let own = Set(graph[id].operands.filter { isComputed($0, among: nodes) })
      if own.isEmpty { continue }
      let views = jointViews(id, axis: axis, storage: singleStorage(for: Value(id)))
      for (v, view) in zip(graph[id].operands, views) where own.contains(v) {
        destinations[v, default: []].append(view)
      }
    }
  }

  /// Returns where each operand of node `id`, a concatenation or a stack, goes in `storage`.
  func jointViews(_ id: ID<Node>, axis: Int, storage: View) -> [View] {
    var start = 0
    return graph[id].operands.enumerated().map { i, v in
      guard case .concat = graph[id].op else {
        return storage.element(axis: axis, offset: i, loop: nil)
      }
      let n = sizes(graph.type(of: v).dense)[axis]
      defer { start += n }
      return storage.slice(axis: axis, start..<start + n)
    }
  }

}

extension Scan {

  /// Returns the number of steps that `block`, a body of `self`, does.
  package func factor(of block: Block) -> Int {
    block == body ? factor : 1
  }

}

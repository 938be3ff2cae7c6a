import IR

extension GraphPlanner {

  /// Plans the whole graph of `entry`.
  mutating func plan(_ entry: Entry) -> EntryPlan {
    var wanted: [(Value, View)] = []
    for (i, output) in entry.outputs.enumerated() {
      let type = graph.type(of: output.value).dense
      let view = View(
        dense: Place(.output(i)), shape: sizes(type), scalar: Scalar32(type.element))
      wanted.append((output.value, view))
    }
    results.formUnion(entry.roots)
    for update in replacements(in: entry) {
      wanted.append((update.value, home(of: update.target)))
    }
    plan(graph.body, wanted: wanted)
    planUpdates(entry.updates)
    return finish(entry.name)
  }

  /// Returns the updates of `entry` whose new value can be computed where the old one is: that of a
  /// parameter or a slot, by an element-wise line that is the last to read the old one.
  ///
  /// Kernels are planned in the order of lines, those of a group together, and an element-wise one
  /// reads an element before it writes it. What only looks at the old one in another way, such as a
  /// transpose, reads it whenever it is read itself.
  private func replacements(in entry: Entry) -> [Entry.Update] {
    var sources: [Source: [Value]] = [:]
    for id in graph.nodes.ids {
      if case .source(let source) = graph[id].op { sources[source, default: []].append(Value(id)) }
    }
    var updateCounts: [Value: Int] = [:]
    for update in entry.updates { updateCounts[update.value, default: 0] += 1 }
    let lines = self.lines
    return entry.updates.filter { update in
      let source: Source
      switch update.target {
      case .state: return false
      case .parameter(let p): source = .parameter(p)
      case .slot(let s): source = .slot(s)
      }
      guard let place = lines.places[update.value.node], !lines.nested.contains(update.value.node),
        graph.op(of: update.value).isElementwise, updateCounts[update.value] == 1
      else { return false }
      return sources[source, default: []].allSatisfy { v in
        !results.contains(v) && graph.type(of: v) == graph.type(of: update.value)
          && users[v, default: []].allSatisfy { user in
            guard isComputed(user), let line = lines.places[user] else { return false }
            return line < place || line == place && graph[user].op.isElementwise
          }
      }
    }
  }

  /// The position of the line outside of scans that each node is or is in, and the nodes in scans.
  private var lines: (places: [ID<Node>: Int], nested: Set<ID<Node>>) {
    var places: [ID<Node>: Int] = [:]
    var nested: Set<ID<Node>> = []
    func add(_ block: Block, _ place: Int) {
      for id in block.nodes {
        places[id] = place
        nested.insert(id)
        addBodies(of: id, place)
      }
    }
    func addBodies(of id: ID<Node>, _ place: Int) {
      guard case .scan(let scan) = graph[id].op else { return }
      add(scan.body, place)
      if let remainder = scan.remainder { add(remainder, place) }
    }
    for (place, id) in graph.body.nodes.enumerated() {
      places[id] = place
      addBodies(of: id, place)
    }
    return (places, nested)
  }

  /// `true` iff the result of node `id` has elements of its own.
  private func isComputed(_ id: ID<Node>) -> Bool {
    switch graph[id].op {
    case .source, .argument, .at, .slice, .transpose, .reshape, .detach, .broadcast: false
    case .unary, .binary, .compare, .select, .convert, .linear, .matmul, .oneHot, .concat, .stack,
      .softmax, .reduce, .argmax, .gather, .mask, .crossEntropy, .crossEntropyGradient,
      .weightGradient, .scatterAdd, .convolution, .pool,
      .dropout, .scan:
      true
    }
  }

  /// Copies the new values of states, parameters and slots to where they are kept.
  private mutating func planUpdates(_ updates: [Entry.Update]) {
    // What lies in the memory of another one is fetched before that changes.
    var sources: [View] = []
    for update in updates {
      var source = view(update.value)
      if source.place.base.isUpdated, source != home(of: update.target) {
        let copy = newTensor("update", shape: source.shape, scalar: source.scalar)
        self.copy(source, to: copy, counts: copy.shape.map { .fixed($0) })
        source = copy
      }
      sources.append(source)
    }
    for (update, source) in zip(updates, sources) {
      let target = home(of: update.target)
      if source == target { continue }
      copy(source, to: target, counts: target.shape.map { .fixed($0) })
    }
  }

  /// Returns the view of the memory in which `target` is kept.
  private func home(of target: Entry.Update.Target) -> View {
    let (base, type): (Base, TensorType)
    switch target {
    case .state(let s): (base, type) = (.state(s), module.states[s].type)
    case .parameter(let p): (base, type) = (.parameter(p), module.parameters[p].type)
    case .slot(let s): (base, type) = (.slot(s), module.slots[s].type)
    }
    return View(dense: Place(base), shape: sizes(type), scalar: Scalar32(type.element))
  }

  /// Plans the section `bind`, and then the block of weights.
  mutating func planBind() -> EntryPlan {
    results.formUnion(module.bind.results.map(\.value))
    plan(graph.body, wanted: [])
    let lines = pendingNodes
    pendingNodes = []
    var done = 0
    // Packing may ask for constants, which join the list of what is to be made.
    while done < weights.items.count {
      makeWeight(ID(done), weights.makings[done])
      done += 1
    }
    planConstants()
    pendingNodes = lines
    return finish("bind")
  }

  /// Fills the constants among the tensors of the block of weights.
  ///
  /// They come first in the section `bind`, whose other steps may read them.
  private mutating func planConstants() {
    let rest = steps
    steps = []
    for (i, making) in weights.makings.enumerated() {
      guard case .dense(.constant(let c)) = making else { continue }
      let item = weights.items[i]
      emit(
        .literal(
          Literal(
            contents: contents(c), scalar: Scalar32(module.constants[c].type.element),
            count: item.count, output: Place(.weight(ID(i))))))
    }
    steps += rest
  }

  private mutating func finish(_ name: String) -> EntryPlan {
    for (i, life) in lives.enumerated() { buffers[i].life = life ?? position...position }
    let size = Self.assignOffsets(&buffers)
    return EntryPlan(
      name: name, buffers: buffers, workspaceBytes: size * 4, countedDimension: countedDimension,
      steps: steps, closingNodes: pendingNodes)
  }

  /// What has been placed: the elements, and when they live.
  private struct Placed {

    var range: Range<Int>
    var life: ClosedRange<Int>

  }

  /// Places buffers so that those that live at the same time do not overlap, and returns the
  /// elements that they take together.
  ///
  /// The largest come first, each at the lowest free offset; long ones behind all others.
  ///
  /// - Complexity: O(*n*²), where *n* is the number of buffers.
  private static func assignOffsets(_ buffers: inout [Buffer]) -> Int {
    var end = 0
    // In the order of their offsets.
    var placed: [Placed] = []
    let order = buffers.ids.sorted { a, b in
      let (x, y) = (buffers[a], buffers[b])
      return x.isLong == y.isLong ? (y.count, a.position) < (x.count, b.position) : y.isLong
    }
    var start = 0
    for b in order {
      let (life, size) = (buffers[b].life, aligned(buffers[b].count))
      if buffers[b].isLong, start == 0 { start = end }
      var offset = start
      for other in placed where other.life.overlaps(life) {
        if other.range.lowerBound >= offset + size { break }
        offset = max(offset, other.range.upperBound)
      }
      buffers[b].offset = offset
      end = max(end, offset + size)
      let place = placed.firstIndex { $0.range.lowerBound > offset } ?? placed.count
      placed.insert(Placed(range: offset..<offset + size, life: life), at: place)
    }
    return end
  }

}

extension Base {

  /// `true` iff an update of an entry may write there.
  fileprivate var isUpdated: Bool {
    switch self {
    case .state, .parameter, .slot: true
    case .buffer, .weight, .input, .output, .carried: false
    }
  }

}

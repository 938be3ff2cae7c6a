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
    results.formUnion(entry.updates.map(\.value))
    plan(graph.body, wanted: wanted)
    planUpdates(entry.updates)
    return finish(entry.name)
  }

  /// Copies the new values of states to where states are kept.
  private mutating func planUpdates(_ updates: [Entry.Update]) {
    // What lies in the memory of another state is fetched before that state changes.
    var sources: [View] = []
    for update in updates {
      var source = view(update.value)
      if case .state = source.place.base, source != home(of: update.state) {
        let copy = newTensor("state", shape: source.shape, scalar: source.scalar)
        self.copy(source, to: copy, counts: copy.shape.map { .fixed($0) })
        source = copy
      }
      sources.append(source)
    }
    for (update, source) in zip(updates, sources) {
      let target = home(of: update.state)
      if source == target { continue }
      copy(source, to: target, counts: target.shape.map { .fixed($0) })
    }
  }

  /// Returns the view of the memory in which state `s` is kept.
  private func home(of s: ID<State>) -> View {
    let type = module.states[s].type
    return View(
      dense: Place(.state(s)), shape: sizes(type), scalar: Scalar32(type.element))
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
  /// The largest come first, each at the lowest free offset.
  ///
  /// - Complexity: O(*n*²), where *n* is the number of buffers.
  private static func assignOffsets(_ buffers: inout [Buffer]) -> Int {
    var end = 0
    // In the order of their offsets.
    var placed: [Placed] = []
    let order = buffers.ids.sorted { a, b in
      (buffers[b].count, a.position) < (buffers[a].count, b.position)
    }
    for b in order {
      let (life, size) = (buffers[b].life, aligned(buffers[b].count))
      var offset = 0
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

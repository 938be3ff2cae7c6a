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
      if case .state(let s) = source.place.base, s != update.state {
        let copy = newTensor("state", shape: source.shape, scalar: source.scalar)
        self.copy(source, to: copy, counts: copy.shape.map { .fixed($0) })
        source = copy
      }
      sources.append(source)
    }
    for (update, source) in zip(updates, sources) {
      let shape = sizes(module.states[update.state].type)
      let target = View(dense: Place(.state(update.state)), shape: shape, scalar: source.scalar)
      if source.place == target.place { continue }
      copy(source, to: target, counts: shape.map { .fixed($0) })
    }
  }

  /// Plans the section `bind`, and then the block of weights.
  mutating func planBind() -> EntryPlan {
    results.formUnion(module.bind.results.map(\.value))
    plan(graph.body, wanted: [])
    var done = 0
    // Packing may ask for constants, which join the list of what is to be made.
    while done < weights.items.count {
      makeWeight(ID(done), weights.makings[done])
      done += 1
    }
    return finish("bind")
  }

  private mutating func finish(_ name: String) -> EntryPlan {
    for (i, life) in lives.enumerated() { buffers[i].life = life ?? position...position }
    let size = Self.assignOffsets(&buffers)
    return EntryPlan(
      name: name, buffers: buffers, workspaceBytes: size * 4, countedDimension: countedDimension,
      steps: steps, closingNodes: pendingNodes)
  }

  /// Places buffers so that those that live at the same time do not overlap, and returns the
  /// elements that they take together.
  ///
  /// The largest come first, each at the lowest free offset.
  private static func assignOffsets(_ buffers: inout [Buffer]) -> Int {
    var end = 0
    var placed: [ID<Buffer>] = []
    let order = buffers.ids.sorted { a, b in
      (buffers[b].count, a.position) < (buffers[a].count, b.position)
    }
    for b in order {
      let size = aligned(buffers[b].count)
      var offset = 0
      for other in placed where buffers[other].life.overlaps(buffers[b].life) {
        if buffers[other].offset < offset + size {
          offset = max(offset, buffers[other].offset + aligned(buffers[other].count))
        }
      }
      buffers[b].offset = offset
      end = max(end, offset + size)
      let place = placed.firstIndex { buffers[$0].offset > offset } ?? placed.count
      placed.insert(b, at: place)
    }
    return end
  }

}

import IR

extension Plan {

  /// Returns what is wrong with the plan; nothing if it can be carried out.
  ///
  /// Memory: tensors in the block of weights do not overlap, nor do two buffers that are alive at
  /// the same time; a kernel uses a buffer only while that is alive. Order: nothing is read before
  /// it is written. Hazards: no kernel writes the old value of a state, and none writes to
  /// memory that it reads unless it replaces elements one by one.
  package func verificationErrors() -> [String] {
    var errors: [String] = []
    for (a, b) in zip(weights, weights.dropFirst()) where a.offset + a.count > b.offset {
      errors.append("'\(a.name)' and '\(b.name)' overlap in the block of weights")
    }
    for entry in [bind] + entries {
      var checker = ScheduleChecker(entry: entry, isBind: entry.name == "bind")
      checker.check()
      errors += checker.errors.map { "\(entry.name): \($0)" }
    }
    return errors
  }

}

/// A replay of one schedule.
private struct ScheduleChecker {

  let entry: EntryPlan
  let isBind: Bool
  private(set) var errors: [String] = []
  private var written: Set<ID<Buffer>> = []
  private var writtenWeights: Set<ID<WeightItem>> = []
  private var carried: [Int: [[ID<Buffer>]]] = [:]

  init(entry: EntryPlan, isBind: Bool) {
    self.entry = entry
    self.isBind = isBind
  }

  mutating func check() {
    checkOverlaps()
    check(entry.steps)
  }

  private mutating func checkOverlaps() {
    let buffers = entry.buffers
    var alive: [Int] = []
    // In the order of their first uses; those whose life has ended leave.
    for j in buffers.indices.sorted(by: {
      buffers[$0].life.lowerBound < buffers[$1].life.lowerBound
    }) {
      let b = buffers[j]
      alive.removeAll { buffers[$0].life.upperBound < b.life.lowerBound }
      for i in alive {
        let a = buffers[i]
        if a.offset < b.offset + b.count, b.offset < a.offset + a.count {
          errors.append("buffers \(i) '\(a.name)' and \(j) '\(b.name)' overlap while both live")
        }
      }
      alive.append(j)
      if (b.offset + b.count) * 4 > entry.workspaceBytes {
        errors.append("buffer \(j) '\(b.name)' ends behind the workspace")
      }
    }
  }

  private mutating func check(_ steps: [Step]) {
    for step in steps {
      switch step {
      case .kernel(let call): check(call)
      case .loop(let loop):
        carried[loop.id] = loop.carried.map(\.buffers)
        for (i, c) in loop.carried.enumerated() where !written.contains(c.buffers[0]) {
          errors.append("state \(i) '\(c.name)' of loop \(loop.id) has no first value")
        }
        let before = written
        check(loop.body)
        let afterBody = written
        if loop.factor > 1 {
          written = before
          check(loop.remainder)
        }
        // After the loop only that counts which is written even if it does not run, or what it
        // builds up: stacks and states.
        written = before.union(loop.carried.flatMap(\.buffers)).union(stacks(loop, afterBody))
      }
    }
  }

  /// Returns the buffers that `loop` fills step by step, of those in `candidates`.
  private func stacks(_ loop: Loop, _ candidates: Set<ID<Buffer>>) -> Set<ID<Buffer>> {
    var result: Set<ID<Buffer>> = []
    for kernel in kernels(in: loop.body) {
      for place in kernel.access.writes {
        guard case .buffer(let b) = place.base, candidates.contains(b),
          place.motions.contains(where: { $0.loop == loop.id })
        else { continue }
        result.insert(b)
      }
    }
    return result
  }

  /// Returns the kernels in `steps` and in the loops among them.
  private func kernels(in steps: [Step]) -> [Kernel] {
    steps.flatMap { step -> [Kernel] in
      switch step {
      case .kernel(let call): [call.kernel]
      case .loop(let loop): kernels(in: loop.body)
      }
    }
  }

  private mutating func check(_ call: KernelCall) {
    let access = call.kernel.access
    var own: Set<ID<Buffer>> = []
    if case .batched(let batched) = call.kernel, case .buffer(let b) = batched.pack.output.base {
      own.insert(b)
    }
    if isBind {
      for case .weight(let w) in access.reads.map(\.base) where !writtenWeights.contains(w) {
        errors.append("step \(call.position) reads weight \(w.position) before it is made")
      }
      for case .weight(let w) in access.writes.map(\.base) { writtenWeights.insert(w) }
    }
    for place in access.reads {
      for b in buffers(place) where !written.contains(b) && !own.contains(b) {
        errors.append("step \(call.position) reads buffer \(b.position) before it is written")
      }
    }
    for place in access.writes {
      if case .carried(_, let i, false) = place.base {
        errors.append("step \(call.position) writes the old value of state \(i)")
      }
      // Parts of one tensor that start at different places are apart: concatenations, stacks.
      if access.reads.contains(place), !call.kernel.replaces(place), !isOwn(place, own) {
        errors.append("step \(call.position) writes to memory that it reads")
      }
    }
    for place in access.reads + access.writes { checkLife(place, call.position) }
    for place in access.writes { written.formUnion(buffers(place)) }
  }

  private func isOwn(_ place: Place, _ own: Set<ID<Buffer>>) -> Bool {
    if case .buffer(let b) = place.base { return own.contains(b) }
    return false
  }

  private func buffers(_ place: Place) -> [ID<Buffer>] {
    switch place.base {
    case .buffer(let b): [b]
    // In the first round, and after an even number of them, the old value is in the first buffer.
    case .carried(let loop, let i, let isNew):
      (carried[loop]?[i]).map { [$0[isNew ? 1 : 0]] } ?? []
    case .weight, .input, .output, .state, .parameter, .slot: []
    }
  }

  private mutating func checkLife(_ place: Place, _ position: Int) {
    guard case .buffer(let b) = place.base, !entry.buffers[b].life.contains(position) else {
      return
    }
    errors.append("step \(position) uses buffer \(b.position) outside of its life")
  }

}

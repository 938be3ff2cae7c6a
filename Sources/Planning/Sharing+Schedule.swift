import IR

extension EntryPlan {

  /// Divides the kernels among workers, if they take at least `least` cycles and the work is worth
  /// its meetings; in any case if that is `nil`. See `Sharing.swift`.
  ///
  /// A meeting takes some hundred cycles where nobody has to wait long. `full` is the full count of
  /// steps, if a call may do fewer.
  mutating func share(on machine: Machine, atLeast least: Double?, steps full: Int = 1) {
    var sharing = Sharing(self, machine)
    let shared = sharing.shared(steps, isDecided: false)
    let work = cycles(of: shared, on: machine, steps: full)
    if let least {
      guard work.divided >= least, work.divided / 4 > work.meetings * 1_000 else { return }
    }
    steps = shared
    isParallel = true
  }

  /// The cycles of the kernels in `steps` that are divided, and the number of meetings.
  private func cycles(
    of steps: [Step], on machine: Machine, steps full: Int
  ) -> (divided: Double, meetings: Double) {
    var result = (divided: 0.0, meetings: 0.0)
    for step in steps {
      switch step {
      case .kernel(let call):
        if call.share != nil { result.divided += call.kernel.cycles(on: machine) }
        if call.meets { result.meetings += 1 }
      case .loop(let loop):
        if loop.meets { result.meetings += 1 }
        let inner = cycles(of: loop.body, on: machine, steps: full)
        let rounds = Double(loop.count.value(steps: full) / loop.factor)
        result.divided += inner.divided * rounds
        result.meetings += inner.meetings * rounds
      }
    }
    return result
  }

}

/// The division of a schedule among workers.
private struct Sharing {

  /// What has been touched since the last meeting.
  private struct Touch: Hashable {

    var footprint: Footprint
    var isWrite: Bool

    /// `true` iff only the first worker did.
    var isFirst: Bool

  }

  private let entry: EntryPlan
  private let machine: Machine
  private var touches: Set<Touch> = []

  /// The buffers of the states of loops.
  private var carried: [Int: [[ID<Buffer>]]] = [:]

  /// For each place, the numbers of grains of the products that touch it.
  private var hints: [Base: [Int]] = [:]

  init(_ entry: EntryPlan, _ machine: Machine) {
    self.entry = entry
    self.machine = machine
    collectHints(entry.steps)
  }

  private mutating func collectHints(_ steps: [Step]) {
    for step in steps {
      switch step {
      case .loop(let loop):
        carried[loop.id] = loop.carried.map(\.buffers)
        collectHints(loop.body + loop.remainder)
      case .kernel(let call):
        guard call.kernel.isDividedFirst,
          let share = call.kernel.shares(hints: [], lanes: machine.lanes).first
        else { continue }
        let access = call.kernel.access
        for place in access.reads + access.writes {
          for base in bases(place) where !hints[base, default: []].contains(share.grains) {
            hints[base, default: []].append(share.grains)
          }
        }
      }
    }
  }

  /// The memory that `place` may be: of a state of a loop both buffers.
  private func bases(_ place: Place) -> [Base] {
    guard case .carried(let loop, let i, _) = place.base else { return [place.base] }
    return (carried[loop]?[i] ?? []).map { .buffer($0) }
  }

  /// Returns `steps` with their kernels divided, which they are already if `isDecided`.
  mutating func shared(_ steps: [Step], isDecided: Bool) -> [Step] {
    steps.map { step in
      switch step {
      case .kernel(let call): return .kernel(shared(call, isDecided: isDecided))
      case .loop(let loop):
        if loop.meets { touches = [] }
        var other = self
        let plain = shared(loop, isDecided: isDecided)
        let meetings = plain.meetings
        if meetings == 0 || isDecided { return .loop(plain) }
        // One meeting before the loop may save one in each round.
        other.touches = []
        var met = other.shared(loop, isDecided: false)
        if met.meetings >= meetings { return .loop(plain) }
        met.meets = true
        self = other
        return .loop(met)
      }
    }
  }

  private mutating func shared(_ loop: Loop, isDecided: Bool) -> Loop {
    var result = loop
    let before = touches
    // The second time sees what the end of a round leaves for the beginning of the next.
    result.body = shared(result.body, isDecided: isDecided)
    result.body = shared(result.body, isDecided: true)
    // A loop that does not run meets nowhere.
    touches.formUnion(before)
    if loop.factor > 1 {
      // The remainder may come first, or behind the body, or not at all.
      let without = touches
      result.remainder = shared(result.remainder, isDecided: isDecided)
      result.remainder = shared(result.remainder, isDecided: true)
      touches.formUnion(without)
    }
    return result
  }

  private mutating func shared(_ call: KernelCall, isDecided: Bool) -> KernelCall {
    var result = call
    if !isDecided {
      let access = call.kernel.access
      var wanted: [Int] = []
      for place in access.reads + access.writes {
        for base in bases(place) { wanted += (hints[base] ?? []).filter { !wanted.contains($0) } }
      }
      let shares = call.kernel.shares(hints: wanted, lanes: machine.lanes)
      // What makes nobody wait is best.
      result.share = shares.first { !mustMeet(touches(call.kernel, $0)) } ?? shares.first
    }
    let own = touches(call.kernel, result.share)
    result.meets = call.meets || mustMeet(own)
    if result.meets { touches = [] }
    touches.formUnion(own)
    return result
  }

  private func touches(_ kernel: Kernel, _ share: KernelCall.Share?) -> [Touch] {
    let reads: [Footprint]
    let writes: [Footprint]
    if let share {
      (reads, writes) = kernel.footprints(share, lanes: machine.lanes)
    } else {
      reads = kernel.access.reads.map { Footprint($0) }
      writes = kernel.access.writes.map { Footprint($0) }
    }
    func touch(_ footprint: Footprint, isWrite: Bool) -> [Touch] {
      bases(footprint.place).map { base in
        var footprint = footprint
        footprint.place.base = base
        return Touch(footprint: footprint, isWrite: isWrite, isFirst: share == nil)
      }
    }
    return reads.flatMap { touch($0, isWrite: false) } + writes.flatMap { touch($0, isWrite: true) }
  }

  /// `true` iff a worker that does what `new` says may meddle with what another one is at.
  private func mustMeet(_ new: [Touch]) -> Bool {
    touches.contains { old in
      new.contains { touch in
        (old.isWrite || touch.isWrite) && !(old.isFirst && touch.isFirst)
          && overlap(old.footprint.place.base, touch.footprint.place.base)
          && !areApart(old.footprint, touch.footprint)
      }
    }
  }

  /// `true` iff each worker touches its own part of both, which are the same.
  private func areApart(_ a: Footprint, _ b: Footprint) -> Bool {
    guard a.place.base == b.place.base, let windows = a.windows else { return false }
    return windows == b.windows
  }

  private func overlap(_ a: Base, _ b: Base) -> Bool {
    guard case .buffer(let x) = a, case .buffer(let y) = b else { return a == b }
    let (p, q) = (entry.buffers[x], entry.buffers[y])
    return p.offset < q.offset + q.count && q.offset < p.offset + p.count
  }

}

extension Loop {

  /// The number of meetings in a round of the loop.
  fileprivate var meetings: Int {
    (body + remainder).reduce(0) { sum, step in
      switch step {
      case .kernel(let call): sum + (call.meets ? 1 : 0)
      case .loop(let loop): sum + loop.meetings + (loop.meets ? 1 : 0)
      }
    }
  }

}

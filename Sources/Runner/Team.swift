import Foundation
import Synchronization

/// Threads that do calls together: the caller and helpers that wait for work.
///
/// A class, because it owns the threads; they end with it. It is used by one thread at a time.
///
/// A thread that waits spins for some microseconds, which is longer than most waits last, then
/// lets others run, then sleeps until it is woken: more threads than cores finish too, and a team
/// without work costs nothing.
///
/// Safety: a job and what it points to belong to the caller, which waits until every helper has
/// done its part. Helpers hold the shared part of the team, not the team, so that it can end.
final class Team {

  /// A part of a call: which worker of how many does it, and the shared state of the team, which is
  /// what `meet` expects.
  typealias Job = (_ worker: Int, _ workers: Int, _ team: UnsafeMutableRawPointer) -> Void

  /// The number of threads, the caller's among them; at least one.
  let count: Int

  private let shared: TeamState

  /// Creates a team of `count` threads.
  init(count: Int) {
    self.count = max(1, count)
    shared = TeamState(count: self.count)
    for worker in 1..<self.count {
      let thread = Thread { [shared] in shared.serve(as: worker) }
      thread.name = "graphc worker \(worker)"
      thread.qualityOfService = .userInteractive
      thread.start()
    }
  }

  deinit { shared.end() }

  /// Runs `job` once on every thread and waits until all have finished.
  func run(_ job: Job) {
    withoutActuallyEscaping(job) { shared.run($0) }
  }

  /// Waits until all workers of `team` have called it; for generated code.
  static let meet: @convention(c) (UnsafeMutableRawPointer?) -> Void = { team in
    guard let team else { return }
    Unmanaged<TeamState>.fromOpaque(team).takeUnretainedValue().meet()
  }

}

/// What the threads of a team share.
///
/// Safety of `@unchecked Sendable`: `job` is written by the caller before it raises `turn`, and
/// read by helpers after they have seen that; everything else is atomic or behind the lock.
private final class TeamState: @unchecked Sendable {

  private let count: Int
  private var job: Team.Job?

  /// The number of jobs so far; negative when the team ends.
  private let turn = Atomic(0)

  /// The workers that have come to the present meeting, and the number of meetings before it.
  private let arrived = Atomic(0)
  private let meeting = Atomic(0)

  /// The number of threads that sleep, and what they sleep on.
  private let sleepers = Atomic(0)
  private let condition = NSCondition()

  init(count: Int) {
    self.count = count
  }

  func run(_ job: @escaping Team.Job) {
    let team = Unmanaged.passUnretained(self).toOpaque()
    if count == 1 { return job(0, 1, team) }
    self.job = job
    turn.wrappingAdd(1, ordering: .sequentiallyConsistent)
    wake()
    job(0, count, team)
    // All have done their part when all have come here.
    meet()
    self.job = nil
  }

  /// Does the part of `worker` of every job until the team ends.
  func serve(as worker: Int) {
    let team = Unmanaged.passUnretained(self).toOpaque()
    var done = 0
    while true {
      wait { self.turn.load(ordering: .sequentiallyConsistent) != done }
      let turn = turn.load(ordering: .acquiring)
      if turn < 0 { return }
      done = turn
      job?(worker, count, team)
      meet()
    }
  }

  func end() {
    turn.store(-1, ordering: .sequentiallyConsistent)
    wake()
  }

  func meet() {
    let number = meeting.load(ordering: .acquiring)
    if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.store(0, ordering: .relaxed)
      meeting.store(number &+ 1, ordering: .sequentiallyConsistent)
      wake()
      return
    }
    wait { self.meeting.load(ordering: .sequentiallyConsistent) != number }
  }

  /// Waits until `condition` is true.
  private func wait(until isDone: () -> Bool) {
    // A few microseconds, then about a millisecond in which others may run: to be woken takes
    // longer than most waits last.
    for _ in 0..<2_000 {
      if isDone() { return }
    }
    for _ in 0..<2_000 {
      if isDone() { return }
      sched_yield()
    }
    condition.lock()
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    // Who makes `isDone` true looks for sleepers afterwards, so that one of both sees the other.
    while !isDone() { condition.wait() }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    condition.unlock()
  }

  private func wake() {
    if sleepers.load(ordering: .sequentiallyConsistent) == 0 { return }
    condition.lock()
    condition.broadcast()
    condition.unlock()
  }

}

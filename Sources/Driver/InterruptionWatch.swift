import Foundation
import Synchronization

/// The signals that ask this process to end, caught while something runs that must not end in the
/// middle.
///
/// Such are other programs, which are in process groups of their own that the terminal's signals do
/// not reach, and trainings, which are saved first.
enum InterruptionWatch {

  /// The number of watchers, and what the signals did before the first of them.
  private static let users = Mutex<(count: Int, previous: [Int32: sigaction])>((0, [:]))

  /// The first signal that was caught, or 0.
  private static let signal = Atomic<Int32>(0)

  /// The first signal that was caught since the first of the watchers began, or 0.
  static var received: Int32 { signal.load(ordering: .acquiring) }

  /// Starts to catch signals unless that is done already.
  static func begin() {
    users.withLock { users in
      users.count += 1
      guard users.count == 1 else { return }
      signal.store(0, ordering: .releasing)
      for number in [SIGINT, SIGTERM, SIGHUP] {
        var previous = sigaction()
        var action = sigaction()
        // Only stores into an atomic: a handler may do hardly anything else. It is not inherited
        // by the programs, as ignoring the signal would be.
        let handler: @convention(c) (Int32) -> Void = { number in
          _ = InterruptionWatch.signal.compareExchange(
            expected: 0, desired: number, ordering: .acquiringAndReleasing)
        }
        #if canImport(Darwin)
          action.__sigaction_u.__sa_handler = handler
        #else
          action.__sigaction_handler.sa_handler = handler
        #endif
        action.sa_flags = SA_RESTART
        guard sigaction(number, nil, &previous) == 0, !previous.isIgnoring else { continue }
        sigaction(number, &action, nil)
        users.previous[number] = previous
      }
    }
  }

  /// Gives the signals back when nobody watches any more.
  static func end() {
    users.withLock { users in
      users.count -= 1
      guard users.count == 0 else { return }
      for (number, previous) in users.previous {
        var previous = previous
        sigaction(number, &previous, nil)
      }
      users.previous = [:]
    }
  }

}

extension sigaction {

  /// `true` iff the signal is ignored, as under `nohup`; then it stays so.
  fileprivate var isIgnoring: Bool {
    #if canImport(Darwin)
      let handler = __sigaction_u.__sa_handler
    #else
      let handler = __sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

}

import Foundation
import Synchronization

/// The run of another program to its end.
struct Subprocess {

  /// How a program ended.
  enum Ending: Equatable {

    case exited(status: Int32)

    /// A signal that it did not get from us ended it.
    case killed(signal: Int32)

    /// We ended it, because we got a signal ourselves.
    case interrupted(signal: Int32)

    /// We ended it, because it took too long.
    case timedOut

  }

  let ending: Ending

  /// What it wrote to standard output and standard error; the end of it if that was long.
  let output: String

  /// The most bytes of output that are kept.
  private static let outputLimit = 1 << 20

  /// How long a wait is at most before signals are looked for, in seconds.
  private static let interval = 0.05

  /// Runs the program at `path`, for at most `timeout` seconds.
  ///
  /// - Throws: what Foundation says if the program cannot be started.
  init(
    _ path: String, _ arguments: [String], environment: [String: String]? = nil,
    timeout: Double
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    if let environment { process.environment = environment }
    process.standardInput = FileHandle.nullDevice
    // One pipe for both streams, emptied while the program runs: it can never wait for us.
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }

    InterruptionWatch.begin()
    defer { InterruptionWatch.end() }
    try process.run()
    let collector = Collector(limit: Self.outputLimit)
    let reader = pipe.fileHandleForReading
    let emptied = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      // An empty part is the end. Reading a given number of bytes would wait for all of them, or
      // for the end, which another program that was started at the same time can hold up.
      while case let part = reader.availableData, !part.isEmpty { collector.add(part) }
      emptied.signal()
    }

    var reason: Ending?
    let deadline = Date(timeIntervalSinceNow: timeout)
    // Ends with the program, which is killed in the round after the deadline or our own signal.
    while ended.wait(timeout: .now() + Self.interval) == .timedOut {
      guard reason == nil else { continue }
      let signal = InterruptionWatch.received
      if signal != 0 { reason = .interrupted(signal: signal) }
      if reason == nil, Date() > deadline { reason = .timedOut }
      if reason != nil { Self.kill(process.processIdentifier) }
    }
    // A process that the program left behind may hold the pipe open: not longer than that.
    _ = emptied.wait(timeout: .now() + 1)
    // The terminal sends its signals to both; ours may be seen only after the program's end.
    if reason == nil, InterruptionWatch.received != 0 {
      reason = .interrupted(signal: InterruptionWatch.received)
    }
    let status = process.terminationStatus
    ending =
      reason
      ?? (process.terminationReason == .exit
        ? .exited(status: status) : .killed(signal: status))
    output = collector.text
  }

  /// Ends the process `id` and, if it leads a group as Foundation makes it, those that it started.
  private static func kill(_ id: pid_t) {
    _ = getpgid(id) == id ? Foundation.kill(-id, SIGKILL) : Foundation.kill(id, SIGKILL)
  }

}

/// Bytes from one thread for another.
///
/// A class, because both threads hold it.
private final class Collector: Sendable {

  private let limit: Int
  private let data = Mutex(Data())

  init(limit: Int) {
    self.limit = limit
  }

  /// Adds `part`, and drops the oldest bytes above the limit.
  func add(_ part: Data) {
    data.withLock { data in
      data += part
      if data.count > 2 * limit { data = Data(data.suffix(limit)) }
    }
  }

  /// All bytes within the limit as text.
  var text: String {
    data.withLock { String(decoding: $0.suffix(limit), as: UTF8.self) }
  }

}

/// The signals that ask this process to end, caught while programs run that must end with it.
///
/// The programs are in process groups of their own, which the terminal's signals do not reach.
private enum InterruptionWatch {

  /// The number of running programs, and what the signals did before the first of them.
  private static let users = Mutex<(count: Int, previous: [Int32: sigaction])>((0, [:]))

  /// The first signal that was caught, or 0.
  private static let signal = Atomic<Int32>(0)

  /// The first signal that was caught since the first of the running programs began, or 0.
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

  /// Gives the signals back when no program runs any more.
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

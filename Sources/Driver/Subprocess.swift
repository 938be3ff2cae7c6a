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
      while let part = nextPart(of: reader) { collector.add(part) }
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

/// Returns what can be read of `file` now, after waiting for it; `nil` at the end, or where nothing
/// can be read.
///
/// Unlike `availableData`, this goes on after a signal that came in between.
private func nextPart(of file: FileHandle) -> Data? {
  var part = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(file.fileDescriptor, &part, part.count)
    if count > 0 { return Data(part.prefix(count)) }
    if count == 0 || errno != EINTR { return nil }
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

import Foundation
import Training

/// The progress of a training on standard error: one line that is redrawn on a terminal, lines at
/// intervals elsewhere.
///
/// A class, because the training holds it while it runs.
final class TrainingReporter {

  private let console: Console

  /// What is counted a second.
  private let unit: String

  private let clock = ContinuousClock()

  /// The time of the last line; `nil` before the first.
  private var last: ContinuousClock.Instant?

  /// The latest status, unless it has been shown.
  private var pending: TrainingStatus?

  /// `true` iff a complete epoch has been shown.
  private var hasShownEpoch = false

  /// Creates the report of a training that counts `unit`, tokens or updates.
  init(_ console: Console, unit: String) {
    self.console = console
    self.unit = unit
  }

  /// Shows `status`, if it is time to.
  func observe(_ status: TrainingStatus) {
    pending = status
    let now = clock.now
    let interval: Duration = console.terminalWidth == nil ? .seconds(10) : .milliseconds(100)
    let isFirstEpoch = !hasShownEpoch && status.epochs > 0
    guard isFirstEpoch || last.map({ now - $0 >= interval }) ?? false else {
      if last == nil { last = now }
      return
    }
    if isFirstEpoch { hasShownEpoch = true }
    last = now
    show(status)
  }

  /// Shows the last status, if it was not shown, and ends the line.
  func finish() {
    if let pending { show(pending) }
    if console.terminalWidth != nil, last != nil { console.report("\n") }
  }

  private func show(_ status: TrainingStatus) {
    pending = nil
    if let width = console.terminalWidth {
      // A line that wraps could not be redrawn.
      console.report("\r\u{1B}[K\(shortLine(status).prefix(width - 1))")
    } else {
      console.report("\(line(status))\n")
    }
  }

  /// Returns `status` in a line of a terminal.
  private func shortLine(_ status: TrainingStatus) -> String {
    var parts = ["\(epoch(status)): perplexity \(fixed(status.trainPerplexity, 2))"]
    if let perplexity = status.validPerplexity { parts.append("valid \(fixed(perplexity, 2))") }
    if let norm = status.gradientNorm { parts.append("norm \(fixed(norm, 2))") }
    return (parts + rates(status)).joined(separator: ", ")
  }

  private func line(_ status: TrainingStatus) -> String {
    var parts = [epoch(status), "update \(status.update)", perplexities(status)]
    if let norm = status.gradientNorm { parts.append("gradient norm \(fixed(norm, 3))") }
    return (parts + rates(status)).joined(separator: ", ")
  }

  private func epoch(_ status: TrainingStatus) -> String {
    "epoch \(status.epoch)" + (status.epochLimit.map { "/\($0)" } ?? "")
  }

  private func rates(_ status: TrainingStatus) -> [String] {
    ["\(short(status.work.tokensPerSecond)) \(unit)/s"]
      + (status.secondsLeft.map { ["\(Self.rough($0)) left"] } ?? [])
  }

  private func perplexities(_ status: TrainingStatus) -> String {
    "train perplexity \(fixed(status.trainPerplexity, 3))"
      + (status.validPerplexity.map { ", valid perplexity \(fixed($0, 3))" } ?? "")
  }

  /// Returns a duration as a person estimates it.
  private static func rough(_ seconds: Double) -> String {
    // No training takes a thousand years.
    let seconds = Int(min(seconds, 3e10).rounded(.up))
    if seconds < 120 { return "\(seconds) s" }
    let minutes = (seconds + 59) / 60
    return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }

  /// Returns the line for a training that is done.
  func summary(of status: TrainingStatus) -> String {
    "done: epoch \(status.epoch), update \(status.update), \(perplexities(status)), "
      + "\(fixed(status.work.tokensPerSecond, 0)) \(unit)/s"
  }

}

import Foundation
import Training

/// The progress of a training on standard error: one line that is redrawn on a terminal, lines at
/// intervals elsewhere.
///
/// A class, because the training holds it while it runs.
final class TrainingReporter {

  private let console: Console
  private let clock = ContinuousClock()

  /// The time of the last line; `nil` before the first.
  private var last: ContinuousClock.Instant?

  /// The latest status, unless it has been shown.
  private var pending: TrainingStatus?

  /// `true` iff a complete epoch has been shown.
  private var hasShownEpoch = false

  /// Creates the report of a training.
  init(_ console: Console) {
    self.console = console
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
    let unit = status.unit
    func text(_ loss: Double) -> String {
      unit == .tokens ? fixed(unit.quantity(of: loss), 2) : EvaluationReport.number(loss)
    }
    var parts = ["\(epoch(status)): \(unit.quantity) \(text(status.trainLoss))"]
    if let accuracy = status.evaluation?.accuracy {
      parts.append("valid \(EvaluationReport.percentage(accuracy))")
    } else if let loss = status.validLoss {
      parts.append("valid \(text(loss))")
    }
    if let norm = status.gradientNorm { parts.append("norm \(fixed(norm, 2))") }
    return (parts + rates(status)).joined(separator: ", ")
  }

  private func line(_ status: TrainingStatus) -> String {
    var parts = [epoch(status), "update \(status.update)", losses(status)]
    if let norm = status.gradientNorm { parts.append("gradient norm \(fixed(norm, 3))") }
    return (parts + rates(status)).joined(separator: ", ")
  }

  private func epoch(_ status: TrainingStatus) -> String {
    "epoch \(status.epoch)" + (status.epochLimit.map { "/\($0)" } ?? "")
  }

  private func rates(_ status: TrainingStatus) -> [String] {
    [speed(status)]
      + (status.secondsLeft.map { ["\(Self.rough($0)) left"] } ?? [])
  }

  private func speed(_ status: TrainingStatus) -> String {
    "\(short(status.work.tokensPerSecond)) \(status.unit.rawValue)/s"
  }

  private func losses(_ status: TrainingStatus) -> String {
    let unit = status.unit
    func text(_ part: String, _ loss: Double) -> String {
      "\(part) \(unit.quantity) "
        + (unit == .tokens ? fixed(unit.quantity(of: loss), 3) : EvaluationReport.number(loss))
    }
    let train = text("train", status.trainLoss)
    if let evaluation = status.evaluation {
      return "\(train), \(EvaluationReport(evaluation: evaluation, classes: nil).summary("valid "))"
    }
    return train + (status.validLoss.map { ", " + text("valid", $0) } ?? "")
  }

  /// Returns a duration as a person estimates it.
  private static func rough(_ seconds: Double) -> String {
    // No training takes a thousand years.
    let seconds = Int(min(seconds, 3e10).rounded(.up))
    if seconds < 120 { return "\(seconds) s" }
    let minutes = (seconds + 59) / 60
    return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }

  /// Returns the line for a training that is done; how the model does on examples stands at its
  /// end.
  func summary(of status: TrainingStatus) -> String {
    let results =
      status.unit == .rows ? [speed(status), losses(status)] : [losses(status), speed(status)]
    return (["done: epoch \(status.epoch)", "update \(status.update)"] + results)
      .joined(separator: ", ")
  }

}

import Diagnostics
import Foundation
import Runner
import Tensors
import Text

extension TrainingRun {

  /// Goes on from the checkpoint in the file of the model, if that exists; returns `true` iff it
  /// does.
  ///
  /// - Requires: nothing was run yet, and there is a file of the model.
  package mutating func resume() throws -> Bool {
    guard let path = files.model else { preconditionFailure("a training goes on from a file") }
    guard FileManager.default.fileExists(atPath: path) else { return false }
    let checkpoint = try Checkpoint(
      DataOptions.safetensors(path), of: model.manifest, name: path)
    try checkpoint.check(model.manifest, origin, name: path)
    let position = checkpoint.progress.position
    let count = try batches(ofEpoch: checkpoint.progress.epochCount).count
    guard position <= count else {
      throw RunnerError(
        .input, "'\(path.printable)' is damaged: found \(position) updates in an epoch of \(count)")
    }
    try model.restore(checkpoint.values)
    progress = checkpoint.progress
    savedProgress = progress
    validationLoss = progress.epochs.last?.validationLoss
    return true
  }

  /// Returns a checkpoint of the model as it is, or `nil` if there is no file for one.
  func checkpoint() throws(RunnerError) -> Checkpoint? {
    if files.model == nil { return nil }
    let values = try model.currentValues()
    if let name = values.damagedParameter {
      throw failure("'\(name)' has numbers that are not finite after update \(progress.update)")
    }
    return Checkpoint(values: values, origin: origin, progress: progress)
  }

  /// Saves the model and draws the plot at the end of the training.
  mutating func finish() throws {
    if savedProgress != progress, let last = try checkpoint() {
      try probe()
      try model.restore(last.values)
      try write(last)
    }
    try drawPlot()
  }

  /// Throws if the loss behind the last update is none that a training could go on with; leaves the
  /// model somewhere else.
  private func probe() throws {
    var (epoch, position) = (progress.epochCount, progress.position)
    var batches = try batches(ofEpoch: epoch)
    if position == batches.count {
      (epoch, position) = (epoch + 1, 0)
      batches = try self.batches(ofEpoch: epoch)
    }
    model.setCounters(seed: settings.seed, update: progress.update)
    try check(try batches.update(model, at: position).loss)
  }

  /// Throws if `loss`, that of the next update, is none that a training can go on with: it is not
  /// finite, or the perplexity of a text is not.
  func check(_ loss: Float) throws(RunnerError) {
    if loss.isFinite, data.unit != .tokens || exp(Double(loss)).isFinite { return }
    throw failure(
      "the loss is \(loss) in update \(progress.update + 1), epoch \(progress.epochCount + 1)")
  }

  /// Makes `checkpoint` the content of the file of the model, and draws the plot.
  mutating func write(_ checkpoint: Checkpoint) throws(RunnerError) {
    guard let path = files.model else { preconditionFailure("a checkpoint has a file") }
    try write(checkpoint.file.bytes(), to: path)
    savedProgress = checkpoint.progress
    pending = nil
    try drawPlot()
  }

  private func drawPlot() throws(RunnerError) {
    guard let path = files.plot else { return }
    let epochs = progress.epochs + (cutEpoch.map { [$0] } ?? [])
    try write(Array(LossPlot(epochs, of: data.unit).svg.utf8), to: path)
  }

  private func write(_ bytes: [UInt8], to path: String) throws(RunnerError) {
    do {
      try writeFile(bytes, to: path)
    } catch {
      throw RunnerError(error.cause == .input ? .input : .environment, error.message, details: kept)
    }
  }

  /// What the file of the model holds, in one line, if there is one.
  private var kept: [String] {
    guard let path = files.model else { return [] }
    if let savedProgress {
      return ["'\(path.printable)' holds the model after update \(savedProgress.update)"]
    }
    return [
      FileManager.default.fileExists(atPath: path)
        ? "'\(path.printable)' is as it was before" : "nothing was saved in '\(path.printable)'"
    ]
  }

  /// Returns an error that ends the training because its numbers are not finite any more.
  func failure(_ message: String) -> RunnerError {
    RunnerError(
      .input, message, details: kept + ["a smaller learning rate, or clipping, may help"])
  }

}

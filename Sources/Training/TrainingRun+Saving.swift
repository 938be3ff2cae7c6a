import Diagnostics
import Foundation
import Runner
import Tensors

extension TrainingRun {

  /// Goes on from the checkpoint in the file of the model, if that exists; returns `true` iff it does.
  ///
  /// - Requires: nothing was run yet, and there is a file of the model.
  package mutating func resume() throws -> Bool {
    guard let path = files.model else { preconditionFailure("a training goes on from a file") }
    guard FileManager.default.fileExists(atPath: path) else { return false }
    let checkpoint = try Checkpoint(
      DataOptions.safetensors(path), of: model.manifest, name: path)
    try checkpoint.check(model.manifest, origin, name: path)
    let position = checkpoint.progress.position
    let count = try windows(ofEpoch: checkpoint.progress.epochs.count)?.count ?? 1
    guard position <= count else {
      throw RunnerError(
        .input, "'\(path.printable)' is damaged: found \(position) windows in an epoch of \(count)")
    }
    try model.restore(checkpoint.values)
    progress = checkpoint.progress
    savedProgress = progress
    validationLoss = progress.epochs.last?.validationLoss
    return true
  }

  /// Saves a checkpoint, unless the last one is of the same progress, and draws the plot.
  mutating func save() throws(RunnerError) {
    if let path = files.model, savedProgress != progress {
      let values = try model.currentValues()
      if let name = values.damagedParameter {
        throw failure("'\(name)' has numbers that are not finite after update \(progress.update)")
      }
      let checkpoint = Checkpoint(values: values, origin: origin, progress: progress)
      try write(checkpoint.file.bytes(), to: path)
      savedProgress = progress
    }
    if let path = files.plot {
      let epochs = progress.epochs + (cutEpoch.map { [$0] } ?? [])
      try write(Array(PerplexityPlot(epochs).svg.utf8), to: path)
    }
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
    return [
      savedProgress.map { "'\(path.printable)' holds the model after update \($0.update)" }
        ?? "nothing was saved in '\(path.printable)'"
    ]
  }

  /// Returns an error that ends the training because its numbers are not finite any more.
  func failure(_ message: String) -> RunnerError {
    RunnerError(
      .input, message, details: kept + ["a smaller learning rate, or clipping, may help"])
  }

}

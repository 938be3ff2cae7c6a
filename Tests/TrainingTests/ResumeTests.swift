import Foundation
import IR
import Tensors
import Testing

@testable import Training

/// A training that was stopped and gone on with makes the same files as one that was not.
@Suite struct ResumeTests {

  @Test(arguments: Partition.allCases)
  func goesOnFromEveryUpdate(_ partition: Partition) throws {
    var whole = try TrainingCase()
    whole.settings.partition = partition
    whole.settings.schedule = LearningRateSchedule(
      .step(every: .part(0.4), factor: 0.5), warmup: .updates(3))
    guard case .done(let status) = try whole.train() else {
      Issue.record("nothing interrupts")
      return
    }
    #expect(status.update == 12 && status.epochs == 3)
    let expected = try whole.results()
    for limit in 0...12 {
      var part = whole
      part.files = try TrainingCase().files
      try part.train(interruptedAfter: limit)
      // Without an update there is no file, and a training starts at its beginning.
      #expect(FileManager.default.fileExists(atPath: part.files.model ?? "") == (limit > 0))
      try part.train(isResumed: true)
      #expect(try part.results() == expected, "stopped after \(limit) updates")
    }
  }

  @Test func goesOnAgainAndAgain() throws {
    let whole = try TrainingCase()
    try whole.train()
    var part = whole
    part.files = try TrainingCase().files
    for _ in 0..<12 { try part.train(isResumed: true, interruptedAfter: 1) }
    try part.train(isResumed: true)
    #expect(try part.results() == whole.results())
    // Done already: nothing changes.
    try part.train(isResumed: true)
    #expect(try part.results() == whole.results())
  }

  /// Whatever happens behind a checkpoint is forgotten, also what the log and the plot have of it.
  @Test(arguments: [1, 2, 3, 4, 5, 7])
  func goesOnFromTheLastCheckpointAfterAFailure(_ interval: Int) throws {
    let whole = try TrainingCase()
    try whole.train()
    for limit in 0..<12 {
      var part = whole
      part.files = try TrainingCase().files
      part.files.checkpointInterval = interval
      let model = part.model()
      model.lastFiniteUpdate = limit
      let error = runnerError { try part.train(model) }
      #expect(error?.message.hasPrefix("the loss is inf in update \(limit + 1), epoch ") == true)
      // The loss behind the last update is not finite: its checkpoint is none.
      let saved = max(limit - 1, 0) / interval * interval
      #expect(FileManager.default.fileExists(atPath: part.files.model ?? "") == (saved > 0))
      if saved > 0 { #expect(try part.checkpoint().progress.update == saved) }
      part.files.checkpointInterval = nil
      try part.train(isResumed: true)
      #expect(try part.results() == whole.results(), "failed after \(limit), saved at \(saved)")
    }
  }

  @Test func goesOnToMoreUpdates() throws {
    var short = try TrainingCase()
    short.settings.epochs = nil
    for updates in [3, 4, 6, 7, 12] {
      short.settings.updates = updates
      guard case .done(let status) = try short.train(isResumed: true) else {
        Issue.record("nothing interrupts")
        return
      }
      #expect(status.update == updates)
      #expect(status.epoch == (updates + 3) / 4)
    }
    let whole = try TrainingCase()
    try whole.train()
    #expect(try short.results() == whole.results())
  }

  @Test func staysAtTheLastEpochUntilItIsEvaluated() throws {
    let whole = try TrainingCase()
    try whole.train()
    var part = whole
    part.files = try TrainingCase().files
    // The signal comes while what is kept apart is evaluated, behind the last window of an epoch.
    try part.train(interruptedAfter: 4)
    let progress = try part.checkpoint().progress
    #expect(progress.position == 4 && progress.epochs.isEmpty)
    try part.train(isResumed: true)
    #expect(try part.results() == whole.results())
  }

  @Test func trainsOnFixedInputs() throws {
    var whole = try TrainingCase()
    whole.data = .fixed
    whole.settings.epochs = 4
    let model = whole.model()
    guard case .done(let status) = try whole.train(model) else {
      Issue.record("nothing interrupts")
      return
    }
    #expect(status.update == 4 && status.epoch == 4 && status.work.tokens == 4)
    // The fifth is that behind the last update.
    #expect(model.windows == [[], [], [], [], []])
  }

}

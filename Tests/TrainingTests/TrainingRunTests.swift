import Foundation
import IR
import Runner
import Tensors
import Testing
import Text

@testable import Training

@Suite struct TrainingRunTests {

  @Test func learns() throws {
    var training = try TrainingCase()
    training.settings.epochs = 40
    guard case .done(let status) = try training.train() else {
      Issue.record("nothing interrupts")
      return
    }
    let first = try training.checkpoint().progress.epochs[0].trainingLoss
    #expect(status.trainLoss < 0.75 * first)
    #expect(status.validLoss?.isFinite == true)
  }

  @Test func givesEveryWindowOnceAnEpoch() throws {
    var training = try TrainingCase()
    for partition in Partition.allCases {
      training.settings.partition = partition
      let model = training.model()
      try training.train(model)
      // The last is that behind the last update.
      var windows = model.windows.dropLast()
      for epoch in 0..<3 {
        let expected = try partition.windows(
          of: training.data.training, batch: 2, steps: 3, epoch: epoch, seed: 7)
        for position in 0..<expected.count {
          var window = expected.emptyWindow
          expected.fill(&window.inputs, &window.labels, at: position)
          #expect(windows.popFirst() == window.inputs)
        }
      }
      #expect(windows.isEmpty)
    }
  }

  /// Sequential windows carry the state through an epoch; random ones start afresh.
  @Test(arguments: [(Partition.sequential, 12), (.random, 3)] as [(Partition, Int64)])
  func carriesStates(_ partition: Partition, _ count: Int64) throws {
    var training = try TrainingCase()
    training.settings.partition = partition
    try training.train()
    let count = Tensor(shape: [2], .int64([count, count]))
    #expect(try training.checkpoint().values.states["count"] == count)
  }

  @Test func evaluatesWithoutChangingTheTraining() throws {
    let with = try TrainingCase()
    try with.train()
    var without = try TrainingCase()
    without.data = .text(training: with.data.training, validation: [])
    try without.train()
    #expect(try with.checkpoint().values == without.checkpoint().values)
    #expect(try with.checkpoint().progress.epochs.allSatisfy { $0.validationLoss != nil })
    #expect(try without.checkpoint().progress.epochs.allSatisfy { $0.validationLoss == nil })
  }

  @Test func findsThePerplexityOfAText() throws {
    let training = try TrainingCase()
    let model = training.model()
    try training.train(model)
    var perplexity = Perplexity()
    model.restart()
    for window in try SequentialWindows(training.data.validation, batch: 2, steps: 3) {
      model.evaluate(inputs: window.inputs, labels: window.labels, &perplexity)
    }
    let last = try training.checkpoint().progress.epochs.last
    #expect(last?.validationLoss == perplexity.averageCrossEntropy)
  }

  @Test func followsTheSchedule() throws {
    var training = try TrainingCase()
    training.settings.schedule = LearningRateSchedule(.step(every: .updates(5), factor: 0.1))
    let model = training.model()
    try training.train(model)
    let expected = (0..<12).map { 0.5 * pow(0.1, Double($0 / 5)) }
    #expect(model.rates == [0.5] + expected)
    let rates = try text(training.files.log).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",")[5]
    }
    #expect(rates == ["0.5", "0.05", "0.005"])
  }

  /// Lengths in epochs and parts are those of the data at hand: three epochs of four updates.
  @Test func followsSchedulesOfItsOwnLength() throws {
    var training = try TrainingCase()
    for (every, end) in [(.epochs(2), 8), (.part(0.75), 9)] as [(LearningRateSchedule.Length, Int)]
    {
      training.settings.schedule = LearningRateSchedule(.step(every: every, factor: 0.5))
      let model = training.model()
      try training.train(model)
      #expect(model.rates == [0.5] + (0..<12).map { $0 < end ? 0.5 : 0.25 })
    }
  }

  @Test func dependsOnTheSeedAlone() throws {
    var (a, b) = (try TrainingCase(), try TrainingCase())
    try a.train()
    try b.train()
    #expect(try a.results() == b.results())
    b.settings.seed = 8
    try b.train()
    #expect(try a.checkpoint().values != b.checkpoint().values)
    a.settings.partition = .random
    try a.train()
    b.settings.seed = 7
    try b.train()
    #expect(try a.checkpoint().values != b.checkpoint().values)
  }

  /// What the learning rate ruined in the last update does not take the place of an older model.
  @Test func savesNothingThatCannotGoOn() throws {
    for updates in 1...12 {
      var training = try TrainingCase()
      training.settings.updates = updates
      try writeFile([1, 2, 3], to: training.files.model ?? "")
      let model = training.model()
      model.lastFiniteUpdate = updates
      let error = runnerError { try training.train(model) }
      #expect(error?.kind == .input)
      #expect(error?.message.hasPrefix("the loss is inf in update \(updates + 1), epoch ") == true)
      #expect(error?.details.first == "'\(training.files.model ?? "")' is as it was before")
      #expect(try bytes(training.files.model) == [1, 2, 3])
    }
  }

  /// A finite loss whose perplexity is not is the end of a training on a text.
  @Test func stopsAtAnInfinitePerplexity() throws {
    var training = try TrainingCase()
    training.settings.learningRate = 1e5
    let error = runnerError { try training.train() }
    #expect(error?.message.contains(" in update 2, epoch 1") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("the loss is inf") == false)
  }

  @Test func keepsParametersFiniteInTheFile() throws {
    var training = try TrainingCase()
    training.files.checkpointInterval = 2
    let model = training.model()
    model.lastFiniteParameters = 5
    let error = runnerError { try training.train(model) }
    #expect(error?.kind == .input)
    #expect(error?.message == "'table' has numbers that are not finite after update 6")
    #expect(
      error?.details.first == "'\(training.files.model ?? "")' holds the model after update 4")
    #expect(try training.checkpoint().progress.update == 4)
  }

  @Test func saysWhatIsLeftWhenAFileCannotBeWritten() throws {
    var training = try TrainingCase()
    training.files.checkpointInterval = 1
    let path = training.files.model ?? ""
    var run = try training.run()
    // The file becomes a folder behind the third update.
    let error = runnerError {
      _ = try run.run(
        TrainingRun.Observer(observe: { status in
          guard status.update == 4 else { return }
          try? FileManager.default.moveItem(atPath: path, toPath: "\(path).3")
          try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }))
    }
    #expect(error?.message == "cannot write '\(path)': found a folder, expected a file")
    #expect(error?.details == ["'\(path)' holds the model after update 3"])
    training.files.model = "\(path).3"
    #expect(try training.checkpoint().progress.update == 3)
  }

  @Test func leavesAnOlderFileAloneUntilThereIsAnUpdate() throws {
    let training = try TrainingCase()
    try writeFile([1, 2, 3], to: training.files.model ?? "")
    try training.train(interruptedAfter: 0)
    #expect(try bytes(training.files.model) == [1, 2, 3])
  }

  @Test func needsNoFiles() throws {
    var training = try TrainingCase()
    training.files = TrainingFiles()
    guard case .done(let status) = try training.train() else {
      Issue.record("nothing interrupts")
      return
    }
    #expect(status.update == 12)
    #expect(status.work.updates == 12 && status.work.tokens == 72)
    #expect(status.secondsLeft == 0)
  }

  @Test(
    arguments: [
      ([], 0.0, 2, 3, "the text has 0 tokens, but a window of batch 2 and num_steps 3 needs 7"),
      ([1, 2, 3, 4, 1, 2], 0, 2, 3, "the text has 6 tokens, but a window of batch 2 and"),
      (
        TrainingCase.tokens, 0.1, 2, 3,
        "the part for validation is too short: the text has 4 tokens"
      ),
      (TrainingCase.tokens, 0.9, 2, 3, "the text has 4 tokens, but a window"),
      (TrainingCase.tokens, 0, 2, 0, "'num_steps' is 0, expected at least 1"),
    ] as [([Int32], Double, Int, Int, String)])
  func refusesShortTexts(
    _ tokens: [Int32], _ fraction: Double, _ batch: Int, _ steps: Int, _ message: String
  ) throws {
    var training = try TrainingCase()
    training.data = TrainingData(tokens, validationFraction: fraction)
    (training.batch, training.steps) = (batch, steps)
    do {
      try training.train()
      Issue.record("the text is too short")
    } catch let error as TextError {
      #expect(error.message.contains(message), "\(error.message)")
    }
  }

  @Test func refusesTokensOutOfRange() throws {
    var training = try TrainingCase()
    for token: Int32 in [5, -1] {
      training.data = .text(training: TrainingCase.tokens + [token], validation: [])
      let error = runnerError { try training.train() }
      #expect(error?.message == "the text has token \(token), expected 0..<5")
    }
  }

}

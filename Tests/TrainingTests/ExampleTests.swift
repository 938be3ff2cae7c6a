import Runner
import Tensors
import Testing
import Text

@testable import Training

@Suite struct ExampleTests {

  private func training(rows: Int = 21, fraction: Double = 0.2) throws -> TrainingCase {
    var training = try TrainingCase()
    let column = RowTensor(
      name: "x", shape: [rows], axis: 0, .integers((0..<rows).map { Int32($0) }))
    training.data = TrainingData(
      try ExampleSet([column]), validationFraction: fraction, seed: training.settings.seed)
    (training.batch, training.steps) = (4, 1)
    return training
  }

  /// Each epoch takes whole batches of all examples but a rest, in another order and with another
  /// rest, and the examples that are kept apart are in none of them.
  @Test func drawsWholeBatches() throws {
    let training = try training()
    guard case .rows(let kept, let apart, _) = training.data else {
      Issue.record("these are rows")
      return
    }
    #expect(apart.count == 4 && Set(kept + apart) == Set(0..<21))
    let model = training.model()
    try training.train(model)
    // 17 rows are four batches of four; the last update is that behind the end, which is undone.
    #expect(model.rows.count == 13 && model.updates == Array(0...12))
    let epochs = (0..<3).map { epoch in model.rows[4 * epoch..<4 * epoch + 4].flatMap { $0 } }
    for epoch in epochs {
      #expect(Set(epoch).count == 16 && Set(epoch).isSubset(of: kept))
    }
    #expect(Set(epochs).count == 3 && Set(epochs.map(Set.init)).count > 1)
    #expect(model.evaluatedRows == Array(repeating: apart, count: 3))
  }

  @Test func givesTheRestOfTheRowsToTheLastEvaluation() throws {
    let training = try training(rows: 30, fraction: 0.3)
    let model = training.model()
    try training.train(model)
    #expect(model.evaluatedRows.map(\.count) == [4, 4, 1, 4, 4, 1, 4, 4, 1])
  }

  /// What was seen of the rows that are held out is nothing to report, if the rest is missing.
  @Test(arguments: 0...5)
  func leavesAnEvaluationThatIsInterrupted(_ limit: Int) throws {
    let training = try training(rows: 30, fraction: 0.3)
    let model = training.model()
    var run = try training.run(model)
    // Each epoch evaluates three batches.
    let ending = try run.run(
      TrainingRun.Observer(
        isInterrupted: { model.evaluatedRows.count > limit }, observe: { _ in }))
    guard case .interrupted(let status) = ending else {
      Issue.record("the training ended")
      return
    }
    #expect(status.epochs == (limit + 1) / 3)
    #expect(status.evaluation?.count == (status.epochs == 0 ? nil : 9))
    #expect((status.validLoss == nil) == (status.evaluation == nil))
  }

  /// A training that was stopped anywhere goes on to the same bits.
  @Test func goesOnWithTheSameBits() throws {
    let whole = try training()
    try whole.train()
    let expected = try whole.results()
    for limit in 1..<12 {
      let part = try training()
      try part.train(interruptedAfter: limit)
      try part.train(isResumed: true)
      #expect(try part.results() == expected, "stopped after \(limit) updates")
    }
  }

  @Test func keepsOthersApartForAnotherSeed() throws {
    func apart(_ seed: UInt64) throws -> [Int] {
      let column = RowTensor(
        name: "x", shape: [100], axis: 0, .floats(Array(repeating: 0, count: 100)))
      guard
        case .rows(_, let apart, _) = TrainingData(
          try ExampleSet([column]), validationFraction: 0.1, seed: seed)
      else { return [] }
      return apart
    }
    #expect(try apart(1).count == 10 && apart(1) == apart(1) && apart(1) != apart(2))
  }

  @Test func tellsDataFromOthers() throws {
    func digest(_ elements: RowTensor.Elements, shape: [Int] = [4], name: String = "x") throws
      -> String
    {
      TrainingData(
        try ExampleSet([RowTensor(name: name, shape: shape, axis: 0, elements)]),
        validationFraction: 0, seed: 0
      ).digest
    }
    let digests = try [
      digest(.floats([1, 2, 3, 4])), digest(.floats([1, 2, 3, 5])),
      digest(.integers([1, 2, 3, 4])),
      digest(.floats([1, 2, 3, 4]), name: "y"), digest(.floats([1, 2, 3, 4]), shape: [2, 2]),
    ]
    #expect(Set(digests).count == digests.count)
  }

  @Test func refusesTooFewRows() throws {
    let training = try training(rows: 4)
    let error = runnerError { try training.train() }
    #expect(
      error?.message
        == "there are 3 rows to train on, without the 1 that are kept apart, but a batch takes 4")
  }

  @Test func refusesColumnsOfDifferentLengths() {
    let a = RowTensor(name: "x", shape: [2, 3], axis: 1, .floats([0, 0, 0, 0, 0, 0]))
    let b = RowTensor(name: "y", shape: [2], axis: 0, .integers([0, 1]))
    let error = runnerError { _ = try ExampleSet([a, b]) }
    #expect(error?.message == "the inputs have different numbers of rows")
    #expect(error?.details == ["'x' has 3 along axis 1", "'y' has 2 along axis 0"])
  }

}

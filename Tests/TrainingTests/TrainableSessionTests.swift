import Foundation
import IR
import Runner
import Tensors
import Testing
import Text

@testable import Training

@Suite struct TrainableSessionTests {

  private func model(
    inputs: [String: Tensor] = [:], isBatchFirst: Bool = false
  ) throws -> TrainableSession {
    try TrainableSession(
      EchoModel.session(shape: isBatchFirst ? [2, 3] : [3, 2]),
      text: EchoModel.roles(isBatchFirst: isBatchFirst), inputs: inputs, evaluates: true)
  }

  @Test(arguments: [false, true])
  func givesWindowsAndRates(_ isBatchFirst: Bool) throws {
    let model = try model(
      inputs: ["clip": Tensor(shape: [], .float64([8]))], isBatchFirst: isBatchFirst)
    #expect(model.steps == 3 && model.batch == 2 && model.classes == 6)
    #expect(model.learningRate == 0.1)
    model.setLearningRate(0.25)
    let result = try model.update(inputs: [0, 1, 2, 3, 4, 5], labels: [5, 4, 3, 2, 1, 0])
    #expect(result.gradientNorm == 1 && result.loss == 0)
    let values = try model.currentValues()
    // Windows have time outermost; the model may want rows there.
    let order = isBatchFirst ? [0, 2, 4, 1, 3, 5] : [0, 1, 2, 3, 4, 5]
    #expect(values.parameters["W"] == Tensor(shape: [6], order.map { Float(9 * $0 + 5) }))
    #expect(values.parameters["start"] == Tensor(shape: [2], [9, 1]))
    #expect(values.slots == ["momentum.W": Tensor(shape: [6], Array(repeating: 0.25, count: 6))])
    #expect(
      values.states == ["h": Tensor(shape: [2], [2, 2]), "k": Tensor(shape: [], .int64([1]))])
  }

  @Test func carriesCarriedStatesOnly() throws {
    let model = try model()
    let window: [Int32] = [0, 1, 2, 3, 4, 5]
    for call in 1...3 {
      let result = try model.update(inputs: window, labels: window)
      #expect(result.gradientNorm == Float(call) && result.loss == 0)
    }
    // The parameter that the state starts at has been updated three times.
    model.restart()
    #expect(try model.currentStates()["h"] == Tensor(shape: [2], [4, 1]))
  }

  @Test(arguments: [false, true])
  func evaluatesWindows(_ isBatchFirst: Bool) throws {
    let model = try model(isBatchFirst: isBatchFirst)
    let window: [Int32] = [0, 1, 2, 3, 4, 5]
    var perplexity = Perplexity()
    try model.evaluate(inputs: window, labels: window, &perplexity)
    #expect(abs(perplexity.perplexity - 1) < 1e-9 && perplexity.tokenCount == 6)
    try model.evaluate(inputs: window, labels: window.reversed(), &perplexity)
    #expect(abs(perplexity.averageCrossEntropy - 25) < 1e-9)
    #expect(try model.currentStates()["k"] == Tensor(shape: [], .int64([2])))
  }

  @Test func restoresValues() throws {
    let (a, b) = (try model(), try model())
    let window: [Int32] = [0, 1, 2, 3, 4, 5]
    for _ in 0..<3 { _ = try a.update(inputs: window, labels: window) }
    try b.restore(a.currentValues())
    #expect(try a.currentValues() == b.currentValues())
    for model in [a, b] { _ = try model.update(inputs: window, labels: window) }
    #expect(try a.currentValues() == b.currentValues())
  }

  /// A training by the compiled model that is stopped goes on with the same bits.
  @Test func trainsAndGoesOn() throws {
    var files = TrainingFiles()
    func train(isResumed: Bool, limit: Int = .max) throws -> [UInt8] {
      var settings = TrainingSettings()
      settings.epochs = 2
      settings.learningRate = 0.1
      settings.schedule = LearningRateSchedule(.cosine(over: .epochs(1.5), low: 0))
      let data = TrainingData((0..<40).map { $0 % 6 }, validationFraction: 0.2)
      let origin = TrainingOrigin(
        graph: "g", dims: [], coding: nil, data: data, partition: .sequential, seed: 0)
      var run = try TrainingRun(
        model(), data: data, settings: settings, origin: origin, files: files)
      if isResumed { #expect(try run.resume()) }
      var updates = 0
      let ending = try run.run(
        TrainingRun.Observer(
          isInterrupted: { updates >= limit }, observe: { updates = $0.work.updates }))
      if case .done(let status) = ending { #expect(status.update == 9) }
      return try bytes(files.model)
    }
    files.model = "\(try temporaryFolder())/whole"
    let whole = try train(isResumed: false)
    for limit in 1..<9 {
      files.model = "\(try temporaryFolder())/part"
      #expect(try train(isResumed: false, limit: limit) != whole)
      #expect(try train(isResumed: true) == whole, "stopped after \(limit) updates")
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    let left = runnerError {
      _ = try model(inputs: [
        "clp": Tensor(shape: [], [1]), "lr": Tensor(shape: [], .float64([1e39])),
      ])
    }
    #expect(
      left?.details == [
        "'lr' has 1e+39, which is too large for f32",
        "left over: 'clp' of f32; did you mean 'clip'?",
      ])
    let state = runnerError { _ = try model(inputs: ["h": Tensor(shape: [2], [0, 0])]) }
    #expect(state?.message == "the state 'h' starts as declared where a model is trained")
    let missing = runnerError {
      _ = try TrainableSession(EchoModel.session(), text: nil, inputs: [:], evaluates: false)
    }
    #expect(
      missing?.details == [
        "missing: 'tokens' of index<6>[3, 2]", "missing: 'next' of index<6>[3, 2]",
      ]
    )
  }

}

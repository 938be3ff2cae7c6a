import Foundation
import Tensors
import Testing

@testable import Runner

@Suite struct SessionTests {

  private let weights = [
    "W": Tensor(shape: [3, 2], [1, 0, 0, 1, 1, 1]),
    "b": Tensor(shape: [2], .float64([10, 20])),
  ]

  @Test func runsWithBoundWeights() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    let results = try session.run(entry: "forward", inputs: Toy.inputs())
    // y = [x0 + x2 + 10, x1 + x2 + 20].
    let y = (0..<8).flatMap { r -> [Float] in
      let first = Float(6 * r)
      return [first + 12, first + 23]
    }
    #expect(results["y"] == Tensor(shape: [4, 2, 2], y))
    #expect(results["next"] == Tensor(shape: [4, 2], .int64([1, 2, 3, 4, 5, 1, 2, 3])))
    #expect(results["negated"] == Tensor(shape: [2], .bool([true, false])))
    #expect(results.count == 3)
  }

  @Test func startsParametersAsDeclared() throws {
    let session = try Toy.session()
    try session.bindInitial()
    let results = try session.run(entry: "forward", inputs: Toy.inputs(steps: 1))
    // W = [[0, 1], [2, 3], [4, 5]], b = 0.5.
    #expect(results["y"] == Tensor(shape: [1, 2, 2], [10.5, 13.5, 28.5, 40.5]))
    #expect(session.manifest.initialValues(seed: 0)[1] == [0.5, 0.5])
  }

  @Test func listsAllMistakesInWeights() throws {
    let session = try Toy.session()
    let error = runnerError {
      try session.bind(parameters: [
        "w": Tensor(shape: [3, 2], [1, 0, 0, 1, 1, 1]), "b": Tensor(shape: [3], [1, 2, 3]),
        "alpha": Tensor(shape: [], [1]),
      ])
    }
    #expect(
      error?.rendered == """
        error: the weights do not fit model 'Toy':
          missing: 'W' of f32[3, 2]
          'b' is f32[3], expected f32[2]
          left over: 'alpha' of f32
          left over: 'w' of f32[3, 2]; did you mean 'W'?

        """)
    #expect(!session.isBound)
  }

  @Test func refusesWeightsOfOtherTypesAndTooLargeOnes() throws {
    let session = try Toy.session()
    let error = runnerError {
      try session.bind(parameters: [
        "W": Tensor(shape: [3, 2], .int64([1, 2, 3, 4, 5, 6])),
        "b": Tensor(shape: [2], .float64([1, 1e39])),
      ])
    }
    #expect(
      error?.details == [
        "'W' is i64[3, 2], expected f32[3, 2]; in NumPy, 'astype(\"float32\")' makes it that",
        "'b' has 1e+39 at [1], which is too large for f32",
      ])
  }

  @Test func carriesOnlyCarriedStates() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    for call in 1...3 {
      _ = try session.run(entry: "forward", inputs: Toy.inputs())
      let count = Float(4 * call)
      #expect(try session.state(named: "count").elements == .float32([count, count]))
      #expect(try session.state(named: "fresh").elements == .float32([5, 5]))
      #expect(try session.state(named: "learned").elements == .float32([14, 24]))
      #expect(try session.state(named: "computed").elements == .float32([14]))
    }
    session.reset()
    #expect(try session.state(named: "count").elements == .float32([0, 0]))
    #expect(try session.state(named: "learned").elements == .float32([10, 20]))
  }

  @Test func takesStatesAsInputs() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    var inputs = Toy.inputs(steps: 1)
    inputs["count"] = Tensor(shape: [2], [100, 200])
    inputs["fresh"] = Tensor(shape: [2], .float64([7, 8]))
    _ = try session.run(entry: "forward", inputs: inputs)
    #expect(try session.state(named: "count").elements == .float32([101, 201]))
    #expect(try session.state(named: "fresh").elements == .float32([8, 9]))
    try session.setState("count", to: Tensor(shape: [2], [-1, -2]))
    _ = try session.run(entry: "step", inputs: ["scale": Tensor(shape: [], [1])])
    #expect(try session.state(named: "count").elements == .float32([0, -1]))
  }

  @Test func keepsIndicesAndTruthValuesInStates() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    let scale = ["scale": Tensor(shape: [], [1])]
    #expect(try session.state(named: "place") == Tensor(shape: [2], .int64([3, 4])))
    #expect(try session.state(named: "odd") == Tensor(shape: [], .bool([true])))
    for place: [Int64] in [[4, 0], [0, 1]] {
      _ = try session.run(entry: "step", inputs: scale)
      #expect(try session.state(named: "place").elements == .int64(place))
      #expect(try session.state(named: "odd").elements == .bool([false]))
    }
    let given = scale.merging([
      "place": Tensor(shape: [2], .int64([1, 2])), "odd": Tensor(shape: [], .int64([0])),
    ]) { a, _ in a }
    _ = try session.run(entry: "step", inputs: given)
    #expect(try session.state(named: "place").elements == .int64([2, 3]))
    #expect(try session.state(named: "odd").elements == .bool([true]))
    try session.setState("odd", to: Tensor(shape: [], .bool([false])))
    try session.setState("place", to: Tensor(shape: [2], .int64([0, 4])))
    #expect(try session.state(named: "odd").elements == .bool([false]))
    #expect(try session.state(named: "place").elements == .int64([0, 4]))
    session.reset()
    #expect(try session.state(named: "place").elements == .int64([3, 4]))
  }

  @Test func refusesStatesOutOfRange() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    let large = runnerError {
      try session.setState("place", to: Tensor(shape: [2], .int64([0, 5])))
    }
    #expect(large?.message == "state 'place' has 5 at [1], expected 0..<5")
    let error = runnerError {
      _ = try session.run(
        entry: "step",
        inputs: [
          "scale": Tensor(shape: [], [1]), "place": Tensor(shape: [2], [0, 1]),
          "odd": Tensor(shape: [], .int64([2])),
        ])
    }
    #expect(
      error?.details == [
        "'place' is f32[2], expected whole numbers", "'odd' has 2, expected 0..<2",
      ])
    #expect(try session.state(named: "place").elements == .int64([3, 4]))
  }

  @Test func refusesComputedAndUnknownStates() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    let computed = runnerError {
      try session.setState("computed", to: Tensor(shape: [], [1]))
    }
    #expect(computed?.message == "state 'computed' starts at a computed value and cannot be given")
    let unknown = runnerError { _ = try session.state(named: "cuont") }
    #expect(unknown?.message == "no state 'cuont'; did you mean 'count'?")
    let shape = runnerError { try session.setState("count", to: Tensor(shape: [1], [1])) }
    #expect(shape?.message == "state 'count' is f32[1], expected f32[2]")
  }

  @Test func listsAllMistakesInInputs() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    var inputs = Toy.inputs()
    inputs["x"] = nil
    inputs["tokens"] = Tensor(shape: [4, 2], .int64([0, 1, 2, 3, 4, 5, -1, 0]))
    inputs["flag"] = Tensor(shape: [2], .int64([0, 2]))
    inputs["count"] = Tensor(shape: [3], [1, 2, 3])
    inputs["token"] = Tensor(shape: [], [1])
    inputs["y"] = Tensor(shape: [], [1])
    let error = runnerError { _ = try session.run(entry: "forward", inputs: inputs) }
    #expect(
      error?.rendered == """
        error: the inputs do not fit entry 'forward':
          missing: 'x' of f32[4, 2, 3]
          'tokens' has 5 at [2, 1], expected 0..<5
          'flag' has 2 at [1], expected 0..<2
          'count' is f32[3], expected f32[2]
          left over: 'token' of f32
          left over: 'y' of f32; did you mean 'x'?

        """)
    #expect(error?.exitStatus == 1)
    #expect(try session.state(named: "count").elements == .float32([0, 0]))
  }

  @Test func refusesInputsOfOtherTypes() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    var inputs = Toy.inputs()
    inputs["x"] = Tensor(shape: [4, 2, 3], .int64(Array(repeating: 1, count: 24)))
    inputs["tokens"] = Tensor(shape: [4, 2], .bool(Array(repeating: true, count: 8)))
    inputs["flag"] = Tensor(shape: [2], [0, 1])
    let error = runnerError { _ = try session.run(entry: "forward", inputs: inputs) }
    #expect(
      error?.details == [
        "'x' is i64[4, 2, 3], expected f32[4, 2, 3]; in NumPy, 'astype(\"float32\")' makes it that",
        "'tokens' is bool[4, 2], expected index<5>[4, 2]",
        "'flag' is f32[2], expected whole numbers",
      ])
  }

  @Test(arguments: [0, 1, 3, 4])
  func takesTheCountOfStepsFromTheInputs(_ steps: Int) throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    let results = try session.run(entry: "forward", inputs: Toy.inputs(steps: steps))
    #expect(results["y"]?.shape == [steps, 2, 2])
    #expect(results["next"]?.shape == [steps, 2])
    #expect(try session.state(named: "count").elements == .float32([Float(steps), Float(steps)]))
  }

  @Test func cutsInputsToTheStepsThatAreAskedFor() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    let cut = try session.run(entry: "forward", inputs: Toy.inputs(steps: 6), steps: 2)
    let short = try session.run(entry: "forward", inputs: Toy.inputs(steps: 2))
    #expect(cut == short)
  }

  @Test func refusesWrongCountsOfSteps() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    var inputs = Toy.inputs(steps: 4)
    let details = { (inputs: [String: Tensor], steps: Int?) in
      runnerError { _ = try session.run(entry: "forward", inputs: inputs, steps: steps) }?.details
    }
    let tooMany =
      "5 steps are not in 0...4, the size of 'num_steps'; compiled with '--dim num_steps=5', the "
      + "model does as many"
    #expect(details(inputs, 5)?.first == tooMany)
    #expect(details(inputs, -1)?.first == "-1 steps are not in 0...4, the size of 'num_steps'")
    #expect(details(Toy.inputs(steps: 5), nil) == [tooMany])
    // What is wrong besides the steps is told of the file, and of what the model declares.
    inputs["x"] = Tensor(shape: [5, 3, 3], Array(repeating: 0, count: 45))
    inputs["tokens"] = Toy.inputs(steps: 5)["tokens"]
    #expect(details(inputs, nil) == [tooMany, "'x' is f32[5, 3, 3], expected f32[4, 2, 3]"])
    inputs["x"] = Tensor(shape: [2, 4, 3], Array(repeating: 0, count: 24))
    inputs["tokens"] = Tensor(shape: [2, 4], .int64(Array(repeating: 0, count: 8)))
    #expect(
      details(inputs, nil) == [
        "'x' is f32[2, 4, 3], expected f32[4, 2, 3]",
        "'tokens' is i64[2, 4], expected index<5>[4, 2]",
      ])
    inputs = Toy.inputs(steps: 4)
    #expect(
      details(Toy.inputs(steps: 1), 2) == [
        "'x' is f32[1, 2, 3], expected f32[2, 2, 3]",
        "'tokens' is i64[1, 2], expected index<5>[2, 2]",
      ])
    inputs["x"] = Toy.inputs(steps: 3)["x"]
    #expect(details(inputs, nil) == ["'tokens' has 4 steps, but another input only 3"])
    let step = runnerError {
      _ = try session.run(entry: "step", inputs: ["scale": Tensor(shape: [], [1])], steps: 2)
    }
    #expect(step?.details == ["the count of steps is 2, but the entry takes none"])
    let entry = runnerError { _ = try session.run(entry: "forwards", inputs: [:]) }
    #expect(entry?.message == "no entry 'forwards'; did you mean 'forward'?")
  }

  @Test func repeatsPreparedCalls() throws {
    let session = try Toy.session()
    try session.bind(parameters: weights)
    let call = try session.prepare(entry: "step", inputs: ["scale": Tensor(shape: [], [2])])
    for _ in 0..<10 { try session.runPrepared(call) }
    #expect(try session.state(named: "count").elements == .float32([10, 10]))
    #expect(session.outputs(of: call)["tiny"] == Tensor(shape: [], [2e-30]))
    call.input(0).storeBytes(of: 3, as: Float.self)
    try session.runPrepared(call)
    #expect(call.output(0).load(as: Float.self) == 3e-30)
    #expect(UInt(bitPattern: call.input(0)) % 64 == 0)
  }

  @Test func keepsSessionsApart() throws {
    let model = try CompiledModel(folder: Toy.folder.get())
    let (a, b) = (try Session(model), try Session(model))
    try a.bind(parameters: weights)
    try b.bindInitial()
    _ = try a.run(entry: "forward", inputs: Toy.inputs())
    #expect(try b.state(named: "count").elements == .float32([0, 0]))
    let y = try b.run(entry: "forward", inputs: Toy.inputs(steps: 1))["y"]
    #expect(y == Tensor(shape: [1, 2, 2], [10.5, 13.5, 28.5, 40.5]))
  }

}

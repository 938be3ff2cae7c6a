import Tensors
import Testing

@testable import Runner

/// Entries that update parameters.
@Suite struct UpdateTests {

  private let gradient = ["gradient": Tensor(shape: [3, 2], [1, 0, 0, 0, 0, -1])]

  @Test func changesParametersAndSlotsAndBindsThem() throws {
    let session = try Toy.session()
    try session.bindInitial()
    #expect(session.currentSlots() == ["momentum.W": Tensor(shape: [3, 2], [1, 1, 1, 1, 1, 1])])
    let outputs = try session.run(entry: "train", inputs: gradient)
    #expect(outputs == ["loss": Tensor(shape: [], [0.5])])
    #expect(session.currentSlots() == ["momentum.W": Tensor(shape: [3, 2], [2, 1, 1, 1, 1, 0])])
    #expect(
      session.currentParameters() == [
        "W": Tensor(shape: [3, 2], [-1, 0.5, 1.5, 2.5, 3.5, 5]),
        "b": Tensor(shape: [2], [1.5, 1.5]),
      ])
    // y = x W + b for x = [0, 1, 2], [3, 4, 5].
    let y = try session.run(entry: "forward", inputs: Toy.inputs(steps: 1))["y"]
    #expect(y == Tensor(shape: [1, 2, 2], [10, 14, 22, 38]))
  }

  @Test func takesAnInputInPlaceOfItsDefault() throws {
    let session = try Toy.session()
    try session.bindInitial()
    var inputs = gradient
    inputs["lr"] = Tensor(shape: [], .float64([2]))
    #expect(try session.run(entry: "train", inputs: inputs)["loss"] == Tensor(shape: [], [2]))
    // The default again, not what was given last.
    #expect(try session.run(entry: "train", inputs: gradient)["loss"] == Tensor(shape: [], [0.5]))
    inputs["lr"] = Tensor(shape: [1], [2])
    let error = runnerError { _ = try session.run(entry: "train", inputs: inputs) }
    #expect(error?.details == ["'lr' is f32[1], expected f32"])
  }

  @Test func startsAtParametersAsTheyAreNow() throws {
    let session = try Toy.session()
    try session.bindInitial()
    _ = try session.run(entry: "train", inputs: gradient)
    session.reset()
    #expect(try session.state(named: "learned").elements == .float32([1.5, 1.5]))
    #expect(try session.state(named: "count").elements == .float32([0, 0]))
  }

  @Test func resetsStatesThatAreNotCarried() throws {
    let session = try Toy.session()
    try session.bindInitial()
    let call = try session.prepare(entry: "train", inputs: gradient)
    for _ in 0..<3 {
      session.resetUncarriedStates()
      try session.runPrepared(call)
    }
    #expect(try session.state(named: "count").elements == .float32([3, 3]))
    #expect(try session.state(named: "fresh").elements == .float32([2, 2]))
    #expect(try session.state(named: "computed").elements == .float32([1]))
    #expect(try session.state(named: "place").elements == .int64([1, 2]))
    #expect(try session.state(named: "odd").elements == .bool([false]))
  }

  @Test func goesOnFromSlotsThatAreSet() throws {
    let (a, b) = (try Toy.session(), try Toy.session())
    try a.bindInitial()
    for _ in 0..<3 { _ = try a.run(entry: "train", inputs: gradient) }
    try b.bind(parameters: a.currentParameters())
    for (name, value) in a.currentSlots() { try b.setSlot(name, to: value) }
    for session in [a, b] { _ = try session.run(entry: "train", inputs: gradient) }
    #expect(a.currentParameters() == b.currentParameters())
    #expect(a.currentSlots() == b.currentSlots())
    try a.bindInitial()
    #expect(a.currentSlots() == ["momentum.W": Tensor(shape: [3, 2], [1, 1, 1, 1, 1, 1])])
  }

  @Test func refusesSlotsThatDoNotFit() throws {
    let session = try Toy.session()
    try session.bindInitial()
    let unknown = runnerError { try session.setSlot("momentum.w", to: Tensor(shape: [], [1])) }
    #expect(unknown?.message == "no slot 'momentum.w'; did you mean 'momentum.W'?")
    let shape = runnerError { try session.setSlot("momentum.W", to: Tensor(shape: [], [1])) }
    #expect(shape?.message == "slot 'momentum.W' is f32, expected f32[3, 2]")
  }

  @Test func overwritesInputsOfAPreparedCall() throws {
    let session = try Toy.session()
    try session.bindInitial()
    let call = try session.prepare(entry: "train", inputs: gradient)
    call.setInput(1, to: [Float(0.25)])
    try session.runPrepared(call)
    #expect(call.scalar(ofOutput: 0) == 0.25)
  }

  @Test func bindsFilesOfTraining() throws {
    let session = try Toy.session()
    var tensors = [
      "W": Tensor(shape: [3, 2], [0, 0, 0, 0, 0, 0]), "b": Tensor(shape: [2], [1, 2]),
      "optimizer.momentum.W": Tensor(shape: [1], [0]), "state.count": Tensor(shape: [], [1]),
    ]
    try session.bind(parameters: tensors)
    tensors["optimizer"] = Tensor(shape: [], [1])
    tensors["states.count"] = Tensor(shape: [], [1])
    let error = runnerError { try session.bind(parameters: tensors) }
    #expect(
      error?.details == ["left over: 'optimizer' of f32", "left over: 'states.count' of f32"])
  }

}

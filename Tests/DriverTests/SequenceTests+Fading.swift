import IR
import Runner
import Tensors
import Testing

@testable import Driver

extension SequenceTests {

  /// States that fade to zero without an input get there at the same step in both entries, in the
  /// same bits, and without a denormal number on the way.
  @Test func statesFadeToZeroAlike() throws {
    let fading = try Fading(coupling: 0.1)
    let (whole, single) = (try fading.session(), try fading.session())
    let forward = fading.zeros(of: "forward")
    let step = fading.zeros(of: "step")
    var isFading = true
    var calls = 0
    while isFading {
      let expected = try #require(try whole.run(entry: "forward", inputs: forward)["y"]).float32
      var found: [Float] = []
      for _ in 0..<Self.steps {
        found += try #require(try single.run(entry: "step", inputs: step)["y"]).float32
        for value in try fading.states(single).joined() {
          #expect(value == 0 || Double(value.magnitude) >= Unary.flushLimit)
        }
      }
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "call \(calls)")
      let states = try fading.states(single)
      #expect(
        states.map { $0.map(\.bitPattern) }
          == (try fading.states(whole)).map { $0.map(\.bitPattern) }, "call \(calls)")
      isFading = states.joined().contains { $0 != 0 }
      calls += 1
      try #require(calls < 300, "the states do not fade")
    }
    // From 0.1 the cell alone fades by sigmoid(2) a step: 530 steps. The coupling delays the end.
    #expect(calls * Self.steps > 500)
  }

  /// Where nothing couples the elements of a state, the interpreter lets it become zero at the same
  /// step, or at the one beside it: what 600 steps add up, a relative error of 600 * 4 * 2^-24, is
  /// less than a hundredth of what the state loses in a step, an eighth.
  @Test func interpretedStatesFadeToZeroAtTheSameStep() throws {
    let fading = try Fading(coupling: 0)
    let session = try fading.session()
    let oracle = InterpretedSession(
      try Self.module(Fading.name).withEntries(CompilationOptions(target: .native)))
    try oracle.bind(parameters: fading.parameters, seed: 0)
    let inputs = fading.zeros(of: "step")
    var starts = fading.starts
    var ends: [(found: Int?, expected: Int?)] = Array(repeating: (nil, nil), count: starts.count)
    for t in 0..<700 {
      _ = try session.run(entry: "step", inputs: inputs)
      _ = try oracle.run(entry: "step", inputs: inputs.merging(starts) { $1 }, steps: nil)
      starts = [:]
      for (i, name) in fading.names.enumerated() {
        if ends[i].found == nil, try session.state(named: name).float32.allSatisfy({ $0 == 0 }) {
          ends[i].found = t
        }
        if ends[i].expected == nil, try oracle.state(named: name).float32.allSatisfy({ $0 == 0 }) {
          ends[i].expected = t
        }
      }
    }
    for (found, expected) in ends {
      let (found, expected) = (try #require(found), try #require(expected))
      #expect(abs(found - expected) <= 1, "found step \(found), expected \(expected)")
    }
  }

}

/// A long short-term memory whose states start at 0.1 and fade.
private struct Fading {

  static let name = "audio_lstm.graph"

  let model: CompiledModel
  let parameters: [String: Tensor]

  /// Creates the model with recurrent weights of the size `coupling` and a forget bias of 2.
  init(coupling: Float) throws {
    guard let model = try SequenceTests.models.get()[Self.name] else {
      throw TestFailure("\(Self.name) is compiled")
    }
    self.model = model
    var random = SplitMix64(seed: 11)
    var parameters: [String: Tensor] = [:]
    for p in model.manifest.parameters {
      let count = p.shape.reduce(1, *)
      let values = (0..<count).map { _ -> Float in
        if p.name == "cell.b_f" { return 2 }
        if p.name.contains(".b") { return 0 }
        return Float.random(in: -1...1, using: &random) * (p.name.contains("W_h") ? coupling : 1)
      }
      parameters[p.name] = Tensor(shape: p.shape, .float32(values))
    }
    self.parameters = parameters
  }

  var names: [String] { model.manifest.states.map(\.name) }

  /// The states at the start.
  var starts: [String: Tensor] {
    var result: [String: Tensor] = [:]
    for state in model.manifest.states {
      result[state.name] = Tensor(
        shape: state.shape, .float32(Array(repeating: 0.1, count: state.shape.reduce(1, *))))
    }
    return result
  }

  /// Returns inputs of zeros for an entry.
  func zeros(of entry: String) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for known in model.manifest.entries where known.name == entry {
      for input in known.inputs {
        result[input.name] = Tensor(
          shape: input.shape, .float32(Array(repeating: 0, count: input.shape.reduce(1, *))))
      }
    }
    return result
  }

  /// Returns a session with the parameters and the states at the start.
  func session() throws -> Session {
    let session = try Session(model)
    try session.bind(parameters: parameters)
    for (name, value) in starts { try session.setState(name, to: value) }
    return session
  }

  /// Returns the values of the states.
  func states(_ session: Session) throws -> [[Float]] {
    try names.map { try session.state(named: $0).float32 }
  }

}

import Diagnostics
import Graphs
import IR
import Runner
import Tensors
import Testing

@testable import Driver

/// What holds for every shipped model that can go through a sequence step by step.
///
/// Step by step, in two parts and as a whole the kernels are others, and add in another order: 1e-5
/// is a hundred roundings of numbers of magnitude one.
@Suite struct SequenceTests {

  private static let tolerance = 1e-5

  /// A number of steps that no other dim has, so that axes of that size are those of the steps.
  static let steps = 11

  /// The compiled models, by the names of their files.
  static let models = Result { try compiled() }

  private static func compiled() throws -> [String: CompiledModel] {
    var batch = CompilerBatch("Sequences")
    for (i, name) in EmbeddedGraphs.names.enumerated() {
      let module = try module(name)
      batch.add(module, as: "Sequence\(i)", options: CompilationOptions(target: .native))
    }
    let outcomes = try batch.outcomes()
    var result: [String: CompiledModel] = [:]
    for (i, name) in EmbeddedGraphs.names.enumerated() {
      guard let outcome = outcomes["Sequence\(i)"] else {
        throw TestFailure("\(name) was not compiled")
      }
      result[name] = try outcome.get()
    }
    return result
  }

  static func module(_ name: String) throws -> Module {
    guard let text = EmbeddedGraphs.text(named: name) else {
      throw TestFailure("there is no graph '\(name)'")
    }
    let source = GraphSource(path: name, utf8: Array(text.utf8))
    var ignored = DiagnosticSet()
    let original = try source.module(overriding: [], warnings: &ignored)
    let counts = original.dimensions.map(\.name).filter { $0.hasSuffix("steps") }
    let dimensions = try GradientCheck.smallDimensions(of: source, counts.map { ($0, steps) })
    var module = try source.module(overriding: dimensions, warnings: &ignored)
    // Training is tested elsewhere, and most of the code.
    for i in module.entries.indices { module.entries[i].removeTraining() }
    return module
  }

  /// A model, its inputs, and the axes along which they are scanned.
  private struct Sequence {

    let model: CompiledModel
    let parameters: [String: Tensor]
    let inputs: [String: Tensor]
    let axes: [String: Int]
    let outputAxes: [String: Int]

    /// Creates the sequence of a model, `nil` if the model has no steps.
    init?(_ name: String, seed: UInt64 = 3) throws {
      guard let model = try SequenceTests.models.get()[name] else { return nil }
      self.model = model
      let numbers = RandomNumbers(seed: seed)
      parameters = numbers.parameters(of: model.manifest)
      guard let forward = model.manifest.entries.first(where: { $0.name == "forward" }),
        let step = model.manifest.entries.first(where: { $0.name == "step" })
      else { return nil }
      inputs = numbers.inputs(of: forward, call: 0)
      func axes(_ long: [Manifest.Value], _ short: [Manifest.Value]) -> [String: Int] {
        var result: [String: Int] = [:]
        for value in long {
          guard let one = short.first(where: { $0.name == value.name }),
            one.shape.count == value.shape.count - 1
          else { continue }
          result[value.name] = value.shape.firstIndex(of: SequenceTests.steps)
        }
        return result
      }
      self.axes = axes(forward.inputs, step.inputs)
      outputAxes = axes(forward.outputs, step.outputs)
      guard !self.axes.isEmpty else { return nil }
    }

    func session() throws -> Session {
      let session = try Session(model)
      try session.bind(parameters: parameters)
      return session
    }

    /// Returns the inputs of step `t`.
    func inputs(at t: Int) -> [String: Tensor] {
      var result = inputs
      for (name, axis) in axes {
        guard let tensor = inputs[name] else { continue }
        let part = tensor.slice(axis: axis, t..<t + 1)
        var shape = part.shape
        shape.remove(at: axis)
        result[name] = Tensor(shape: shape, part.elements)
      }
      return result
    }

    /// Returns the inputs of the steps in `range`.
    func inputs(in range: Range<Int>) -> [String: Tensor] {
      var result = inputs
      for (name, axis) in axes { result[name] = inputs[name]?.slice(axis: axis, range) }
      return result
    }

    /// Returns the values of all states of `session`.
    func states(_ session: Session) throws -> [String: Tensor] {
      var result: [String: Tensor] = [:]
      for state in model.manifest.states {
        result[state.name] = try session.state(named: state.name)
      }
      return result
    }

  }

  @Test(arguments: EmbeddedGraphs.names)
  func stepByStepIsTheSequence(_ name: String) throws {
    guard let sequence = try Sequence(name) else { return }
    let whole = try sequence.session()
    let expected = try whole.run(entry: "forward", inputs: sequence.inputs)
    let session = try sequence.session()
    var states = try sequence.states(session)
    for t in 0..<Self.steps {
      let inputs = sequence.inputs(at: t).merging(states) { $1 }
      let results = try session.run(entry: "step", inputs: inputs)
      states = try sequence.states(session)
      for (output, axis) in sequence.outputAxes {
        let part = try #require(expected[output]).slice(axis: axis, t..<t + 1)
        compare(try #require(results[output]).float32, part.float32, "\(name): \(output) at \(t)")
      }
    }
    for (state, value) in try sequence.states(whole) {
      compare(states[state]?.float32 ?? [], value.float32, "\(name): \(state)")
    }
  }

  @Test(arguments: EmbeddedGraphs.names)
  func partsAreTheWhole(_ name: String) throws {
    // Where the first axis is the batch, a call does all steps.
    guard let sequence = try Sequence(name), sequence.axes.allSatisfy({ $0.value == 0 }) else {
      return
    }
    let whole = try sequence.session()
    let expected = try whole.run(entry: "forward", inputs: sequence.inputs)
    let session = try sequence.session()
    var states: [String: Tensor] = [:]
    for range in [0..<4, 4..<5, 5..<Self.steps] {
      let inputs = sequence.inputs(in: range).merging(states) { $1 }
      let results = try session.run(entry: "forward", inputs: inputs, steps: range.count)
      states = try sequence.states(session)
      for (output, axis) in sequence.outputAxes {
        let part = try #require(expected[output]).slice(axis: axis, range)
        compare(try #require(results[output]).float32, part.float32, "\(name): \(output) \(range)")
      }
    }
    for (state, value) in try sequence.states(whole) {
      compare(states[state]?.float32 ?? [], value.float32, "\(name): \(state)")
    }
  }

  @Test(arguments: EmbeddedGraphs.names)
  func sessionsDoNotInterfereAndAreReset(_ name: String) throws {
    guard let first = try Sequence(name), let other = try Sequence(name, seed: 4) else { return }
    let alone = try first.session()
    let expected = try (0..<3).map { try alone.run(entry: "step", inputs: first.inputs(at: $0)) }
    let (a, b) = (try first.session(), try other.session())
    for t in 0..<3 {
      let results = try a.run(entry: "step", inputs: first.inputs(at: t))
      _ = try b.run(entry: "step", inputs: other.inputs(at: t))
      _ = try b.run(entry: "forward", inputs: other.inputs)
      #expect(results == expected[t], "\(name), step \(t)")
    }
    let last = try first.states(alone)
    #expect(try first.states(a) == last, "\(name)")
    a.reset()
    let again = try (0..<3).map { try a.run(entry: "step", inputs: first.inputs(at: $0)) }
    #expect(again == expected, "\(name)")
    #expect(try first.states(a) == last, "\(name)")
  }

  /// Which models the tests above are about.
  @Test func modelsThatStream() throws {
    let streaming = try EmbeddedGraphs.names.filter { try Sequence($0) != nil }
    for name in [
      "audio_lstm", "char_rnn", "deep_lstm", "dense_lstm", "gru", "hello", "lstm", "rnn",
    ] {
      #expect(streaming.contains("\(name).graph"))
    }
    for name in ["bidirectional_lstm", "seq2seq"] {
      #expect(!streaming.contains("\(name).graph"))
    }
  }

  /// Buffers of a model that are alive at the same time, those of its two directions too, do not
  /// overlap: the compiled model gives what the interpreter gives, call after call.
  @Test(arguments: EmbeddedGraphs.names)
  func compiledModelsAgreeWithTheInterpreter(_ name: String) throws {
    let model = try #require(try Self.models.get()[name])
    let session = try Session(model)
    let oracle = InterpretedSession(
      try Self.module(name).withEntries(CompilationOptions(target: .native)))
    let numbers = RandomNumbers(seed: 5)
    try session.bind(parameters: numbers.parameters(of: model.manifest))
    try oracle.bind(parameters: numbers.parameters(of: model.manifest), seed: 0)
    for entry in model.manifest.entries where entry.name != "train" {
      for call in 0..<2 {
        let inputs = numbers.inputs(of: entry, call: call)
        let found = try session.run(entry: entry.name, inputs: inputs)
        let expected = try oracle.run(entry: entry.name, inputs: inputs, steps: nil)
        for (output, value) in expected {
          compare(
            found[output]?.float32 ?? [], value.float32, "\(name), \(entry.name): \(output)")
        }
      }
    }
  }

  private func compare(_ found: [Float], _ expected: [Float], _ name: String) {
    guard found.count == expected.count else {
      Issue.record("\(name): \(found.count) elements, expected \(expected.count)")
      return
    }
    let scale = expected.reduce(1) { max($0, abs($1)) }
    let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(Double(error) <= Self.tolerance * Double(scale), "\(name) differs by \(error)")
  }

}

extension Tensor {

  /// The elements, as 32-bit numbers.
  var float32: [Float] {
    switch elements {
    case .float32(let e): e
    case .float64(let e): e.map { Float($0) }
    case .int64(let e): e.map { Float($0) }
    case .bool(let e): e.map { $0 ? 1 : 0 }
    }
  }

  /// Returns the part of the tensor at `places` of `axis`.
  fileprivate func slice(axis: Int, _ places: Range<Int>) -> Tensor {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var part = shape
    part[axis] = places.count
    func slice<E>(_ elements: [E]) -> [E] {
      (0..<outer).flatMap { i in
        let start = (i * shape[axis] + places.lowerBound) * inner
        return elements[start..<start + places.count * inner]
      }
    }
    switch elements {
    case .float32(let e): return Tensor(shape: part, .float32(slice(e)))
    case .float64(let e): return Tensor(shape: part, .float64(slice(e)))
    case .int64(let e): return Tensor(shape: part, .int64(slice(e)))
    case .bool(let e): return Tensor(shape: part, .bool(slice(e)))
    }
  }

}

import Driver
import Foundation
import IR
import Interpreter
import Optimizer
import Runner
import Testing

/// What is beyond the length of a row has no influence on anything, not even if it is not a number.
@Suite struct PaddingTests {

  /// What stands beyond the lengths.
  private static let paddings = [Double.nan, .infinity, -3e38]

  @Test(arguments: PaddedCase.scans + PaddedCase.masks + PaddedCase.attention)
  func gradientsAreThoseOfZeros(_ model: PaddedCase) throws {
    let gradient = try GradientTests.gradient(model.text)
    try check(gradient, model.name) { inputs in
      try Self.evaluate(gradient, inputs)
    }
  }

  /// The seeds of random models; those that have failed once, and a thousand with `GRAPHC_SWEEP`.
  private static let seeds: [UInt64] = {
    let isSweep = ProcessInfo.processInfo.environment["GRAPHC_SWEEP"] != nil
    return isSweep ? Array(1...1000) : Array(1...60) + [110, 344, 657, 681, 947]
  }()

  @Test(arguments: seeds)
  func gradientsOfRandomModelsAreThoseOfZeros(_ seed: UInt64) throws {
    let model = PaddedCase.random(seed: seed)
    let gradient = try GradientTests.gradient(model.text)
    try check(gradient, model.name) { try Self.evaluate(gradient, $0) }
  }

  /// The compiled gradients of one case of each kind are finite and those of zeros, bit for bit.
  @Test func compiledGradientsAreThoseOfZeros() throws {
    var batch = CompilerBatch("Padding")
    var models: [(name: String, module: Module)] = []
    let cases = [
      PaddedCase.scans[1], PaddedCase.scans[2], PaddedCase.masks[4], PaddedCase.attention[3],
      PaddedCase.random(seed: 12),
    ]
    for (i, model) in cases.enumerated() {
      models.append(("Padded\(i)", try GradientTests.gradient(model.text)))
    }
    for (name, module) in models {
      batch.add(module, as: name, options: CompilationOptions(target: .native))
    }
    let outcomes = try batch.outcomes()
    for (name, module) in models {
      let outcome = try #require(outcomes[name])
      let session = try Session(outcome.get())
      let values = SeededValues(seed: 3, range: 1)
      try check(module, name) { inputs in
        try session.run(
          module, entry: "gradient", parameters: values.parameters(of: module), inputs: inputs,
          states: values.states(of: module))
      }
    }
  }

  /// Throws unless `run` gives the same for each padding, and zeros for the gradient by it.
  private func check(
    _ module: Module, _ name: String,
    by run: ([String: DenseArray]) throws -> Interpreter.Results
  ) throws {
    let expected = try run(Self.inputs(of: module, padding: 0))
    for (name, value) in expected.outputs {
      let isFinite = value.elements.allSatisfy { $0.isFinite }
      #expect(isFinite, "'\(name)' of\n\(module.description)")
      guard name == "d_x" || name == "d_z" else { continue }
      let width = value.shape[2]
      for (i, x) in value.elements.enumerated() where Self.isPadding(i / width) {
        #expect(x == 0, "'\(name)' at \(i)")
      }
    }
    for padding in Self.paddings {
      let found = try run(Self.inputs(of: module, padding: padding))
      for (a, b) in zip(expected.outputs, found.outputs) {
        #expect(
          a.value == b.value, "'\(a.name)' with \(padding) of\n\(module.description)")
      }
      #expect(expected.states == found.states)
    }
  }

  private static let lengths = [4, 2, 0, 1]

  /// `true` iff `place`, of steps and rows, is beyond the length of its row.
  private static func isPadding(_ place: Int) -> Bool {
    place / lengths.count >= lengths[place % lengths.count]
  }

  /// Returns inputs with `padding` beyond the lengths; indices there are others for each padding.
  private static func inputs(
    of module: Module, padding: Double
  ) throws -> [String: DenseArray] {
    let entry = module.entries[0]
    let places = lengths.count * lengths.count
    var result = try SeededValues(seed: 3, range: 1).inputs(of: entry, in: module)
    for input in entry.inputs {
      guard let value = result[input.name], value.elements.count >= places else { continue }
      var elements = value.elements
      let width = elements.count / places
      for i in elements.indices where isPadding(i / width) {
        switch input.type.element {
        case .bool: elements[i] = 0
        case .index: elements[i] = padding == 0 ? 0 : 5
        case .f32, .oneHot: elements[i] = padding
        }
      }
      if input.type.element == .bool {
        for i in elements.indices where !isPadding(i / width) { elements[i] = 1 }
      }
      result[input.name] = DenseArray(shape: value.shape, elements)
    }
    if result["lengths"] != nil {
      result["lengths"] = DenseArray(shape: [lengths.count], lengths.map(Double.init))
    }
    return result
  }

  private static func evaluate(
    _ module: Module, _ inputs: [String: DenseArray]
  ) throws -> Interpreter.Results {
    let values = SeededValues(seed: 3, range: 1)
    return try Interpreter(module).evaluate(
      entry: "gradient", parameters: values.parameters(of: module), inputs: inputs,
      states: values.states(of: module))
  }

}

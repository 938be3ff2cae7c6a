import Diagnostics
import Graphs
import IR
import Optimizer
import Runner
import Tensors
import Testing

@testable import Driver

/// Compiled gradients agree with those of the interpreter, on one thread and, bit for bit, on
/// three.
@Suite struct CompiledGradientTests {

  /// The largest error of a tensor, max |compiled - interpreted| / max |interpreted|.
  ///
  /// Single precision has units of 1.2e-7; sums of some hundred products, and functions such as
  /// quotients and logarithms of small numbers behind them, lose two digits and more.
  private static let tolerance = 1e-4

  /// What the largest element counts as if it is less: where a gradient vanishes, what is left of
  /// numbers of magnitude one are roundings.
  private static let floor = 1e-2

  /// The cases, a part of them for each call of the test.
  private static let parts: [[GradientCase]] = {
    let all = GradientCase.operations + GradientCase.scans
    return stride(from: 0, to: all.count, by: 48).map { Array(all[$0..<min($0 + 48, all.count)]) }
  }()

  @Test(arguments: parts.indices)
  func agreeForEachOperation(_ part: Int) throws {
    var models: [(name: String, module: Module)] = []
    for (i, model) in Self.parts[part].enumerated() {
      models.append(("Gradient\(part)_\(i)", try GradientTests.gradient(model.text)))
    }
    try Self.check(models, in: "Gradients\(part)")
  }

  @Test func agreeForShippedModels() throws {
    var models: [(name: String, module: Module)] = []
    // Gradients of the cells, which the other models are made of, are compared with those of
    // PyTorch.
    let names = [
      "gru.graph", "hello.graph", "lenet.graph", "names.graph", "rnn.graph", "seq2seq.graph",
    ]
    for (i, name) in names.enumerated() {
      let text = try #require(EmbeddedGraphs.text(named: name))
      models.append(("Shipped\(i)", try GradientTests.gradient(text)))
    }
    try Self.check(models, in: "ShippedGradients")
  }

  /// Compiles `models` at once and throws unless all their outputs are right.
  private static func check(
    _ models: [(name: String, module: Module)], in library: String
  ) throws {
    var batch = CompilerBatch(library)
    var options = CompilationOptions(target: .native)
    options.dividesAll = true
    for (name, module) in models { batch.add(module, as: name, options: options) }
    let outcomes = try batch.outcomes()
    for (name, module) in models {
      guard let outcome = outcomes[name] else { throw TestFailure("\(name) was not compiled") }
      try compare(outcome.get(), module)
    }
  }

  private static func compare(_ compiled: CompiledModel, _ module: Module) throws {
    let session = try Session(compiled, threads: 1)
    let team = try Session(compiled, threads: 3)
    let oracle = InterpretedSession(module)
    let numbers = RandomNumbers(seed: 7)
    let parameters = numbers.parameters(of: compiled.manifest)
    try session.bind(parameters: parameters)
    try team.bind(parameters: parameters)
    try oracle.bind(parameters: parameters, seed: 0)
    let entry = compiled.manifest.entries[0]
    let inputs = numbers.inputs(of: entry, call: 0)
    let expected = try oracle.run(entry: entry.name, inputs: inputs, steps: nil)
    let found = try session.run(entry: entry.name, inputs: inputs)
    let others = try team.run(entry: entry.name, inputs: inputs)
    for output in entry.outputs where output.element == .f32 {
      let x = try #require(expected[output.name]).float32
      let y = try #require(found[output.name]).float32
      let z = try #require(others[output.name]).float32
      #expect(
        y.map(\.bitPattern) == z.map(\.bitPattern),
        "'\(output.name)' depends on the number of threads in\n\(module.description)")
      let largest = x.reduce(Float(floor)) { max($0, abs($1)) }
      let error = zip(x, y).map { abs($0 - $1) }.max() ?? 0
      #expect(
        Double(error / largest) <= tolerance,
        "'\(output.name)' differs by \(error) of \(largest) in\n\(module.description)")
    }
  }

}

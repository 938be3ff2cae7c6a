import Diagnostics
import IR
import Interpreter
import Optimizer
import Runner
import Tensors
import Testing

@testable import Driver

@Suite struct GradientTests {

  @Test(arguments: GradientCase.operations + GradientCase.scans)
  func agreesWithDifferences(_ model: GradientCase) {
    let run = graphc("gradcheck", model.text)
    #expect(run.status == 0, "\(model.text)\n\(run.output)\(run.errors)")
  }

  /// A gradient has gradients itself.
  @Test(arguments: [
    "y = cross_entropy(x * x, i, mask: d)", "y = linear([x, z], V)", "y = softmax(x * z)",
    "y = matmul(x, z, transpose_a: true) * s", "y = gather(E, j) * s", "y = max(x * z, axis: 1)",
    "y = x / (z * z + 1)",
  ])
  func hasSecondDerivatives(_ lines: String) throws {
    let first = try Self.gradient(GradientCase(lines).text)
    let run = graphc("gradcheck", first.description)
    #expect(run.status == 0, "\(first.description)\n\(run.output)\(run.errors)")
  }

  @Test(arguments: ["rnn with a loss", "lengths", "two scans and a computed first value"])
  func hasSecondDerivativesThroughScans(_ name: String) throws {
    let model = try #require(GradientCase.scans.first { $0.name == name })
    let first = try Self.gradient(model.text)
    let run = graphc("gradcheck", first.description)
    #expect(run.status == 0, "\(first.description)\n\(run.output)\(run.errors)")
  }

  @Test(arguments: ["rnn.graph", "concat_identity.graph"])
  func agreesWithDifferencesOnShippedModels(_ name: String) {
    let run = graphc(["gradcheck", name])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
  }

  /// The text reads back to itself; passes keep the numbers.
  @Test(arguments: GradientCase.operations + GradientCase.scans)
  func isAGraphLikeAnyOther(_ model: GradientCase) throws {
    let gradient = try Self.gradient(model.text)
    #expect(gradient.verificationErrors() == [], "\(gradient.description)")
    let parsed = try Self.module(gradient.description)
    #expect(parsed.description == gradient.description)

    var optimized = parsed
    _ = try Compilation.optimize(&optimized, Self.options)
    let expected = try Self.values(of: gradient)
    let found = try Self.values(of: optimized)
    for (name, x) in expected {
      let y = try #require(found[name])
      let largest = x.elements.reduce(1) { max($0, abs($1)) }
      let distance = zip(x.elements, y.elements).map { abs($0 - $1) }.max() ?? 0
      // Single precision, to which folding rounds constants.
      #expect(distance <= 1e-6 * largest, "'\(name)' of\n\(optimized.description)")
    }
  }

  /// The gradient of `relu`, `max` and `min` of NaN is that of the result. Infinite gradients of a
  /// place of a sequence leave its other places alone.
  @Test func keepsWhatIsNotANumber() throws {
    let gradient = try Self.gradient(
      """
      model M {
        dim n = 3
        input x : f32[4]
        input z : f32[4]
        input s : f32[n]
        a = relu(x)
        b = max(x, z)
        c = min(x, z)
        scan t in n {
          r = s * 2
          l[t] = log(r[t])
        }
        output a, b, c, l
      }
      """)
    let inputs = [
      "d_a": DenseArray(shape: [4], repeating: 1), "d_b": DenseArray(shape: [4], repeating: 10),
      "d_c": DenseArray(shape: [4], repeating: 100), "d_l": DenseArray(shape: [3], repeating: 1),
      "x": DenseArray(shape: [4], [.nan, 2, .infinity, -3]),
      "z": DenseArray(shape: [4], [5, .nan, .infinity, 7]),
      "s": DenseArray(shape: [3], [0, 1, 2]),
    ]
    let results = try Interpreter(gradient).evaluate(entry: "gradient", inputs: inputs)
    let found = Dictionary(
      uniqueKeysWithValues: results.outputs.map { ($0.name, $0.value.elements) })
    #expect(found["d_x"] == [111, 111, 56, 100])
    #expect(found["d_z"] == [110, 110, 55, 10])
    #expect(found["d_s"] == [.infinity, 1, 0.5])
  }

  private static let options = CompilationOptions(
    target: TargetCPU.all.first { $0.name == "x86-64-v3" } ?? TargetCPU.all[0])

  static func module(_ text: String) throws -> Module {
    var warnings = DiagnosticSet()
    return try Source(path: "test.graph", utf8: Array(text.utf8)).module(
      overriding: [], warnings: &warnings)
  }

  /// Returns the model with the gradient of all outputs by everything that is of numbers.
  static func gradient(_ text: String) throws -> Module {
    let module = try module(text).preparedForGradients(options)
    let entry = module.entries[0]
    let outputs = entry.outputs.filter { entry.graph.type(of: $0.value).element == .f32 }
    let leaves =
      module.parameters.map { ($0.name, $0.type) } + entry.inputs.map { ($0.name, $0.type) }
      + module.states.map { ($0.name, $0.type) }
    let names = leaves.filter { $0.1.element == .f32 }.map(\.0)
    return try module.withGradient(
      of: outputs.map(\.name), by: names, isSeeded: true, options
    ).module
  }

  /// Returns the outputs and states of entry `gradient` for random numbers.
  private static func values(of module: Module) throws -> [String: DenseArray] {
    let manifest = Manifest(interpreting: module)
    let numbers = RandomNumbers(seed: 5)
    let results = try Interpreter(module).evaluate(
      entry: "gradient",
      parameters: numbers.parameters(of: manifest).mapValues { DenseArray($0) },
      inputs: numbers.inputs(of: manifest.entries[0], call: 0).mapValues { DenseArray($0) })
    var all = results.states.filter { module.states.map(\.name).contains($0.key) }
    for (name, value) in results.outputs { all["output \(name)"] = value }
    return all
  }

}

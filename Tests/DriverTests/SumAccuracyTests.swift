import Diagnostics
import Driver
import Interpreter
import Runner
import Testing

/// Sums are accurate whatever their length is, and have the same bits for every vector width.
@Suite struct SumAccuracyTests {

  private static let count = 100_003

  private static let text = """
    model Sums {
      dim n = \(count), q = 3
      input x : f32[n, q]
      input k : index<q>[n]
      row = reshape(x[:, 0], [1, n])
      output columns = sum(x, axis: 0)
      output average = mean(x, axis: 0)
      output all = sum(x)
      output squares = sum(x * x)
      output along = sum(transpose(x), axis: 1)
      output indexed = scatter_add(x, k, q)
      output product = linear(row, x)
      output outer = weight_gradient(x, x)
    }
    """

  /// The numbers that are added up: one that single precision does not hold, some near 285, and
  /// some of both signs whose squares alone have one.
  private static let samples: [(name: String, number: @Sendable (Int) -> Float)] = [
    ("equal", { _ in 0.1 }),
    ("near", { 285 + Float($0 &* 7919 % 1000) / 500 }),
    ("mixed", { Float($0 &* 7919 % 1999) / 1000 - 1 }),
  ]

  /// The sums whose bits do not depend on a fused multiply-add.
  private static let plainSums = ["columns", "average", "all", "along", "indexed"]

  @Test func sumsOfAnyLengthAreAccurate() throws {
    let narrow = try #require(TargetCPU.named("x86-64"))
    let targets = [TargetCPU.native] + (narrow.runs(on: .host) ? [narrow] : [])
    var plain: [String: [UInt32]] = [:]
    for target in targets {
      let results = try Self.results(on: target)
      for (sample, outputs) in results {
        for (name, found) in outputs where Self.plainSums.contains(name) {
          let bits = found.elements.map { Float($0).bitPattern }
          let key = "\(sample) \(name)"
          #expect(plain[key, default: bits] == bits, "\(key) on \(target.name)")
          plain[key] = bits
        }
      }
    }
    #expect(plain.count == Self.plainSums.count * Self.samples.count)
  }

  /// Compiles the model for `target`, checks what it gives for each sample, and returns that.
  private static func results(
    on target: TargetCPU
  ) throws -> [(sample: String, outputs: [(name: String, value: DenseArray)])] {
    var warnings = DiagnosticSet()
    let source = GraphSource(path: "sums.graph", utf8: Array(text.utf8))
    var module = try source.module(overriding: [], warnings: &warnings)
    var options = CompilationOptions(target: target)
    options.passes = [.writeEntries]
    _ = try Compilation.optimize(&module, options)
    options.passes = CompilationOptions(target: target).passes
    var batch = CompilerBatch("Sums\(target.machine.lanes)", target: target)
    batch.add(module, as: "Sums", options: options)
    guard let outcome = try batch.outcomes()["Sums"] else { throw TestFailure("not compiled") }
    let session = try Session(outcome.get(), threads: 1)
    return try samples.map { sample, number in
      let inputs = [
        "x": DenseArray(
          shape: [count, 3], (0..<count * 3).map { Double(number($0)) }),
        "k": DenseArray(shape: [count], (0..<count).map { Double($0 % 5 % 3) }),
      ]
      let found = try session.run(module, entry: "forward", parameters: [:], inputs: inputs)
      let expected = try Interpreter(module).evaluate(entry: "forward", inputs: inputs)
      let sizes = inputs.mapValues { array in
        DenseArray(shape: array.shape, array.elements.map(abs))
      }
      let scales = try Interpreter(module).evaluate(entry: "forward", inputs: sizes)
      for ((name, value), (other, scale)) in zip(
        found.outputs, zip(expected.outputs, scales.outputs))
      {
        for (x, (y, s)) in zip(value.elements, zip(other.value.elements, scale.value.elements)) {
          #expect(abs(x - y) <= 1e-6 * s, "\(sample): '\(name)' on \(target.name): \(x), not \(y)")
        }
      }
      return (sample, found.outputs)
    }
  }

}

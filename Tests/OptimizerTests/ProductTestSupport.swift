import Diagnostics
import IR
import Interpreter
import Optimizer
import Parsing
import Testing

/// A model that a test reads, rewrites and evaluates.
struct ProductModel {

  private(set) var module: Module

  /// The number of rewrites of the last pass, and what it chose.
  private(set) var rewrites = 0
  private(set) var choices: [String] = []

  /// Reads `text` and writes its entries out.
  init(_ text: String) throws {
    var files = SourceFiles()
    let file = SourceFile(name: "test.graph", utf8: Array(text.utf8))
    let id = files.add(file)
    var diagnostics = DiagnosticSet()
    let module = parse(file, as: id, diagnostics: &diagnostics)
    let rendered = diagnostics.sorted.map { $0.rendered(in: files) }.joined()
    self.module = try #require(module, "\(rendered)")
    self.module.settle()
    try run(.writeEntries, .auto, .test)
  }

  /// Applies `pass`, and checks that the result is well-formed, that its text reads as the same
  /// module, that the numbers stay the same, and that the pass has nothing left to do.
  mutating func apply(
    _ passes: Pass..., schedule: PassContext.Schedule = .auto, machine: Machine = .test
  ) throws {
    for pass in passes {
      let before = self
      try run(pass, schedule, machine)
      let text = module.description
      #expect(module.verificationErrors() == [], "after \(pass.name):\n\(text)")
      #expect(try ProductModel(text).module.description == text)
      try expectSameNumbers(as: before)

      var again = self
      try again.run(pass, schedule, machine)
      #expect(again.rewrites == 0 && again.module.description == module.description)
    }
  }

  /// Applies `pass` with at most `limit` rewrites.
  mutating func run(
    _ pass: Pass, _ schedule: PassContext.Schedule, _ machine: Machine, limit: Int? = nil
  ) throws {
    var context = PassContext(machine: machine, schedule: schedule, rewriteLimit: limit)
    pass.run(&module, &context)
    module.settle()
    rewrites = context.rewrites
    choices = context.choices.map(\.reason)
  }

  /// Checks that every entry gives the same numbers as in `other`.
  func expectSameNumbers(as other: ProductModel) throws {
    for entry in module.entries {
      for seed in 1...2 {
        let found = try results(of: entry, seed: UInt64(seed))
        let expected = try other.results(of: entry, seed: UInt64(seed))
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (name, array) in expected {
          let difference =
            zip(found[name]?.elements ?? [], array.elements)
            .map { abs($0 - $1) }.max() ?? 0
          // Sums of a few dozen numbers below 1 in double precision, in another order.
          #expect(difference < 1e-12, "\(entry.name): \(name)")
          #expect(found[name]?.shape == array.shape, "\(entry.name): \(name)")
        }
      }
    }
  }

  private func results(of entry: Entry, seed: UInt64) throws -> [String: DenseArray] {
    var random = RandomNumbers(state: seed)
    var parameters: [String: DenseArray] = [:]
    for p in module.parameters { parameters[p.name] = random.array(p.type, module.dimensions) }
    var states: [String: DenseArray] = [:]
    for s in module.states { states[s.name] = random.array(s.type, module.dimensions) }
    var inputs: [String: DenseArray] = [:]
    for i in entry.inputs { inputs[i.name] = random.array(i.type, module.dimensions) }
    let results = try Interpreter(module).evaluate(
      entry: entry.name, parameters: parameters, inputs: inputs, states: states)
    var all = results.states
    for output in results.outputs { all["output \(output.name)"] = output.value }
    return all
  }

  /// The lines of the body of the entry called `name`, without indentation.
  func lines(of name: String) -> [String] {
    guard let i = module.entries.firstIndex(where: { $0.name == name }) else { return [] }
    return module.lines(ofEntry: i).map(\.text).filter {
      !$0.isEmpty && !$0.hasPrefix("input") && !$0.hasPrefix("output") && !$0.hasPrefix("label")
    }
  }

  /// The lines of `bind`.
  var bindLines: [String] { module.bindLines.map(\.text) }

  /// The number of products in the entry called `name`.
  func productCount(of name: String) -> Int {
    lines(of: name).filter { $0.contains("= linear(") || $0.contains("= matmul(") }.count
  }

}

/// Numbers that look random and are the same in each run.
private struct RandomNumbers {

  var state: UInt64

  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 40) / Double(1 << 24)
  }

  /// Returns an array of `type`: numbers within ±1, or indices.
  mutating func array(_ type: TensorType, _ dimensions: [Dimension]) -> DenseArray {
    let shape = type.sizes(in: dimensions) ?? []
    let elements = (0..<shape.reduce(1, *)).map { _ -> Double in
      switch type.element {
      case .f32, .oneHot: return 2 * next() - 1
      case .bool: return next().rounded()
      case .index(let n): return (next() * Double(n.value(in: dimensions) ?? 1)).rounded(.down)
      }
    }
    return DenseArray(shape: shape, elements)
  }

}

extension Machine {

  /// A processor with vectors of 16 numbers.
  static let test = Machine(
    name: "test", lanes: 16, registers: 32, hasFusedMultiplyAdd: true, multiplyAddsPerCycle: 2,
    cacheBytes: [48 << 10, 1 << 20, 32 << 20], bytesPerCycle: [128, 60, 26, 8])

}

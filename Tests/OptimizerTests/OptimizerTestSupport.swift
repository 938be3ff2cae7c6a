import Diagnostics
import IR
import Interpreter
import Parsing
import Testing

@testable import Optimizer

/// A processor for tests.
let testMachine = Machine(
  name: "test", lanes: 8, registers: 16, hasFusedMultiplyAdd: true, multiplyAddsPerCycle: 2,
  cacheBytes: [32 << 10, 1 << 20], bytesPerCycle: [64, 32, 8])

/// Returns the model that `text` describes, which must be without errors.
func module(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Module {
  var files = SourceFiles()
  let file = SourceFile(name: "test.graph", text: text)
  var diagnostics = DiagnosticSet()
  let result = parse(file, as: files.add(file), diagnostics: &diagnostics)
  let messages = diagnostics.elements.filter { $0.severity == .error }.map(\.message)
  var module = try #require(
    result, "\(messages.joined(separator: "\n"))\n\(text)", sourceLocation: sourceLocation)
  module.settle()
  return module
}

/// Returns the settled model that `text` describes after `passes`.
func module(
  _ text: String, after passes: [Pass], unrolling: PassContext.Unrolling = .by(1),
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Module {
  var result = try module(text, sourceLocation: sourceLocation)
  var context = PassContext(machine: testMachine, unrolling: unrolling)
  for pass in passes {
    pass.run(&result, &context)
    result.settle()
  }
  return result
}

/// Returns the lines of entry `name` of `module`, without indentation and the empty ones.
func lines(_ module: Module, entry name: String) -> [String] {
  guard let i = module.entries.firstIndex(where: { $0.name == name }) else { return [] }
  return module.lines(ofEntry: i).map(\.text).filter { !$0.isEmpty }
}

/// What every pass must do on every model.
struct PassCheck {

  let text: String
  let unrolling: PassContext.Unrolling
  let pipeline: Pipeline

  init(_ text: String, unrolling: PassContext.Unrolling, pipeline: Pipeline = .standard) {
    self.text = text
    self.unrolling = unrolling
    self.pipeline = pipeline
  }

  private func context() -> PassContext {
    PassContext(machine: testMachine, unrolling: unrolling)
  }

  /// Checks, after each pass: the module is well-formed; its text reads back to the same text;
  /// another run changes nothing; going on from the text ends where going on from the module does;
  /// the numbers are the same as before.
  func run() throws {
    let source = try module(text)
    #expect(source.verificationErrors() == [])
    var module = source
    var stages: [(pass: Pass, module: Module)] = []
    var passContext = context()
    try pipeline.run(on: &module, context: &passContext) { record, module in
      stages.append((pipeline.passes[record.position], module))
    }
    try #require(!passContext.diagnostics.containsError)
    var before = source
    for (pass, stage) in stages {
      let printed = stage.description
      #expect(stage.verificationErrors() == [], "after \(pass.name):\n\(printed)")
      let parsed = try Self.parsed(printed)
      #expect(parsed.description == printed, "after \(pass.name)")
      try check(pass, on: stage, is: printed)
      try check(pass, on: parsed, is: printed)
      var continued = parsed
      var continuedContext = context()
      try pipeline.run(on: &continued, context: &continuedContext)
      if pipeline.isResumed {
        #expect(continued.description == module.description, "from the text after \(pass.name)")
      }
      try compare(before, stage, after: pass.name)
      before = stage
    }
  }

  /// Checks that a module of which only the first rewrites are done, for any number of them, is
  /// well-formed, reads back and computes the same.
  func runWithLimits() throws {
    let source = try module(text)
    var limit = 0
    while true {
      var module = source
      var context = PassContext(
        machine: testMachine, unrolling: unrolling, rewriteLimit: limit)
      var count = 0
      try pipeline.run(on: &module, context: &context) { record, _ in count += record.rewrites }
      let printed = module.description
      #expect(module.verificationErrors() == [], "after \(limit) rewrites:\n\(printed)")
      #expect(try Self.parsed(printed).description == printed, "after \(limit) rewrites")
      try compare(source, module, after: "\(limit) rewrites")
      if count < limit { return }
      limit += 1
    }
  }

  private static func parsed(_ text: String) throws -> Module { try OptimizerTests.module(text) }

  /// Checks that `pass` does nothing to `module`.
  private func check(_ pass: Pass, on module: Module, is text: String) throws {
    var (again, context) = (module, context())
    pass.run(&again, &context)
    again.settle()
    #expect(context.rewrites == 0, "a second run of \(pass.name)")
    #expect(again.description == text, "a second run of \(pass.name)")
  }

  /// Checks that `after` computes what `before` does.
  private func compare(_ before: Module, _ after: Module, after occasion: String) throws {
    for entry in before.entries {
      let name = before.form == .model && after.form == .entries ? "forward" : entry.name
      let old = try values(of: before, entry.name)
      let new = try values(of: after, name)
      for (name, value) in old {
        let other = try #require(new[name])
        #expect(other.shape == value.shape)
        let distance = zip(value.elements, other.elements).map { abs($0 - $1) }.max() ?? 0
        #expect(distance < 1e-6, "'\(name)' of \(entry.name) after \(occasion)")
      }
    }
  }

  /// Returns the outputs and the states of entry `name` for inputs that depend on their names
  /// alone.
  func values(of module: Module, _ name: String) throws -> [String: DenseArray] {
    let interpreter = Interpreter(module)
    var inputs: [String: DenseArray] = [:]
    let entry = try #require(module.entries.first { $0.name == name })
    for input in entry.inputs {
      inputs[input.name] = try numbers(input.name, input.type, module.dimensions)
    }
    var parameters: [String: DenseArray] = [:]
    for p in module.parameters {
      parameters[p.name] = try numbers(p.name, p.type, module.dimensions)
    }
    var states: [String: DenseArray] = [:]
    for s in module.states { states[s.name] = try numbers(s.name, s.type, module.dimensions) }
    let results = try interpreter.evaluate(
      entry: name, parameters: parameters, inputs: inputs, states: states)
    var all = results.states
    for (name, value) in results.outputs { all["output \(name)"] = value }
    return all
  }

  private func numbers(
    _ name: String, _ type: TensorType, _ dimensions: [Dimension]
  ) throws -> DenseArray {
    let sizes = try #require(type.sizes(in: dimensions))
    var seed = name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
    let elements = (0..<sizes.reduce(1, *)).map { _ -> Double in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let x = Double(seed >> 40) / Double(1 << 24)
      switch type.element {
      case .f32, .oneHot: return Double(Float(x - 0.5))
      case .bool: return x < 0.5 ? 0 : 1
      case .index(let n): return (x * Double(n.value(in: dimensions) ?? 1)).rounded(.down)
      }
    }
    return DenseArray(shape: sizes, elements)
  }

}

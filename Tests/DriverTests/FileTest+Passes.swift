import Diagnostics
import Driver
import IR
import Interpreter
import Optimizer

extension FileTest {

  /// Checks that `passes` keep what every pass must keep, and then what they do:
  ///
  /// 1. the module is well-formed before and after;
  /// 2. what is printed reads back as the same text;
  /// 3. on seeded inputs every entry gives the same numbers before and after, but for the order of
  ///    sums in double precision and constants that were rounded to single precision;
  /// 4. a second run rewrites nothing.
  func checkPasses(_ passes: [Pass], blessing: Bool) throws {
    var options = try options()
    let (parsed, diagnostics, source) = parsed(options)
    guard let original = parsed else {
      return try compare(diagnostics, in: source.files)
    }
    try Self.verify(original, "before '\(option("test") ?? "")'")
    options.passes = passes
    var result = original
    var records: [PassRecord] = []
    let warnings: DiagnosticSet
    do {
      warnings = try Compilation.optimize(&result, options) { record, _ in records.append(record) }
    } catch let error as CompilationError {
      return try compare(diagnostics + error.diagnostics.sorted, in: source.files)
    }
    try compare(diagnostics + warnings.sorted, in: source.files)
    try Self.verify(result, "after '\(option("test") ?? "")'")
    try Self.checkRoundTrip(of: result, saying: name)
    try checkNumbers(original, result)
    if option("repeatable")?.hasPrefix("no,") != true { try checkSecondRun(on: result, options) }
    let rewrites = records.suffix(passes.count).reduce(0) { $0 + $1.rewrites }
    if expectsNoChange {
      if rewrites > 0 {
        throw TestFailure("\(name) must not change, but gives:\n\(result.description)")
      }
    } else {
      if rewrites == 0 { throw TestFailure("\(name) must change and does not") }
      try compare(result, blessing: blessing)
    }
  }

  private static func verify(_ module: Module, _ occasion: String) throws {
    let errors = module.verificationErrors()
    if !errors.isEmpty {
      throw TestFailure(
        "\(occasion): \(errors.joined(separator: "; "))\n\(module.description)")
    }
  }

  private func checkSecondRun(on module: Module, _ options: CompilationOptions) throws {
    var again = module
    var rewrites = 0
    _ = try Compilation.optimize(&again, options) { record, _ in rewrites += record.rewrites }
    if rewrites > 0 {
      throw TestFailure(
        "a second run of '\(option("test") ?? "")' rewrites \(rewrites) times:\n"
          + again.description)
    }
  }

  /// Throws unless `result`, made from `original`, computes the same.
  func checkNumbers(_ original: Module, _ result: Module) throws {
    // Passes expect entries and no lengths; what writes those out is compared with the source.
    var options = CompilationOptions(target: Self.target)
    options.passes = [.writeEntries]
    var prepared = original
    _ = try Compilation.optimize(&prepared, options)
    for entry in result.entries {
      let before = prepared.entries.contains { $0.name == entry.name } ? prepared : original
      let name = before.entries.contains { $0.name == entry.name } ? entry.name : "model"
      // What a section 'train' asks for is computed by no entry yet; gradients have tests of their
      // own.
      let isWrittenOut = before.entries.contains { $0.name == name && $0.training != nil }
      if isWrittenOut, entry.training == nil, entry.updatesParameters { continue }
      try compareEntries(before, name, result, entry.name)
    }
    if let model = original.entries.first, model.name == "model" {
      try compareEntries(original, "model", result, "forward")
    }
    if let step = result.entries.first(where: { $0.name == "step" }),
      let forward = result.entries.first(where: { $0.name == "forward" })
    {
      try compareSteps(result, step, forward)
    }
  }

  private func compareEntries(
    _ before: Module, _ first: String, _ after: Module, _ second: String
  ) throws {
    if let problem = try changeOfNumbers(before, first, after, second) {
      throw TestFailure("\(name): \(problem)\n\(after.description)")
    }
  }

  /// Returns how the numbers of entry `second` of `after` differ from those of entry `first` of
  /// `before`, or `nil`.
  func changeOfNumbers(
    _ before: Module, _ first: String, _ after: Module, _ second: String
  ) throws -> String? {
    let tolerance = option("tolerance").flatMap(Double.init) ?? 1e-6
    for seed in [1, 2] as [UInt64] {
      let values = SeededValues(seed: seed)
      let expected = try values.evaluate(before, entry: first)
      let found = try values.evaluate(after, entry: second)
      if let problem = difference(expected, found, relative: tolerance) {
        return "entry '\(second)' differs with seed \(seed): \(problem)"
      }
    }
    return nil
  }

  /// Throws unless calling `step` for each step gives what `forward` gives at once.
  private func compareSteps(_ module: Module, _ step: Entry, _ forward: Entry) throws {
    let values = SeededValues(seed: 3)
    guard let counted = forward.countedDimension else { return }
    let count = module.dimensions[counted].value
    let inputs = try values.inputs(of: forward, in: module)
    let expected = try values.evaluate(module, entry: "forward")
    var states = try values.states(of: module)
    for t in 0..<count {
      var parts: [String: DenseArray] = [:]
      for input in step.inputs {
        guard let whole = inputs[input.name], let sizes = input.type.sizes(in: module.dimensions)
        else { return }
        if whole.shape == sizes {
          parts[input.name] = whole
        } else if Array(whole.shape.dropFirst()) == sizes {
          parts[input.name] = whole.part(at: t)
        } else {
          return
        }
      }
      let results = try Interpreter(module).evaluate(
        entry: "step", parameters: values.parameters(of: module), inputs: parts, states: states)
      states = results.states
      for (name, value) in results.outputs {
        guard let whole = expected.outputs.first(where: { $0.name == name })?.value,
          Array(whole.shape.dropFirst()) == value.shape
        else { continue }
        if let problem = difference(whole.part(at: t), value, relative: 1e-6) {
          throw TestFailure("\(self.name): '\(name)' differs at step \(t): \(problem)")
        }
      }
    }
    for (name, value) in states.sorted(by: { $0.key < $1.key }) {
      guard let other = expected.states[name] else { continue }
      if let problem = difference(other, value, relative: 1e-6) {
        throw TestFailure("\(self.name): state '\(name)' differs after all steps: \(problem)")
      }
    }
  }

}

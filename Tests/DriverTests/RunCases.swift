import Driver
import IR
import Interpreter
import Optimizer
import Runner

/// The cases that are run, all compiled in one call, each as the passes leave it and as it was
/// written.
struct RunCases: Sendable {

  /// How a case is compiled.
  enum Form: String, CaseIterable {

    /// By the passes that others need to start from, for the narrowest vectors that this machine
    /// has.
    case plain

    /// By all passes, for this machine.
    case optimized

    var target: TargetCPU {
      switch self {
      case .plain: TargetCPU.all.first { $0.runs(on: .host) } ?? .native
      case .optimized: .native
      }
    }

  }

  /// The cases of the folder.
  static let shared = Result { try RunCases(FileTest.all.filter { $0.commands == ["run"] }) }

  private var outcomes: [String: CompilerBatch.Outcome] = [:]

  private init(_ tests: [FileTest]) throws {
    for form in Form.allCases {
      var batch = CompilerBatch("RunCases_\(form)", target: form.target)
      for test in tests {
        // A case with errors says so when it is checked.
        guard let options = try? test.options(for: form.target),
          let module = try? test.module(options)
        else { continue }
        batch.add(module, as: Self.name(test, form), options: form.options(options))
      }
      outcomes.merge(try batch.outcomes()) { first, _ in first }
    }
  }

  /// Returns the name of the model that `test` is compiled to.
  private static func name(_ test: FileTest, _ form: Form) -> String {
    String(test.name.dropLast(".graph".count).map { $0.isLetter || $0.isNumber ? $0 : "_" })
      + "_\(form)"
  }

  /// Returns the compiled model of `test`.
  func model(of test: FileTest, _ form: Form) throws -> CompiledModel {
    guard let outcome = outcomes[Self.name(test, form)] else {
      throw TestFailure("\(test.name) was not compiled")
    }
    return try outcome.get()
  }

}

extension RunCases.Form {

  /// Returns `options` with the passes of the form.
  func options(_ options: CompilationOptions) -> CompilationOptions {
    var result = options
    if self == .plain { result.passes = [.writeEntries, .maskLengths] }
    return result
  }

}

extension FileTest {

  /// Checks the lines `run` and `then` by the interpreter and by the compiled models.
  func checkRuns() throws {
    let options = try options(for: .native)
    let module = try module(options)
    let runs = try RunLine.all(in: lines)
    if runs.isEmpty { throw TestFailure("\(name) runs nothing") }
    var entries = module
    var preparation = options
    preparation.passes = [.writeEntries, .maskLengths]
    _ = try Compilation.optimize(&entries, preparation)
    var problems = try check(runs, by: "the interpreter", in: entries) { run, values, states in
      try Interpreter(entries).evaluate(
        entry: run.entry, parameters: values.parameters, inputs: values.inputs, states: states,
        steps: run.steps)
    }
    let cases = try RunCases.shared.get()
    for form in RunCases.Form.allCases {
      do {
        let session = try Session(try cases.model(of: self, form))
        problems += try check(runs, by: "\(form) code", in: entries) { run, values, states in
          try session.run(
            entries, entry: run.entry, parameters: values.parameters, inputs: values.inputs,
            states: states, steps: run.steps)
        }
      } catch {
        problems.append("\(form) code: \(error)")
      }
    }
    if !problems.isEmpty { throw TestFailure("\(name):\n\(problems.joined(separator: "\n"))") }
  }

  private typealias Values = (parameters: [String: DenseArray], inputs: [String: DenseArray])

  /// Returns what is wrong with what `evaluate` gives for `runs`.
  private func check(
    _ runs: [RunLine], by author: String, in module: Module,
    evaluate: (RunLine, Values, [String: DenseArray]) throws -> Interpreter.Results
  ) throws -> [String] {
    var problems: [String] = []
    var parameters = try Interpreter(module).parameters(seed: 0)
    var states: [String: DenseArray] = [:]
    for run in runs {
      if !run.isContinuation {
        parameters = try Interpreter(module).parameters(seed: 0)
        states = try Interpreter(module).initialStates(parameters: parameters)
      } else {
        // A state that is not carried starts afresh at each call.
        let initial = try Interpreter(module).initialStates(parameters: parameters)
        for s in module.states where !s.isCarried { states[s.name] = initial[s.name] }
      }
      var inputs: [String: DenseArray] = [:]
      for (name, value) in run.arguments {
        if module.parameters.contains(where: { $0.name == name }) {
          parameters[name] = value
        } else if module.states.contains(where: { $0.name == name }) {
          states[name] = value
        } else {
          inputs[name] = value
        }
      }
      if !run.isContinuation {
        for s in module.states {
          guard case .parameter(let p) = s.initial, run.arguments[s.name] == nil else { continue }
          states[s.name] = parameters[module.parameters[p].name]
        }
      }
      let results: Interpreter.Results
      do {
        results = try evaluate(run, (parameters, inputs), states)
      } catch {
        problems.append("line \(run.line), \(author): \(error)")
        break
      }
      states = results.states
      for (name, expected) in run.results {
        let output = results.outputs.first { $0.name == name }?.value ?? results.states[name]
        guard let output else {
          problems.append("line \(run.line), \(author): there is no '\(name)'")
          continue
        }
        let tolerance = run.tolerance ?? 1e-6 * expected.scale
        if let problem = difference(expected, output, absolute: tolerance) {
          problems.append(
            "line \(run.line), \(author): '\(name)': \(problem); all: \(output.elements)")
        }
      }
    }
    return problems
  }

}

import IR
import Interpreter
import Runner
import Tensors

/// A model that the interpreter answers for, with weights and states of its own.
///
/// A class, because it takes the place of `Session`.
final class InterpretedSession: ModelSession {

  let manifest: Manifest

  private let interpreter: Interpreter

  /// The values of the parameters; `nil` until they are bound.
  private var parameters: [String: DenseArray]?

  private var initialStates: [String: DenseArray] = [:]

  /// The states and slots as the last call left them.
  private var states: [String: DenseArray] = [:]
  private var slots: [String: DenseArray] = [:]

  /// Creates a session of `module`, which has its entries written out; its weights are not bound
  /// yet.
  init(_ module: Module) {
    manifest = Manifest(interpreting: module)
    interpreter = Interpreter(module)
  }

  func bind(parameters: [String: Tensor], seed: UInt64) throws(RunnerError) {
    try bind(manifest.values(of: parameters), seed: seed)
  }

  func bindInitial(seed: UInt64) throws(RunnerError) {
    try bind(manifest.initialValues(seed: seed), seed: seed)
  }

  /// Binds `values`, in the order of the manifest.
  private func bind(_ values: [[Float]], seed: UInt64) throws(RunnerError) {
    let arrays = Dictionary(
      uniqueKeysWithValues: zip(manifest.parameters, values).map { parameter, elements in
        (parameter.name, DenseArray(shape: parameter.shape, elements.map(Double.init)))
      })
    do {
      initialStates = try interpreter.initialStates(parameters: arrays, seed: seed)
      slots = try interpreter.initialSlots()
    } catch {
      throw RunnerError(error)
    }
    parameters = arrays
    states = initialStates
  }

  func reset() {
    states = initialStates
  }

  func run(
    entry name: String, inputs: [String: Tensor], steps: Int?
  ) throws(RunnerError) -> [String: Tensor] {
    guard let parameters else { preconditionFailure("weights are bound") }
    let arguments = try manifest.arguments(of: name, inputs, steps: steps)
    guard let entry = interpreter.module.entries.first(where: { $0.name == name }),
      let described = manifest.entries.first(where: { $0.name == name })
    else { preconditionFailure("the manifest has the entries of the module") }
    var start = states
    for state in manifest.states {
      if let given = arguments.states[state.name] {
        start[state.name] = DenseArray(given)
      } else if !state.carried {
        start[state.name] = initialStates[state.name]
      }
    }
    let results: Interpreter.Results
    do {
      results = try interpreter.evaluate(
        entry: name, parameters: parameters, inputs: arguments.inputs.mapValues { DenseArray($0) },
        states: start, slots: slots,
        steps: arguments.steps == described.steps ? nil : arguments.steps)
    } catch {
      throw RunnerError(error)
    }
    states = results.states
    self.parameters = results.parameters
    slots = results.slots
    var outputs: [String: Tensor] = [:]
    for (output, result) in zip(entry.outputs, results.outputs) {
      outputs[output.name] = result.value.tensor(of: entry.graph.type(of: output.value).element)
    }
    return outputs
  }

  /// Returns the values that the parameters have now, by name.
  func currentParameters() -> [String: Tensor] {
    (parameters ?? [:]).mapValues { $0.tensor(of: .f32) }
  }

  /// Returns the values that the slots have now, by name.
  func currentSlots() -> [String: Tensor] { slots.mapValues { $0.tensor(of: .f32) } }

  func state(named name: String) throws(RunnerError) -> Tensor {
    guard let array = states[name],
      let state = interpreter.module.states.first(where: { $0.name == name })
    else { throw RunnerError(.input, "no state '\(name)'") }
    return array.tensor(of: state.type.element)
  }

}

extension RunnerError {

  /// Creates an error about numbers that the interpreter refuses.
  init(_ error: InterpreterError) {
    self.init(.input, error.message)
  }

}

import IR
import Runner
import Tensors

@testable import Interpreter

extension Session {

  /// Runs entry `name` of `module`, which the session's model was compiled from, and returns its
  /// outputs, and the states and the parameters after it.
  ///
  /// States that are not given are those of the session.
  func run(
    _ module: Module, entry name: String, parameters: [String: DenseArray]? = nil,
    inputs: [String: DenseArray], states: [String: DenseArray] = [:], steps: Int? = nil
  ) throws -> Interpreter.Results {
    if let parameters {
      try bind(parameters: parameters.mapValues { $0.tensor(of: .f32) })
    }
    guard let entry = module.entries.first(where: { $0.name == name }) else {
      throw TestFailure("there is no entry '\(name)'")
    }
    var given: [String: Tensor] = [:]
    for state in module.states {
      given[state.name] = states[state.name]?.tensor(of: state.type.element)
    }
    for input in entry.inputs {
      if let value = inputs[input.name] { given[input.name] = value.tensor(of: input.type.element) }
    }
    let outputs = try run(entry: name, inputs: given, steps: steps)
    var results = Interpreter.Results(outputs: [], states: [:])
    for output in entry.outputs {
      guard let tensor = outputs[output.name] else {
        throw TestFailure("the output '\(output.name)' is missing")
      }
      results.outputs.append((output.name, DenseArray(tensor)))
    }
    if entry.updatesParameters {
      results.parameters = currentParameters().mapValues { DenseArray($0) }
    }
    for s in module.states { results.states[s.name] = DenseArray(try state(named: s.name)) }
    return results
  }

}

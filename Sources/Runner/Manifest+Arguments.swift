import Diagnostics
import Tensors

extension Manifest {

  /// Returns the elements of `parameters`, in the order of the manifest.
  ///
  /// Parameters that are missing, left over or misshapen are listed in one error. What a file of
  /// training has besides parameters is not left over: see `trainingPrefixes`.
  package func values(of parameters: [String: Tensor]) throws(RunnerError) -> [[Float]] {
    var problems: [String] = []
    var values: [[Float]] = []
    for parameter in self.parameters {
      switch parameters[parameter.name] {
      case nil:
        problems.append("missing: '\(parameter.name)' of \(parameter.type)")
      case let tensor?:
        switch tensor.floats(shape: parameter.shape) {
        case .success(let elements): values.append(elements)
        case .failure(let mismatch): problems.append("'\(parameter.name)' \(mismatch.phrase)")
        }
      }
    }
    let others = parameters.filter { !$0.key.belongsToTraining }
    problems += leftOver(others, among: self.parameters.map(\.name))
    guard problems.isEmpty else {
      throw RunnerError(.input, "the weights do not fit model '\(model)'", details: problems)
    }
    return values
  }

  /// What the names of tensors start with that a file of training has besides parameters.
  package static let trainingPrefixes = (slot: "optimizer.", state: "state.")

  /// Returns the initial values of the parameters, drawn with `seed`, in the order of the manifest.
  package func initialValues(seed: UInt64) -> [[Float]] {
    parameters.map { parameter in
      parameter.initializer.values(
        count: parameter.shape.elementCount, seed: seed, name: parameter.name)
    }
  }

  /// Returns the position of entry `name`.
  func entryIndex(_ name: String) throws(RunnerError) -> Int {
    if let index = entries.firstIndex(where: { $0.name == name }) { return index }
    throw RunnerError(.input, unknown("entry", name, among: entries.map(\.name)))
  }

  /// What a call is given, as the model sees it.
  package struct Arguments {

    /// The inputs by name, of the elements and the shape that a call of `steps` steps has.
    package var inputs: [String: Tensor] = [:]

    /// The states that start at a given value.
    package var states: [String: Tensor] = [:]

    /// The count of steps.
    package let steps: Int

  }

  /// Returns `inputs`, named after inputs of entry `name` or after states, as the model sees them.
  ///
  /// Inputs that are missing, left over, misshapen or out of range are listed in one error.
  package func arguments(
    of name: String, _ inputs: [String: Tensor], steps: Int?
  ) throws(RunnerError) -> Arguments {
    let entry = entries[try entryIndex(name)]
    let memory = try EntryBuffers(entry)
    let (count, given) = try place(inputs, of: entry, in: memory, steps: steps)
    var result = Arguments(steps: count)
    for (value, block) in zip(entry.inputs, memory.inputs.blocks) {
      result.inputs[value.name] = value.load(from: block, steps: count)
    }
    for (state, value) in zip(states, given) {
      if let value { result.states[state.name] = value }
    }
    return result
  }

  /// Writes `inputs` of `entry` into `memory`; returns the count of steps, and the value of each
  /// state that `inputs` name.
  func place(
    _ inputs: [String: Tensor], of entry: Entry, in memory: EntryBuffers, steps: Int?
  ) throws(RunnerError) -> (steps: Int, states: [Tensor?]) {
    var problems: [String] = []
    let count = entry.stepCount(asked: steps, inputs: inputs, &problems)
    for (value, block) in zip(entry.inputs, memory.inputs.blocks) {
      guard let tensor = inputs[value.name] ?? value.defaultTensor else {
        problems.append("missing: '\(value.name)' of \(value.type(steps: count))")
        continue
      }
      switch value.fitted(tensor, steps: count) {
      case .success(let fitted): block.store(fitted)
      case .failure(let mismatch): problems.append("'\(value.name)' \(mismatch.phrase)")
      }
    }
    let given = givenStates(inputs, &problems)
    let names = entry.inputs.map(\.name) + states.map(\.name)
    problems += leftOver(inputs, among: names)
    guard problems.isEmpty else {
      throw RunnerError(.input, "the inputs do not fit entry '\(entry.name)'", details: problems)
    }
    return (count, given)
  }

  /// Returns the value of each state that `inputs` name, or `nil` where they do not.
  private func givenStates(
    _ inputs: [String: Tensor], _ problems: inout [String]
  ) -> [Tensor?] {
    var result: [Tensor?] = []
    for state in states {
      switch inputs[state.name].map(state.given) {
      case nil: result.append(nil)
      case .success(let value): result.append(value)
      case .failure(let mismatch):
        result.append(nil)
        problems.append("'\(state.name)' \(mismatch.phrase)")
      }
    }
    return result
  }

}

extension Manifest.Value {

  /// A tensor of indices, each of them 0, that the value can be.
  ///
  /// - Requires: it is of indices.
  package var zeros: Tensor {
    Tensor(shape: shape, .int64(Array(repeating: 0, count: shape.elementCount)))
  }

  /// The value of an input that is not given, if it has a default.
  var defaultTensor: Tensor? {
    defaultValue.map { number in
      switch element {
      case .f32: Tensor(shape: [], [Float(number)])
      case .index, .bool: Tensor(shape: [], .int64([Int64(number)]))
      }
    }
  }

}

extension String {

  /// `true` iff a tensor of this name is no parameter, unless one is called so.
  package var belongsToTraining: Bool {
    hasPrefix(Manifest.trainingPrefixes.slot) || hasPrefix(Manifest.trainingPrefixes.state)
  }

}

/// Returns a phrase about an unknown name, with the nearest known one or all of them.
func unknown(_ kind: String, _ name: String, among known: [String]) -> String {
  "no \(kind) '\(name.printable)'; \(alternatives(to: name, among: known))"
}

/// Returns a phrase about each name in `given` that is not `known`, in alphabetic order, with the
/// nearest known one that is not given.
private func leftOver(_ given: [String: Tensor], among known: [String]) -> [String] {
  let missing = known.filter { given[$0] == nil }.sorted()
  let known = Set(known)
  return given.keys.filter { !known.contains($0) }.sorted().map { name in
    let near = suggestion(for: name, among: missing)
    let type = given[name].map { " of \($0.type)" } ?? ""
    return "left over: '\(name.printable)'\(type)"
      + (near.map { "; did you mean '\($0)'?" } ?? "")
  }
}

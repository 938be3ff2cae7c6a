import Diagnostics
import Tensors

/// A model with weights and states of its own that answers calls, whatever computes the answers.
package protocol ModelSession: AnyObject {

  /// What the model offers.
  var manifest: Manifest { get }

  /// Binds `parameters` by name and resets all states; see `Session`.
  func bind(parameters: [String: Tensor], seed: UInt64) throws(RunnerError)

  /// Binds the parameters' initial values, drawn with `seed`, and resets all states.
  func bindInitial(seed: UInt64) throws(RunnerError)

  /// Sets all states to their first values.
  ///
  /// - Requires: weights are bound.
  func reset()

  /// Runs entry `name` once and returns its outputs by name; see `Session`.
  ///
  /// - Requires: weights are bound.
  func run(
    entry name: String, inputs: [String: Tensor], steps: Int?
  ) throws(RunnerError) -> [String: Tensor]

  /// Returns the value that state `name` has now.
  func state(named name: String) throws(RunnerError) -> Tensor

}

extension ModelSession {

  /// Runs `entry` once with `weights`, or the initial ones if that is `nil`, on the numbers that
  /// `data` names, writes the results and states that have a file, and returns a line about every
  /// other output.
  package func answer(
    entry: String, _ data: DataOptions, weights: Safetensors?
  ) throws(RunnerError) -> String {
    try manifest.checkOutputs(data.outputs.map(\.name), of: entry)
    try bind(weights, seed: data.seed)
    let results = try run(entry: entry, inputs: data.readInputs(), steps: data.steps)
    return try finish(entry, results, data)
  }

  /// Binds the parameters in `weights`, or the initial ones, drawn with `seed`, if that is `nil`.
  package func bind(_ weights: Safetensors?, seed: UInt64) throws(RunnerError) {
    if let weights {
      let unread = weights.unread.filter { !$0.name.belongsToTraining }
      guard unread.isEmpty else {
        throw RunnerError(
          .input, "the weights do not fit model '\(manifest.model)'",
          details: unread.map { "'\($0.name.printable)' is \($0.type), which cannot be read" })
      }
      try bind(parameters: weights.tensors, seed: seed)
    } else {
      try bindInitial(seed: seed)
    }
  }

  /// Writes the results and states that have a file and returns a line about every other output.
  ///
  /// - Requires: `checkOutputs` accepted the names of the files.
  package func finish(
    _ entry: String, _ results: [String: Tensor], _ data: DataOptions
  ) throws(RunnerError) -> String {
    var values = results
    for file in data.outputs where values[file.name] == nil {
      values[file.name] = try state(named: file.name)
    }
    try data.write(values)
    let outputs = manifest.entries.first { $0.name == entry }?.outputs ?? []
    return outputs.map(\.name)
      .filter { name in !data.outputs.contains { $0.name == name } }
      .compactMap { name in results[name].map { "\($0.summary(named: name))\n" } }
      .joined()
  }

}

extension Manifest {

  /// Throws if a name in `names` is neither an output of `entry` nor a state.
  ///
  /// - Note: an unknown entry is left to `run`, which reports it.
  package func checkOutputs(_ names: [String], of entry: String) throws(RunnerError) {
    guard let entry = entries.first(where: { $0.name == entry }) else { return }
    let known = entry.outputs.map(\.name) + states.map(\.name)
    for name in names where !known.contains(name) {
      throw RunnerError(.input, unknown("output or state", name, among: known))
    }
  }

}

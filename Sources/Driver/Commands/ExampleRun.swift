import Diagnostics
import Runner
import Tensors
import Training

/// The run of a model over examples.
struct ExampleRun {

  /// What a model made of examples.
  struct Result {

    /// How it does, if there are labels that tell.
    let evaluation: Evaluation?

    /// The outputs that were asked for, with a row for each example.
    let outputs: [String: Tensor]

    /// The time of all calls in seconds.
    let seconds: Double

  }

  let feed: ExampleFeed

  /// The states that each example starts at, as many as there are examples.
  let states: [RowTensor]

  /// What every call gets: inputs and states, by name.
  let others: [String: Tensor]

  /// The axis of the examples, by the names of outputs and states that have one.
  let axes: [String: Int]

  /// Throws if an output or state in `names` has no row for each example.
  func check(_ names: [String]) throws(RunnerError) {
    for name in names where axes[name] == nil {
      throw RunnerError(
        .input,
        "'\(name.printable)' is no output or state with a row for each example; "
          + alternatives(to: name, among: axes.keys.sorted()))
    }
  }

  /// Throws if a model that `manifest` describes cannot be called with the examples.
  func check(_ manifest: Manifest) throws(RunnerError) {
    guard let entry = manifest.entries.first(where: { $0.name == "forward" }) else {
      throw RunnerError(.input, "the model has no entry 'forward'")
    }
    let rows = feed.roles.filled([0])
    _ = try manifest.arguments(of: entry.name, inputs(of: rows, in: entry), steps: nil)
  }

  /// Returns what a call of `entry` gets for the examples `rows`, as many as a batch.
  private func inputs(of rows: [Int], in entry: Manifest.Entry) -> [String: Tensor] {
    var result = others
    for column in feed.set.columns where entry.inputs.contains(where: { $0.name == column.name }) {
      result[column.name] = column.tensor(of: rows)
    }
    for state in states { result[state.name] = state.tensor(of: rows) }
    return result
  }

  /// Runs `session`, whose weights are bound, over all examples, and returns the outputs and the
  /// final states `names`.
  ///
  /// States start afresh in every batch, or where they are given. The last batch is filled up with
  /// an example that does not count.
  ///
  /// - Requires: `check` accepted `names` and the manifest of `session`.
  func run(_ session: any ModelSession, giving names: [String]) throws(RunnerError) -> Result {
    guard let entry = session.manifest.entries.first(where: { $0.name == "forward" }) else {
      throw RunnerError(.input, "the model has no entry 'forward'")
    }
    var evaluation = feed.roles.goal.map { Evaluation($0.task) }
    var parts: [String: [Tensor]] = [:]
    var seconds = 0.0
    let clock = ContinuousClock()
    let batch = feed.roles.batch
    for first in stride(from: 0, to: feed.set.count, by: batch) {
      let rows = Array(first..<min(first + batch, feed.set.count))
      let filled = feed.roles.filled(rows)
      let inputs = inputs(of: filled, in: entry)
      // What is given has all steps.
      let steps = names.isEmpty ? feed.steps(of: filled, in: entry) : nil
      session.reset()
      let start = clock.now
      let results = try session.run(entry: "forward", inputs: inputs, steps: steps)
      seconds += (clock.now - start) / .seconds(1)
      if let goal = feed.roles.goal, case .float32(let output)? = results[goal.output]?.elements {
        evaluation?.add(output, for: filled, count: rows.count, of: feed.set, goal)
      }
      for name in names {
        guard let axis = axes[name] else { continue }
        var tensor = results[name]
        if tensor == nil { tensor = try session.state(named: name) }
        guard let part = tensor?.prefix(rows.count, along: axis) else { continue }
        parts[name, default: []].append(part)
      }
    }
    var outputs: [String: Tensor] = [:]
    for (name, tensors) in parts {
      if let axis = axes[name] { outputs[name] = Tensor(joining: tensors, along: axis) }
    }
    return Result(evaluation: evaluation, outputs: outputs, seconds: seconds)
  }

}

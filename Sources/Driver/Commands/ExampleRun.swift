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

  /// What every call gets: inputs and states, by name.
  let others: [String: Tensor]

  /// The axis of the examples, by the names of outputs that have one.
  let outputAxes: [String: Int]

  /// Throws if an output in `names` has no row for each example.
  func check(_ names: [String]) throws(RunnerError) {
    let known = outputAxes.keys.sorted().joined(separator: ", ")
    for name in names where outputAxes[name] == nil {
      throw RunnerError(
        .input,
        "'\(name.printable)' is no output with a row for each example; "
          + (known.isEmpty ? "there is none" : "there are \(known)"))
    }
  }

  /// Runs `session`, whose weights are bound, over all examples, and returns the outputs `names`.
  ///
  /// States start afresh in every batch. The last one is filled up with an example that does not count.
  ///
  /// - Requires: `check` accepted `names`.
  func run(_ session: any ModelSession, saving names: [String]) throws(RunnerError) -> Result {
    guard let entry = session.manifest.entries.first(where: { $0.name == "forward" }) else {
      throw RunnerError(.input, "the model has no entry 'forward'")
    }
    let columns = feed.set.columns.filter { column in
      entry.inputs.contains { $0.name == column.name }
    }
    var evaluation = feed.roles.goal.map { Evaluation($0.task) }
    var parts: [String: [Tensor]] = [:]
    var seconds = 0.0
    let clock = ContinuousClock()
    let batch = feed.roles.batch
    for first in stride(from: 0, to: feed.set.count, by: batch) {
      let rows = Array(first..<min(first + batch, feed.set.count))
      let filled = feed.roles.filled(rows)
      var inputs = others
      for column in columns { inputs[column.name] = column.tensor(of: filled) }
      // What is saved has all steps.
      let steps = names.isEmpty ? feed.steps(of: filled, in: entry) : nil
      session.reset()
      let start = clock.now
      let results = try session.run(entry: "forward", inputs: inputs, steps: steps)
      seconds += (clock.now - start) / .seconds(1)
      if let goal = feed.roles.goal, case .float32(let output)? = results[goal.output]?.elements {
        evaluation?.add(output, for: filled, count: rows.count, of: feed.set, goal)
      }
      for name in names {
        guard let tensor = results[name], let axis = outputAxes[name] else { continue }
        parts[name, default: []].append(tensor.prefix(rows.count, along: axis))
      }
    }
    var outputs: [String: Tensor] = [:]
    for (name, tensors) in parts {
      if let axis = outputAxes[name] { outputs[name] = Tensor(joining: tensors, along: axis) }
    }
    return Result(evaluation: evaluation, outputs: outputs, seconds: seconds)
  }

}

import Runner

/// How a model takes examples, and what it should give for them.
package struct ExampleRoles: Equatable, Sendable {

  /// What tells how well a model does.
  package struct Goal: Equatable, Sendable {

    package let task: Evaluation.Task

    /// The output of `forward` that is compared with the label: of its shape, with a last axis of
    /// the classes for a classifier.
    package let output: String

    /// The label as a call takes it.
    package let label: Manifest.Value

    /// The axis of the label that is that of the steps, if it has one.
    package let stepAxis: Int?

    /// The rows that say how many steps of an example count, or of what truth values at which
    /// places count; `nil` if all do.
    package let mask: Mask?

    /// Creates a goal.
    package init(
      task: Evaluation.Task, output: String, label: Manifest.Value, stepAxis: Int?, mask: Mask?
    ) {
      self.task = task
      self.output = output
      self.label = label
      self.stepAxis = stepAxis
      self.mask = mask
    }

  }

  /// Which places of a label count.
  package enum Mask: Equatable, Sendable {

    /// Those at steps below the number that the input of this name has for the example.
    case lengths(String)

    /// Those where the input of this name, of the label's shape, is true.
    case places(String)

  }

  /// The number of examples of a call.
  package let batch: Int

  /// The axis of the examples, by the names of the inputs and labels that have one.
  package let axes: [String: Int]

  /// The input that says how many steps an example has, and the name of the dim of these steps.
  package let lengths: (input: String, dim: String)?

  /// What the model is measured by, if that is known.
  package let goal: Goal?

  /// Creates the roles.
  package init(
    batch: Int, axes: [String: Int], lengths: (input: String, dim: String)?, goal: Goal?
  ) {
    self.batch = batch
    self.axes = axes
    self.lengths = lengths
    self.goal = goal
  }

  package static func == (a: ExampleRoles, b: ExampleRoles) -> Bool {
    a.batch == b.batch && a.axes == b.axes && a.goal == b.goal
      && a.lengths?.input == b.lengths?.input && a.lengths?.dim == b.lengths?.dim
  }

}

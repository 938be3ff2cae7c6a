import Runner
import Tensors
import Text

/// A model that updates its parameters by windows of a text, or by examples, whatever computes the
/// updates.
///
/// A class, because updates change it in place.
package protocol TrainableModel: AnyObject {

  /// The parameters, slots and states of the model.
  var manifest: Manifest { get }

  /// The number of rows of a window, or of examples of an update.
  var batch: Int { get }

  /// The number of tokens in each row.
  var steps: Int { get }

  /// The number of tokens that there can be; each is at least 0 and less.
  var classes: Int { get }

  /// Returns the carried states as they are now, by name.
  func currentStates() throws(RunnerError) -> [String: Tensor]

  /// Returns the numbers of the model as they are now.
  func currentValues() throws(RunnerError) -> ModelValues

  /// Sets all numbers of the model to `values`.
  func restore(_ values: ModelValues) throws(RunnerError)

  /// Sets the carried states to `states`.
  func restoreStates(_ states: [String: Tensor]) throws(RunnerError)

  /// Sets all states to their first values.
  func restart()

  /// Makes `rate` the learning rate of the updates to come.
  ///
  /// - Requires: the model has one.
  func setLearningRate(_ rate: Double)

  /// Lets the updates to come drop elements as those do that belong to `seed` and `update`, the
  /// number of updates before; does nothing if the model drops none.
  func setCounters(seed: UInt64, update: Int)

  /// Updates the parameters by one window; states that are carried go on.
  ///
  /// Returns the mean cross entropy of the labels in nats, or another loss that the model is
  /// trained for, and the norm of the gradient before clipping, if the model gives it.
  ///
  /// - Requires: `inputs` and `labels` have `steps` × `batch` tokens, time outermost, or none if
  ///   the model reads no text.
  func update(
    inputs: [Int32], labels: [Int32]
  ) throws(RunnerError) -> (loss: Float, gradientNorm: Float?)

  /// Adds what the model predicts for one window to `perplexity`; states that are carried go on.
  ///
  /// - Requires: as for `update`, and the model reads a text.
  func evaluate(
    inputs: [Int32], labels: [Int32], _ perplexity: inout Perplexity
  ) throws(RunnerError)

  /// Updates the parameters by the examples `rows` as `update(inputs:labels:)` does by a window.
  ///
  /// - Requires: there are `batch` of them, and the model was given the set of examples.
  func update(rows: [Int]) throws(RunnerError) -> (loss: Float, gradientNorm: Float?)

  /// Adds how the model does on the examples `rows` to `evaluation`, which is `nil` at first.
  ///
  /// - Requires: there are at most `batch` of them, at least one, and the model was given a set of
  ///   examples by which it can be measured.
  func evaluate(rows: [Int], _ evaluation: inout Evaluation?) throws(RunnerError)

}

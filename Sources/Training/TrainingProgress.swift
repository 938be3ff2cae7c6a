/// How far a training has come.
package struct TrainingProgress: Equatable, Sendable {

  /// The results of an epoch, as mean cross entropies in nats; those that are not finite are not
  /// numbers.
  package struct Epoch: Equatable, Sendable {

    /// The mean of the losses of all windows.
    package let trainingLoss: Double

    /// The mean over the tokens that are kept apart, if there are any.
    package let validationLoss: Double?

    /// Creates the results of an epoch.
    package init(trainingLoss: Double, validationLoss: Double?) {
      self.trainingLoss = trainingLoss
      self.validationLoss = validationLoss
    }

  }

  /// The number of updates.
  package var update = 0

  /// The results of the complete epochs, in order.
  package var epochs: [Epoch] = []

  /// The number of windows that the epoch under way has behind it.
  package var position = 0

  /// The sum of the losses of these windows.
  package var lossSum = 0.0

  /// The sum of the norms of the gradients of these windows, before clipping.
  package var normSum = 0.0

  /// Creates the start of a training.
  package init() {}

  /// The mean loss of the epoch under way; not a number before its first window.
  package var meanLoss: Double { lossSum / Double(position) }

  /// The mean norm of the gradients of the epoch under way; not a number before its first window.
  package var meanNorm: Double { normSum / Double(position) }

  /// Adds the results of the next window.
  mutating func add(loss: Double, norm: Double) {
    update += 1
    position += 1
    lossSum += loss
    normSum += norm
  }

  /// Returns the results of the epoch under way, with `validationLoss` for what is kept apart.
  func epoch(validationLoss: Double?) -> Epoch {
    Epoch(
      trainingLoss: meanLoss, validationLoss: validationLoss.map { $0.isFinite ? $0 : .nan })
  }

  /// Ends the epoch under way, whose results are `epoch`.
  mutating func end(_ epoch: Epoch) {
    epochs.append(epoch)
    position = 0
    lossSum = 0
    normSum = 0
  }

}

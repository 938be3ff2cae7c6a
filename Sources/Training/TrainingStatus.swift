/// What a training reports while it runs and at its end.
package struct TrainingStatus: Equatable, Sendable {

  /// The number of complete epochs, and of updates in the one under way.
  package let epochs: Int
  package let position: Int

  /// The number of updates.
  package let update: Int

  /// The number of updates at the end of the training, as far as that is known.
  package let expectedUpdates: Int?

  /// The number of epochs at which the training ends, if there is a limit.
  package let epochLimit: Int?

  /// What the training counts.
  package let unit: TrainingUnit

  /// The mean loss of the epoch under way, or of the last one before its first update.
  package let trainLoss: Double

  /// The mean loss over what is kept apart, as last found.
  package let validLoss: Double?

  /// How the model does on the examples that are kept apart, as last found.
  package let evaluation: Evaluation?

  /// The mean norm of the gradients, as `trainLoss`; `nil` if it is unknown.
  package let gradientNorm: Double?

  /// The updates of this process.
  package let work: TrainingWork

  /// The number of the epoch that the last update was a part of, from one.
  package var epoch: Int { position == 0 ? epochs : epochs + 1 }

  /// The time that the updates that are left will take, in seconds, as far as that is known.
  package var secondsLeft: Double? {
    guard work.updates > 0, let expectedUpdates else { return nil }
    return Double(max(expectedUpdates - update, 0)) * work.seconds / Double(work.updates)
  }

}

/// Updates, and the time that they took.
package struct TrainingWork: Equatable, Sendable {

  /// The number of updates.
  package private(set) var updates = 0

  /// The number of their tokens or rows, or of the updates themselves where there are neither.
  package private(set) var tokens = 0

  /// The time in seconds.
  package private(set) var seconds = 0.0

  /// The tokens a second; 0 before the first update.
  package var tokensPerSecond: Double { tokens == 0 ? 0 : Double(tokens) / max(seconds, 1e-9) }

  /// Adds an update of `tokens` tokens.
  mutating func add(tokens: Int, _ seconds: Double) {
    updates += 1
    self.tokens += tokens
    self.seconds += seconds
  }

  /// Returns what came behind `start`.
  func subtracting(_ start: TrainingWork) -> TrainingWork {
    var result = self
    result.updates -= start.updates
    result.tokens -= start.tokens
    result.seconds -= start.seconds
    return result
  }

}

/// How a training ended.
package enum TrainingEnding: Equatable, Sendable {

  /// A limit was reached.
  case done(TrainingStatus)

  /// It was asked to stop, and can go on where it did.
  case interrupted(TrainingStatus)

}

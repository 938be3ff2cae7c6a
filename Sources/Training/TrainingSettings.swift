import IR

/// How a training goes: its length, its order and its rates.
package struct TrainingSettings: Equatable, Sendable {

  /// The number of epochs after which the training ends, if there is a limit.
  package var epochs: Int?

  /// The number of updates after which the training ends, if there is a limit; whichever limit is
  /// reached first counts.
  package var updates: Int?

  /// How a text is divided into windows.
  package var partition = Partition.sequential

  /// The seed of the first values and of the order of windows.
  package var seed: UInt64 = 0

  /// How the learning rate changes.
  package var schedule = LearningRateSchedule.constant

  /// The full learning rate; `nil` if the model has none that can be set.
  package var learningRate: Double?

  /// Creates the settings of a training of one epoch.
  package init() {
    epochs = 1
  }

}

/// How far a training has come.
package struct TrainingProgress: Equatable, Sendable {

  /// The results of an epoch; losses that are not finite are not numbers.
  package struct Epoch: Equatable, Sendable {

    /// The number of the epoch, from one.
    package let number: Int

    /// The mean of the losses of all updates.
    package let trainingLoss: Double

    /// The mean over what is kept apart, if anything is.
    package let validationLoss: Double?

    /// Creates the results of an epoch.
    package init(number: Int, trainingLoss: Double, validationLoss: Double?) {
      self.number = number
      self.trainingLoss = trainingLoss
      self.validationLoss = validationLoss
    }

  }

  /// The number of updates.
  package var update = 0

  /// The results of complete epochs, in order: of the last one, and of those whose numbers the
  /// stride divides, which are enough to draw.
  package private(set) var epochs: [Epoch] = []

  /// The number of updates that the epoch under way has behind it.
  package var position = 0

  /// The sum of the losses of these updates.
  package var lossSum = 0.0

  /// The sum of the norms of the gradients of these updates, before clipping.
  package var normSum = 0.0

  /// Creates the start of a training.
  package init() {}

  /// The number of complete epochs.
  package var epochCount: Int { epochs.last?.number ?? 0 }

  /// The most epochs whose results are kept, besides the last one.
  private static let epochLimit = 1000

  /// Returns the distance of the epochs whose results are kept, of `count`.
  private static func stride(of count: Int) -> Int {
    var stride = 1
    // The quotient is halved in each round.
    while count / stride > epochLimit { stride *= 2 }
    return stride
  }

  /// Returns the numbers of the epochs whose results are kept, of `count`.
  static func keptEpochs(of count: Int) -> [Int] {
    let stride = stride(of: count)
    let numbers = Array(Swift.stride(from: stride, through: count, by: stride))
    return count % stride == 0 ? numbers : numbers + [count]
  }

  /// Makes `epochs` the results of the complete epochs.
  ///
  /// - Requires: their numbers are those that are kept.
  mutating func setEpochs(_ epochs: [Epoch]) {
    precondition(
      epochs.map(\.number) == Self.keptEpochs(of: epochs.last?.number ?? 0), "these are kept")
    self.epochs = epochs
  }

  /// The mean loss of the epoch under way; not a number before its first update.
  package var meanLoss: Double { lossSum / Double(position) }

  /// The mean norm of the gradients of the epoch under way; not a number before its first update.
  package var meanNorm: Double { normSum / Double(position) }

  /// Adds the results of the next update.
  mutating func add(loss: Double, norm: Double) {
    update += 1
    position += 1
    lossSum += loss
    normSum += norm
  }

  /// Returns the results of the epoch under way, with `validationLoss` for what is kept apart.
  func epoch(validationLoss: Double?) -> Epoch {
    Epoch(
      number: epochCount + 1, trainingLoss: meanLoss,
      validationLoss: validationLoss.map { $0.isFinite ? $0 : .nan })
  }

  /// Ends the epoch under way, whose results are `epoch`.
  mutating func end(_ epoch: Epoch) {
    let stride = Self.stride(of: epoch.number)
    if let last = epochs.last, last.number % stride != 0 { epochs.removeLast() }
    if stride > Self.stride(of: epoch.number - 1) { epochs.removeAll { $0.number % stride != 0 } }
    epochs.append(epoch)
    position = 0
    lossSum = 0
    normSum = 0
  }

}

import Foundation
import IR

/// The learning rates of one training, by a schedule.
package struct LearningRates: Sendable {

  /// A place in a training: the number of updates before it, and that of epochs, which has a
  /// fraction within one.
  package struct Place: Equatable, Sendable {

    let updates: Int
    let epochs: Double

    /// Creates a place.
    package init(updates: Int, epochs: Double) {
      self.updates = updates
      self.epochs = epochs
    }

  }

  private let schedule: LearningRateSchedule

  /// The end of the warm-up.
  private let start: Place

  /// The number of updates after the warm-up, at least one.
  private let count: Double

  /// Creates the rates by `schedule` in a training of `count` updates, `updatesOfEpoch` giving
  /// those of each epoch, from zero, which are positive.
  ///
  /// - Complexity: O(*n*), where *n* is the number of epochs of the warm-up.
  package init(
    _ schedule: LearningRateSchedule, count: Int, updatesOfEpoch: (Int) throws -> Int
  ) rethrows {
    self.schedule = schedule
    let rising: Int
    switch schedule.warmup {
    case .updates(let n): rising = n
    case .part(let x): rising = Int((x * Double(count)).rounded())
    case .epochs(let x):
      var (updates, rest, epoch) = (0.0, x, 0)
      // The updates grow in each round.
      while rest > 0, updates < Double(count) {
        updates += min(rest, 1) * Double(try updatesOfEpoch(epoch))
        rest -= 1
        epoch += 1
      }
      rising = Int(updates.rounded())
    }
    var (rest, epochs) = (min(rising, count), 0)
    var size = try updatesOfEpoch(0)
    // The rest falls in each round.
    while rest >= size {
      rest -= size
      epochs += 1
      size = try updatesOfEpoch(epochs)
    }
    start = Place(updates: rising, epochs: Double(epochs) + Double(rest) / Double(size))
    self.count = Double(max(count - rising, 1))
  }

  /// Returns the learning rate of the update at `place`, where `rate` is the full one.
  package func rate(_ rate: Double, at place: Place) -> Double {
    if place.updates < start.updates {
      return rate * Double(place.updates + 1) / Double(start.updates)
    }
    switch schedule.rule {
    case .constant: return rate
    case .step(let every, let factor):
      // Rounding must not put off the end of a length that is a fraction.
      return rate * pow(factor, (lengths(every, to: place) + 1e-9).rounded(.down))
    case .cosine(let length, let low):
      let t = min(lengths(length, to: place), 1)
      return low + (rate - low) * (1 + cos(Double.pi * t)) / 2
    }
  }

  /// Returns how often `length` fits between the end of the warm-up and `place`.
  private func lengths(_ length: LearningRateSchedule.Length, to place: Place) -> Double {
    let updates = Double(place.updates - start.updates)
    return switch length {
    case .updates(let n): updates / Double(n)
    case .epochs(let x): (place.epochs - start.epochs) / x
    case .part(let x): updates / (x * count)
    }
  }

}

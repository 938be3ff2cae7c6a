import Foundation

/// A rule by which the learning rate changes from update to update.
///
/// The rules are those of PyTorch's `StepLR` and `CosineAnnealingLR`, applied to updates, behind a
/// linear warm-up.
package struct LearningRateSchedule: Equatable, Sendable {

  /// What follows the warm-up; *t* counts the updates from zero.
  package enum Rule: Equatable, Sendable {

    /// The rate stays as it is.
    case constant

    /// The rate is multiplied by `factor` each `every` updates:
    /// rate × factor ^ floor(*t* / `every`).
    case step(every: Int, factor: Double)

    /// The rate goes down to `low` in `updates` updates, along half a period of the cosine:
    /// low + (rate - low) × (1 + cos(π *t* / `updates`)) / 2. It rises again behind them.
    case cosine(updates: Int, low: Double)

  }

  package let rule: Rule

  /// The number of updates of the warm-up, in which the rate rises linearly; it reaches the full rate
  /// in the last of them. The rule counts from there.
  package let warmup: Int

  /// The rate does not change.
  package static let constant = LearningRateSchedule(.constant)

  /// Creates a schedule.
  ///
  /// - Requires: numbers of updates in `rule` are positive, and `warmup` is not negative.
  package init(_ rule: Rule, warmup: Int = 0) {
    self.rule = rule
    self.warmup = warmup
  }

  /// Returns the learning rate of update `update`, counted from zero, where `rate` is the full one.
  package func rate(_ rate: Double, update: Int) -> Double {
    if update < warmup { return rate * Double(update + 1) / Double(warmup) }
    let t = update - warmup
    switch rule {
    case .constant: return rate
    case .step(let every, let factor): return rate * pow(factor, Double(t / every))
    case .cosine(let updates, let low):
      return low + (rate - low) * (1 + cos(Double.pi * Double(t) / Double(updates))) / 2
    }
  }

}

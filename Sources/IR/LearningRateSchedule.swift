/// A rule by which the learning rate changes in the course of a training.
///
/// The rules are those of PyTorch's `StepLR` and `CosineAnnealingLR`, after a linear warm-up, as
/// its `SequentialLR` joins them: the rule counts from the end of the warm-up.
package struct LearningRateSchedule: Hashable, Sendable {

  /// A stretch of a training.
  package enum Length: Hashable, Sendable {

    /// A number of updates.
    case updates(Int)

    /// A number of passes over the data, which may have a fraction.
    case epochs(Double)

    /// A part of the updates of the training, above 0 and at most 1: of all for a warm-up, and
    /// otherwise of those after it.
    case part(Double)

    /// The text of the length.
    package var description: String {
      switch self {
      case .updates(let n): "\(n)"
      case .epochs(let x): "epochs(\(numberText(x)))"
      case .part(let x): "part(\(numberText(x)))"
      }
    }

  }

  /// What follows the warm-up.
  package enum Rule: Hashable, Sendable {

    /// The rate stays as it is.
    case constant

    /// The rate is multiplied by `factor` after each `every`.
    case step(every: Length, factor: Double)

    /// The rate goes down to `low`, along half a period of the cosine, and stays there.
    case cosine(over: Length, low: Double)

  }

  package var rule: Rule

  /// The stretch in which the rate rises linearly; it reaches the full one in its last update.
  package var warmup: Length

  /// The rate does not change.
  package static let constant = LearningRateSchedule(.constant)

  /// Creates a schedule.
  ///
  /// - Requires: lengths in `rule` are positive, and `warmup` is not negative.
  package init(_ rule: Rule, warmup: Length = .updates(0)) {
    self.rule = rule
    self.warmup = warmup
  }

  /// `true` iff a length is a part of the training.
  package var hasParts: Bool {
    let length: Length? =
      switch rule {
      case .constant: nil
      case .step(let every, _): every
      case .cosine(let over, _): over
      }
    return [length, warmup].contains { if case .part? = $0 { true } else { false } }
  }

  /// The text of the schedule.
  package var description: String {
    let name: String
    var arguments: [String] = []
    switch rule {
    case .constant: name = "constant"
    case .step(let every, let factor):
      name = "step"
      arguments = ["every: \(every.description)", "factor: \(numberText(factor))"]
    case .cosine(let length, let low):
      name = "cosine"
      if length != .part(1) { arguments.append("over: \(length.description)") }
      if low != 0 { arguments.append("low: \(numberText(low))") }
    }
    if warmup != .updates(0) { arguments.append("warmup: \(warmup.description)") }
    return arguments.isEmpty ? name : "\(name)(\(arguments.joined(separator: ", ")))"
  }

}

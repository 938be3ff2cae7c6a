import Foundation
import Tensors
import Text

/// What a model is trained on.
package enum TrainingData: Equatable, Sendable {

  /// The tokens of a text, and those that are kept apart to see how the model does on others.
  case text(training: [Int32], validation: [Int32])

  /// The places of examples in a set, and of those that are kept apart; `digest` tells the set from
  /// others.
  case rows(training: [Int], validation: [Int], digest: String)

  /// Nothing but inputs that are the same in every update; an epoch is one update.
  case fixed

  /// Creates the division of `tokens`: the last `fraction` of them are kept apart.
  ///
  /// - Requires: `fraction` is at least 0 and less than 1.
  package init(_ tokens: [Int32], validationFraction fraction: Double) {
    precondition(fraction >= 0 && fraction < 1, "a part of the text is left")
    let count = Int((Double(tokens.count) * fraction).rounded())
    self = .text(training: Array(tokens.dropLast(count)), validation: Array(tokens.suffix(count)))
  }

  /// Creates the division of `set`: the part `fraction` of its examples is kept apart, which ones
  /// `seed` says.
  ///
  /// - Requires: `fraction` is at least 0 and less than 1.
  package init(_ set: ExampleSet, validationFraction fraction: Double, seed: UInt64) {
    precondition(fraction >= 0 && fraction < 1, "a part of the examples is left")
    let count = Int((Double(set.count) * fraction).rounded())
    let order = Array(0..<set.count).shuffled(
      by: RandomStream(seed: seed, name: "examples kept apart"))
    self = .rows(
      training: order.dropLast(count).sorted(), validation: order.suffix(count).sorted(),
      digest: set.digest)
  }

  /// What a training on the data counts.
  package var unit: TrainingUnit {
    switch self {
    case .text: .tokens
    case .rows: .rows
    case .fixed: .updates
    }
  }

  /// `true` iff a part is kept apart.
  package var hasValidation: Bool {
    switch self {
    case .text(_, let validation): !validation.isEmpty
    case .rows(_, let validation, _): !validation.isEmpty
    case .fixed: false
    }
  }

  /// A digest of the data and of their division.
  var digest: String {
    var hash = SHA256()
    switch self {
    case .fixed: return "none"
    case .rows(let training, let validation, let digest):
      hash.update(field: digest)
      hash.update(field: "\(training.count) \(validation)")
    case .text(let training, let validation): Self.add([training, validation], to: &hash)
    }
    return hash.hexadecimal()
  }

  private static func add(_ parts: [[Int32]], to hash: inout SHA256) {
    for part in parts {
      hash.update(field: "\(part.count)")
      // In parts, because the bytes of a whole text would take four times its memory.
      for start in stride(from: 0, to: part.count, by: 1 << 14) {
        var bytes: [UInt8] = []
        for token in part[start..<min(start + (1 << 14), part.count)] {
          for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: token >> shift)) }
        }
        hash.update(bytes)
      }
    }
  }

}

/// What a training counts.
package enum TrainingUnit: String, Sendable {

  /// Tokens of a text; how well a training goes is said as a perplexity.
  case tokens

  /// Examples, which do not depend on each other.
  case rows

  /// Calls with the same inputs.
  case updates

  /// What a training tells as its success.
  package var quantity: String { self == .tokens ? "perplexity" : "loss" }

  /// Returns the mean loss `loss` as that.
  package func quantity(of loss: Double) -> Double { self == .tokens ? exp(loss) : loss }

}

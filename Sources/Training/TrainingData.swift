import Tensors
import Text

/// What a model is trained on.
package enum TrainingData: Equatable, Sendable {

  /// The tokens of a text, and those that are kept apart to see how the model does on others.
  case text(training: [Int32], validation: [Int32])

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

  /// The tokens that the model is trained on.
  var training: [Int32] {
    if case .text(let training, _) = self { training } else { [] }
  }

  /// The tokens that are kept apart.
  package var validation: [Int32] {
    if case .text(_, let validation) = self { validation } else { [] }
  }

  /// A digest of the tokens and of their division.
  var digest: String {
    guard case .text(let training, let validation) = self else { return "none" }
    var hash = SHA256()
    for part in [training, validation] {
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
    return hash.hexadecimal()
  }

}

import Foundation
import Tensors

/// A way of choosing the next token by a model's logits.
///
/// The unknown symbol, index 0, is never chosen: it stands for no character.
package enum TokenChoice: Equatable, Sendable {

  /// The token with the largest logit; of several, the one with the lowest index.
  case greedy

  /// A random token, with the probability that the softmax of logits / `temperature` gives it among
  /// the `count` tokens with the largest logits, or among all of them.
  ///
  /// Of tokens with one logit, those with lower indices count as the larger ones. What is drawn
  /// depends on `seed` and on the position in the text alone.
  case random(temperature: Double, count: Int?, seed: UInt64)

  /// Returns the index of the token for position `position`, or `nil` if a logit is not finite or
  /// no token but the unknown one exists.
  ///
  /// - Requires: a temperature and a count are positive.
  package func token(logits: [Float], position: Int) -> Int? {
    guard logits.count > 1, logits.allSatisfy(\.isFinite) else { return nil }
    switch self {
    case .greedy:
      return logits.indices.dropFirst().reduce(1) { logits[$1] > logits[$0] ? $1 : $0 }
    case .random(let temperature, let count, let seed):
      precondition(temperature > 0 && count.map { $0 > 0 } ?? true, "there is a choice")
      let candidates = Self.largest(count, of: logits)
      let largest = Double(candidates.map { logits[$0] }.max() ?? 0)
      // No exponential exceeds one, and the largest logit has one.
      let weights = candidates.map { exp((Double(logits[$0]) - largest) / temperature) }
      var rest = RandomStream(seed: seed, name: "sample").unit(at: position) * weights.reduce(0, +)
      for (candidate, weight) in zip(candidates, weights) {
        rest -= weight
        if rest < 0 { return candidate }
      }
      // Rounding can leave a little more than there is: that falls to the last possible token.
      return candidates.indices.last { weights[$0] > 0 }.map { candidates[$0] }
    }
  }

  /// Returns the indices of the `count` largest of `logits`, in order, without index 0.
  private static func largest(_ count: Int?, of logits: [Float]) -> [Int] {
    let all = logits.indices.dropFirst()
    guard let count, count < all.count else { return Array(all) }
    return all.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(count).sorted()
  }

}

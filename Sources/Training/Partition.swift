import Tensors
import Text

/// A way of dividing a text into the windows of an epoch.
package enum Partition: String, CaseIterable, Sendable {

  /// The rows of a batch are contiguous parts of the text, and each window goes on where the last
  /// one ended: states are carried from window to window, and start afresh in each epoch.
  case sequential

  /// Windows are taken in random order, and states start afresh in each of them.
  case random

  /// Returns the windows of epoch `epoch`, from zero, of `tokens`.
  ///
  /// The text starts at a random offset below `steps`, or at such a one that a window is left; the
  /// offset and the order are functions of `seed` and `epoch` alone. Throws if the text is too
  /// short for one window.
  package func windows(
    of tokens: [Int32], batch: Int, steps: Int, epoch: Int, seed: UInt64
  ) throws(TextError) -> any TextWindows {
    // Also throws for sizes that are not positive.
    let whole = try SequentialWindows(tokens, batch: batch, steps: steps)
    let offset = offset(
      ofEpoch: epoch, count: tokens.count, batch: batch, steps: steps, seed: seed)
    switch self {
    case .sequential:
      return offset == 0
        ? whole : try SequentialWindows(tokens, batch: batch, steps: steps, offset: offset)
    case .random:
      return try ShuffledWindows(
        tokens, batch: batch, steps: steps, offset: offset,
        random: RandomStream(seed: seed, name: "order of epoch \(epoch)"))
    }
  }

  /// Returns the number of windows of epoch `epoch` of `count` tokens.
  ///
  /// - Requires: `windows` does not throw for them.
  package func windowCount(
    of count: Int, batch: Int, steps: Int, epoch: Int, seed: UInt64
  ) -> Int {
    (count - 1 - offset(ofEpoch: epoch, count: count, batch: batch, steps: steps, seed: seed))
      / batch / steps
  }

  /// Returns the place at which the text starts.
  private func offset(
    ofEpoch epoch: Int, count: Int, batch: Int, steps: Int, seed: UInt64
  ) -> Int {
    // The product is at most the count of the tokens.
    let spare = count - 1 - batch * steps
    return RandomStream(seed: seed, name: "offset of an epoch").integer(
      below: min(steps, spare + 1), at: epoch)
  }

}

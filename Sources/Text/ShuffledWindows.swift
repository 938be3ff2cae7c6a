import Tensors

/// The windows of a text for training in which no window goes on where another one ended.
///
/// The tokens from `offset` on are divided into contiguous parts of `steps` tokens, as in Dive into
/// Deep Learning: with *n* tokens there are (*n* - 1 - `offset`) / `steps`, so that the last one
/// still has a label. Their order is shuffled, and each window takes the next `batch` of them.
/// Parts that do not fill a window are left out.
package struct ShuffledWindows: TextWindows {

  package let tokens: [Int32]
  package let batch: Int
  package let steps: Int
  package let count: Int

  /// The places at which the parts start, in their random order.
  private let starts: [Int]

  /// Creates the windows of `tokens` without its first `offset` tokens, in the order that `random`
  /// says.
  ///
  /// Throws if `batch` or `steps` is less than one, `offset` is negative, or the text is too short
  /// for one window.
  package init(
    _ tokens: [Int32], batch: Int, steps: Int, offset: Int, random: RandomStream
  ) throws(TextError) {
    let available = try Self.labelledCount(tokens, batch: batch, steps: steps, offset: offset)
    self.tokens = tokens
    self.batch = batch
    self.steps = steps
    count = available / steps / batch
    starts = (0..<available / steps).map { offset + $0 * steps }.shuffled(by: random)
  }

  package func start(ofRow row: Int, at position: Int) -> Int {
    starts[position * batch + row]
  }

}

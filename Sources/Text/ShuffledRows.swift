import Tensors

/// The batches of an epoch of examples that do not depend on each other.
///
/// Their order is shuffled, and each batch takes the next ones. Those that do not fill a batch at
/// the end are left out; which ones that are is another matter in each epoch.
package struct ShuffledRows: Equatable, Sendable {

  /// The examples in their random order.
  private let order: [Int]

  /// The number of examples of a batch.
  package let batch: Int

  /// Creates the batches of `rows` in the order that `random` says.
  ///
  /// - Requires: `batch` is positive.
  package init(_ rows: [Int], batch: Int, random: RandomStream) {
    precondition(batch > 0, "a batch has examples")
    order = rows.shuffled(by: random)
    self.batch = batch
  }

  /// The number of batches.
  package var count: Int { order.count / batch }

  /// Returns the examples of batch `position`.
  ///
  /// - Requires: `position` is at least 0 and less than `count`.
  package func rows(at position: Int) -> [Int] {
    precondition(position >= 0 && position < count, "the batch exists")
    return Array(order[position * batch..<(position + 1) * batch])
  }

}

extension Array {

  /// Returns the elements in an order that depends on `random` and their number alone.
  package func shuffled(by random: RandomStream) -> [Element] {
    var result = self
    // R. A. Fisher and F. Yates; each place gets one of the elements that are not behind it yet.
    for last in stride(from: count - 1, to: 0, by: -1) {
      result.swapAt(last, random.integer(below: last + 1, at: last))
    }
    return result
  }

}

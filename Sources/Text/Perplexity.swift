import Foundation

/// The perplexity of a model over the tokens seen so far, every token weighing the same.
package struct Perplexity: Equatable, Sendable {

  /// The sum of the cross entropies of all tokens, in nats.
  private var sum = 0.0

  /// The number of tokens.
  package private(set) var tokenCount = 0

  /// Creates the measure of no tokens.
  package init() {}

  /// Adds the tokens `labels`, predicted by the rows of `logits`.
  ///
  /// Sums and exponentials are taken in double precision. A row with a logit that is not finite
  /// makes the results not a number from then on.
  ///
  /// - Requires: `logits` has `classes` elements for each label; labels are at least 0 and less
  ///   than `classes`.
  package mutating func add(logits: [Float], classes: Int, labels: [Int32]) {
    precondition(logits.count == labels.count * classes, "one row of logits for each label")
    var start = 0
    var subtotal = 0.0
    for label in labels {
      precondition(label >= 0 && Int(label) < classes, "labels are classes")
      subtotal += crossEntropy(of: logits[start..<(start + classes)], label: Int(label))
      start += classes
    }
    sum += subtotal
    tokenCount += labels.count
  }

  /// The mean cross entropy of a token in nats; not a number if there are no tokens.
  package var averageCrossEntropy: Double { sum / Double(tokenCount) }

  /// The exponential of the mean cross entropy; not a number if there are no tokens.
  package var perplexity: Double { exp(averageCrossEntropy) }

}

/// Returns the cross entropy of `label` under the softmax of `row`, or NaN if an element of `row`
/// is not finite.
///
/// With *m* the largest element it is log(sum over *j* of exp(x[j] - m)) + m - x[label], in which
/// no exponential exceeds one.
package func crossEntropy(of row: ArraySlice<Float>, label: Int) -> Double {
  guard let largest = row.max(), row.allSatisfy(\.isFinite) else { return .nan }
  let m = Double(largest)
  var total = 0.0
  for x in row { total += exp(Double(x) - m) }
  return log(total) + (m - Double(row[row.startIndex + label]))
}

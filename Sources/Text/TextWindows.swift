/// The windows that a text is divided into for training.
///
/// A window has `batch` rows of `steps` tokens that follow each other in the text, and the labels
/// of these: the tokens one place later.
package protocol TextWindows: Sendable {

  /// The text.
  var tokens: [Int32] { get }

  /// The number of rows.
  var batch: Int { get }

  /// The number of tokens that a window takes from the text in each row.
  var steps: Int { get }

  /// The number of windows; at least one.
  var count: Int { get }

  /// Returns the place in `tokens` at which row `row` of window `position` starts.
  ///
  /// - Requires: both are at least 0, and less than `batch` and `count`.
  func start(ofRow row: Int, at position: Int) -> Int

}

extension TextWindows {

  /// A window without a text: tokens and labels of shape `[steps, batch]`, all zero.
  package var emptyWindow: (inputs: [Int32], labels: [Int32]) {
    let zeros = [Int32](repeating: 0, count: steps * batch)
    return (zeros, zeros)
  }

  /// Puts window `position` into `inputs` and `labels`, time outermost.
  ///
  /// - Requires: `position` is at least 0 and less than `count`; both arrays have `steps` × `batch`
  ///   elements.
  package func fill(_ inputs: inout [Int32], _ labels: inout [Int32], at position: Int) {
    precondition(position >= 0 && position < count, "the window exists")
    precondition(
      inputs.count == steps * batch && labels.count == inputs.count, "one place for each token")
    for row in 0..<batch {
      let start = start(ofRow: row, at: position)
      var place = row
      for source in start..<start + steps {
        inputs[place] = tokens[source]
        labels[place] = tokens[source + 1]
        place += batch
      }
    }
  }

  /// Returns the number of tokens from `offset` on that have a label.
  ///
  /// Throws if `batch` or `steps` is less than one, `offset` is negative, or the tokens are too few
  /// for one window.
  static func labelledCount(
    _ tokens: [Int32], batch: Int, steps: Int, offset: Int
  ) throws(TextError) -> Int {
    let bounds = [("batch", batch, 1), ("num_steps", steps, 1), ("offset", offset, 0)]
    for (name, value, least) in bounds where value < least {
      throw TextError(
        "cannot divide a text into windows: '\(name)' is \(value), expected at least \(least)")
    }
    let available = tokens.count - 1 - offset
    guard available / batch >= steps else {
      throw .tooShort(found: tokens.count, batch: batch, steps: steps, offset: offset)
    }
    return available
  }

}

extension TextError {

  /// Returns an error reporting that `found` tokens do not fill one window.
  ///
  /// - Requires: `batch` and `steps` are positive, `offset` is not negative.
  fileprivate static func tooShort(
    found: Int, batch: Int, steps: Int, offset: Int
  ) -> TextError {
    let window = "a window of batch \(batch) and num_steps \(steps)"
    let start = offset == 0 ? "" : " from offset \(offset) on"
    // Twice the width, because a dim may be any number.
    let needed = Int128(batch) * Int128(steps) + Int128(offset) + 1

    // The largest value of one dim that fits, if need be with the other set to one.
    let available = found - 1 - offset
    let advice =
      if available >= steps {
        " or --dim batch=\(available / steps)"
      } else if available >= batch {
        " or --dim num_steps=\(available / batch)"
      } else if available >= 1 {
        " or --dim batch=1 --dim num_steps=\(available)"
      } else {
        ""
      }
    return TextError(
      "the text has \(found) tokens, but \(window)\(start) needs \(needed)"
        + "; give a longer text\(advice)")
  }

}

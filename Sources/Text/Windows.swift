/// The windows of a text for training in which the state is carried from each window to the next.
///
/// The tokens from `offset` on are divided into `batch` contiguous rows of equal length, as in Dive
/// into Deep Learning: with *n* tokens, rows have (*n* - 1 - `offset`) / `batch` of them, so that the
/// last one still has a label. Each window holds the next `steps` tokens of every row; labels are the
/// tokens one place later. What is left of the rows behind the last whole window is dropped.
package struct SequentialWindows: Sequence, Sendable {

  /// A window: tokens and labels of shape `[steps, batch]`, time outermost.
  package typealias Element = (inputs: [Int32], labels: [Int32])

  /// The number of rows.
  package let batch: Int

  /// The number of tokens that a window takes from each row.
  package let steps: Int

  /// The number of windows; at least one.
  package let count: Int

  /// The number of tokens in a row, those of a part-window at its end included.
  private let rowLength: Int

  /// The place in `tokens` at which the first row starts.
  private let offset: Int

  /// The text.
  private let tokens: [Int32]

  /// Creates the windows of `tokens` without its first `offset` tokens.
  ///
  /// Throws if `batch` or `steps` is less than one, `offset` is negative, or the text is too short for
  /// one window.
  package init(
    _ tokens: [Int32], batch: Int, steps: Int, offset: Int = 0
  ) throws(TextError) {
    let bounds = [("batch", batch, 1), ("num_steps", steps, 1), ("offset", offset, 0)]
    for (name, value, least) in bounds where value < least {
      throw TextError(
        "cannot divide a text into windows: '\(name)' is \(value), expected at least \(least)")
    }
    // One token is left out because it is only a label.
    let available = tokens.count - 1 - offset
    guard available / batch >= steps else {
      throw .tooShort(found: tokens.count, batch: batch, steps: steps, offset: offset)
    }

    self.batch = batch
    self.steps = steps
    self.offset = offset
    self.tokens = tokens
    rowLength = available / batch
    count = rowLength / steps
  }

  /// The number of windows.
  package var underestimatedCount: Int { count }

  /// Returns an iterator over the windows from first to last.
  package func makeIterator() -> Iterator {
    Iterator(of: self)
  }

  /// A place between two windows.
  ///
  /// Windows are filled in place when the last one is no longer held, and copied otherwise.
  package struct Iterator: IteratorProtocol {

    /// The windows to go through.
    private let windows: SequentialWindows

    /// The number of windows already returned.
    private var position = 0

    /// The tokens of the last window.
    private var inputs: [Int32]

    /// The labels of the last window.
    private var labels: [Int32]

    /// Creates an iterator at the first of `windows`.
    fileprivate init(of windows: SequentialWindows) {
      self.windows = windows
      let size = windows.steps * windows.batch
      inputs = Array(repeating: 0, count: size)
      labels = Array(repeating: 0, count: size)
    }

    /// Returns the next window, or `nil` after the last.
    package mutating func next() -> SequentialWindows.Element? {
      guard position < windows.count else { return nil }
      let start = windows.offset + position * windows.steps
      var place = 0
      for step in 0..<windows.steps {
        var source = start + step
        for _ in 0..<windows.batch {
          inputs[place] = windows.tokens[source]
          labels[place] = windows.tokens[source + 1]
          source += windows.rowLength
          place += 1
        }
      }
      position += 1
      return (inputs, labels)
    }

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

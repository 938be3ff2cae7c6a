/// The windows of a text for training in which the state is carried from each window to the next.
///
/// The tokens from `offset` on are divided into `batch` contiguous rows of equal length, as in Dive
/// into Deep Learning: with *n* tokens, rows have (*n* - 1 - `offset`) / `batch` of them, so that
/// the last one still has a label. Each window holds the next `steps` tokens of every row; labels
/// are the tokens one place later. What is left of the rows behind the last whole window is
/// dropped.
package struct SequentialWindows: TextWindows, Sequence {

  /// A window: tokens and labels of shape `[steps, batch]`, time outermost.
  package typealias Element = (inputs: [Int32], labels: [Int32])

  package let tokens: [Int32]
  package let batch: Int
  package let steps: Int
  package let count: Int

  /// The number of tokens in a row, those of a part-window at its end included.
  private let rowLength: Int

  /// The place in `tokens` at which the first row starts.
  private let offset: Int

  /// Creates the windows of `tokens` without its first `offset` tokens.
  ///
  /// Throws if `batch` or `steps` is less than one, `offset` is negative, or the text is too short
  /// for one window.
  package init(
    _ tokens: [Int32], batch: Int, steps: Int, offset: Int = 0
  ) throws(TextError) {
    // One token is left out because it is only a label.
    let available = try Self.labelledCount(tokens, batch: batch, steps: steps, offset: offset)
    self.tokens = tokens
    self.batch = batch
    self.steps = steps
    self.offset = offset
    rowLength = available / batch
    count = rowLength / steps
  }

  package func start(ofRow row: Int, at position: Int) -> Int {
    offset + row * rowLength + position * steps
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

    /// The last window.
    private var window: SequentialWindows.Element

    /// Creates an iterator at the first of `windows`.
    fileprivate init(of windows: SequentialWindows) {
      self.windows = windows
      window = windows.emptyWindow
    }

    /// Returns the next window, or `nil` after the last.
    package mutating func next() -> SequentialWindows.Element? {
      guard position < windows.count else { return nil }
      windows.fill(&window.inputs, &window.labels, at: position)
      position += 1
      return window
    }

  }

}

/// A text that diagnostics point into.
///
/// - Invariant: `lineStarts` is sorted, starts with 0 and holds the offset after every line feed.
package struct SourceFile: Sendable {

  /// The name that diagnostics print, usually the path as the user wrote it.
  package let name: String

  /// The contents, as UTF-8 code units.
  package let text: [UInt8]

  /// The offset of the first code unit of each line.
  private let lineStarts: [Int]

  /// Creates a file called `name` that contains `text`.
  package init(name: String, text: String) {
    self.init(name: name, utf8: Array(text.utf8))
  }

  /// Creates a file called `name` that contains `text`, which need not be valid UTF-8.
  package init(name: String, utf8 text: [UInt8]) {
    self.name = name
    self.text = text
    self.lineStarts =
      [0] + text.indices.filter { text[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
  }

  /// The number of lines; a text that ends in a line feed has an empty last one.
  package var lineCount: Int { lineStarts.count }

  /// Returns the text between two offsets, ill-formed parts replaced by U+FFFD.
  package func substring(_ range: Range<Int>) -> String {
    String(decoding: text[range.clamped(to: 0..<text.count)], as: UTF8.self)
  }

  /// Returns the number, from one, of the line that holds `offset`.
  ///
  /// - Complexity: O(log *n*), where *n* is the number of lines.
  package func line(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    // The line start at `low` is at most `offset`, that at `high` is above; each round halves the
    // distance.
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }

  /// Returns the range of offsets of line `line`, from one, without its line end.
  package func bounds(ofLine line: Int) -> Range<Int> {
    let start = lineStarts[line - 1]
    var end = line < lineStarts.count ? lineStarts[line] - 1 : text.count
    if end > start, text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return start..<end
  }

  /// Returns the line and the column in characters, both from one, of `offset`.
  package func position(at offset: Int) -> (line: Int, column: Int) {
    let clamped = min(max(offset, 0), text.count)
    let line = line(at: clamped)
    return (line, substring(bounds(ofLine: line).lowerBound..<clamped).count + 1)
  }

}

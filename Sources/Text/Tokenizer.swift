/// A way of cutting a text into the symbols that a language model reads and writes.
package enum Tokenizer: String, CaseIterable, Sendable {

  /// The 26 small letters and the space.
  ///
  /// In each line, every run of anything but ASCII letters becomes one space, spaces at both ends are
  /// removed, and letters are made small. Lines follow each other without a separator, so that the
  /// last word of one touches the first of the next. This is the preparation of "The Time Machine" in
  /// Dive into Deep Learning. Lines end in a line feed, a carriage return, or both.
  case letters

  /// Every character (extended grapheme cluster) as it is, line ends included.
  ///
  /// A carriage return with its line feed is one character. Spellings that Unicode calls canonically
  /// equivalent compare equal, so a vocabulary holds only the first of them.
  case characters

  /// Returns the tokens of `text` in order, each of one character.
  ///
  /// - Complexity: O(*n*), where *n* is the length of `text`.
  package func tokens(of text: String) -> [String] {
    switch self {
    case .letters: letters(of: text)
    case .characters: text.map { String($0) }
    }
  }

  /// Returns the tokens of `text` by the rule of `letters`.
  private func letters(of text: String) -> [String] {
    var tokens: [String] = []
    tokens.reserveCapacity(text.utf8.count)

    // A space is appended with the letter behind it, so one at the end of a line never appears.
    var lineHasLetters = false
    var spaceIsPending = false
    for unit in text.utf8 {
      switch unit {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        if spaceIsPending { tokens.append(" ") }
        // Small and capital ASCII letters differ in this bit.
        tokens.append(String(UnicodeScalar(unit | 0x20)))
        lineHasLetters = true
        spaceIsPending = false
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        lineHasLetters = false
        spaceIsPending = false
      default:
        spaceIsPending = lineHasLetters
      }
    }
    return tokens
  }

}

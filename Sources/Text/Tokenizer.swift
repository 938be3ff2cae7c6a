import Tensors

/// A way of cutting a text into the symbols that a language model reads and writes.
package enum Tokenizer: String, CaseIterable, Sendable {

  /// The 26 small letters and the space.
  ///
  /// In each line, every run of anything but ASCII letters becomes one space, spaces at both ends
  /// are removed, and letters are made small. Lines follow each other without a separator, so that
  /// the last word of one touches the first of the next. This is the preparation of "The Time
  /// Machine" in Dive into Deep Learning. Lines end in a line feed, a carriage return, or both.
  case letters

  /// Every character as it is, line ends and a byte order mark included.
  ///
  /// A character is a Unicode scalar, as in Python: an accent of its own is one, a carriage return
  /// with its line feed is two. So the tokens of a text, one after the other, have its bytes.
  case characters

  /// Returns the tokens of `text` in order, each of one character.
  ///
  /// Where `vocabulary` has symbols of several characters, those are tokens of `characters` too,
  /// and of several that fit at a place the longest one is.
  ///
  /// - Complexity: O(*nm*), where *n* is the length of `text`, *m* the number of different lengths
  ///   of symbols.
  package func tokens(of text: String, knowing vocabulary: Vocabulary? = nil) -> [ExactText] {
    switch self {
    case .letters: letters(of: text)
    case .characters: Self.characters(of: text, vocabulary)
    }
  }

  /// Returns the tokens of `text` by the rule of `characters`.
  private static func characters(of text: String, _ vocabulary: Vocabulary?) -> [ExactText] {
    let scalars = text.unicodeScalars
    guard let vocabulary, let lengths = vocabulary.lengthsOfSequences else {
      return scalars.map { ExactText(String($0)) }
    }
    var tokens: [ExactText] = []
    var place = scalars.startIndex
    // Each round takes at least one scalar.
    while place < scalars.endIndex {
      var token = ExactText(String(scalars[place]))
      var end = scalars.index(after: place)
      for length in lengths {
        guard let far = scalars.index(place, offsetBy: length, limitedBy: scalars.endIndex) else {
          continue
        }
        let sequence = ExactText(String(scalars[place..<far]))
        if vocabulary.index(of: sequence) > 0 {
          (token, end) = (sequence, far)
          break
        }
      }
      tokens.append(token)
      place = end
    }
    return tokens
  }

  /// Returns the tokens of `text` by the rule of `letters`.
  private func letters(of text: String) -> [ExactText] {
    var tokens: [ExactText] = []
    tokens.reserveCapacity(text.utf8.count)

    // A space is appended with the letter behind it, so one at the end of a line never appears.
    var lineHasLetters = false
    var spaceIsPending = false
    for unit in text.utf8 {
      switch unit {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        if spaceIsPending { tokens.append(" ") }
        // Small and capital ASCII letters differ in this bit.
        tokens.append(ExactText(String(UnicodeScalar(unit | 0x20))))
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

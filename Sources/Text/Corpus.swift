import Diagnostics

/// A text as the sequence of indices that a language model is trained on.
///
/// - Invariant: `tokens` is not empty; every token is the index of a symbol of its coding.
package struct Corpus: Equatable, Sendable {

  /// The way in which the text was cut, and the numbering of the symbols.
  package let coding: TextCoding

  /// The index of each token in the order of the text.
  package let tokens: [Int32]

  /// Creates the corpus of `text`, which messages call `name`.
  ///
  /// The vocabulary is that of the whole text unless `vocabulary` gives one; only then is the text
  /// cut to its first `maxTokens` tokens. Throws if `text` has no tokens, or none are asked for.
  package init(
    _ text: String, name: String, tokenizer: Tokenizer, vocabulary: Vocabulary? = nil,
    maxTokens: Int? = nil
  ) throws(TextError) {
    if let maxTokens, maxTokens < 1 {
      throw TextError("cannot cut '\(name)' to \(maxTokens) tokens, expected at least 1")
    }
    if text.isEmpty { throw TextError("'\(name)' is empty, expected a text") }
    let symbols = tokenizer.tokens(of: text, knowing: vocabulary)
    if symbols.isEmpty {
      throw TextError("'\(name)' has no tokens under '\(tokenizer.rawValue)', expected a text")
    }
    let vocabulary = vocabulary ?? Vocabulary(tokens: symbols)

    self.coding = TextCoding(tokenizer: tokenizer, vocabulary: vocabulary)
    self.tokens = vocabulary.indices(of: Array(symbols.prefix(maxTokens ?? symbols.count)))
  }

  /// The number of tokens that are not in the vocabulary, all of which have index 0.
  ///
  /// - Complexity: O(*n*), where *n* is the number of tokens.
  package var unknownCount: Int { tokens.count { $0 == 0 } }

  /// Returns the text whose UTF-8 encoding is `bytes`, all of them: a byte order mark stays.
  ///
  /// Throws if `bytes` is ill-formed; the message calls the text `name`, and gives the offset, from
  /// zero, and the line, from one, of the first byte that is not part of a character.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package static func decode(utf8 bytes: [UInt8], name: String) throws(TextError) -> String {
    do {
      return try String(utf8: bytes)
    } catch {
      let line = bytes[..<error.offset].count { $0 == UInt8(ascii: "\n") } + 1
      throw TextError(
        "'\(name)' is not UTF-8: ill-formed byte at offset \(error.offset), line \(line)")
    }
  }

}

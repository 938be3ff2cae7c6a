import Testing

@testable import Text

@Suite struct CorpusTests {

  @Test func numbersTheTokensOfAText() throws {
    let c = try Corpus("Aha, a hat!", name: "hat.txt", tokenizer: .letters)
    #expect(c.coding.tokenizer == .letters)
    #expect(c.coding.vocabulary.symbols == ["<unk>", "a", "h", " ", "t"])
    #expect(c.tokens == [1, 2, 1, 3, 1, 3, 2, 1, 4])
    #expect(c.unknownCount == 0)
  }

  @Test func cutsAfterCounting() throws {
    let whole = try Corpus("abbccc", name: "x", tokenizer: .characters)
    let part = try Corpus("abbccc", name: "x", tokenizer: .characters, maxTokens: 3)
    #expect(part.coding == whole.coding)
    #expect(part.tokens == [3, 2, 2])
    #expect(try Corpus("abbccc", name: "x", tokenizer: .characters, maxTokens: 99) == whole)
  }

  @Test func usesAGivenVocabulary() throws {
    let v = Vocabulary(tokens: ["a", "b"])
    let c = try Corpus("abc!", name: "x", tokenizer: .characters, vocabulary: v)
    #expect(c.coding.vocabulary == v)
    #expect(c.tokens == [1, 2, 0, 0])
    #expect(c.unknownCount == 2)
  }

  @Test(arguments: [
    ("", Tokenizer.letters, "'x.txt' is empty, expected a text"),
    ("", Tokenizer.characters, "'x.txt' is empty, expected a text"),
    ("12\n--\n", Tokenizer.letters, "'x.txt' has no tokens under 'letters', expected a text"),
  ])
  func refusesTextsWithoutTokens(text: String, tokenizer: Tokenizer, message: String) {
    #expect(throws: TextError(message)) {
      try Corpus(text, name: "x.txt", tokenizer: tokenizer)
    }
  }

  @Test(arguments: [0, -1])
  func refusesToKeepNothing(_ count: Int) {
    #expect(throws: TextError("cannot cut 'x.txt' to \(count) tokens, expected at least 1")) {
      try Corpus("abc", name: "x.txt", tokenizer: .letters, maxTokens: count)
    }
  }

  @Test func decodesUTF8() throws {
    let text = "na\u{EF}ve \u{1F680}\r\n\u{0}"
    #expect(try Corpus.decode(utf8: Array(text.utf8), name: "x") == text)
    #expect(try Corpus.decode(utf8: [], name: "x") == "")
  }

  @Test func keepsAByteOrderMark() throws {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    for bytes in [mark + [0x61], mark, mark + mark, [0x61] + mark, mark + [0xCC, 0x81]] {
      #expect(Array(try Corpus.decode(utf8: bytes, name: "x").utf8) == bytes)
    }
    #expect(try Corpus("\u{FEFF}A b", name: "x", tokenizer: .letters).tokens == [1, 2, 3])
  }

  @Test(
    arguments: [
      ([0xFF], 0, 1),
      ([0x61, 0x80], 1, 1),
      ([0x61, 0x0A, 0x62, 0x0A, 0xC3], 4, 3),
      ([0xC3, 0xA9, 0x0A, 0xE2, 0x82, 0x41, 0xFF], 3, 2),
      ([0xC0, 0xAF], 0, 1),
      ([0x0A, 0xED, 0xA0, 0x80], 1, 2),
      ([0xF4, 0x90, 0x80, 0x80], 0, 1),
      ([0xEF, 0xBB, 0xBF, 0xFE], 3, 1),
    ] as [([UInt8], Int, Int)])
  func refusesIllFormedBytes(bytes: [UInt8], offset: Int, line: Int) {
    let message = "'x.txt' is not UTF-8: ill-formed byte at offset \(offset), line \(line)"
    #expect(throws: TextError(message)) { try Corpus.decode(utf8: bytes, name: "x.txt") }
  }

}

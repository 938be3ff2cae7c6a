import Tensors
import Testing

@testable import Text

@Suite struct VocabularyTests {

  @Test func ordersByFrequencyThenFirstAppearance() {
    let v = Vocabulary(tokens: "bacabcdz".map { ExactText(String($0)) })
    #expect(v.symbols == ["<unk>", "b", "a", "c", "d", "z"])
    #expect(v.count == 6)
    #expect(v[1] == "b")
    #expect(v.index(of: "z") == 5)
  }

  @Test func countsBeatAppearance() {
    #expect(Vocabulary(tokens: ["x", "y", "y"]).symbols == ["<unk>", "y", "x"])
  }

  @Test func unknownSymbolsHaveIndexZero() {
    let v = Vocabulary(tokens: ["a", "b"])
    #expect(v.index(of: "q") == 0)
    #expect(v.index(of: Vocabulary.unknown) == 0)
    #expect(v.indices(of: ["b", "q", "a"]) == [2, 0, 1])
  }

  @Test func noTokensLeaveTheUnknownSymbol() {
    #expect(Vocabulary(tokens: []).symbols == ["<unk>"])
    #expect(Vocabulary(tokens: ["<unk>", "a", "<unk>"]).symbols == ["<unk>", "a"])
  }

  @Test func symbolsRoundTrip() throws {
    let v = Vocabulary(tokens: Tokenizer.characters.tokens(of: "so it goes,\r\nand goes"))
    #expect(try Vocabulary(symbols: v.symbols) == v)
  }

  /// What Unicode calls canonically equivalent has other bytes: the letter é in one scalar and in
  /// two, the ångström sign and the letter, the Kelvin sign and the letter K.
  @Test func spellingsOfOneCharacterAreSymbolsOfTheirOwn() throws {
    let text = "e\u{301}\u{E9}\u{212B}\u{C5}K\u{212A}"
    let v = Vocabulary(tokens: Tokenizer.characters.tokens(of: text))
    #expect(
      v.symbols == ["<unk>", "e", "\u{301}", "\u{E9}", "\u{212B}", "\u{C5}", "K", "\u{212A}"])
    #expect(v.symbols.indices.allSatisfy { v.index(of: v[$0]) == $0 })
    #expect(v.index(of: "e\u{301}") == 0)
    #expect(try Vocabulary(symbols: ["<unk>", "\u{E9}", "e\u{301}"]).count == 3)
  }

  @Test(arguments: [
    ([], "the vocabulary is empty, expected '<unk>'"),
    (["a", "b"], "the vocabulary starts with 'a', expected '<unk>'"),
    (["\n"], "the vocabulary starts with '\\n', expected '<unk>'"),
    (["<unk>", "a", "\t", "\t"], "the vocabulary holds '\\t' twice, as symbols 2 and 3"),
    (["<unk>", "a", "<unk>"], "the vocabulary holds '<unk>' twice, as symbols 0 and 2"),
    (["<unk>", "a", ""], "symbol 2 of the vocabulary is empty"),
  ])
  func refusesSymbols(_ symbols: [ExactText], message: String) {
    #expect(throws: TextError(message)) { try Vocabulary(symbols: symbols) }
  }

}

import Tensors
import Testing

@testable import Text

@Suite struct TokenizerTests {

  /// Returns the tokens of `text` under `letters`, joined.
  private func letters(_ text: String) -> String {
    Tokenizer.letters.tokens(of: text).map(\.string).joined()
  }

  @Test(arguments: [
    ("", ""),
    ("Abc", "abc"),
    ("two  words", "two words"),
    ("tab\tand\u{B}other\u{C}space", "tab and other space"),
    ("  leading and trailing \t", "leading and trailing"),
    ("...dots...", "dots"),
    ("in 1895, perhaps", "in perhaps"),
    ("a1b", "a b"),
    ("don't", "don t"),
    ("one--two", "one two"),
    ("[@`{", ""),
    ("AZaz", "azaz"),
  ])
  func lettersReplaceRunsBySpaces(text: String, expected: String) {
    #expect(letters(text) == expected)
  }

  @Test(arguments: [
    ("one\ntwo", "onetwo"),
    ("one\r\ntwo", "onetwo"),
    ("one\rtwo", "onetwo"),
    ("one \n two\n", "onetwo"),
    ("one\n\n\ntwo", "onetwo"),
    ("one\n12\ntwo", "onetwo"),
    ("one\r\n\r\ntwo", "onetwo"),
    ("a b\nc d", "a bc d"),
  ])
  func lettersJoinLinesWithoutSeparator(text: String, expected: String) {
    #expect(letters(text) == expected)
  }

  @Test(arguments: [
    ("caf\u{E9} noir", "caf noir"),
    ("cafe\u{301} noir", "cafe noir"),
    ("na\u{EF}ve", "na ve"),
    ("\u{FF21}\u{212A}\u{17F}", ""),
    ("one\u{2028}two", "one two"),
    ("one\u{85}two", "one two"),
  ])
  func lettersAreASCIIOnly(text: String, expected: String) {
    #expect(letters(text) == expected)
  }

  @Test func lettersAreSingleCharacters() {
    #expect(Tokenizer.letters.tokens(of: "A b") == ["a", " ", "b"])
  }

  @Test func charactersAreKept() {
    let tokens = Tokenizer.characters.tokens(
      of: " Ab\t\n\r\n\re\u{301}\u{1F469}\u{200D}\u{1F680}1 ")
    #expect(
      tokens == [
        " ", "A", "b", "\t", "\n", "\r", "\n", "\r", "e", "\u{301}", "\u{1F469}", "\u{200D}",
        "\u{1F680}", "1", " ",
      ])
    #expect(Tokenizer.characters.tokens(of: "") == [])
  }

  /// A vocabulary of older weights has symbols of several characters; the longest that fits is
  /// taken.
  @Test func sequencesOfAVocabularyAreTokens() throws {
    let v = try Vocabulary(
      symbols: ["<unk>", "a", "\r\n", "e\u{301}", "e\u{301}\u{323}", "e", "\n"])
    func tokens(_ text: String) -> [ExactText] {
      Tokenizer.characters.tokens(of: text, knowing: v)
    }
    #expect(tokens("a\r\n\re\u{301}a") == ["a", "\r\n", "\r", "e\u{301}", "a"])
    #expect(
      tokens("e\u{301}\u{323}e\u{323}\u{301}") == ["e\u{301}\u{323}", "e", "\u{323}", "\u{301}"])
    #expect(tokens("<unk>").map(\.string).joined() == "<unk>" && tokens("<unk>").count == 5)
    #expect(Tokenizer.letters.tokens(of: "A\r\nb", knowing: v) == ["a", "b"])
  }

  @Test func namesSelectTokenizers() {
    #expect(Tokenizer.allCases.map(\.rawValue) == ["letters", "characters"])
    #expect(Tokenizer(rawValue: "words") == nil)
  }

}

import Tensors
import Testing

@testable import Text

@Suite struct TextCodingTests {

  private func coding(_ metadata: [ExactText: String]) throws -> TextCoding? {
    try TextCoding(Safetensors(metadata: metadata), name: "w")
  }

  @Test func survivesAFile() throws {
    let corpus = try Corpus("a\u{E9}\n\"\\\u{1F600}", name: "t", tokenizer: .characters)
    let file = Safetensors(metadata: corpus.coding.metadata)
    let again = try Safetensors(bytes: file.bytes(), name: "w")
    #expect(try TextCoding(again, name: "w") == corpus.coding)
    #expect(corpus.coding.vocabulary.count == 7)
  }

  @Test func isAbsentWithoutRemarks() throws {
    #expect(try coding([:]) == nil)
    #expect(try coding(["format": "pt"]) == nil)
  }

  @Test(arguments: [
    (nil as String?, #"["<unk>"]"# as String?, "'w' has a vocabulary, but no tokenizer"),
    ("letters", nil, "'w' has a tokenizer, but no vocabulary"),
    ("words", "[]", "'w' has the tokenizer 'words', expected letters or characters"),
    (
      "letters", "[",
      "the vocabulary in 'w' cannot be used: found the end of the text, "
        + "expected a value at byte 1"
    ),
    ("letters", "{}", "the vocabulary in 'w' cannot be used: found an object, expected an array"),
    (
      "letters", #"["<unk>", 1]"#,
      "the vocabulary in 'w' cannot be used: found a number as symbol 1, expected a string"
    ),
    (
      "letters", "[]",
      "the vocabulary in 'w' cannot be used: the vocabulary is empty, expected '<unk>'"
    ),
    (
      "letters", #"["<unk>", "a", "a"]"#,
      "the vocabulary in 'w' cannot be used: the vocabulary holds 'a' twice, as symbols 1 and 2"
    ),
  ])
  func refusesDamagedRemarks(_ tokenizer: String?, _ vocabulary: String?, _ message: String) {
    var metadata: [ExactText: String] = [:]
    metadata["tokenizer"] = tokenizer
    metadata["vocabulary"] = vocabulary
    #expect(throws: TextError(message)) { try coding(metadata) }
  }

  @Test func readsPrefixes() throws {
    let corpus = try Corpus("to be or not", name: "t", tokenizer: .letters)
    let tokens = try corpus.coding.indices(ofPrefix: "Bet, or!")
    #expect(corpus.coding.text(of: tokens) == "bet or")
    for (prefix, message) in [
      ("", "the prefix is empty, expected a text to go on from"),
      ("1984", "the prefix has no tokens under 'letters', expected at least one"),
      ("not me", "the prefix has 'm', which is not in the vocabulary"),
    ] {
      #expect(throws: TextError(message)) { try corpus.coding.indices(ofPrefix: prefix) }
    }
  }

}

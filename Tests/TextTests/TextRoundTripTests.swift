import Tensors
import Testing

@testable import Text

/// Text to indices to text gives the bytes of the text.
@Suite struct TextRoundTripTests {

  /// Scalars that combine, or are equivalent to others: letters with their marks in one scalar and
  /// apart, signs that are equal to letters, hangul in syllables and in jamo, line ends, a zero, a
  /// byte order mark, joiners, flags, variation selectors, scalars of four bytes.
  private static let hard: [Unicode.Scalar] = [
    "e", "\u{301}", "\u{E9}", "\u{323}", "\u{1EB9}", "A", "\u{30A}", "\u{C5}", "\u{212B}", "K",
    "\u{212A}", ";", "\u{37E}", "\u{1100}", "\u{1161}", "\u{11A8}", "\u{AC00}", "\u{AC01}", "\r",
    "\n", "\0", "\u{FEFF}", "\u{200D}", "\u{1F469}", "\u{1F680}", "\u{1F1E9}", "\u{1F1EA}",
    "\u{FE0F}", "\u{0915}", "\u{093C}", "\u{0958}", "\u{10FFFF}", "<", "u", "n", "k", ">", "=", "-",
    "\u{2028}", "\u{85}", "\u{344}", "\u{308}", "\u{2F800}", "\u{4E3D}",
  ]

  /// Returns a text of up to 40 scalars, most of them hard ones.
  private func text(_ random: inout SplitMix64) -> String {
    var result = ""
    for _ in 0...Int.random(in: 0..<40, using: &random) {
      // A surrogate is no scalar.
      let any = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random))
      let hard = Self.hard[Int.random(in: 0..<Self.hard.count, using: &random)]
      let isHard = Int.random(in: 0..<4, using: &random) > 0
      result.unicodeScalars.append(isHard ? hard : any ?? hard)
    }
    return result
  }

  @Test(arguments: 1...40)
  func indicesGiveTheBytesBack(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<25 {
      let text = text(&random)
      let bytes = Array(text.utf8)
      let name = Comment(rawValue: "seed \(seed): \(text.unicodeScalars.map(\.value))")
      let decoded = try Corpus.decode(utf8: bytes, name: "t")
      let corpus = try Corpus(decoded, name: "t", tokenizer: .characters)
      #expect(corpus.unknownCount == 0, name)
      #expect(corpus.tokens.count == text.unicodeScalars.count, name)
      #expect(Array(corpus.coding.text(of: corpus.tokens).utf8) == bytes, name)
      #expect(
        corpus.coding.vocabulary.count == Set(text.unicodeScalars.map(\.value)).count + 1, name)

      // Through a file of weights, and as a prefix.
      let file = try Safetensors(
        bytes: Safetensors(metadata: corpus.coding.metadata).bytes(), name: "w")
      let coding = try #require(try TextCoding(file, name: "w"))
      #expect(coding == corpus.coding, name)
      #expect(try coding.indices(ofPrefix: text) == corpus.tokens, name)
    }
  }

  /// The vocabularies of older weights have symbols of several scalars.
  @Test(arguments: 1...20)
  func sequencesGiveTheBytesBack(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let texts = (0..<20).map { _ in text(&random) }
    // A scalar alone for each, and what `Character` calls one.
    let all = texts.joined()
    let scalars = all.unicodeScalars.map { ExactText(String($0)) }
    let clusters = all.map { ExactText(String($0)) }
    let vocabulary = Vocabulary(tokens: scalars + clusters)
    let coding = TextCoding(tokenizer: .characters, vocabulary: vocabulary)
    for text in texts {
      let tokens = try coding.indices(ofPrefix: text)
      #expect(Array(coding.text(of: tokens).utf8) == Array(text.utf8), "seed \(seed)")
      #expect(tokens.count <= text.unicodeScalars.count)
    }
  }

}

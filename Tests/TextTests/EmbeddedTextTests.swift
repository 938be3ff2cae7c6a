import Foundation
import Graphs
import Testing

@testable import Text

/// The path of the book's text, which is not part of the package.
private let timeMachine = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "../shared/data/timemachine.txt").standardized.path

@Suite struct EmbeddedTextTests {

  @Test func graphsAreFoundByName() throws {
    #expect(EmbeddedGraphs.names == EmbeddedGraphs.names.sorted())
    for name in EmbeddedGraphs.names {
      let text = try #require(EmbeddedGraphs.text(named: name))
      #expect(text.contains("model "))
    }
    #expect(EmbeddedGraphs.names.contains("rnn.graph"))
    #expect(EmbeddedGraphs.text(named: "rnn") == nil)
  }

  @Test func proseIsLongASCIIInShortLines() {
    let prose = EmbeddedGraphs.prose
    #expect(prose.utf8.count >= 12_000)
    #expect(prose.utf8.allSatisfy { (32..<127).contains($0) || $0 == UInt8(ascii: "\n") })
    #expect(prose.split(separator: "\n").allSatisfy { $0.count <= 72 })
    #expect(prose.hasSuffix(".\n"))
  }

  @Test func proseRepeatsNoSentence() {
    let words = EmbeddedGraphs.prose.lowercased().split(whereSeparator: \.isWhitespace)
    let sentences = words.joined(separator: " ").split(whereSeparator: ".!?".contains)
      .map { $0.trimmingCharacters(in: .letters.inverted) }.filter { !$0.isEmpty }
    #expect(sentences.count > 100)
    #expect(Set(sentences).count == sentences.count)
  }

  @Test func proseHasTheVocabularyOfTheShippedModel() throws {
    let c = try Corpus(EmbeddedGraphs.prose, name: "prose.txt", tokenizer: .letters)
    #expect(c.coding.vocabulary.count == 28)
    #expect(c.coding.vocabulary[1] == " ")
    #expect(try SequentialWindows(c.tokens, batch: 32, steps: 35).count >= 10)
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: timeMachine),
      "needs ../shared/data/timemachine.txt"))
  func theTimeMachineHasTheVocabularyOfTheBook() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: timeMachine)))
    let text = try Corpus.decode(utf8: bytes, name: "timemachine.txt")
    let c = try Corpus(text, name: "timemachine.txt", tokenizer: .letters)
    #expect(c.coding.vocabulary.count == 28)
    #expect(Array(c.coding.vocabulary.symbols.prefix(5)) == ["<unk>", " ", "e", "t", "a"])
  }

}

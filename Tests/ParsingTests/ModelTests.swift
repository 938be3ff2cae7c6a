import Graphs
import Testing

@testable import Parsing

@Suite struct ModelTests {

  @Test func `the main model is read without complaint and prints as a fixed point`() throws {
    let outcome = parse(try #require(EmbeddedGraphs.text(named: "rnn.graph")))
    #expect(outcome.rendered == "")
    let text = try #require(outcome.text)
    let again = parse(text)
    #expect(again.rendered == "")
    #expect(again.text == text)
  }

}

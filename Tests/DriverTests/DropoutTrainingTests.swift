import Foundation
import Graphs
import Tensors
import Testing

@testable import Driver

/// A model with dropout is trained by the command line.
@Suite struct DropoutTrainingTests {

  /// What is dropped is a function of the seed, the number of the update and the place: the file
  /// has the same bytes whatever the number of threads is, and wherever the run stopped.
  @Test func filesHaveTheSameBytes() throws {
    let shipped = try #require(EmbeddedGraphs.text(named: "rnn.graph"))
    let text = shipped.replacing("linear(h, W_hq", with: "linear(dropout(h, rate: 0.5), W_hq")
    #expect(text != shipped)
    let options =
      ["--max-tokens", "600"]
      + ["hidden=32", "batch=4", "num_steps=8"].flatMap { ["--dim", $0] }
    func weights(_ name: String, _ arguments: [[String]]) throws -> [UInt8] {
      let file = temporaryFile(name)
      for more in arguments {
        let run = graphc("train", text, options + ["--save", file] + more)
        #expect(run.status == 0, "\(run.errors)")
      }
      return try readFile(file, limit: 1 << 24)
    }
    let expected = try weights("whole", [["--updates", "9", "--threads", "1"]])
    #expect(try weights("threads", [["--updates", "9", "--threads", "3"]]) == expected)
    let parts = ["2", "3", "9"].map { ["--updates", $0, "--resume"] }
    #expect(try weights("parts", [["--updates", "1"]] + parts) == expected)
    #expect(try weights("unrolled", [["--updates", "9", "--unroll", "2"]]) == expected)
  }

}

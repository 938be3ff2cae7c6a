import Foundation
import Tensors
import Testing

@testable import Driver

/// The path of the book's text, which is not part of the package.
private let timeMachine = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "../shared/data/timemachine.txt").standardized.path

/// `rnn.graph`, at the constant learning rate of Dive into Deep Learning, comes as far as PyTorch
/// does.
///
/// `Recorded/time_machine.json` was written by `Recorded/time_machine.py`, which says what is
/// trained.
@Suite struct BookTrainingTests {

  private static let isAsked = ProcessInfo.processInfo.environment["GRAPHC_BOOK"] != nil

  /// Five trainings of 4,000 updates take minutes, so that they are done only when they are asked
  /// for.
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: timeMachine),
      "needs ../shared/data/timemachine.txt"),
    .enabled(if: isAsked, "takes minutes; GRAPHC_BOOK=1 runs it"))
  func reachesThePerplexityOfPyTorch() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Recorded/time_machine.json").path
    let recorded = try JSON(parsing: readFile(path, limit: 1 << 16))
    let expected = try #require(recorded["median"]?.double)
    let found = try (0..<5).map { seed -> Double in
      let run = graphc([
        "train", "rnn.graph", "--text", timeMachine, "--max-tokens", "10000", "--lr-schedule",
        "constant", "--seed", "\(seed)",
      ])
      #expect(run.output.hasPrefix("done: epoch 500, update 4000, train perplexity "))
      return try #require(
        run.output.split(separator: "perplexity ").last?.split(separator: ",").first.flatMap {
          Double($0)
        }, "\(run.errors)")
    }
    let median = found.sorted()[2]
    // The last epochs go up and down at this rate; the medians of five are to be within a
    // twentieth.
    #expect(abs(median / expected - 1) <= 0.05, "\(found) and \(recorded.printed(.compact))")
  }

}

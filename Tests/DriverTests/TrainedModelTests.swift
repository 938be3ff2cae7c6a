import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Driver

/// Shipped models are trained, sampled and gone on with by the command line.
@Suite struct TrainedModelTests {

  /// The shipped model at sizes at which an update takes little time.
  private static let small =
    ["rnn.graph", "--max-tokens", "600"]
    + ["hidden=32", "batch=4", "num_steps=8"].flatMap { ["--dim", $0] }

  private func train(_ arguments: [String]) -> CommandRun {
    graphc(["train"] + arguments)
  }

  /// Returns the perplexity behind `word` in the last line of `run`.
  private func perplexity(_ run: CommandRun, _ word: String) throws -> Double {
    let line = try #require(run.output.split(separator: "\n").last)
    let start = try #require(line.firstRange(of: "\(word) perplexity ")).upperBound
    return try #require(Double(line[start...].prefix { $0.isNumber || $0 == "." }))
  }

  @Test func helloIsLearned() throws {
    let weights = temporaryFile("hello.safetensors")
    let run = train(["hello.graph", "--save", weights])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.hasPrefix("done: epoch 200, update 200, train perplexity 1.0"))
    let sample = graphc([
      "sample", "hello.graph", "--weights", weights, "--prefix", "h", "--length", "4", "--greedy",
    ])
    #expect(sample.output == "hello\n", "\(sample.errors)")
  }

  @Test(arguments: ["sequential", "random"])
  func perplexityFalls(_ partition: String) throws {
    let options = ["--partition", partition, "--valid-fraction", "0.2"]
    let short = train(Self.small + options + ["--epochs", "1"])
    let long = train(Self.small + options + ["--epochs", "40"])
    #expect(long.status == 0, "\(long.errors)")
    #expect(try perplexity(long, "train") < 0.7 * perplexity(short, "train"))
    #expect(try perplexity(long, "valid") < perplexity(short, "valid"))
  }

  /// The rate that a schedule changes is that of the command line, or else the graph's; the
  /// schedule, too.
  @Test func setsRatesAndSchedules() throws {
    func rates(_ options: [String]) throws -> [String] {
      let log = temporaryFile("log.csv")
      let run = train(Self.small + ["--epochs", "4", "--log", log] + options)
      #expect(run.status == 0, "\(run.errors)")
      return try text(log).split(separator: "\n").dropFirst().map {
        String($0.split(separator: ",", omittingEmptySubsequences: false)[5])
      }
    }
    // The graph's own: its step comes after 450 epochs.
    #expect(try rates([]) == ["1", "1", "1", "1"])
    #expect(try rates(["--lr", "0.25"]) == ["0.25", "0.25", "0.25", "0.25"])
    let halves = ["--lr-schedule", "step(every: epochs(2), factor: 0.5)"]
    #expect(try rates(halves) == ["1", "1", "0.5", "0.5"])
    #expect(try rates(halves + ["--lr", "0.5"]) == ["0.5", "0.5", "0.25", "0.25"])
    let part = ["--lr-schedule", "step(every: part(0.75), factor: 0.5)", "--lr", "0.5"]
    #expect(try rates(part) == ["0.5", "0.5", "0.5", "0.25"])
    #expect(try rates(["--lr-schedule", "constant", "--lr", "0.5"]).last == "0.5")
  }

  /// The file has the same bytes whatever the number of threads is, and wherever the run stopped.
  @Test func filesHaveTheSameBytes() throws {
    func weights(_ name: String, _ arguments: [[String]]) throws -> [UInt8] {
      let file = temporaryFile(name)
      for more in arguments {
        let run = train(Self.small + ["--save", file] + more)
        #expect(run.status == 0, "\(run.errors)")
      }
      return try readFile(file, limit: 1 << 24)
    }
    let expected = try weights("whole", [["--updates", "30", "--threads", "1"]])
    #expect(try weights("threads", [["--updates", "30", "--threads", "3"]]) == expected)
    let parts = ["3", "4", "17", "30"].map { ["--updates", $0, "--resume"] }
    #expect(try weights("parts", parts) == expected)
    #expect(try weights("other", [["--updates", "30", "--seed", "6"]]) != expected)
  }

  /// A process that is killed at any moment leaves a whole checkpoint, from which a training comes
  /// to the bits of one that was never stopped.
  @Test(arguments: [0, 700, 1_900, 5_300] as [UInt32])
  func aKilledTrainingGoesOn(_ microseconds: UInt32) async throws {
    let (killed, whole) = (temporaryFile("killed"), temporaryFile("whole"))
    let arguments = Self.small + ["--threads", "2", "--updates", "400"]
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [killed = killed as String, microseconds = microseconds as UInt32] in
      Thread.detachNewThread {
        while !FileManager.default.fileExists(atPath: killed) { usleep(50) }
        usleep(microseconds)
        kill(getpid(), SIGKILL)
      }
      _ = graphc(
        ["train"] + TrainedModelTests.small
          + ["--save", killed, "--checkpoint-every", "1", "--updates", "100000"])
    }
    try #require(FileManager.default.fileExists(atPath: killed))
    let resumed = train(arguments + ["--save", killed, "--resume"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(train(arguments + ["--save", whole]).status == 0)
    #expect(try readFile(killed, limit: 1 << 24) == readFile(whole, limit: 1 << 24))
  }

  @Test func aLossThatIsNotFiniteEndsTheTraining() throws {
    let file = temporaryFile("good")
    let good = train(Self.small + ["--save", file, "--updates", "3"])
    #expect(good.status == 0, "\(good.errors)")
    let before = try readFile(file, limit: 1 << 24)
    let bad = train(
      Self.small + [
        "--save", file, "--updates", "50", "--resume", "--lr", "1e38", "--clip", "1e38",
      ])
    #expect(bad.status == 1)
    #expect(bad.errors.contains("in update "), "\(bad.errors)")
    #expect(try readFile(file, limit: 1 << 24) == before)
  }

  @Test func aCheckpointOfAnotherGraphIsRefused() throws {
    let file = temporaryFile("other")
    #expect(train(Self.small + ["--save", file, "--updates", "1"]).status == 0)
    let run = train(Self.small + ["--save", file, "--resume", "--dim", "hidden=16"])
    #expect(run.status != 0)
    #expect(!run.errors.isEmpty)
    let hello = train(["hello.graph", "--save", file, "--resume"])
    #expect(hello.status == 1)
    #expect(hello.errors.contains("W_xh"), "\(hello.errors)")
  }

}

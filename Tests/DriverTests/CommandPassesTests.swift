import Graphs
import Optimizer
import Tensors
import Testing

@testable import Driver

@Suite struct CommandPassesTests {

  /// The names of the standard passes, those of later runs with their numbers.
  private static let runs: [String] = {
    var counts: [String: Int] = [:]
    return Pipeline.standard.passes.map { pass in
      counts[pass.name, default: 0] += 1
      let count = counts[pass.name] ?? 1
      return count == 1 ? pass.name : "\(pass.name).\(count)"
    }
  }()

  @Test func printsATable() {
    let run = graphc(["passes", "rnn.graph"])
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    let headings = ["pass", "ms", "rewrites", "nodes", "FLOPs", "bytes"]
    #expect(lines.first?.split(separator: " ").map(String.init) == headings)
    let names = lines.dropFirst().prefix(Pipeline.standard.passes.count).map {
      $0.prefix { $0 != " " }
    }
    #expect(names.map(String.init) == Pipeline.standard.passes.map(\.name))
    #expect(lines.contains { $0.hasPrefix("  unroll in forward") })
  }

  @Test(arguments: runs)
  func `a printed stage reads back to the same bytes`(_ name: String) throws {
    let run = graphc(["passes", "rnn.graph", "--print-after", name])
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("// A character-level"))
    #expect(run.errors.contains("\npass  ") || run.errors.hasPrefix("note: "))
    let again = graphc("passes", run.output, ["--passes", ""])
    #expect(again.errors == "")
    #expect(again.output == run.output)
  }

  @Test(arguments: runs)
  func `a saved stage compiles to the same text`(_ name: String) throws {
    let stage = graphc(["passes", "rnn.graph", "--print-after", name])
    let source = graphc(["compile", "rnn.graph", "--print", "swift"])
    let resumed = graphc("compile", stage.output, ["--print", "swift"])
    #expect(resumed.errors == "")
    #expect(resumed.output == source.output)
  }

  @Test func printsOneRunOfAPass() {
    let print = { graphc(["passes", "rnn.graph", "--print-after", $0]).output }
    let first = print("cse")
    #expect(first == print("cse.1"))
    #expect(first.contains("  passes done entries, lengths, differentiate, fold, simplify, cse\n"))
    #expect(print("cse.2").contains("simplify, cse, concat-linears, cse\n"))
  }

  @Test func printsTheTextAsRead() throws {
    let text = try #require(EmbeddedGraphs.text(named: "rnn.graph"))
    let run = graphc("passes", text, ["--passes", ""])
    #expect(run.status == 0)
    #expect(run.output.contains("  scan t in num_steps {\n    x = one_hot(tokens[t])\n"))
    #expect(!run.output.contains("passes done"))
  }

  @Test func printsWhatChanges() {
    let run = graphc(["passes", "rnn.graph", "--print-changed"])
    #expect(run.output.hasPrefix("// after 'entries': 1 rewrite\n// A character-level"))
    #expect(run.output.contains("\n// after 'lengths': unchanged\n\n"))
    let all = graphc(["passes", "rnn.graph", "--print-after", "all"])
    #expect(all.output.contains("\n// after 'lengths': 0 rewrites\n// A character-level"))
  }

  @Test func printsDifferences() {
    let run = graphc(["passes", "rnn.graph", "--passes", "concat-linears", "--diff"])
    #expect(run.output.contains("// after 'lengths': unchanged\n\n// after 'differentiate': "))
    #expect(run.output.contains("--- before concat-linears\n+++ after concat-linears\n@@ -"))
    #expect(run.output.contains("\n-    linear = linear(x, W_xh) from h\n"))
  }

  @Test func limitsRewrites() throws {
    let run = graphc(["passes", "rnn.graph", "--rewrite-limit", "2", "--json"])
    let records = try #require(
      JSON(parsing: Array(run.output.utf8)).elements)
    #expect(records.compactMap { $0["rewrites"]?.int }.reduce(0, +) == 2)
    #expect(records.count == Pipeline.standard.passes.count)
  }

  @Test func refusesStagesThatAreNotThere() {
    let run = graphc(["passes", "rnn.graph", "--passes", "cse", "--print-after", "fold"])
    #expect(run.status == 2)
    #expect(
      run.errors.contains(
        "pass 'fold' does not run here; these do: entries, lengths, differentiate, cse; see 'graphc passes"
      ))
    for (run, message) in [
      ("cse.4", "pass 'cse' has no run 4; there are cse, cse.2, cse.3"),
      ("cse.0", "pass 'cse' has no run 0; there are cse, cse.2, cse.3"),
      ("fuse.2", "pass 'fuse' has no run 2; there is fuse"),
    ] {
      let refused = graphc(["passes", "rnn.graph", "--print-after", run])
      #expect(refused.status == 2)
      #expect(refused.output == "")
      #expect(refused.errors.hasSuffix("error: \(message); see 'graphc passes --help'\n"))
    }
    #expect(graphc(["passes", "rnn.graph", "--print-after", "cse.x"]).status == 2)
  }

}

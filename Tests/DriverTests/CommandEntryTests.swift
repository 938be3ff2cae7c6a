import Foundation
import Optimizer
import Testing

@testable import Driver

/// Every entry that a graph can have can be named, and what is chosen names its entry.
@Suite struct CommandEntryTests {

  private static let loss = """
    model C {
      param y : f32[4] = zeros
      const target : index<4> = 1
      output loss = cross_entropy(y, target)
    }
    """

  @Test func `the gradient that is printed can be run`() throws {
    let printed = graphc("grad", Self.loss, ["--of", "loss", "--by", "y", "--print"])
    try #require(printed.status == 0, "\(printed.errors)")
    // The only entry is meant where none is named.
    for entry in [[], ["--entry", "gradient"]] {
      let run = graphc("run", printed.output, entry + ["--interpret"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("d_y"), "\(run.output)")
      for command in ["check", "passes"] {
        #expect(graphc(command, printed.output, entry).status == 0)
      }
    }
    let other = graphc("run", printed.output, ["--entry", "forward", "--interpret"])
    #expect(other.status == 1)
    #expect(
      other.errors == "error: the model has no entry 'forward'; its entry is 'gradient'\n")
  }

  @Test(arguments: ["check", "passes"])
  func `messages list the model's own entries`(_ command: String) {
    let near = graphc(command, Self.loss, ["--entry", "forwards"])
    #expect(near.status == 1)
    #expect(
      near.errors == "error: the model has no entry 'forwards'; did you mean 'forward'?\n")
    let far = graphc(command, Self.loss, ["--entry", "gradient"])
    #expect(far.errors == "error: the model has no entry 'gradient'; its entry is 'forward'\n")
  }

  @Test func `choices name their entries, differ and appear once`() {
    let run = graphc(["passes", "rnn.graph", "--target-cpu", "x86-64-v3"])
    let lines = run.output.split(separator: "\n").map(String.init)
    let choices = lines.filter { $0.hasPrefix("  hoist") }
    #expect(choices.count >= 3)
    #expect(Set(choices).count == choices.count)
    #expect(choices.allSatisfy { $0.hasPrefix("  hoist in ") }, "\(choices)")
    #expect(!run.output.contains("kept it in the steps"))
  }

  @Test func `a printed text is no JSON`() {
    let run = graphc(["compile", "rnn.graph", "--print", "plan", "--json"])
    #expect(run.status == 2)
    #expect(run.errors.contains("'--print' prints a text, which '--json' does not go with"))
    #expect(run.output == "")
  }

  @Test func `code of a product is that of its line`() throws {
    let cell = """
      model Cell {
        dim n = 8, batch = 2, num_steps = 4
        input x : f32[num_steps, batch, n]
        param W : f32[n, n] = zeros
        param V : f32[n, n] = zeros
        state h : f32[batch, n] = zeros
        scan t in num_steps {
          f = sigmoid(linear(x[t], W) + linear(h, V))
          h = (1 - f) * h + f
          y[t] = h
        }
        output y
      }
      """
    let run = graphc("compile", cell, ["--debug-graph", "--print", "swift"])
    #expect(run.status == 0, "\(run.errors)")
    let places = run.output.split(separator: "\n").filter { $0.contains("#sourceLocation(file") }
    #expect(places.contains { $0.hasSuffix("line: 8)") }, "\(places)")
  }

  @Test func `a saved stage is verified against itself, which is said`() throws {
    let stage = graphc(["passes", "concat_identity.graph", "--print-after", "fold"])
    let run = graphc("verify", stage.output, ["--swiftc", "/nowhere/swiftc"])
    #expect(
      run.errors.contains(
        "note: passes have made this graph ('entries', 'lengths', 'differentiate', 'fold'): it is "
          + "compared with itself, not with the graph that they began with\n"), "\(run.errors)")
    let source = graphc(["verify", "concat_identity.graph", "--swiftc", "/nowhere/swiftc"])
    #expect(!source.errors.contains("compared with itself"))
  }

  @Test func `the table of passes in README is the pipeline`() throws {
    let path = URL(fileURLWithPath: FileTest.folder + "/../../../README.md")
    let readme = try String(contentsOf: path, encoding: .utf8)
    let head = try #require(readme.range(of: "| pass | what it does | why here |\n|---|---|---|\n"))
    let rows = readme[head.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { $0.hasPrefix("|") }
    let names = rows.map { $0.split(separator: "`")[1] }
    #expect(names.map(String.init) == Pipeline.standard.passes.map(\.name))
  }

}

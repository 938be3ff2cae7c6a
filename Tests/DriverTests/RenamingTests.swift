import Diagnostics
import Driver
import Graphs
import IR
import Interpreter
import Optimizer
import Testing

/// What is done to a model depends on what it computes, not on names or the order of its lines.
@Suite struct RenamingTests {

  /// The rewrites of each pass, which are those of `rnn.graph`.
  private func rewrites(_ text: String, _ unrolling: PassContext.Unrolling) throws -> [String] {
    var options = CompilationOptions(target: FileTest.target)
    options.unrolling = unrolling
    let source = GraphSource(path: "renamed.graph", utf8: Array(text.utf8))
    do {
      let compilation = try Compilation(source, options: options)
      #expect(compilation.warnings.elements.map(\.code.name).allSatisfy { $0 == "unused-input" })
      return compilation.records.map { "\($0.pass) \($0.rewrites) \($0.nodesAfter)" }
    } catch let error as CompilationError {
      throw TestFailure(error.diagnostics.sorted.map { $0.rendered(in: source.files) }.joined())
    }
  }

  private func model() throws -> String { try #require(EmbeddedGraphs.text(named: "rnn.graph")) }

  /// Returns `text` with every name that its author chose replaced.
  private func renamed(_ text: String) throws -> String {
    let source = GraphSource(path: "rnn.graph", utf8: Array(text.utf8))
    var warnings = DiagnosticSet()
    let module = try source.module(overriding: [], warnings: &warnings)
    var names = [module.name] + module.dimensions.map(\.name) + module.parameters.map(\.name)
    names += module.states.map(\.name) + module.entries[0].inputs.map(\.name)
    names += module.entries[0].outputs.map(\.name)
    for node in module.entries[0].graph.nodes {
      names += node.results.map(\.name)
      if case .scan(let scan) = node.op { names.append(scan.variable) }
    }
    // Names of results that no line gives are those of operations, which stay.
    let kept: Set<String> = ["", "linear", "add", "tanh", "one_hot", "cross_entropy", "loss"]
    var replacements: [String: String] = [:]
    for name in names where !kept.contains(name) && replacements[name] == nil {
      replacements[name] = "q\(replacements.count)z"
    }
    return replaceWords(in: text, by: replacements)
  }

  /// Returns `text` with words replaced, but for comments.
  private func replaceWords(in text: String, by replacements: [String: String]) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.drop(while: { $0 == " " }).hasPrefix("//") { return String(line) }
      var result = ""
      var word = ""
      for c in line + "\n" {
        if c.isLetter || c.isNumber || c == "_" || c == "." {
          word.append(c)
        } else {
          result += (replacements[word] ?? word) + String(c)
          word = ""
        }
      }
      return String(result.dropLast())
    }.joined(separator: "\n")
  }

  @Test(arguments: [PassContext.Unrolling.auto, .by(4), .full])
  func namesDoNotMatter(_ unrolling: PassContext.Unrolling) throws {
    let text = try model()
    let other = try renamed(text)
    for name in ["W_hh", "hidden", "logits", "RNN", "tokens"] { #expect(!other.contains(name)) }
    #expect(try rewrites(other, unrolling) == rewrites(text, unrolling))
  }

  @Test func orderOfDeclarationsDoesNotMatter() throws {
    let text = try model()
    var lines = text.split(separator: "\n").map(String.init)
    let isDeclaration = { (line: String) in
      ["  dim", "  input", "  label", "  carried", "  param"].contains { line.hasPrefix($0) }
    }
    let positions = lines.indices.filter { isDeclaration(lines[$0]) }
    let expected = try rewrites(text, .auto)
    for seed in 1...8 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      let shuffled = positions.map { lines[$0] }.shuffled(using: &random)
      for (position, line) in zip(positions, shuffled) { lines[position] = line }
      #expect(try rewrites(lines.joined(separator: "\n"), .auto) == expected)
    }
  }

  /// The lines of a body that do not depend on each other may stand in any order.
  @Test func orderOfIndependentLinesDoesNotMatter() throws {
    let bodies = [
      ["u = linear(x, W_xh)", "v = linear(h, W_hh)", "h = tanh(u + v + b_h)"],
      ["v = linear(h, W_hh)", "u = linear(x, W_xh)", "h = tanh(u + v + b_h)"],
    ]
    let counts = try bodies.map { body in
      let lines = ["x = one_hot(tokens[t])"] + body + ["logits[t] = linear(h, W_hq, b_q)"]
      return try rewrites(self.model(body: lines), .auto)
    }
    #expect(counts[0] == counts[1])
    let apart = try rewrites(
      model(
        body: [bodies[1][0], "x = one_hot(tokens[t])"] + bodies[1][1...] + [
          "logits[t] = linear(h, W_hq, b_q)"
        ]), .auto)
    #expect(apart == counts[0])
  }

  /// A state's name means the old value in front of the line that assigns it.
  @Test func movingALineInFrontOfTheAssignmentReadsTheOldState() throws {
    let assignment = "h = tanh(linear(x, W_xh) + linear(h, W_hh) + b_h)"
    let read = "logits[t] = linear(h, W_hq, b_q)"
    let first = "x = one_hot(tokens[t])"
    let after = try results(of: model(body: [first, assignment, read]))
    let before = try results(of: model(body: [first, read, assignment]))
    let steps = 5
    for t in 1..<steps {
      #expect(before.logits.part(at: t) == after.logits.part(at: t - 1))
    }
    #expect(before.logits.part(at: 0) != after.logits.part(at: 0))
    #expect(before.state == after.state)
    // The first logits are those of the state that is given.
    let old = try results(
      of: model(body: [first, "logits[t] = linear(old(h), W_hq, b_q)", assignment]))
    #expect(old.logits == before.logits)
  }

  /// Returns `rnn.graph` with `body` in its scan.
  private func model(body: [String]) throws -> String {
    let lines = try model().split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    let start = try #require(lines.firstIndex { $0.hasPrefix("  scan ") })
    let end = try #require(lines[start...].firstIndex { $0 == "  }" })
    return (lines[...start] + body.map { "    \($0)" } + lines[end...]).joined(separator: "\n")
  }

  private func results(of text: String) throws -> (logits: DenseArray, state: DenseArray) {
    let source = GraphSource(path: "rnn.graph", utf8: Array(text.utf8))
    var warnings = DiagnosticSet()
    let dimensions = [("vocab", 4), ("hidden", 3), ("batch", 2), ("num_steps", 5)]
    let module = try source.module(overriding: dimensions, warnings: &warnings)
    let results = try SeededValues(seed: 1).evaluate(module, entry: "model")
    return (try #require(results.outputs.first?.value), try #require(results.states["h"]))
  }

  /// The number of products in each body of the scans of the entry `forward`, after all passes.
  private func products(_ text: String) throws -> [Int] {
    let source = GraphSource(path: "renamed.graph", utf8: Array(text.utf8))
    let compilation = try Compilation(source, options: CompilationOptions(target: FileTest.target))
    let entry = try #require(compilation.module.entries.first { $0.name == "forward" })
    return entry.graph.body.nodes.compactMap { id in
      guard case .scan(let scan) = entry.graph[id].op else { return nil }
      return scan.body.nodes.count { node in
        if case .linear = entry.graph[node].op { return true }
        return false
      }
    }
  }

  /// One product of all gates and the one of the output layer.
  @Test func gatesAreMergedWhateverTheirNamesAndOrder() throws {
    let text = try #require(EmbeddedGraphs.text(named: "lstm.graph"))
    #expect(try products(text) == [2])
    #expect(try products(renamed(text)) == [2])
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let gates = lines.indices.filter { i in
      ["i", "f", "g", "o"].contains { lines[i].hasPrefix("    \($0) = ") }
    }
    try #require(gates.count == 4)
    for (i, line) in zip(gates, gates.map({ lines[$0] }).reversed()) { lines[i] = line }
    let reordered = lines.joined(separator: "\n")
    #expect(reordered != text)
    #expect(try products(renamed(reordered)) == [2])
  }

  /// A cell that nobody has seen gets what `lstm` gets: three gates of one product, and what is
  /// added to one of them.
  @Test func gatesOfOtherCellsAreMerged() throws {
    let text = """
      cell leaky(width, size) {
        input v : f32[batch, width]
        param A : f32[width, size] = normal(std: 0.1)
        param B : f32[size, size] = normal(std: 0.1)
        param C : f32[size, size] = normal(std: 0.1)
        param D : f32[width, size] = normal(std: 0.1)
        param E : f32[size, size] = normal(std: 0.1)
        state s : f32[batch, size] = zeros
        p = tanh(linear(v, A) + linear(s, B))
        q = sigmoid(linear(s, C) + 1)
        r = relu(linear(s, E) + linear(v, D))
        s = q * s + p * r
        output y = s + r
      }

      model Leaky {
        dim batch = 32, n = 8
        input x : f32[n, batch, 64]
        use a = leaky(width: 64, size: 64)
        scan t in n { ys[t] = a(x[t]) }
        output ys
      }
      """
    #expect(try products(text) == [1])
  }

}

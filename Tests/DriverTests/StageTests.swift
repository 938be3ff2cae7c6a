import Diagnostics
import Driver
import Graphs
import IR
import Testing

/// Whatever pass a module is saved after, its text compiles to the same Swift.
@Suite struct StageTests {

  /// Some of the shipped models; the others are of the same operations and scans.
  private static let unrolled = ["concat_identity.graph", "hello.graph", "rnn.graph"]

  @Test(arguments: unrolled, ["1", "4", "full"])
  func stagesOfShippedModelsCompileAlike(_ name: String, _ unrolling: String) throws {
    let text = try #require(EmbeddedGraphs.text(named: name))
    var options = CompilationOptions(target: FileTest.target)
    options.unrolling = unrolling == "full" ? .full : .by(Int(unrolling) ?? 1)
    try check(GraphSource(path: name, utf8: Array(text.utf8)), options)
  }

  @Test(arguments: EmbeddedGraphs.names)
  func chosenStagesCompileAlike(_ name: String) throws {
    let text = try #require(EmbeddedGraphs.text(named: name))
    let options = CompilationOptions(target: FileTest.target)
    try check(GraphSource(path: name, utf8: Array(text.utf8)), options)
  }

  @Test(arguments: FileTest.all.filter { $0.commands != ["check"] && $0.commands != ["parse"] })
  func stagesOfCasesCompileAlike(_ test: FileTest) throws {
    let options = try test.options()
    guard test.expectedDiagnostics.isEmpty else { return }
    try check(test.source(), options)
  }

  @Test(arguments: UInt64(1)...60)
  func stagesOfRandomGraphsCompileAlike(_ seed: UInt64) throws {
    var graph = GraphGenerator.graph(seed: seed)
    graph.removeImpossibleTraining(seed: seed)
    let text = graph.description
    var options = CompilationOptions(target: FileTest.target)
    if seed % 3 == 0 { options.unrolling = .by(2) }
    try check(GraphSource(path: "random.graph", utf8: Array(text.utf8)), options)
  }

  /// Throws unless each stage of `source` compiles to what `source` does.
  private func check(_ source: GraphSource, _ options: CompilationOptions) throws {
    var stages: [(pass: String, text: String)] = []
    let whole: Compilation
    do {
      whole = try Compilation(source, options: options) { record, module in
        stages.append((record?.pass ?? "reading", module.description))
      }
    } catch let error as CompilationError {
      throw TestFailure(error.diagnostics.sorted.map { $0.rendered(in: source.files) }.joined())
    }
    // The dimensions stand in the saved text.
    var options = options
    options.dimensions = []
    for (i, (pass, text)) in stages.enumerated() {
      let saved = GraphSource(path: "saved.graph", utf8: Array(text.utf8))
      let resumed: Compilation
      do {
        resumed = try Compilation(saved, options: options)
      } catch let error as CompilationError {
        let errors = error.diagnostics.sorted.map { $0.rendered(in: saved.files) }.joined()
        throw TestFailure("the text after pass \(i), '\(pass)', is refused:\n\(errors)\(text)")
      }
      if resumed.file.text == whole.file.text { continue }
      let graphs = unifiedDiff(
        from: whole.module.description, named: "from the source", to: resumed.module.description,
        named: "from the text after pass \(i), '\(pass)'")
      let files = unifiedDiff(
        from: whole.file.text, named: "from the source", to: resumed.file.text,
        named: "from the text after pass \(i), '\(pass)'")
      throw TestFailure("\(graphs)\n\(files.prefix(3000))")
    }
  }

}

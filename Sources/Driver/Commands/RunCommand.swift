import Diagnostics
import IR
import Optimizer
import Runner
import Tensors
import Text

extension Command {

  /// Runs.
  static let run = Command(
    name: "run", summary: "run a graph on tensors or on a text", usage: "FILE [options]",
    description: """
      Compiles a graph, unless that was done before, and calls an entry once. Every input, state and
      output can be given or saved by its name; a state that is not given starts as declared. Small
      outputs without a file are printed, others are summarised in one line.

      A character language model whose input is not given runs on a text instead: its only index
      input over the steps of a scan reads the tokens, the next token is what it should predict, and
      the state is carried from window to window. Without '--text', the text is one that graphc ships
      with. The dim of the input's classes is set to the number of symbols in the text, or in the
      vocabulary that the weights were trained with.
      """,
    examples: [
      "Graphs/rnn.graph", "Graphs/rnn.graph --text timemachine.txt --max-tokens 10000",
      "Graphs/rnn.graph --weights W.safetensors --input tokens=T.npy --output logits=L.npy",
      "Graphs/rnn.graph --entry step --dim batch=1 --input tokens=T.npy --output h=H.npy",
    ],
    options: [
      CommandLineOption(
        "--entry", value: "NAME", "what to call: forward (the default), step or train"),
      CommandLineOption("--interpret", "answer from the interpreter, in double precision"),
    ] + DataOptions.options + WeightOptions.options + TextOptions.options + CompilingOptions.options
      + [CompilingOptions.debugGraph, CompilingOptions.compiler]
  ) { arguments, console in
    try ModelRun(arguments, console).run()
  }

}

/// A run of a model, once on tensors or over a text.
private struct ModelRun {

  let options: CompilingOptions
  let data: DataOptions
  let weightOptions: WeightOptions
  let textOptions: TextOptions
  let entry: String
  let isInterpreted: Bool
  let source: Source
  let console: Console

  init(_ arguments: CommandLineArguments, _ console: Console) throws {
    options = try CompilingOptions(arguments)
    data = try DataOptions(arguments)
    weightOptions = try WeightOptions(arguments)
    textOptions = try TextOptions(arguments)
    entry = try entryName(arguments) ?? "forward"
    isInterpreted = arguments.contains("--interpret")
    let file = try arguments.operand("the graph")
    if file == "-", textOptions.path == "-" {
      throw CommandLineError("the graph and the text cannot both be standard input")
    }
    source = try Source(opening: file, console: console)
    self.console = console
  }

  func run() throws -> Int32 {
    // Without the warnings, which come with the sizes that are used in the end.
    let module = try console.reporting(source) {
      var ignored = DiagnosticSet()
      return try source.module(
        overriding: options.compilation.dimensions, warnings: &ignored)
    }
    let port = TextPort(module)
    let isOnText =
      textOptions.path != nil
      || entry == "forward" && port.map { $0.isOnlyMissing(from: data.inputs.map(\.name)) } ?? false
    guard isOnText else {
      try textOptions.checkUnused()
      let session = try self.session(options.compilation)
      let weights = try weightOptions.parameters(in: data.readWeights(), of: module)
      console.print(try session.answer(entry: entry, data, weights: weights))
      return 0
    }
    guard let port else { throw RunnerError(.input, TextPort.missing) }
    try port.check(data, entry: entry)
    let weights = try data.readWeights()
    let coding = try weights.flatMap { try TextCoding($0, name: data.weights ?? "") }
    let corpus = try textOptions.corpus(console, coding: coding)
    var compilation = options.compilation
    try port.fit(
      &compilation.dimensions, to: corpus.coding.vocabulary.count,
      from: coding == nil ? "the text" : "the weights", console)
    let session = try self.session(compilation)
    try session.bind(parameters(in: weights, compilation), seed: data.seed)
    let reading = TextReading(port: port, corpus: corpus, name: textOptions.name)
    let result = try reading.run(session, given: data.readInputs())
    for file in data.outputs {
      try writeNumbers(session.state(named: file.name), to: file.path)
    }
    console.report("note: \(short(result.tokensPerSecond)) tokens/s\n")
    console.print("\(result.summary)\n")
    return 0
  }

  /// Returns `weights` as parameters of the model with the dims of `options`.
  private func parameters(
    in weights: Safetensors?, _ options: CompilationOptions
  ) throws -> Safetensors? {
    var ignored = DiagnosticSet()
    let module = try console.reporting(source) {
      try source.module(overriding: options.dimensions, warnings: &ignored)
    }
    return try weightOptions.parameters(in: weights, of: module)
  }

  private func writeNumbers(_ tensor: Tensor, to path: String) throws(FileError) {
    try writeFile(tensor.npyBytes(), to: path)
  }

  /// Returns the model, compiled or interpreted, as `options` ask for; its weights are not bound.
  private func session(_ options: CompilationOptions) throws -> any ModelSession {
    if isInterpreted { return try interpretedSession(options) }
    let compilation = try console.reporting(source) {
      var warnings = DiagnosticSet()
      let original = try source.module(overriding: options.dimensions, warnings: &warnings)
      let compilation = try Compilation(
        original, options: options.completed(for: original), warnings: warnings,
        location: source.location)
      try requireEntry(entry, of: compilation.module, from: original)
      return compilation
    }
    console.report(compilation.warnings, in: source)
    return try Session(
      Toolchain(self.options, console: console).model(of: compilation),
      threads: self.options.threads)
  }

  /// Returns the interpreter for what the text says, or for what passes that were asked for make
  /// of it.
  private func interpretedSession(_ options: CompilationOptions) throws -> InterpretedSession {
    var warnings = DiagnosticSet()
    let module = try console.reporting(source) {
      let original = try source.module(overriding: options.dimensions, warnings: &warnings)
      let module = try original.withEntries(options)
      try requireEntry(entry, of: module, from: original)
      return module
    }
    console.report(warnings, in: source)
    return InterpretedSession(module)
  }

}

extension Module {

  /// Returns the model with its entries and updates written out, after the passes that `options` ask
  /// for.
  func withEntries(_ options: CompilationOptions) throws(CompilationError) -> Module {
    var options = options
    options.passes = options.passes ?? []
    if form == .model, options.passes?.contains(where: { $0.name == "entries" }) == false {
      options.passes?.append(.writeEntries)
    }
    var result = self
    _ = try Compilation.optimize(&result, options)
    if result.entries.contains(where: { $0.training != nil }) {
      options.passes = [.differentiate]
      _ = try Compilation.optimize(&result, options)
    }
    return result
  }

}

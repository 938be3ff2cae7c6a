import Diagnostics
import IR
import Optimizer
import Runner
import Tensors
import Text
import Training

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

      With labels, or with tensors of more rows than a batch takes, and with a folder of text with a
      file for each class and a row in each line, the model runs over all rows, batch by batch; what
      fills the last batch does not count. Each row starts afresh, or at its own row of a state that
      is given. Labels tell how it does: accuracy by class and confusion, or the error of numbers.
      Outputs and states that are saved have a row for each.
      """,
    examples: [
      "names.graph --weights W.safetensors",
      "forecast.graph --weights W.safetensors --input x=X.npy --label y=Y.npy --json",
      "Graphs/rnn.graph", "Graphs/rnn.graph --text timemachine.txt --max-tokens 10000",
      "Graphs/rnn.graph --weights W.safetensors --input tokens=T.npy --output logits=L.npy",
      "Graphs/rnn.graph --entry step --dim batch=1 --input tokens=T.npy --output h=H.npy",
    ],
    options: [
      CommandLineOption(
        "--entry", value: "NAME",
        "what to call: \(Entry.Kind.list) (default: forward)"),
      CommandLineOption("--interpret", "answer from the interpreter, in double precision"),
      CommandLineOption(
        "--label", value: "NAME=FILE.npy", isRepeatable: true, "a label that rows should have"),
      CommandLineOption("--json", "print how the model does on rows for programs"),
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

  /// The module with the sizes that the options say.
  let written: Module
  let entry: String
  let isInterpreted: Bool
  let isForPrograms: Bool
  let source: Source
  let console: Console

  init(_ arguments: CommandLineArguments, _ console: Console) throws {
    options = try CompilingOptions(arguments)
    data = try DataOptions(arguments)
    weightOptions = try WeightOptions(arguments)
    textOptions = try TextOptions(arguments)
    isInterpreted = arguments.contains("--interpret")
    isForPrograms = arguments.contains("--json")
    let file = try arguments.operand("the graph")
    if file == "-", textOptions.path == "-" {
      throw CommandLineError("the graph and the text cannot both be standard input")
    }
    source = try Source(opening: file, console: console)
    self.console = console
    written = try console.reporting(source) { [source, options] in
      var ignored = DiagnosticSet()
      return try source.module(overriding: options.compilation.dimensions, warnings: &ignored)
    }
    entry = arguments.value(of: "--entry") ?? written.defaultEntry
  }

  func run() throws -> Int32 {
    let module = written
    if textOptions.givesRows, textOptions.isFolder || entry == "forward" && data.inputs.isEmpty {
      return try runOnFolder(module)
    }
    let port = TextPort(module)
    let isOnText =
      textOptions.path != nil
      || entry == "forward" && port.map { $0.isOnlyMissing(from: data.inputs.map(\.name)) } ?? false
    guard isOnText else { return try runOnTensors(module) }
    guard let port else { throw textOptions.misfit(of: module) }
    try port.check(data, entry: entry)
    let weights = try data.readWeights()
    let coding = try weights.flatMap { try TextCoding($0, name: data.weights ?? "") }
    let corpus = try textOptions.corpus(console, coding: coding)
    let count = corpus.coding.vocabulary.count
    if let path = data.weights, coding == nil, textOptions.path == nil, port.classCount != count {
      throw RunnerError(
        .input,
        "'\(port.input)' is not given, and '\(path.printable)' has no vocabulary to read the text "
          + "by that ships with graphc; give '--input \(port.input)=FILE.npy' or '--text FILE'")
    }
    var compilation = options.compilation
    try port.fit(
      &compilation.dimensions, to: count, from: textOptions.source(coding), console)
    let given = try data.readInputs()
    let reading = TextReading(port: port, corpus: corpus, name: textOptions.name)
    let session = try self.session(compilation, weights) { try reading.check($0, given: given) }
    let result = try reading.run(session, given: given)
    for file in data.outputs {
      try writeNumbers(session.state(named: file.name), to: file.path)
    }
    console.report("note: \(short(result.tokensPerSecond)) tokens/s\n")
    console.print("\(result.summary)\n")
    return 0
  }

  /// Returns the module where dims have the sizes `dimensions`, without its warnings: they come
  /// with the sizes that are used in the end.
  private func module(_ dimensions: [(name: String, value: Int)]) throws -> Module {
    try console.reporting(source) {
      var ignored = DiagnosticSet()
      return try source.module(overriding: dimensions, warnings: &ignored)
    }
  }

  /// Runs the model, which is `module`, on what the files of inputs hold: one call, or rows.
  private func runOnTensors(_ module: Module) throws -> Int32 {
    try textOptions.checkUnused()
    if entry == "forward", data.steps == nil {
      let reading = try ExampleReading(
        data.readInputs(), of: module,
        asksForRows: { port in
          port.inputs.contains { input in
            port.isOfLossOnly(input) && data.inputs.contains { $0.name == input.name }
          }
        }, isWhole: false)
      if let feed = reading.feed {
        return try finish(
          ExampleRun(
            feed: feed, states: reading.states, others: reading.others, axes: reading.axes),
          options.compilation, weights: data.readWeights(), classes: nil)
      }
    }
    if isForPrograms {
      throw CommandLineError("'--json' counts only for rows, and this is one call")
    }
    let inputs = try data.readInputs()
    let session = try session(options.compilation, data.readWeights()) { manifest in
      try manifest.checkOutputs(data.outputs.map(\.name), of: entry)
      _ = try manifest.arguments(of: entry, inputs, steps: data.steps)
    }
    let results = try session.run(entry: entry, inputs: inputs, steps: data.steps)
    console.print(try session.finish(entry, results, data))
    return 0
  }

  /// Runs the model, which is `module`, on the rows of the files of a folder.
  private func runOnFolder(_ module: Module) throws -> Int32 {
    if entry != "forward" {
      throw CommandLineError("rows run through entry 'forward', not through '\(entry)'")
    }
    if let file = data.inputs.first {
      throw CommandLineError(
        "'--input \(file.name.printable)' does not go with a folder, which gives it")
    }
    let weights = try data.readWeights()
    let coding = try weights.flatMap { try TextCoding($0, name: data.weights ?? "") }
    let rows = try textOptions.rows(console, coding: coding)
    var compilation = options.compilation
    try ClassPort(module).fit(
      &compilation.dimensions, to: rows.coding, from: textOptions.source(coding), console)
    let port = try ClassPort(self.module(compilation.dimensions))
    let run = ExampleRun(
      feed: ExampleFeed(try port.examples(rows), port.roles), states: [], others: [:],
      axes: port.examples.resultAxes)
    return try finish(run, compilation, weights: weights, classes: rows.coding.classes)
  }

  /// Does `run` with the model that `options` give, whose parameters are `weights`, and reports it.
  private func finish(
    _ run: ExampleRun, _ options: CompilationOptions, weights: Safetensors?, classes: [ExactText]?
  ) throws -> Int32 {
    let names = data.outputs.map(\.name)
    try run.check(names)
    // Without a label that tells how the model does, rows are answered as one call is.
    let isPlain = run.feed.roles.goal == nil && !isForPrograms
    let module = try module(options.dimensions)
    let forward = module.entries.first { module.form == .model || $0.name == "forward" }
    let printed = (forward?.outputs.map(\.name) ?? []).filter {
      isPlain && run.axes[$0] != nil && !names.contains($0)
    }
    guard run.feed.roles.goal != nil || !names.isEmpty || !printed.isEmpty else {
      throw RunnerError(
        .input,
        "nothing to report for \(counted(run.feed.set.count, "row")): no label matches an output"
          + (isForPrograms ? "" : ", and no output has a row for each"))
    }
    let session = try session(options, weights) { try run.check($0) }
    let result = try run.run(session, giving: names + printed)
    try data.write(result.outputs)
    for name in printed {
      if let tensor = result.outputs[name] { console.print("\(tensor.summary(named: name))\n") }
    }
    let count = run.feed.set.count
    console.report("note: \(short(Double(count) / max(result.seconds, 1e-9))) rows/s\n")
    guard let evaluation = result.evaluation else { return 0 }
    let report = EvaluationReport(evaluation: evaluation, classes: classes)
    if isForPrograms {
      console.print("\(report.json.printed(.compact))\n")
    } else {
      console.print(report.tables.isEmpty ? "" : "\(report.tables)\n")
      console.print("\(counted(count, "row")), \(report.summary())\n")
    }
    return 0
  }

  private func writeNumbers(_ tensor: Tensor, to path: String) throws(FileError) {
    try writeFile(tensor.npyBytes(), to: path)
  }

  /// Returns the model, compiled or interpreted, as `options` ask for, with the parameters in
  /// `weights`, or first values.
  ///
  /// If they do not fit, or `check` throws for what the model offers, the Swift compiler, which
  /// takes seconds, is not started.
  private func session(
    _ options: CompilationOptions, _ weights: Safetensors?,
    checking check: (Manifest) throws -> Void = { _ in }
  ) throws -> any ModelSession {
    let parameters = try weightOptions.parameters(in: weights, of: module(options.dimensions))
    let session: any ModelSession
    if isInterpreted {
      session = try interpretedSession(options)
      try check(session.manifest)
    } else {
      let compilation = try compilation(options)
      try check(compilation.manifest())
      session = try Session(
        Toolchain(self.options, console: console).model(of: compilation),
        threads: self.options.threads)
    }
    try session.bind(parameters, seed: data.seed)
    return session
  }

  /// Returns the model as far as graphc compiles it, and reports its warnings.
  private func compilation(_ options: CompilationOptions) throws -> Compilation {
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
    return compilation
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

  /// Returns the model with its entries, lengths and updates written out, after the passes that
  /// `options` ask for.
  func withEntries(_ options: CompilationOptions) throws -> Module {
    var options = options
    options.passes = options.passes ?? []
    options = options.completed(for: self)
    var result = self
    _ = try Compilation.optimize(&result, options)
    if result.entries.contains(where: { $0.training != nil }) {
      options.passes = [.differentiate]
      _ = try Compilation.optimize(&result, options)
    }
    return result
  }

}

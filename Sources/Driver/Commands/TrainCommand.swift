import Diagnostics
import IR
import Runner
import Tensors
import Text
import Training

extension Command {

  /// Trains.
  static let train = Command(
    name: "train", summary: "train a graph that has a 'train' block", usage: "FILE [options]",
    description: """
      Compiles a graph and calls its entry 'train' again and again, each call one update of the
      parameters. A character language model is trained on a text: its only index input over the steps
      of a scan reads the tokens, the label of the same type is the next token. Any other model gets
      the same inputs in every update.

      An epoch is one pass over the text, from a random offset. With '--partition sequential' rows of
      the batch are contiguous parts of the text and carried states go on from window to window; with
      'random' windows come in random order and states start afresh. Everything random follows from the
      seed: two runs with one seed give the same bits.

      '--save' writes the one file of the trained model: at the end, on a signal (SIGINT, SIGTERM,
      SIGHUP), and every N updates if '--checkpoint-every' says so. The same command with '--resume'
      goes on from it, to the bits of a training that was never stopped. A signal ends the process as
      it would have without this: the exit status in a shell is 130 or 143.

      Schedules of the learning rate, by update: constant, step(every: 100, factor: 0.5),
      cosine(updates: 4000, low: 0.01); 'warmup: 50' in the parentheses lets it rise linearly first.
      """,
    examples: [
      "Graphs/rnn.graph --epochs 50 --save W.safetensors",
      "Graphs/rnn.graph --text timemachine.txt --epochs 500 --lr 1 --plot P.svg",
      "Graphs/rnn.graph --epochs 500 --save W.safetensors --checkpoint-every 100 --resume",
      #"Graphs/rnn.graph --lr-schedule "cosine(updates: 4000, low: 0.01, warmup: 50)""#,
    ],
    options: TextOptions.options + [
      CommandLineOption(
        "--valid-fraction", value: "F", "the part at the text's end for validation"),
      CommandLineOption("--epochs", value: "N", "the passes over the text (default: the graph's)"),
      CommandLineOption(
        "--updates", value: "N", "the updates, in place of epochs unless both are given"),
      CommandLineOption("--partition", value: "P", "sequential or random (default: the graph's)"),
      CommandLineOption("--lr", value: "X", "the learning rate, input 'lr'"),
      CommandLineOption("--clip", value: "X", "the limit of the gradient, input 'clip'"),
      CommandLineOption(
        "--set", value: "NAME=X", isRepeatable: true, "any other scalar input of 'train'"),
      CommandLineOption("--lr-schedule", value: "S", "how the learning rate changes"),
      CommandLineOption(
        "--input", value: "NAME=FILE.npy", isRepeatable: true, "an input of every update"),
      CommandLineOption("--weights", value: "W.safetensors", "the parameters to start at"),
      CommandLineOption("--save", value: "W.safetensors", "the file of the trained model"),
      CommandLineOption("--checkpoint-every", value: "N", "save every N updates, too"),
      CommandLineOption("--resume", "go on from the file of '--save', if it exists"),
      CommandLineOption("--log", value: "FILE.csv", "a table with a row an epoch"),
      CommandLineOption("--plot", value: "FILE.svg", "a picture of perplexity over epochs"),
      CompilingOptions.seed,
    ] + WeightOptions.options + CompilingOptions.options + [CompilingOptions.compiler]
  ) { arguments, console in
    try ModelTraining(arguments, console).run()
  }

}

/// The training of a model by a command line.
private struct ModelTraining {

  let options: CompilingOptions
  let training: TrainingOptions
  let weightOptions: WeightOptions
  let textOptions: TextOptions
  let source: Source
  let words: [String]
  let console: Console

  init(_ arguments: CommandLineArguments, _ console: Console) throws {
    options = try CompilingOptions(arguments)
    weightOptions = try WeightOptions(arguments)
    textOptions = try TextOptions(arguments)
    let file = try arguments.operand("the graph")
    training = try TrainingOptions(
      arguments, reading: [file] + [textOptions.path].compactMap { $0 })
    words = arguments.words
    source = try Source(opening: file, console: console)
    self.console = console
  }

  func run() throws -> Int32 {
    try training.checkFiles()
    let module = try self.module(options.compilation)
    var settings = training.settings(over: module.trainingSettings)
    let weights = try training.weights.map { path throws(RunnerError) in
      try DataOptions.safetensors(path)
    }
    let (port, corpus, dimensions) = try text(module, weights)
    var compilation = options.compilation
    compilation.dimensions = dimensions
    let data =
      corpus.map {
        TrainingData($0.tokens, validationFraction: training.validationFraction)
      } ?? .fixed
    let entries = data.validation.isEmpty ? ["train"] : ["train", "forward"]
    let session = try Session(
      Toolchain(options, console: console).model(
        of: console.compile(source, entries: entries, compilation)), threads: options.threads)
    try session.bind(
      weightOptions.parameters(in: weights, of: self.module(compilation)), seed: settings.seed)
    let model = try TrainableSession(
      session, text: port.flatMap(\.roles), inputs: training.readInputs(),
      evaluates: !data.validation.isEmpty)
    settings.learningRate = model.learningRate
    if settings.learningRate == nil, settings.schedule != .constant {
      throw RunnerError(.input, "the model has no learning rate 'lr' that a schedule could change")
    }
    let origin = TrainingOrigin(
      graph: try self.module(compilation).digest, dims: session.manifest.dims,
      coding: corpus?.coding, data: data, partition: settings.partition, seed: settings.seed)
    let run = try TrainingRun(
      model, data: data, settings: settings, origin: origin, files: training.files)
    return try report(run)
  }

  /// Returns the module with the dims of `options`, without its warnings: they come with the sizes
  /// that are used in the end.
  private func module(_ options: CompilationOptions) throws -> Module {
    try console.reporting(source) {
      var ignored = DiagnosticSet()
      return try source.module(overriding: options.dimensions, warnings: &ignored)
    }
  }

  /// Returns the text and how `module` reads it, both `nil` if it reads none, and the sizes of dims
  /// that go with it.
  private func text(
    _ module: Module, _ weights: Safetensors?
  ) throws -> (TextPort?, Corpus?, [(name: String, value: Int)]) {
    var dimensions = options.compilation.dimensions
    let port = TextPort(module).flatMap { training.names($0.input) ? nil : $0 }
    guard let port else {
      if textOptions.path != nil { throw RunnerError(.input, TextPort.missing) }
      try textOptions.checkUnused()
      try training.checkWithoutText()
      return (nil, nil, dimensions)
    }
    guard port.roles != nil else {
      throw RunnerError(.input, "the model has no label of the type of '\(port.input)'")
    }
    let coding = try weights.flatMap { try TextCoding($0, name: training.weights ?? "") }
    let corpus = try textOptions.corpus(console, coding: coding)
    try port.fit(
      &dimensions, to: corpus.coding.vocabulary.count,
      from: coding == nil ? "the text" : "the weights", console)
    // Before anything is compiled for a text that is too short.
    let window = port.window
    _ = try SequentialWindows(corpus.tokens, batch: window.batch, steps: window.steps)
    return (port, corpus, dimensions)
  }

  /// Runs `training` and reports how it went.
  private func report(_ run: TrainingRun) throws -> Int32 {
    var run = run
    if training.isResumed, try !run.resume() {
      console.note(
        "there is no '\((training.files.model ?? "").printable)' yet; training starts at the beginning"
      )
    }
    let reporter = TrainingReporter(console, unit: run.data == .fixed ? "updates" : "tokens")
    InterruptionWatch.begin()
    defer { InterruptionWatch.end() }
    let ending: TrainingEnding
    do {
      defer { reporter.finish() }
      ending = try run.run(
        TrainingRun.Observer(
          isInterrupted: { InterruptionWatch.received != 0 }, observe: reporter.observe))
    }
    switch ending {
    case .done(let status):
      console.print("\(reporter.summary(of: status))\n")
      return 0
    case .interrupted(let status):
      console.note("interrupted after update \(status.update); \(advice(status))")
      throw ReportedInterruption(signal: InterruptionWatch.received)
    }
  }

  /// How to go on after an interruption at `status`.
  private func advice(_ status: TrainingStatus) -> String {
    guard let path = training.files.model, status.update > 0 else { return "nothing was saved" }
    // In front, because behind '--' it would be an operand.
    let resumed = training.isResumed ? words : ["--resume"] + words
    let command = (["graphc", "train"] + resumed).map(shellWord).joined(separator: " ")
    return "saved in '\(path.printable)'; go on with:\n  \(command)"
  }

}

extension TextPort {

  /// The values of the model by which it is trained, or `nil` if it has no label.
  fileprivate var roles: TextRoles? {
    label.map { label in
      TextRoles(input: input, label: label, logits: logits, isBatchFirst: isBatchFirst)
    }
  }

}

extension Module {

  /// How a training of the model goes unless a command line says otherwise.
  var trainingSettings: TrainingSettings {
    var result = TrainingSettings()
    if let epochs = self.run.epochs { result.epochs = epochs }
    if let seed = self.run.seed { result.seed = UInt64(seed) }
    switch self.run.partition {
    case .sequential: result.partition = .sequential
    case .random: result.partition = .random
    case nil: break
    }
    if let schedule = self.run.schedule {
      let rule: LearningRateSchedule.Rule
      switch schedule.shape {
      case .constant: rule = .constant
      case .step(let every, let factor): rule = .step(every: every, factor: factor)
      case .cosine(let updates, let low): rule = .cosine(updates: updates, low: low)
      }
      result.schedule = LearningRateSchedule(rule, warmup: schedule.warmup)
    }
    return result
  }

  /// A digest of the text in its canonical form, without comments and what it says of a run.
  var digest: String {
    var hash = SHA256()
    // How long a training goes, and on what, is for the command line to change.
    var module = self
    module.run = RunSettings()
    module.conventions = []
    for line in module.description.split(separator: "\n") {
      let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
      guard let last = code.lastIndex(where: { $0 != " " }) else { continue }
      hash.update(field: code[...last])
    }
    return hash.hexadecimal()
  }

}

/// Returns `word` as a shell reads it.
private func shellWord(_ word: String) -> String {
  let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%"
  if !word.isEmpty, word.allSatisfy(plain.contains) { return word }
  return "'\(word.replacing("'", with: #"'\''"#))'"
}

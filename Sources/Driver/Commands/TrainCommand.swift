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
      of a scan reads the tokens, the label of the same type is the next token.

      Any other model is trained on rows: tensors with more rows than a batch, along the axis of every
      label and of inputs over which no scan goes ('batch' where there are several), or a folder of
      text with a file for each class and a row in each line. Each epoch shuffles them, takes whole
      batches, states afresh in each, and leaves the rest out. A tenth is kept apart to see how the
      model does on others, unless '--valid-fraction' says otherwise. Where the tensors are those of
      one batch, every update gets them all.

      An epoch of a text is one pass over it, from a random offset. With '--partition sequential' rows of
      the batch are contiguous parts of the text and carried states go on from window to window; with
      'random' windows come in random order and states start afresh. Everything random follows from the
      seed: two runs with one seed give the same bits.

      '--save' writes the one file of the trained model: at the end, on a signal (SIGINT, SIGTERM,
      SIGHUP), and every N updates if '--checkpoint-every' says so. The same command with '--resume'
      goes on from it, to the bits of a training that was never stopped. A signal ends the process as
      it would have without this: the exit status in a shell is 130 or 143.

      Schedules of the learning rate: constant, step(every: 100, factor: 0.5), cosine(low: 0.01), which
      lasts as long as the training, or over: a length; 'warmup: 50' in the parentheses lets the rate
      rise linearly first. A length is a number of updates, epochs(X), or part(X) of the training. The
      rate that a schedule changes is that of '--lr', or else the graph's: '--lr 1' with a schedule in
      the graph starts at 1, and '--lr-schedule constant' stays there.
      """,
    examples: [
      "Graphs/rnn.graph --epochs 50 --save W.safetensors",
      "rnn.graph --text timemachine.txt --epochs 500 --lr-schedule constant --plot P.svg",
      "names.graph --save W.safetensors",
      "forecast.graph --input x=X.npy --label y=Y.npy --valid-fraction 0.2 --epochs 20",
      "Graphs/rnn.graph --epochs 500 --save W.safetensors --checkpoint-every 100 --resume",
      #"Graphs/rnn.graph --lr-schedule "cosine(low: 0.01, warmup: epochs(1))""#,
    ],
    options: TextOptions.options + [
      CommandLineOption(
        "--valid-fraction", value: "F",
        "the part for validation (default: 0 of a text, 0.1 of rows)"),
      CommandLineOption("--epochs", value: "N", "the passes over the data (default: the graph's)"),
      CommandLineOption(
        "--updates", value: "N", "the updates, in place of epochs unless both are given"),
      CommandLineOption("--partition", value: "P", "sequential or random (default: the graph's)"),
      CommandLineOption(
        "--lr", value: "X", "the learning rate of the optimiser, which a schedule changes"),
      CommandLineOption("--clip", value: "X", "the limit of clipping"),
      CommandLineOption(
        "--set", value: "NAME=X", isRepeatable: true, "any other scalar input of 'train'"),
      CommandLineOption("--lr-schedule", value: "S", "how the learning rate changes"),
      CommandLineOption(
        "--input", value: "NAME=FILE.npy", isRepeatable: true,
        "an input: rows of a data set, or what every update gets"),
      CommandLineOption("--label", value: "NAME=FILE.npy", isRepeatable: true, "a label, likewise"),
      CommandLineOption("--weights", value: "W.safetensors", "the parameters to start at"),
      CommandLineOption("--save", value: "W.safetensors", "the file of the trained model"),
      CommandLineOption("--checkpoint-every", value: "N", "save every N updates, too"),
      CommandLineOption("--resume", "go on from the file of '--save', if it exists"),
      CommandLineOption("--log", value: "FILE.csv", "a table with a row an epoch"),
      CommandLineOption("--plot", value: "FILE.svg", "a picture of the loss over epochs"),
      CommandLineOption("--json", "print the results for programs"),
      CommandLineOption(
        "--seed", value: "N", "the seed of all that is random (default: the graph's)"),
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
    let material = try TrainingMaterial(
      module, training, textOptions, weights: weights, seed: settings.seed,
      dimensions: options.compilation.dimensions,
      resized: { dimensions in
        var options = options.compilation
        options.dimensions = dimensions
        return try self.module(options)
      }, console)
    var compilation = options.compilation
    compilation.dimensions = material.dimensions
    let data = material.data
    let entries = data.hasValidation ? ["train", "forward"] : ["train"]
    let resized = try self.module(compilation)
    let parameters = try weightOptions.parameters(in: weights, of: resized)
    let compiled = try console.compile(source, entries: entries, compilation)
    // Before the Swift compiler, which takes seconds.
    try TrainableSession.check(
      compiled.manifest(), text: material.text, examples: material.feed, inputs: material.inputs,
      evaluates: data.hasValidation)
    let session = try Session(
      Toolchain(options, console: console).model(of: compiled), threads: options.threads)
    try session.bind(parameters, seed: settings.seed)
    let model = try TrainableSession(
      session, rate: module.inputName(ofNumber: "lr"), text: material.text, examples: material.feed,
      inputs: material.inputs,
      evaluates: data.hasValidation)
    settings.learningRate = model.learningRate
    if settings.learningRate == nil, settings.schedule != .constant {
      throw RunnerError(.input, "the model has no learning rate 'lr' that a schedule could change")
    }
    let origin = TrainingOrigin(
      graph: resized.digest, lines: resized.canonicalLines, dims: session.manifest.dims,
      coding: material.coding, data: data, partition: settings.partition, seed: settings.seed)
    let run = try TrainingRun(
      model, data: data, settings: settings, origin: origin, files: training.files)
    return try report(run, classes: material.coding?.classes)
  }

  /// Returns the module with the dims of `options`, without its warnings: they come with the sizes
  /// that are used in the end.
  private func module(_ options: CompilationOptions) throws -> Module {
    try console.reporting(source) {
      var ignored = DiagnosticSet()
      return try source.module(overriding: options.dimensions, warnings: &ignored)
    }
  }

  /// Runs `training`, of a model whose classes are called `classes`, and reports how it went.
  private func report(_ run: TrainingRun, classes: [ExactText]?) throws -> Int32 {
    var run = run
    if training.isResumed, try !run.resume() {
      console.note(
        "there is no '\((training.files.model ?? "").printable)' yet; training starts at the beginning"
      )
    }
    let reporter = TrainingReporter(console)
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
      let evaluation = status.evaluation.map { EvaluationReport(evaluation: $0, classes: classes) }
      if training.isForPrograms {
        console.print("\(json(status, evaluation).printed(.compact))\n")
        return 0
      }
      if let tables = evaluation?.tables, !tables.isEmpty { console.print("\(tables)\n") }
      console.print("\(reporter.summary(of: status))\n")
      return 0
    case .interrupted(let status):
      console.note("interrupted after update \(status.update); \(advice(status))")
      throw ReportedInterruption(signal: InterruptionWatch.received)
    }
  }

  /// The results of a training at its end.
  private func json(_ status: TrainingStatus, _ evaluation: EvaluationReport?) -> JSON {
    var members: [JSON.Member] = [
      .init("epochs", .integer(status.epochs)), .init("updates", .integer(status.update)),
      .init("train_loss", EvaluationReport.value(status.trainLoss)),
    ]
    if let loss = status.validLoss {
      members.append(.init("valid_loss", EvaluationReport.value(loss)))
    }
    if let evaluation { members.append(.init("valid", evaluation.json)) }
    return .object(members)
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
    if let schedule = self.run.schedule { result.schedule = schedule }
    return result
  }

  /// The lines of the text in its canonical form, without comments and what it says of a run.
  var canonicalLines: [String] {
    // How long a training goes, and on what, is for the command line to change.
    var module = self
    module.run = RunSettings()
    module.conventions = []
    return module.description.split(separator: "\n").compactMap { line in
      let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
      return code.lastIndex { $0 != " " }.map { String(code[...$0]) }
    }
  }

  /// A digest of the canonical lines.
  var digest: String {
    var hash = SHA256()
    for line in canonicalLines { hash.update(field: line) }
    return hash.hexadecimal()
  }

}

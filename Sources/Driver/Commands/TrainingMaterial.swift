import Diagnostics
import IR
import Runner
import Tensors
import Text
import Training

/// What a command line gives a training: windows of a text, rows, or the inputs of every update.
struct TrainingMaterial {

  /// The part of rows that is kept apart where a command line does not say.
  private static let standardFraction = 0.1

  let data: TrainingData

  /// How the text is cut, and its symbols, and the classes of rows of text.
  private(set) var coding: TextCoding?

  /// The values by which the model reads windows of a text.
  private(set) var text: TextRoles?

  /// The rows.
  private(set) var feed: ExampleFeed?

  /// What every update gets.
  let inputs: [String: Tensor]

  /// The sizes of dims that the command line and the data set.
  let dimensions: [(name: String, value: Int)]

  /// Reads what `training` and `textOptions` say for `module`, whose parameters start at `weights`,
  /// and divides it by `seed`. `resized` gives the module for other sizes of dims.
  ///
  /// Throws if it does not fit the model, before anything is compiled.
  init(
    _ module: Module, _ training: TrainingOptions, _ textOptions: TextOptions,
    weights: Safetensors?, seed: UInt64, dimensions: [(name: String, value: Int)],
    resized: ([(name: String, value: Int)]) throws -> Module, _ console: Console
  ) throws {
    var dimensions = dimensions
    let coding = try weights.flatMap { try TextCoding($0, name: training.weights ?? "") }
    let source = textOptions.source(coding)
    var inputs = try training.numbers(module)
    if textOptions.givesRows, textOptions.isFolder || training.inputs.isEmpty {
      try training.checkWithoutWindows()
      if let file = training.inputs.first {
        throw CommandLineError(
          "'--input \(file.name.printable)' does not go with a folder, which gives it")
      }
      let rows = try textOptions.rows(console, coding: coding)
      try ClassPort(module).fit(&dimensions, to: rows.coding, from: source, console)
      let port = try ClassPort(resized(dimensions))
      let feed = ExampleFeed(try port.examples(rows), port.roles)
      self.feed = feed
      self.coding = rows.coding
      data = try Self.division(feed, training, seed, port.examples, console)
    } else if let port = TextPort(module).flatMap({ training.names($0.input) ? nil : $0 }) {
      guard let roles = port.roles else {
        throw RunnerError(.input, "the model has no label of the type of '\(port.input)'")
      }
      let corpus = try textOptions.corpus(console, coding: coding)
      try port.fit(
        &dimensions, to: corpus.coding.vocabulary.count, from: source, console)
      // Before anything is compiled for a text that is too short.
      let window = port.window
      _ = try SequentialWindows(corpus.tokens, batch: window.batch, steps: window.steps)
      text = roles
      self.coding = corpus.coding
      data = TrainingData(
        corpus.tokens, validationFraction: training.validationFraction ?? 0)
      inputs.merge(try training.tensors()) { number, _ in number }
    } else {
      if textOptions.path != nil { throw textOptions.misfit(of: module) }
      try textOptions.checkUnused()
      let isAsked = !training.inputs.isEmpty && training.validationFraction ?? 0 > 0
      let reading = try ExampleReading(
        training.tensors(), of: module, asksForRows: { _ in isAsked }, isWhole: true)
      feed = reading.feed
      inputs.merge(reading.others) { number, _ in number }
      if let feed = reading.feed {
        try training.checkWithoutWindows()
        data = try Self.division(feed, training, seed, ExamplePort(module), console)
      } else {
        try training.checkWithoutText()
        data = .fixed
      }
    }
    self.inputs = inputs
    self.dimensions = dimensions
  }

  /// Returns the division of the rows of `feed`, and says how many are kept apart.
  ///
  /// Throws if too few are left for a batch, or some would be kept apart that the model cannot be
  /// measured by.
  private static func division(
    _ feed: ExampleFeed, _ training: TrainingOptions, _ seed: UInt64, _ port: ExamplePort,
    _ console: Console
  ) throws(RunnerError) -> TrainingData {
    var fraction = training.validationFraction ?? standardFraction
    if feed.roles.goal == nil {
      guard training.validationFraction ?? 0 == 0 else {
        throw RunnerError(
          .input,
          "nothing tells how the model does on rows that are kept apart: it needs a label of classes "
            + "with the cross entropy of an output in its loss, or a label of numbers with an output "
            + "of its type")
      }
      fraction = 0
      console.note(
        "all rows are trained on: without one label of classes, or of numbers, that an output is for, "
          + "nothing would tell how the model does on others")
    }
    let data = TrainingData(feed.set, validationFraction: fraction, seed: seed)
    guard case .rows(let rows, let apart, _) = data else { preconditionFailure("these are rows") }
    if rows.count < feed.roles.batch {
      throw port.tooFew(rows.count)
    }
    if !apart.isEmpty {
      console.note(
        "\(counted(apart.count, "row")) of \(grouped(feed.set.count)) kept apart for validation")
    }
    return data
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

import Diagnostics
import IR
import Runner
import Tensors
import Text

extension Command {

  /// Writes a text.
  static let sample = Command(
    name: "sample", summary: "let a trained model go on from a prefix",
    usage: "FILE --weights W.safetensors --prefix TEXT [options]",
    description: """
      Lets a character language model read a prefix, then feeds each character that it predicts back
      to it, one compiled step a character. Writes the prefix and the new characters, nothing else, to
      standard output. The weights are a file that 'graphc train --save' wrote: it says how a text is
      cut and which characters there are.

      A character is drawn with the probability that the model gives it. A temperature below 1 makes
      likely characters likelier, one above 1 unlikely ones; '--top-k' leaves only the likeliest;
      '--greedy' always takes the likeliest. One seed gives one text.
      """,
    examples: [
      #"Graphs/rnn.graph --weights W.safetensors --prefix "time traveller" --greedy"#,
      #"Graphs/rnn.graph --weights W.safetensors --prefix "the" --temperature 0.7"#,
    ],
    options: [
      CommandLineOption("--weights", value: "W.safetensors", "the trained model"),
      CommandLineOption("--prefix", value: "TEXT", "the text to go on from"),
      CommandLineOption("--length", value: "N", "how many characters to add (default: 50)"),
      CommandLineOption("--greedy", "take the likeliest character"),
      CommandLineOption("--temperature", value: "T", "what divides the logits (default: 1)"),
      CommandLineOption("--top-k", value: "K", "draw from the K likeliest characters"),
      CompilingOptions.seed,
    ] + CompilingOptions.options + [CompilingOptions.compiler]
  ) { arguments, console in
    try Sample(arguments, console).run()
  }

}

/// The continuation of a prefix.
private struct Sample {

  let options: CompilingOptions
  let weights: String
  let prefix: String
  let length: Int
  let choice: TokenChoice
  let source: Source
  let console: Console

  init(_ arguments: CommandLineArguments, _ console: Console) throws {
    options = try CompilingOptions(arguments)
    guard let weights = arguments.value(of: "--weights") else {
      throw CommandLineError("the trained model is missing: --weights W.safetensors")
    }
    guard let prefix = arguments.value(of: "--prefix") else {
      throw CommandLineError("the text to go on from is missing: --prefix TEXT")
    }
    self.weights = weights
    self.prefix = prefix
    length = try arguments.integer(of: "--length", in: 0...100_000_000) ?? 50
    choice = try TokenChoice(arguments)
    source = try Source(opening: arguments.operand("the graph"), console: console)
    self.console = console
  }

  func run() throws -> Int32 {
    let module = try module(options.compilation.dimensions)
    guard let port = TextPort(module) else {
      throw RunnerError(.input, TextPort.absence(from: module))
    }
    let file = try DataOptions.safetensors(weights)
    guard let coding = try TextCoding(file, name: weights) else {
      throw RunnerError(
        .input, "'\(weights.printable)' has no vocabulary; 'graphc train --save' writes one")
    }
    let tokens = try coding.indices(ofPrefix: prefix)
    let shown = coding.text(of: tokens)
    if ExactText(shown) != ExactText(prefix) {
      console.note("the prefix is read as '\(shown.printable)'")
    }
    var compilation = options.compilation
    try port.fit(
      &compilation.dimensions, to: coding.vocabulary.count, from: "the weights", console)
    port.fitOneRow(&compilation.dimensions)
    let parameters = try WeightMapping(self.module(compilation.dimensions), convention: nil)
      .parameters(in: file)
    let session = try Session(
      Toolchain(options, console: console).model(
        of: console.compile(source, entries: ["step"], compilation)), threads: options.threads)
    try session.bind(parameters, seed: 0)
    let writing = TextWriting(port: port, coding: coding, choice: choice)
    try writing.check(session.manifest)
    console.print("\(try writing.text(session, prefix: tokens, length: length))\n")
    return 0
  }

  private func module(_ dimensions: [(name: String, value: Int)]) throws -> Module {
    try console.reporting(source) {
      var ignored = DiagnosticSet()
      return try source.module(overriding: dimensions, warnings: &ignored)
    }
  }

}

extension TokenChoice {

  /// Reads the options of `arguments`.
  fileprivate init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    let seed = try arguments.integer(of: "--seed", in: 0...UInt64.max) ?? 0
    let count = try arguments.integer(of: "--top-k", in: 1...Int(Int32.max))
    let temperature = try arguments.number(of: "--temperature")
    if arguments.contains("--greedy") {
      for name in ["--temperature", "--top-k"] where arguments.contains(name) {
        throw CommandLineError("'\(name)' does not go with '--greedy', which draws nothing")
      }
      self = .greedy
      return
    }
    if let temperature, temperature <= 0 {
      throw CommandLineError(
        temperature == 0
          ? "'--temperature' is 0, expected more; '--greedy' takes the likeliest character"
          : "'--temperature' is \(temperature), expected more than 0")
    }
    self = .random(temperature: temperature ?? 1, count: count, seed: seed)
  }

}

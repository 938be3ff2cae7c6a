import Diagnostics
import Graphs
import Tensors
import Text

/// The options that say on what text a model runs.
struct TextOptions {

  /// The options as a command line spells them.
  static let options = [
    CommandLineOption("--text", value: "FILE", "the text to run on, - for standard input"),
    CommandLineOption(
      "--tokenizer", value: "T", "how a text is cut: letters (the default) or characters"),
    CommandLineOption("--max-tokens", value: "N", "use only the first N tokens of the text"),
  ]

  /// The most bytes of a text.
  private static let limit = 1 << 30

  /// The path of the text, `-` for standard input; `nil` if none is given.
  let path: String?

  private let tokenizer: Tokenizer?
  private let maxTokens: Int?

  /// The name of the graph's file.
  private let graph: Substring

  /// Reads the options of `arguments`.
  init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    graph = try arguments.operand("the graph").split(separator: "/").last ?? ""
    path = arguments.value(of: "--text")
    maxTokens = try arguments.integer(of: "--max-tokens", in: 1...Int(Int32.max))
    guard let name = arguments.value(of: "--tokenizer") else {
      tokenizer = nil
      return
    }
    guard let tokenizer = Tokenizer(rawValue: name) else {
      throw CompilingOptions.unknown(
        "tokenizer", name, among: Tokenizer.allCases.map(\.rawValue))
    }
    self.tokenizer = tokenizer
  }

  /// Throws if an option is given that counts only for a text.
  func checkUnused() throws(CommandLineError) {
    for (name, isGiven) in [("--tokenizer", tokenizer != nil), ("--max-tokens", maxTokens != nil)]
    where isGiven {
      throw CommandLineError("'\(name)' counts only for a text, and this model runs on tensors")
    }
  }

  /// What messages call the text.
  var name: String {
    switch path {
    case nil: "the text that graphc ships with"
    case "-": "standard input"
    case let path?: path
    }
  }

  /// Returns the text as tokens.
  ///
  /// `coding`, if there is one, is that of the weights: then their vocabulary is the text's.
  func corpus(_ console: Console, coding: TextCoding? = nil) throws -> Corpus {
    if let tokenizer, let coding, tokenizer != coding.tokenizer {
      throw CommandLineError(
        "'--tokenizer \(tokenizer.rawValue)' conflicts with the weights, which know a text by "
          + "'\(coding.tokenizer.rawValue)'")
    }
    let text: String
    switch path {
    case nil: text = EmbeddedGraphs.defaultText(ofGraph: String(graph))
    case "-": text = try Corpus.decode(utf8: console.readInput(Self.limit), name: name)
    case let path?: text = try Corpus.decode(utf8: readFile(path, limit: Self.limit), name: name)
    }
    let corpus = try Corpus(
      text, name: name, tokenizer: coding?.tokenizer ?? tokenizer ?? .letters,
      vocabulary: coding?.vocabulary, maxTokens: maxTokens)
    if corpus.unknownCount > 0 {
      console.note(
        "\(grouped(corpus.unknownCount)) of \(counted(corpus.tokens.count, "token")) are not in the "
          + "vocabulary of the weights")
    }
    return corpus
  }

}

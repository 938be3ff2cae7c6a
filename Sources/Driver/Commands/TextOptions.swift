import Diagnostics
import Graphs
import Tensors
import Text

/// The options that say on what text a model runs.
struct TextOptions {

  /// The most bytes of a text.
  private static let limit = 1 << 30

  /// The path of the text, `-` for standard input; `nil` if none is given.
  let path: String?

  private let tokenizer: Tokenizer?
  private let maxTokens: Int?

  /// Reads the options of `arguments`.
  init(_ arguments: CommandLineArguments) throws(CommandLineError) {
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
  func corpus(_ console: Console) throws -> Corpus {
    let text: String
    switch path {
    case nil: text = EmbeddedGraphs.prose
    case "-": text = try Corpus.decode(utf8: console.readInput(Self.limit), name: name)
    case let path?: text = try Corpus.decode(utf8: readFile(path, limit: Self.limit), name: name)
    }
    return try Corpus(text, name: name, tokenizer: tokenizer ?? .letters, maxTokens: maxTokens)
  }

}

import Diagnostics
import Foundation
import Graphs
import IR
import Runner
import Tensors
import Text

/// The options that say on what text a model runs.
struct TextOptions {

  /// The options as a command line spells them.
  static let options = [
    CommandLineOption(
      "--text", value: "FILE", "the text, - for standard input, or a folder with a file a class"),
    CommandLineOption(
      "--tokenizer", value: "T",
      "how a text is cut: letters or characters (default: letters of files)"),
    CommandLineOption("--max-tokens", value: "N", "use only the first N tokens of the text"),
  ]

  /// The most bytes of a text.
  private static let limit = 1 << 30

  /// The path of the text, `-` for standard input; `nil` if none is given.
  let path: String?

  private let tokenizer: Tokenizer?
  private let maxTokens: Int?

  /// The name of the graph's file.
  private let graph: String

  /// Reads the options of `arguments`.
  init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    let file = try arguments.operand("the graph").split(separator: "/").last ?? ""
    graph = EmbeddedGraphs.fileName(of: String(file)) ?? String(file)
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

  /// `true` iff the path is that of a folder.
  var isFolder: Bool {
    var isFolder: ObjCBool = false
    return path.map { FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) } ?? false
      && isFolder.boolValue
  }

  /// Returns the error of a path whose text `module` does not read.
  func misfit(of module: Module) -> RunnerError {
    guard let path, (try? ClassPort(module)) != nil else {
      return RunnerError(.input, TextPort.absence(from: module))
    }
    let exists = FileManager.default.fileExists(atPath: path)
    return RunnerError(
      .input,
      exists
        ? "'\(path.printable)' is a file, and the model reads a folder with a file for each class"
        : "there is no folder '\(path.printable)'")
  }

  /// `true` iff rows of several classes are to be read: those of a folder, or those that ship with
  /// the graph.
  var givesRows: Bool {
    isFolder || path == nil && !EmbeddedGraphs.rows(ofGraph: graph).isEmpty
  }

  /// What messages call the source of symbols and classes: the weights, if these have `coding`.
  func source(_ coding: TextCoding?) -> String {
    coding != nil ? "the weights" : isFolder ? "the folder" : givesRows ? "the files" : "the text"
  }

  /// What messages call the text.
  var name: String {
    switch path {
    case nil: "the \(givesRows ? "files" : "text") that graphc ships with"
    case "-": "standard input"
    case let path?: path
    }
  }

  /// Returns the text as tokens.
  ///
  /// `coding`, if there is one, is that of the weights: then their vocabulary is the text's.
  func corpus(_ console: Console, coding: TextCoding? = nil) throws -> Corpus {
    try checkTokenizer(coding)
    let text: String
    switch path {
    case nil: text = EmbeddedGraphs.defaultText(ofGraph: graph)
    case "-": text = try Corpus.decode(utf8: console.readInput(Self.limit), name: name)
    case let path?: text = try Corpus.decode(utf8: readFile(path, limit: Self.limit), name: name)
    }
    let corpus = try Corpus(
      text, name: name, tokenizer: coding?.tokenizer ?? tokenizer ?? .letters,
      vocabulary: coding?.vocabulary, maxTokens: maxTokens)
    noteUnknown(corpus.unknownCount, of: corpus.tokens.count, console)
    return corpus
  }

  /// Returns the rows of the files of the folder, one class a file.
  ///
  /// `coding`, if there is one, is that of the weights: then their vocabulary and classes are those
  /// of the rows.
  func rows(_ console: Console, coding: TextCoding? = nil) throws -> LabelledRows {
    try checkTokenizer(coding)
    if maxTokens != nil {
      throw CommandLineError("'--max-tokens' counts only for a text, and not for rows of text")
    }
    if let coding, coding.classes == nil {
      throw RunnerError(.input, "the weights know a text, but no classes")
    }
    let files =
      try path.map { try Self.files(inFolder: $0) }
      ?? EmbeddedGraphs.rows(ofGraph: graph).map { file in
        LabelledRows.File(name: file.name, path: "\(file.name).txt", text: file.text)
      }
    let rows = try LabelledRows(
      files, name: name, tokenizer: coding?.tokenizer ?? tokenizer ?? .characters, coding: coding)
    let repetitions =
      rows.repetitionCount == 0 ? "" : ", without \(grouped(rows.repetitionCount)) that occur again"
    console.note("\(counted(rows.rows.count, "row")) from \(name.printable)\(repetitions)")
    noteUnknown(rows.unknownCount, of: rows.tokenCount, console)
    return rows
  }

  /// Returns the files in the folder at `path`, but for hidden ones, in the order of their names.
  private static func files(inFolder path: String) throws -> [LabelledRows.File] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw FileError(
        "cannot read the folder '\(path)': \(error.localizedDescription)", cause: .environment)
    }
    var rest = limit
    return try names.filter { $0.utf8.first != UInt8(ascii: ".") }.sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    .map { name in
      let file = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
      let bytes = try readFile(file, limit: rest)
      rest -= bytes.count
      // Without what stands behind the last point, unless that is all of it.
      let end = name.utf8.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
      return LabelledRows.File(
        name: String(name[..<end]), path: file,
        text: try Corpus.decode(utf8: bytes, name: file))
    }
  }

  private func checkTokenizer(_ coding: TextCoding?) throws(CommandLineError) {
    guard let tokenizer, let coding, tokenizer != coding.tokenizer else { return }
    throw CommandLineError(
      "'--tokenizer \(tokenizer.rawValue)' conflicts with the weights, which know a text by "
        + "'\(coding.tokenizer.rawValue)'")
  }

  private func noteUnknown(_ count: Int, of total: Int, _ console: Console) {
    if count == 0 { return }
    console.note(
      "\(grouped(count)) of \(counted(total, "token")) are not in the vocabulary of the weights")
  }

}

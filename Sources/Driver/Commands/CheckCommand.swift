import Diagnostics
import IR
import Optimizer
import Parsing
import Runner
import Tensors

extension Command {

  /// Looks for mistakes.
  static let check = Command(
    name: "check", summary: "look for mistakes in a graph", usage: "FILE [options]",
    description: """
      Reads a graph and does all that 'compile' does up to the Swift text, without writing anything.
      Mistakes are reported with their places; if there are none, one line says what the graph is.
      FILE is a path, '-' for standard input, or the name of a graph that graphc ships with.
      """,
    examples: ["Graphs/rnn.graph", "Graphs/rnn.graph --dim batch=1 --entry step", "--codes"],
    options: [
      CommandLineOption("--codes", "list the codes of all mistakes, with an example each"),
      CommandLineOption(
        "--entry", value: "NAME", "an entry that must exist: \(Entry.Kind.list)"),
    ] + CompilingOptions.options + [CompilingOptions.seed, CompilingOptions.json]
  ) { arguments, console in
    if arguments.contains("--codes") {
      if let operand = arguments.operands.first {
        throw CommandLineError("'--codes' takes no file, found '\(operand.printable)'")
      }
      console.print(codesText(asJSON: arguments.contains("--json")))
      return 0
    }
    let check = try Check(arguments, console)
    return try check.run(asJSON: arguments.contains("--json"))
  }

}

extension DiagnosticCode {

  /// The codes of all mistakes.
  package static let all: [DiagnosticCode] = parsing + signature + optimizer + driver

}

/// Returns the list of all codes.
private func codesText(asJSON: Bool) -> String {
  if asJSON {
    let codes = DiagnosticCode.all.map { code -> JSON in
      [
        "code": .string(code.name), "summary": .string(code.summary),
        "example": .string(code.example),
      ]
    }
    return JSON.array(codes).printed(.indented) + "\n"
  }
  return DiagnosticCode.all.map { code in
    let lines = code.example.split(separator: "\n", omittingEmptySubsequences: false)
    return "\(code.name): \(code.summary)\n" + lines.map { "    \($0)\n" }.joined()
  }.joined(separator: "\n")
}

/// A search for mistakes.
private struct Check {

  let source: Source
  let options: CompilationOptions
  let entry: String?
  let console: Console

  init(_ arguments: CommandLineArguments, _ console: Console) throws {
    options = try CompilingOptions(arguments).compilation
    _ = try arguments.integer(of: "--seed", in: 0...UInt64.max)
    entry = arguments.value(of: "--entry")
    source = try Source(opening: arguments.operand("the graph"), console: console)
    self.console = console
  }

  func run(asJSON: Bool) throws -> Int32 {
    var diagnostics = DiagnosticSet()
    var module: Module?
    do {
      let original = try source.module(overriding: options.dimensions, warnings: &diagnostics)
      let compilation = try Compilation(original, options: options.completed(for: original))
      diagnostics.insert(contentsOf: compilation.warnings.elements)
      if let entry { try requireEntry(entry, of: compilation.module, from: original) }
      module = compilation.module
      noteMissingStep(original, compilation)
    } catch let error as CompilationError {
      diagnostics.insert(contentsOf: error.diagnostics.elements)
    }
    console.report(diagnostics, in: source)
    if asJSON {
      console.print(json(module, diagnostics).printed(.indented) + "\n")
    } else if let module {
      console.print("\(source.path.printable): ok: \(module.summary)\n")
    }
    return module == nil ? 1 : 0
  }

  /// Says why there is no entry `step`, if a model that scans has none.
  private func noteMissingStep(_ original: Module, _ compilation: Compilation) {
    guard compilation.records.contains(where: { $0.pass == "entries" && !$0.choices.isEmpty }),
      let refusal = stepRefusal(of: original)
    else { return }
    let place = source.place(of: refusal.span).map { "\($0): " } ?? ""
    console.report("\(place)note: \(refusal.message)\n")
  }

  private func json(_ module: Module?, _ diagnostics: DiagnosticSet) -> JSON {
    var members: [JSON.Member] = [
      .init("file", .string(source.path)), .init("ok", .bool(module != nil)),
      .init("diagnostics", .array(diagnostics.sorted.map { $0.json(in: source) })),
    ]
    if let module {
      members += [
        .init("model", .string(module.name)),
        .init("parameters", .integer(module.parameters.count)),
        .init("numbers", .integer(module.numberCount)),
        .init("states", .integer(module.states.count)),
        .init("entries", .array(module.entries.map { .string($0.name) })),
      ]
    }
    return .object(members)
  }

}

/// Throws if `module` has no entry called `name`; where that is `step` or `train`, with the line of
/// `original` that is why.
func requireEntry(_ name: String, of module: Module, from original: Module) throws {
  let names = module.entries.map(\.name)
  if names.contains(name) { return }
  if name == "step", let refusal = stepRefusal(of: original) { throw CompilationError(refusal) }
  if name == "train" { throw CompilationError(.noTrain(at: original.nameSpan)) }
  let near = suggestion(for: name, among: names).map { "; did you mean '\($0)'?" }
  let quoted = names.map { "'\($0)'" }.joined(separator: ", ")
  let all = names.count == 1 ? "; its entry is \(quoted)" : "; its entries are \(quoted)"
  throw RunnerError(.input, "the model has no entry '\(name.printable)'\(near ?? all)")
}

extension Module {

  /// The entry that is meant where none is named: `forward`, or the only one.
  var defaultEntry: String {
    let isOnly = form == .entries && entries.count == 1
    return isOnly ? entries[0].name : Entry.Kind.forward.rawValue
  }

}

extension Diagnostic {

  /// Returns an error reporting that the model at `span` cannot be trained.
  fileprivate static func noTrain(at span: SourceSpan) -> Diagnostic {
    .error(.noTrain, "the model has no 'train' block", at: span)
  }

}

extension Module {

  /// The number of all elements of the parameters.
  var numberCount: Int {
    parameters.reduce(0) { $0 + ($1.type.sizes(in: dimensions) ?? []).reduce(1, *) }
  }

  /// What the model is, in one line.
  var summary: String {
    let names = entries.map(\.name).joined(separator: ", ")
    return "model \(name), \(counted(parameters.count, "parameter")) "
      + "(\(counted(numberCount, "number"))), \(counted(states.count, "state")), "
      + "\(entries.count == 1 ? "entry" : "entries") \(names)"
  }

}

extension Source {

  /// Returns `span` as a line of text names a place, or `nil` if no text wrote it.
  func place(of span: SourceSpan) -> String? {
    guard let file = span.file else { return nil }
    let position = files[file].position(at: span.range.lowerBound)
    return "\(path.printable):\(position.line):\(position.column)"
  }

}

extension Diagnostic {

  /// Returns what a program needs to show `self`.
  fileprivate func json(in source: Source) -> JSON {
    .object(
      [
        .init("severity", .string(severity.rawValue)), .init("code", .string(code.name)),
        .init("message", .string(message)),
      ] + span.json(in: source) + [
        .init(
          "notes",
          .array(
            notes.map { note in
              .object([.init("message", .string(note.message))] + note.span.json(in: source))
            })),
        .init(
          "fixIts",
          .array(
            fixIts.map { fixIt in
              .object(
                [
                  .init("message", .string(fixIt.message)),
                  .init("replacement", .string(fixIt.replacement)),
                ] + fixIt.span.json(in: source))
            })),
      ])
  }

}

extension SourceSpan {

  /// Returns the lines and columns, from one, of the first character and of the one after the last.
  fileprivate func json(in source: Source) -> [JSON.Member] {
    guard let file else { return [] }
    let start = source.files[file].position(at: range.lowerBound)
    let end = source.files[file].position(at: range.upperBound)
    return [
      .init("line", .integer(start.line)), .init("column", .integer(start.column)),
      .init("endLine", .integer(end.line)), .init("endColumn", .integer(end.column)),
    ]
  }

}

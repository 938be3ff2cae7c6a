import Diagnostics
import IR
import Optimizer
import Tensors

extension Command {

  /// Shows what passes do.
  static let passes = Command(
    name: "passes", summary: "show what each pass does to a graph", usage: "FILE [options]",
    description: """
      Runs the passes and prints a line about each: its time, its rewrites, and what it made of the
      graph, with the floating-point operations and the bytes of a call. The stages that are printed
      are graphs themselves. If just one is asked for, standard output holds nothing else, and can be
      saved and compiled. Without any pass ('--passes ""') that is the text as it was read.
      """,
    examples: [
      "Graphs/rnn.graph", "Graphs/rnn.graph --print-changed",
      "Graphs/rnn.graph --print-after cse.2 > stage.graph",
      "Graphs/rnn.graph --passes fold,simplify --diff", "Graphs/rnn.graph --rewrite-limit 3 --diff",
    ],
    options: [
      CommandLineOption(
        "--print-after", value: "NAME",
        "print the graph after a pass (cse.2: after its second run) or all"),
      CommandLineOption("--print-changed", "print the graph after each pass that changes it"),
      CommandLineOption("--diff", "print what changes, not all of the graph"),
      CommandLineOption("--rewrite-limit", value: "N", "stop rewriting after N rewrites"),
      CommandLineOption(
        "--entry", value: "NAME", "the entry to count for: \(Entry.Kind.list) (default: the first)"),
    ] + CompilingOptions.options + [CompilingOptions.seed, CompilingOptions.json]
  ) { arguments, console in
    var options = try CompilingOptions(arguments).compilation
    options.rewriteLimit = try arguments.integer(of: "--rewrite-limit", in: 0...Int.max)
    _ = try arguments.integer(of: "--seed", in: 0...UInt64.max)
    let selection = try StageSelection(arguments)
    let entry = arguments.value(of: "--entry")
    let source = try Source(opening: arguments.operand("the graph"), console: console)
    try console.printPasses(
      options, on: source, selection, entry: entry, asJSON: arguments.contains("--json"))
    return 0
  }

}

extension Console {

  /// Prints what the passes of `options` make of `source`, with the stages of `selection`.
  ///
  /// Where a pass breaks the module, the stages before it are printed before the fault is thrown.
  func printPasses(
    _ options: CompilationOptions, on source: Source, _ selection: StageSelection,
    entry: String? = nil, asJSON: Bool = false
  ) throws {
    let history = try reporting(source) {
      var warnings = DiagnosticSet()
      let module = try source.module(overriding: options.dimensions, warnings: &warnings)
      let history = try PassHistory(module, options, entry: entry ?? module.defaultEntry)
      if let entry, history.fault == nil, history.result.form == .entries {
        try requireEntry(entry, of: history.result, from: module)
      }
      warnings.insert(contentsOf: history.warnings.elements)
      report(warnings, in: source)
      return history
    }
    let stages = try selection.stages(of: history)
    if asJSON {
      print(history.json(printing: stages).printed(.indented) + "\n")
    } else if let stage = selection.onlyStage(of: history, stages) {
      report(history.text)
      print(stage)
    } else {
      print(selection.text(of: history, stages) + history.text)
    }
    if let fault = history.fault { throw fault }
  }

}

/// What passes made of a module, one after the other.
struct PassHistory {

  /// A pass and what it made.
  struct Stage {

    let record: PassRecord

    /// Which run of the pass this is, from one.
    let run: Int

    let text: String
    let cost: Cost

    /// The name that selects this run.
    var name: String { run == 1 ? record.pass : "\(record.pass).\(run)" }

  }

  /// The text as it was read, and its cost.
  let original: String
  let originalCost: Cost

  let stages: [Stage]
  let warnings: DiagnosticSet

  /// What the last of the passes made.
  let result: Module

  /// Why there is no stage after the last, if a pass has broken the module.
  let fault: CompilerFault?

  /// Runs the passes that `options` ask for on `module`, and counts what a call of `entry` costs.
  init(
    _ module: Module, _ options: CompilationOptions, entry: String
  ) throws {
    func cost(_ module: Module) -> Cost {
      module.cost(ofEntry: module.entries.firstIndex { $0.name == entry } ?? 0)
    }
    original = module.description
    originalCost = cost(module)
    var result = module
    var stages: [Stage] = []
    do {
      warnings = try Compilation.optimize(&result, options) { record, module in
        stages.append(
          Stage(
            record: record, run: stages.count { $0.record.pass == record.pass } + 1,
            text: module.description, cost: cost(module)))
      }
      fault = nil
    } catch let error as CompilerFault {
      (warnings, fault) = (DiagnosticSet(), error)
    }
    self.stages = stages
    self.result = result
  }

  /// The text and the cost before the stage at `index`.
  func textBefore(_ index: Int) -> String { index == 0 ? original : stages[index - 1].text }
  func costBefore(_ index: Int) -> Cost { index == 0 ? originalCost : stages[index - 1].cost }

  /// The table of all passes and the choices that they made.
  var text: String {
    if stages.isEmpty { return "" }
    func change<T: Equatable>(_ before: T, _ after: T, _ text: (T) -> String) -> String {
      before == after ? text(after) : "\(text(before)) → \(text(after))"
    }
    var rows = [["pass", "ms", "rewrites", "nodes", "FLOPs", "bytes"]]
    for (i, stage) in stages.enumerated() {
      let record = stage.record
      let before = costBefore(i)
      rows.append([
        record.pass, fixed(record.seconds * 1000, 2), "\(record.rewrites)",
        change(record.nodesBefore, record.nodesAfter) { "\($0)" },
        change(before.flops, stage.cost.flops, short),
        change(before.bytes, stage.cost.bytes, short),
      ])
    }
    return table(rows) + stages.flatMap(\.record.choices).text
  }

  /// Returns the table as a program reads it, with the text of those `printed`.
  func json(printing printed: [Int]) -> JSON {
    .array(
      stages.indices.map { i in
        let (stage, before) = (stages[i], costBefore(i))
        var members: [JSON.Member] = [
          .init("pass", .string(stage.record.pass)),
          .init("milliseconds", .number(stage.record.seconds * 1000)),
          .init("rewrites", .integer(stage.record.rewrites)),
          .init("nodesBefore", .integer(stage.record.nodesBefore)),
          .init("nodesAfter", .integer(stage.record.nodesAfter)),
          .init("flopsBefore", .number(before.flops)),
          .init("flopsAfter", .number(stage.cost.flops)),
          .init("bytesBefore", .number(before.bytes)),
          .init("bytesAfter", .number(stage.cost.bytes)),
          .init("choices", .array(stage.record.choices.map(\.json))),
        ]
        if printed.contains(i) { members.append(.init("text", .string(stage.text))) }
        return .object(members)
      })
  }

}

/// The stages that are printed, and how.
struct StageSelection {

  /// The pass behind which a graph is printed, and which of its runs, from one.
  private let name: String?
  private let run: Int

  private let printsChanged: Bool
  private let printsDifferences: Bool

  init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    printsChanged = arguments.contains("--print-changed")
    printsDifferences = arguments.contains("--diff")
    guard let word = arguments.value(of: "--print-after") else {
      (name, run) = (nil, 1)
      return
    }
    let parts = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    let number = parts.count > 1 ? Int(parts[1]) : 1
    let known = ["all"] + Pass.all.map(\.name)
    guard let name, let number, known.contains(name), parts.count == 1 || name != "all" else {
      throw CompilingOptions.unknown("pass", word, among: known)
    }
    run = number
  }

  /// Returns the positions in `history` of the stages that are asked for; of one that a fault has
  /// prevented, all that are there.
  func stages(of history: PassHistory) throws(CommandLineError) -> [Int] {
    let all = Array(history.stages.indices)
    guard let name else { return printsChanged || printsDifferences ? all : [] }
    if name == "all" { return all }
    let runs = all.filter { history.stages[$0].record.pass == name }
    if history.fault != nil, run > runs.count { return all }
    if runs.isEmpty {
      let passes = history.stages.map(\.name)
      let these = passes.isEmpty ? "none does" : "these do: \(passes.joined(separator: ", "))"
      throw CommandLineError("pass '\(name)' does not run here; \(these)")
    }
    guard let found = runs.first(where: { history.stages[$0].run == run }) else {
      let names = runs.map { history.stages[$0].name }.joined(separator: ", ")
      throw CommandLineError(
        "pass '\(name)' has no run \(run); there \(runs.count == 1 ? "is" : "are") \(names)")
    }
    return [found]
  }

  /// Returns what is printed if just one thing is asked for, or `nil`.
  func onlyStage(of history: PassHistory, _ stages: [Int]) -> String? {
    if history.stages.isEmpty, history.fault == nil { return history.original }
    guard let name, name != "all", stages.count == 1 else { return nil }
    return text(ofStage: stages[0], in: history)
  }

  /// Returns the text of each of `stages` behind a line with the name of the pass.
  func text(of history: PassHistory, _ stages: [Int]) -> String {
    stages.map { i in
      let stage = history.stages[i]
      let heading = "// after '\(stage.record.pass)': "
      guard stage.record.isChanged || !printsChanged && !printsDifferences else {
        return "\(heading)unchanged\n\n"
      }
      let rewrites = counted(stage.record.rewrites, "rewrite")
      return "\(heading)\(rewrites)\n\(text(ofStage: i, in: history))\n"
    }.joined()
  }

  private func text(ofStage index: Int, in history: PassHistory) -> String {
    let stage = history.stages[index]
    guard printsDifferences else { return stage.text }
    return unifiedDiff(
      from: history.textBefore(index), named: "before \(stage.record.pass)", to: stage.text,
      named: "after \(stage.record.pass)")
  }

}

import Diagnostics
import Foundation
import IR
import Optimizer
import Planning
import Runner
import Tensors

extension Command {

  /// Compiles.
  static let compile = Command(
    name: "compile", summary: "compile a graph to a Swift file and a library",
    usage: "FILE [-o DIR] [options]",
    description: """
      Writes a Swift file, the library that it compiles to and a manifest, which 'graphc-run DIR'
      runs, and says what was chosen and why. Files whose content would be the same stay untouched.
      With '--weights', dims on which the shapes of parameters depend get the sizes that the file
      has, unless '--dim' says otherwise.
      """,
    examples: [
      "Graphs/rnn.graph -o build/rnn", "Graphs/rnn.graph --dim batch=1 --target-cpu x86-64-v3",
      "Graphs/rnn.graph --print swift", "names.graph --weights W.safetensors --dim batch=1",
    ],
    options: [
      CommandLineOption(
        "--output-folder", short: "-o", value: "DIR",
        "where the files go (default: MODEL.graphc in this folder)"),
      CommandLineOption(
        "--print", value: "WHAT", "print the plan or the swift text instead of compiling"),
      CommandLineOption(
        "--weights", value: "W.safetensors", "the trained model whose sizes dims should have"),
    ] + CompilingOptions.options + [
      CompilingOptions.debugGraph, CompilingOptions.seed, CompilingOptions.compiler,
      CompilingOptions.json,
    ]
  ) { arguments, console in
    var options = try CompilingOptions(arguments)
    _ = try arguments.integer(of: "--seed", in: 0...UInt64.max)
    let printed = try arguments.value(of: "--print").map(PrintedText.init)
    let source = try Source(opening: arguments.operand("the graph"), console: console)
    if let path = arguments.value(of: "--weights") {
      try options.compilation.fit(DataOptions.safetensors(path), source, console)
    }
    let report = try CompilationReport(source, options.compilation, console)
    if let printed {
      if arguments.contains("--json") {
        throw CommandLineError("'--print' prints a text, which '--json' does not go with")
      }
      console.print(printed.text(of: report.compilation))
      return 0
    }
    let folder =
      arguments.value(of: "--output-folder")
      ?? "\(report.compilation.file.symbolPrefix.lowercased()).graphc"
    let artefact = try Artefact(
      report.compilation, Toolchain(options, console: console), folder: folder)
    console.print(
      arguments.contains("--json")
        ? report.json(artefact).printed(.indented) + "\n" : report.text + artefact.text)
    return 0
  }

}

extension CompilationOptions {

  /// Gives dims of `source` the sizes that `weights` have, and says so.
  ///
  /// Throws if the weights do not fit then.
  fileprivate mutating func fit(
    _ weights: Safetensors, _ source: Source, _ console: Console
  ) throws {
    func module(_ options: CompilationOptions) throws -> Module {
      try console.reporting(source) {
        var ignored = DiagnosticSet()
        return try source.module(overriding: options.dimensions, warnings: &ignored)
      }
    }
    for (name, size) in try module(self).sizes(fitting: weights) ?? []
    where !dimensions.contains(where: { $0.name == name }) {
      dimensions.append((name, size))
      console.note("\(name) = \(size) from the weights")
    }
    _ = try WeightMapping(module(self), convention: nil).parameters(in: weights)
  }

}

/// A text that is printed instead of compiling.
private enum PrintedText: String, CaseIterable {

  case plan
  case swift

  init(_ name: String) throws(CommandLineError) {
    guard let text = Self(rawValue: name) else {
      throw CompilingOptions.unknown("text", name, among: Self.allCases.map(\.rawValue))
    }
    self = text
  }

  func text(of compilation: Compilation) -> String {
    switch self {
    case .plan: compilation.plan.description
    case .swift: compilation.file.text
    }
  }

}

/// The files of a compiled model.
private struct Artefact {

  /// A file that was written, or had its content already.
  struct File {

    let path: String
    let size: Int
    let isChanged: Bool

  }

  let files: [File]
  let library: CompileCache.Library
  let target: TargetCPU

  /// Compiles `compilation` and writes its files into `folder`: nothing unless that succeeds.
  init(_ compilation: Compilation, _ toolchain: Toolchain, folder: String) throws {
    let library = try toolchain.library(of: compilation)
    let bytes = try readFile(library.path, limit: 1 << 30)
    let manifest = try compilation.manifest(compiler: toolchain.compiler.version).encoded()
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw EnvironmentError(
        .files, "cannot make the folder '\(folder.printable)': \(systemMessage())")
    }
    var files: [File] = []
    // The manifest, which names the others, comes last.
    let contents = [
      (compilation.sourceName, Array(compilation.file.text.utf8)),
      (compilation.libraryName, bytes), (Manifest.fileName, manifest),
    ]
    for (name, content) in contents {
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      let isChanged = try writeFileIfChanged(content, to: path)
      files.append(File(path: path, size: content.count, isChanged: isChanged))
    }
    self.files = files
    self.library = library
    self.target = compilation.options.target
  }

  /// The lines about the files.
  var text: String {
    let time = duration(library.seconds)
    let result = library.wasCached ? "cached, \(time)" : time
    let rows = files.map { file in
      [file.path.printable, "\(grouped(file.size)) bytes", file.isChanged ? "" : "unchanged"]
    }
    return "compiled for \(target.name): \(result)\n" + table(rows, indentation: "  ")
  }

}

/// What a person, or a program, wants to know of a compilation.
private struct CompilationReport {

  /// What a part of the model does.
  struct Part {

    let name: String
    let nodesBefore: Int?
    let nodesAfter: Int
    let kernels: Int
    let workspaceBytes: Int

    /// `nil` for `bind`.
    let cost: Cost?

  }

  let compilation: Compilation
  let parts: [Part]

  /// Compiles `source` up to its Swift text and reports its warnings.
  init(
    _ source: Source, _ options: CompilationOptions, _ console: Console
  ) throws {
    var warnings = DiagnosticSet()
    // The lines of each entry before the passes that change them.
    var nodesBefore: [String: Int] = [:]
    let compilation = try console.reporting(source) {
      let module = try source.module(overriding: options.dimensions, warnings: &warnings)
      return try Compilation(
        module, options: options.completed(for: module), warnings: warnings,
        observe: { record, module in
          guard nodesBefore.isEmpty, module.form == .entries else { return }
          for i in module.entries.indices {
            nodesBefore[module.entries[i].name] = module.cost(ofEntry: i).nodes
          }
        }, location: source.location)
    }
    console.report(compilation.warnings, in: source)
    let module = compilation.module
    let plan = compilation.plan
    var parts = module.entries.indices.map { i in
      let cost = module.cost(ofEntry: i)
      return Part(
        name: module.entries[i].name, nodesBefore: nodesBefore[module.entries[i].name],
        nodesAfter: cost.nodes, kernels: plan.entries[i].kernelCount,
        workspaceBytes: plan.entries[i].workspaceBytes, cost: cost)
    }
    parts.append(
      Part(
        name: plan.bind.name, nodesBefore: nil, nodesAfter: module.bind.graph.body.nodes.count,
        kernels: plan.bind.kernelCount, workspaceBytes: plan.bind.workspaceBytes, cost: nil))
    self.compilation = compilation
    self.parts = parts
  }

  private var choices: [PassContext.Choice] { compilation.records.flatMap(\.choices) }

  /// The lines that a person reads.
  var text: String {
    var rows = [["", "nodes", "kernels", "arena bytes", "FLOPs a call"]]
    for part in parts {
      let before = part.nodesBefore.map { "\($0) → " } ?? ""
      rows.append([
        part.name, "\(before)\(part.nodesAfter)", "\(part.kernels)",
        grouped(part.workspaceBytes), part.cost.map { short($0.flops) } ?? "",
      ])
    }
    return "\(compilation.module.summary)\n" + choices.text + table(rows, indentation: "  ")
      + "weights: \(grouped(compilation.plan.weightBytes)) bytes\n"
  }

  func json(_ artefact: Artefact) -> JSON {
    [
      "model": .string(compilation.module.name),
      "target": .string(artefact.target.name),
      "choices": .array(choices.map(\.json)),
      "entries": .array(parts.map(\.json)),
      "weightBytes": .integer(compilation.plan.weightBytes),
      "cached": .bool(artefact.library.wasCached),
      "seconds": .number(artefact.library.seconds),
      "files": .array(
        artefact.files.map { file in
          [
            "path": .string(file.path), "bytes": .integer(file.size),
            "changed": .bool(file.isChanged),
          ]
        }),
    ]
  }

}

extension CompilationReport.Part {

  fileprivate var json: JSON {
    [
      "name": .string(name), "nodesBefore": nodesBefore.map { .integer($0) } ?? .null,
      "nodesAfter": .integer(nodesAfter), "kernels": .integer(kernels),
      "arenaBytes": .integer(workspaceBytes), "flops": cost.map { .number($0.flops) } ?? .null,
    ]
  }

}

extension EntryPlan {

  /// The number of calls of kernels in the text, those in loops once.
  fileprivate var kernelCount: Int { Self.kernelCount(of: steps) }

  private static func kernelCount(of steps: [Step]) -> Int {
    steps.reduce(0) { sum, step in
      switch step {
      case .kernel: sum + 1
      case .loop(let loop): sum + kernelCount(of: loop.body) + kernelCount(of: loop.remainder)
      }
    }
  }

}

extension PassContext.Choice {

  /// The choice as a program reads it.
  var json: JSON {
    [
      "pass": .string(pass), "entries": .array(entries.map { .string($0) }),
      "reason": .string(reason),
    ]
  }

  /// The choice as a person reads it.
  fileprivate var text: String {
    let place = entries.isEmpty ? "" : " in \(entries.joined(separator: ", "))"
    return "\(pass)\(place): \(reason)"
  }

}

extension [PassContext.Choice] {

  /// The choices as a person reads them, one line each.
  var text: String { map { "  \($0.text)\n" }.joined() }

}

import Diagnostics
import IR
import Runner
import Tensors

extension Command {

  /// Looks into files of weights.
  static let weights = Command(
    name: "weights", summary: "list weights, see what they fit, or convert them",
    usage: "W.safetensors [options]",
    description: """
      Lists the tensors of a file. With '--for', says which of them fit the parameters of a graph,
      which do not and which are missing, under the convention that is asked for, and what would
      make them fit, if the names and the shapes in the file decide that. The status is 1 if the
      file does not fit.

      A convention is a section of a graph, or of a cell, that says how the tensors of another program
      make up the parameters: their names, their layout, the order of gates. Where a file calls a
      layer or a tensor otherwise, '--map' says so: a name, or a pattern in which '*' matches the
      same text on both sides. The first that applies to a name counts; 'module.*=*' applies to all
      tensors of the file with that prefix, whatever else is said of them. With '--to', '--map' is
      for the file that is saved, and for the one that is read too if that has a convention.

      Layers without biases have none in their files: '--zero "*bias*"' reads zeros for them.
      '--ignore' passes over tensors that the graph has no place for. '--save' writes the weights
      under the names of the graph, or, with '--to', as a convention has them; of a sum of tensors
      the first is written whole and the others as zeros.
      """,
    examples: [
      "W.safetensors", "W.safetensors --for Graphs/lstm.graph",
      "W.safetensors --for Graphs/lstm.graph --convention pytorch \\"
        + "\n      --map rnn=lstm --map linear=output",
      "W.safetensors --for Graphs/deep_lstm.graph --convention pytorch \\"
        + "\n      --map 'lstm.*_l0=layer0.*' --map 'lstm.*_l1=layer1.*' --map decoder=output \\"
        + "\n      --save own.safetensors",
      "own.safetensors --for Graphs/lstm.graph --to pytorch --save W.safetensors",
    ],
    options: [
      CommandLineOption("--for", value: "FILE", "the graph that the weights are for")
    ] + WeightOptions.options + [
      CommandLineOption("--to", value: "NAME", "the convention of what is saved"),
      CommandLineOption("--save", value: "W.safetensors", "where converted weights go"),
      CommandLineOption(
        "--dim", value: "NAME=SIZE", isRepeatable: true, "the size of a dim, in place of the text's"
      ),
      CompilingOptions.json,
    ]
  ) { arguments, console in
    try WeightListing(arguments, console).run()
  }

}

/// A look into a file of weights.
private struct WeightListing {

  let path: String
  let graph: String?
  let options: WeightOptions
  let target: String?
  let savePath: String?
  let dimensions: [(name: String, value: Int)]
  let isJSON: Bool
  let console: Console

  init(_ arguments: CommandLineArguments, _ console: Console) throws {
    path = try arguments.operand("the weights")
    graph = arguments.value(of: "--for")
    options = try WeightOptions(arguments)
    target = arguments.value(of: "--to")
    savePath = arguments.value(of: "--save")
    dimensions = try CompilingOptions.dimensions(arguments)
    isJSON = arguments.contains("--json")
    self.console = console
    if graph == nil {
      let others = WeightOptions.options.map(\.name) + ["--to", "--save", "--dim"]
      for name in others where arguments.contains(name) {
        throw CommandLineError("'\(name)' goes with '--for FILE'")
      }
    }
    if target != nil, savePath == nil {
      throw CommandLineError("'--to' goes with '--save'")
    }
  }

  func run() throws -> Int32 {
    let file = try DataOptions.safetensors(path)
    guard let graph else {
      console.print(isJSON ? json(file) : list(file))
      return 0
    }
    let source = try Source(opening: graph, console: console)
    let module = try console.reporting(source) {
      var warnings = DiagnosticSet()
      return try source.module(overriding: dimensions, warnings: &warnings)
    }
    let isMapped = target == nil || options.convention != nil
    let own = try WeightMapping(
      module, convention: options.convention, renamings: isMapped ? options.renamings : [],
      zeros: options.zeros, ignored: options.ignored)
    let other = try target.map {
      try WeightMapping(module, convention: $0, renamings: options.renamings)
    }
    try other?.checkConvertible()
    let fit = own.fit(file)
    let advice = fit.isComplete ? nil : WeightAdvice(own, file)
    console.print(isJSON ? json(fit, module, advice) : text(fit, module, advice))
    guard fit.isComplete else { return 1 }
    if let idle = fit.idleOptions.first { throw CommandLineError(idle) }
    if let savePath {
      let result = try other?.tensors(of: fit.parameters) ?? Safetensors(fit.parameters)
      try writeFile(result.bytes(), to: savePath)
    }
    return 0
  }

  private func list(_ file: Safetensors) -> String {
    let headings = file.listing
    let width = headings.map(\.name.printable.count).max() ?? 0
    var lines = headings.map { "\($0.name.printable.padded(to: width))  \($0.type)\n" }
    // Extents whose product is too large have been refused.
    let count = headings.reduce(0) { $0 + $1.shape.reduce(1, *) }
    lines.append("\(headings.count) tensors, \(grouped(count)) numbers\n")
    if !file.metadata.isEmpty {
      lines.append(
        "remarks: \(file.metadata.keys.sorted().map(\.string.printable).joined(separator: ", "))\n")
    }
    return lines.joined()
  }

  private func json(_ file: Safetensors) -> String {
    let tensors = file.listing.map { heading -> JSON in
      [
        "name": .string(heading.name), "type": .string(heading.typeName),
        "shape": .array(heading.shape.map { .integer($0) }),
      ]
    }
    let remarks = file.metadata.keys.sorted().map { JSON.string($0.string) }
    let result: JSON = ["tensors": .array(tensors), "remarks": .array(remarks)]
    return result.printed(.indented) + "\n"
  }

  private func text(_ fit: WeightFit, _ module: Module, _ advice: WeightAdvice?) -> String {
    let names = fit.items.map(\.name.printable)
    let width = names.map(\.count).max() ?? 0
    var lines = zip(fit.items, names).map { item, name in
      let verdict = item.verdict.rawValue.padded(to: 9)
      let type =
        switch item.verdict {
        case .fits, .leftOver, .ignored: item.found
        case .missing: item.expected ?? ""
        case .misshapen: "\(item.found), expected \(item.expected ?? "")"
        }
      let equation = item.equation.map { "  \($0)" } ?? ""
      return "\(verdict)  \(name.padded(to: width))  \(type)\(equation)\n"
    }
    let under = options.convention.map { " under convention '\($0)'" } ?? ""
    lines.append(
      fit.isComplete
        ? "the weights fit model '\(module.name)'\(under)\n"
        : "the weights do not fit model '\(module.name)'\(under)\n")
    if !fit.isComplete { lines += fit.idleOptions.map { "\($0)\n" } }
    lines += (advice?.lines ?? []).map { "\($0)\n" }
    return lines.joined()
  }

  private func json(_ fit: WeightFit, _ module: Module, _ advice: WeightAdvice?) -> String {
    let items = fit.items.map { item -> JSON in
      .object(
        [.init("verdict", .string(item.verdict.rawValue)), .init("name", .string(item.name))]
          + (item.found.isEmpty ? [] : [.init("found", .string(item.found))])
          + (item.expected.map { [.init("expected", .string($0))] } ?? [])
          + (item.equation.map { [.init("equation", .string($0))] } ?? []))
    }
    let offers = advice.map { $0.isDecided ? $0.offers : [] } ?? []
    let result: JSON = [
      "model": .string(module.name), "fits": .bool(fit.isComplete),
      "convention": options.convention.map { .string($0) } ?? .null, "tensors": .array(items),
      "would_fit": .array(offers.map(\.json)),
      "undecided": .array((advice?.open ?? []).flatMap(\.json)),
      "advice": .array((advice?.lines ?? []).map { .string($0) }),
    ]
    return result.printed(.indented) + "\n"
  }

}

extension WeightMapping {

  /// The options that ask for the mapping.
  fileprivate var json: JSON {
    [
      "convention": convention.map { .string($0.name) } ?? .null,
      "map": .array(renamings.map { .string($0.text) }),
      "zero": .array(zeros.map { .string($0) }), "ignore": .array(ignored.map { .string($0) }),
    ]
  }

}

extension WeightAdvice.Open {

  /// The layers that names do not decide.
  fileprivate var json: [JSON] {
    ambiguities.map { ambiguity in
      [
        "convention": convention.map { .string($0) } ?? .null,
        "layers": .array(ambiguity.layers.map { .string($0) }),
        "places": .array(ambiguity.places.map { .string($0) }),
      ]
    }
  }

}

extension String {

  /// Returns `self` with spaces after it, at least `width` characters.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

}

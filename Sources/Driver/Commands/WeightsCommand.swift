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
      which do not and which are missing, under the convention that is asked for; without one, under
      each that the graph has. The status is 1 if the file does not fit.

      A convention is a section of a graph, or of a cell, that says how the tensors of another program
      make up the parameters: their names, their layout, the order of gates. Where a file calls a
      layer otherwise, '--map' says so: a name, or a pattern in which '*' stands for the same text on
      both sides; with '--to' it is the layer in the file that is saved, and in the one that is read
      too if that has a convention. Layers without biases have none in their files: '--zero "*bias*"'
      reads zeros for them. '--save' writes the weights under the names of the graph, or, with
      '--to', as a convention has them; of a sum of tensors the first is written whole and the others
      as zeros.
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
      for name in ["--convention", "--map", "--zero", "--to", "--save", "--dim"]
      where arguments.contains(name) {
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
    let own = try WeightMapping(
      module, convention: options.convention, renamings: ownRenamings, zeros: options.zeros)
    let fit = own.fit(file)
    console.print(
      isJSON ? json(fit, module, file) : text(fit, module, file))
    guard fit.isComplete else { return 1 }
    if let savePath {
      var result = Safetensors(fit.parameters)
      if let target {
        result = try WeightMapping(module, convention: target, renamings: options.renamings)
          .tensors(of: fit.parameters)
      }
      try writeFile(result.bytes(), to: savePath)
    }
    return 0
  }

  /// The renamings of the file that is read.
  private var ownRenamings: [WeightMapping.Renaming] {
    target == nil || options.convention != nil ? options.renamings : []
  }

  private func list(_ file: Safetensors) -> String {
    let width = file.entries.map(\.name.count).max() ?? 0
    var lines = file.entries.map { entry in
      "\(entry.name.printable.padded(to: width))  \(entry.tensor.typeText)\n"
    }
    let count = file.entries.reduce(0) { $0 + $1.tensor.elements.count }
    lines.append("\(file.entries.count) tensors, \(grouped(count)) numbers\n")
    if !file.metadata.isEmpty {
      lines.append(
        "remarks: \(file.metadata.keys.sorted().map(\.printable).joined(separator: ", "))\n")
    }
    return lines.joined()
  }

  private func json(_ file: Safetensors) -> String {
    let tensors = file.entries.map { entry -> JSON in
      [
        "name": .string(entry.name), "type": .string(entry.tensor.elements.typeName),
        "shape": .array(entry.tensor.shape.map { .integer($0) }),
      ]
    }
    let remarks = file.metadata.keys.sorted().map { JSON.string($0) }
    let result: JSON = ["tensors": .array(tensors), "remarks": .array(remarks)]
    return result.printed(.indented) + "\n"
  }

  private func text(_ fit: WeightFit, _ module: Module, _ file: Safetensors) -> String {
    let names = fit.items.map(\.name.printable)
    let width = names.map(\.count).max() ?? 0
    var lines = zip(fit.items, names).map { item, name in
      let verdict = item.verdict.rawValue.padded(to: 9)
      let type =
        switch item.verdict {
        case .fits, .leftOver: item.found
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
    if !fit.isComplete { lines += advice(module, file) }
    return lines.joined()
  }

  /// Returns what would fit: conventions as they are, or with layers called otherwise.
  private func advice(_ module: Module, _ file: Safetensors) -> [String] {
    var lines: [String] = []
    for mapping in candidates(module, file) {
      let name = mapping.convention.map { " --convention \($0.name)" } ?? ""
      let maps = mapping.renamings.map { " --map '\($0.file)=\($0.model)'" }.joined()
      let zeros = mapping.zeros.map { " --zero '\($0)'" }.joined()
      lines.append("they would fit with\(name)\(maps)\(zeros)\n")
    }
    return lines
  }

  /// Returns the mappings under which `file` would fit `module`, at most one a convention.
  private func candidates(_ module: Module, _ file: Safetensors) -> [WeightMapping] {
    func mapping(
      _ name: String?, _ renamings: [WeightMapping.Renaming], _ zeros: [String]
    ) -> WeightMapping? {
      try? WeightMapping(module, convention: name, renamings: renamings, zeros: zeros)
    }
    let names = [nil] + module.conventions.map { Optional($0.name) }
    return names.compactMap { name in
      for zeros in [options.zeros, options.zeros + ["*bias*"]] {
        guard let plain = mapping(name, [], zeros) else { continue }
        let found = plain.renamingsThatFit(file)
        for renamings in [ownRenamings, [], found] {
          if let result = mapping(name, renamings, zeros), result.fit(file).isComplete {
            return result
          }
        }
      }
      return nil
    }
  }

  private func json(_ fit: WeightFit, _ module: Module, _ file: Safetensors) -> String {
    let items = fit.items.map { item -> JSON in
      .object(
        [.init("verdict", .string(item.verdict.rawValue)), .init("name", .string(item.name))]
          + (item.found.isEmpty ? [] : [.init("found", .string(item.found))])
          + (item.expected.map { [.init("expected", .string($0))] } ?? [])
          + (item.equation.map { [.init("equation", .string($0))] } ?? []))
    }
    let others = fit.isComplete ? [] : candidates(module, file)
    let result: JSON = [
      "model": .string(module.name), "fits": .bool(fit.isComplete),
      "convention": options.convention.map { .string($0) } ?? .null, "tensors": .array(items),
      "would_fit": .array(
        others.map { mapping in
          [
            "convention": mapping.convention.map { .string($0.name) } ?? .null,
            "map": .array(mapping.renamings.map { .string("\($0.file)=\($0.model)") }),
            "zero": .array(mapping.zeros.map { .string($0) }),
          ]
        }),
    ]
    return result.printed(.indented) + "\n"
  }

}

extension WeightMapping {

  /// Returns renamings under which each layer of the model finds tensors of its shapes in `file`,
  /// the first of the file for the first of the model; none if a layer finds nothing.
  func renamingsThatFit(_ file: Safetensors) -> [Renaming] {
    var layers: [(name: String, tensors: [(name: String, shape: [Int])])] = []
    for equation in equations {
      let shape = shape(of: equation.term)
      for part in equation.tensors {
        guard let dot = part.tensor.lastIndex(of: ".") else { return [] }
        let layer = String(part.tensor[..<dot])
        let entry = (
          name: String(part.tensor[part.tensor.index(after: dot)...]),
          shape: self.shape(of: part, shape)
        )
        if let i = layers.firstIndex(where: { $0.name == layer }) {
          layers[i].tensors.append(entry)
        } else {
          layers.append((layer, [entry]))
        }
      }
    }
    var taken: Set<String> = []
    var result: [Renaming] = []
    for (layer, tensors) in layers {
      let pattern = file.entries.lazy.compactMap { entry -> (prefix: String, suffix: String)? in
        guard !taken.contains(entry.name),
          let (prefix, suffix) = entry.name.split(around: tensors[0].name)
        else { return nil }
        let fits = tensors.allSatisfy { name, shape in
          let full = prefix + name + suffix
          if file[full] == nil { return isZero(full) }
          return !taken.contains(full) && file[full]?.shape == shape
        }
        return fits ? (prefix, suffix) : nil
      }.first
      guard let (prefix, suffix) = pattern else { return [] }
      for (name, _) in tensors { taken.insert(prefix + name + suffix) }
      if prefix != "\(layer)." || !suffix.isEmpty {
        result.append(Renaming(file: "\(prefix)*\(suffix)", model: "\(layer).*"))
      }
    }
    return result
  }

}

extension String {

  /// Returns `self` with spaces behind it, at least `width` characters.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  /// Returns what stands before and behind `part`, if it is in `self`: up to a dot, and nothing or
  /// from an underscore on.
  fileprivate func split(around part: String) -> (prefix: String, suffix: String)? {
    let start = lastIndex(of: ".").map { index(after: $0) } ?? startIndex
    guard self[start...].hasPrefix(part) else { return nil }
    let suffix = self[start...].dropFirst(part.count)
    guard suffix.isEmpty || suffix.hasPrefix("_") else { return nil }
    return (String(self[..<start]), String(suffix))
  }

}

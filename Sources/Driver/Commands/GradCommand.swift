import Diagnostics
import IR
import Optimizer
import Runner
import Tensors

extension Command {

  /// Differentiates.
  static let grad = Command(
    name: "grad", summary: "compute a gradient, or print it as a graph", usage: "FILE [options]",
    description: """
      Differentiates an output by parameters, inputs and states, whose gradients are outputs
      'd_<name>'. The gradient of a state is that of the value it has when the call starts. If the
      output is not a single number, its own gradient is given by '--seed-gradient'.

      The gradient is a graph: an entry 'gradient' that takes the inputs of 'forward' and gives the
      output as well. It is compiled and called like any other, or printed with '--print': as it is
      written, or as the passes of '--passes' leave it. What the forward scans keep for the sweep back
      is reported.
      """,
    examples: [
      "Graphs/rnn.graph --of logits --by W_hh,b_h --print",
      "Graphs/rnn.graph --of logits --by W_hh --seed-gradient G.npy --input tokens=T.npy \\"
        + "\n      --weights W.safetensors --output d_W_hh=D.npy",
    ],
    options: [
      CommandLineOption("--of", value: "OUTPUT", "the output to differentiate"),
      CommandLineOption("--by", value: "A,B", "the parameters, inputs and states"),
      CommandLineOption(
        "--seed-gradient", value: "G.npy", "the gradient of the output (a number's is 1)"),
      CommandLineOption("--print", "print the graph and compute nothing"),
    ] + DataOptions.options + WeightOptions.options + [
      CommandLineOption("--interpret", "answer from the interpreter, in double precision")
    ] + CompilingOptions.options + [CompilingOptions.compiler]
  ) { arguments, console in
    let options = try CompilingOptions(arguments)
    let data = try DataOptions(arguments)
    let weights = try WeightOptions(arguments)
    guard let output = arguments.value(of: "--of"), !output.isEmpty else {
      throw CommandLineError("'--of' is missing: the output to differentiate")
    }
    let names = (arguments.value(of: "--by") ?? "").split(separator: ",").map(String.init)
    if names.isEmpty {
      throw CommandLineError("'--by' is missing: the parameters, inputs and states")
    }
    for (i, name) in names.enumerated() where names[..<i].contains(name) {
      throw CommandLineError("'--by' names '\(name.printable)' twice")
    }
    let source = try Source(opening: arguments.operand("the graph"), console: console)
    let seedPath = arguments.value(of: "--seed-gradient")
    var warnings = DiagnosticSet()
    let (module, kept, seeds) = try console.reporting(source) {
      let original = try source.module(
        overriding: options.compilation.dimensions, warnings: &warnings)
      return try original.preparedForGradients(options.compilation).withGradient(
        of: [output], by: names, isSeeded: seedPath != nil, options.compilation)
    }
    console.report(warnings, in: source)
    console.report(kept.text(in: module.dimensions))
    if arguments.contains("--print") {
      var result = module
      if options.compilation.passes != nil {
        result = try console.reporting(source) { try module.withEntries(options.compilation) }
      }
      console.print(result.description)
      return 0
    }
    var inputs = try data.readInputs()
    if let seed = seeds[0], module.entries[0].inputs.contains(where: { $0.name == seed }) {
      if let seedPath {
        inputs[seed] = try DataOptions.tensor(DataOptions.File(name: seed, path: seedPath))
      } else if inputs[seed] == nil {
        throw RunnerError(
          .input,
          "the output '\(output.printable)' is not a single number: '--seed-gradient' is missing")
      }
    }
    let entry = module.entries[0].name
    let parameters = try weights.parameters(in: data.readWeights(), of: module)
    func check(_ manifest: Manifest) throws(RunnerError) {
      try manifest.checkOutputs(data.outputs.map(\.name), of: entry)
      _ = try manifest.arguments(of: entry, inputs, steps: data.steps)
    }
    let session: any ModelSession
    if arguments.contains("--interpret") {
      session = InterpretedSession(
        try console.reporting(source) { try module.withEntries(options.compilation) })
      try check(session.manifest)
    } else {
      let compilation = try console.reporting(source) {
        try Compilation(module, options: options.compilation.completed(for: module))
      }
      // Before the Swift compiler, which takes seconds.
      try check(compilation.manifest())
      session = try Session(
        Toolchain(options, console: console).model(of: compilation), threads: options.threads)
    }
    try session.bind(parameters, seed: data.seed)
    let results = try session.run(entry: entry, inputs: inputs, steps: data.steps)
    console.print(try session.finish(entry, results, data))
    return 0
  }

}

extension [Gradient.Kept] {

  /// A line about what forward scans keep for the sweep back; none if they keep nothing.
  fileprivate func text(in dimensions: [Dimension]) -> String {
    if isEmpty { return "" }
    var sum = 0
    let values = map { kept in
      let bytes = 4 * (kept.type.sizes(in: dimensions) ?? []).reduce(1, *)
      sum += bytes
      return "\(kept.name) '\(kept.type.description(in: dimensions))' (\(grouped(bytes)) bytes)"
    }
    return "note: \(grouped(sum)) bytes are kept for the sweep back: "
      + "\(values.joined(separator: ", "))\n"
  }

}

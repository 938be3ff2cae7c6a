import Diagnostics
import IR
import Runner
import Tensors

extension Command {

  /// Compares.
  static let verify = Command(
    name: "verify", summary: "compare the compiled model with the interpreter",
    usage: "FILE [options]",
    description: """
      Calls every entry of the compiled model and of the interpreter, which computes in double
      precision, on the same random numbers, and compares outputs and states. Parameters are drawn
      uniformly within 1 / sqrt(n) of zero, where n is the last extent but one (or the only one),
      inputs within 1, indices within their range. States start as declared and are carried from call
      to call.

      Numbers may differ by 1e-5 times the largest expected magnitude, or by 1e-5 if that is larger.
      Indices and truth values must be equal, unless numbers that differ by less would change them. The
      exit status is 1 if something else differs. A stage that 'passes' has printed is compared with
      itself: what the passes before it did wrong is not seen.
      """,
    examples: ["Graphs/rnn.graph", "Graphs/rnn.graph --dim batch=3 --dim hidden=17 --calls 100"],
    options: [
      CommandLineOption(
        "--entry", value: "NAME", "what to call: \(Entry.Kind.list) (default: all)"),
      CommandLineOption("--calls", value: "N", "how often each entry is called (default: 2)"),
      CommandLineOption("--steps", value: "N", "the steps of calls that count them (default: all)"),
    ] + CompilingOptions.options
      + [CompilingOptions.seed, CompilingOptions.compiler, CompilingOptions.json]
  ) { arguments, console in
    let options = try CompilingOptions(arguments)
    let seed = try arguments.integer(of: "--seed", in: 0...UInt64.max) ?? 0
    let calls = try arguments.integer(of: "--calls", in: 1...1_000_000) ?? 2
    let steps = try arguments.integer(of: "--steps", in: 0...Int(Int32.max))
    let entry = arguments.value(of: "--entry")
    let source = try Source(opening: arguments.operand("the graph"), console: console)
    let (original, compilation) = try console.reporting(source) {
      var warnings = DiagnosticSet()
      let module = try source.module(
        overriding: options.compilation.dimensions, warnings: &warnings)
      if !module.finishedPasses.isEmpty {
        let passes = module.finishedPasses.map { "'\($0)'" }.joined(separator: ", ")
        console.note(
          "passes have made this graph (\(passes)): it is compared with itself, not with the graph "
            + "that they began with")
      }
      let compilation = try Compilation(
        module, options: options.compilation.completed(for: module), warnings: warnings)
      if let entry { try requireEntry(entry, of: compilation.module, from: module) }
      var plain = options.compilation
      plain.passes = []
      return (try module.withEntries(plain), compilation)
    }
    console.report(compilation.warnings, in: source)
    let model = try Toolchain(options, console: console).model(of: compilation)
    let names = entry.map { [$0] } ?? compilation.module.entries.map(\.name)
    let verification = Verification(
      expected: original, compiled: model, seed: seed, threads: options.threads,
      calls: calls, steps: steps)
    try verification.checkSteps(of: names)
    let comparisons = try names.flatMap(verification.compare)
    let isEqual = comparisons.allSatisfy(\.isWithinTolerance)
    if arguments.contains("--json") {
      let answer: JSON = [
        "ok": .bool(isEqual), "seed": .string("\(seed)"), "calls": .integer(calls),
        "values": .array(comparisons.map(\.json)),
      ]
      console.print(answer.printed(.indented) + "\n")
    } else {
      console.print(comparisons.map { "\($0.summary)\n" }.joined())
    }
    return isEqual ? 0 : 1
  }

}

import Diagnostics
import IR
import Tensors

extension Command {

  /// Compares gradients with differences.
  static let gradcheck = Command(
    name: "gradcheck", summary: "compare the gradients of a graph with differences",
    usage: "FILE [options]",
    description: """
      Computes the gradients by all parameters, inputs and states that are numbers, in double
      precision, on a small instance of the model: dims are shrunk (batch to 2, num_steps to 4,
      hidden to 5, others above 8 to 6, 7 or 8) unless '--dim' gives them. What is differentiated is a
      sum of all outputs with random factors.

      At most 64 elements of a tensor are compared with central differences. The error of a tensor is
      the largest difference, divided by the largest derivative or by 0.001 if that is larger. Where
      the function has a kink the element is skipped. The exit status is 1 if an error is above 1e-6
      or more than a tenth of the elements are skipped.
      """,
    examples: ["Graphs/rnn.graph", "Graphs/rnn.graph --dim hidden=3 --seed 7"],
    options: CompilingOptions.options + [CompilingOptions.seed, CompilingOptions.json]
  ) { arguments, console in
    var options = try CompilingOptions(arguments).compilation
    let seed = try arguments.integer(of: "--seed", in: 0...UInt64.max) ?? 0
    let source = try Source(opening: arguments.operand("the graph"), console: console)
    let check = try console.reporting(source) {
      options.dimensions = try GradientCheck.smallDimensions(of: source, options.dimensions)
      var warnings = DiagnosticSet()
      let module = try source.module(overriding: options.dimensions, warnings: &warnings)
      return try GradientCheck(try module.preparedForGradients(options), seed: seed, options)
    }
    let findings = try check.findings(seed: seed)
    let probes = findings.reduce(0) { $0 + $1.probes }
    let skipped = findings.reduce(0) { $0 + $1.skipped }
    let worst = findings.max { $0.error < $1.error }
    let isRight =
      (worst?.error ?? 0) <= GradientCheck.tolerance
      && Double(skipped) <= GradientCheck.skippedLimit * Double(probes)
    if arguments.contains("--json") {
      let answer: JSON = [
        "ok": .bool(isRight), "seed": .string("\(seed)"), "probes": .integer(probes),
        "skipped": .integer(skipped), "tensors": .array(findings.map(\.json)),
      ]
      console.print(answer.printed(.indented) + "\n")
      return isRight ? 0 : 1
    }
    console.print(findings.map { "\($0.summary)\n" }.joined())
    let error = worst.map { "\(scientific($0.error)), of \($0.name)" } ?? "none"
    console.print(
      "worst error: \(error); \(skipped) of \(counted(probes, "probe")) skipped: "
        + "\(isRight ? "ok" : "WRONG")\n")
    return isRight ? 0 : 1
  }

}

extension GradientCheck.Finding {

  /// The finding as a program reads it.
  fileprivate var json: JSON {
    [
      "name": .string(name), "kind": .string(kind), "elements": .integer(count),
      "probes": .integer(probes), "skipped": .integer(skipped), "largest": .number(largest),
      "error": error.isFinite ? .number(error) : .null,
    ]
  }

}

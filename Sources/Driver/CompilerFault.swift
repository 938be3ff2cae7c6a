import Diagnostics
import Foundation
import IR
import Optimizer
import Runner
import Tensors

/// A mistake of graphc itself: a module or a plan that it has made breaks a rule that holds for
/// all.
package struct CompilerFault: Error, Equatable, Sendable {

  /// A graph that shows the fault, and what repeats it.
  package struct Evidence: Equatable, Sendable {

    /// What the graph is.
    package let subject: String

    /// The name of the file that the text goes to.
    package let fileName: String

    package let text: String

    /// The command of `graphc` and its options; the file comes between them.
    package let command: String
    package let options: [String]

  }

  /// The exit status of a command that ends with such an error.
  package static let exitStatus: Int32 = 4

  /// What is broken, without a final period.
  package let message: String

  /// How it is broken, at least one sentence.
  package let errors: [String]

  /// `nil` if the graph that was read is ill-formed itself.
  package let evidence: Evidence?

  /// Creates the fault of the pass that `broken` is about, in a compilation for `options`.
  init(_ broken: BrokenInvariant, _ options: CompilationOptions) {
    errors = broken.errors
    guard let pass = broken.pass, let before = broken.before else {
      message = "the graph is ill-formed before the first pass"
      evidence = nil
      return
    }
    message = "pass '\(pass)' leaves an ill-formed graph"
    let limit = broken.rewritesLeft.map { ["--rewrite-limit", "\($0)"] } ?? []
    evidence = Evidence(
      subject: "the graph before the pass", fileName: "graphc-fault-\(pass).graph",
      text: before.description, command: "passes",
      options: ["--passes", pass] + limit + options.repetition)
  }

  /// Creates the fault of a plan with `errors`, made from `module` in a compilation for `options`.
  init(planning errors: [String], of module: Module, _ options: CompilationOptions) {
    self.errors = errors
    message = "the plan cannot be carried out"
    evidence = Evidence(
      subject: "the graph that was planned", fileName: "graphc-fault-plan.graph",
      text: module.description, command: "check",
      options: ["--passes", "''"] + options.repetition)
  }

  /// Writes the evidence to the first of `folders` that takes it, and returns the lines that a
  /// command prints.
  func report(savingTo folders: [String]) -> String {
    var lines = ["error: \(message): \(errors[0])"]
    lines += errors.dropFirst().map { "  \($0)" }
    lines.append("note: this is a fault of graphc, not of the model")
    if let evidence {
      let paths = folders.map { $0 == "." ? evidence.fileName : "\($0)/\(evidence.fileName)" }
      let saved = paths.first { path in
        (try? writeFile(Array(evidence.text.utf8), to: path)) != nil
      }
      if let saved {
        let words = ["graphc", evidence.command, saved] + evidence.options
        lines.append("note: \(evidence.subject) is in '\(saved)'; this repeats the fault:")
        lines.append("  \(words.joined(separator: " "))")
      } else {
        lines.append("note: \(evidence.subject) cannot be written to a file")
      }
    }
    return lines.map { "\($0.printable)\n" }.joined()
  }

}

extension CompilationOptions {

  /// The options of a command that compiles for the same target in the same way, whatever sizes the
  /// text has.
  fileprivate var repetition: [String] {
    var result = ["--target-cpu", target.name]
    if schedule != .auto { result += ["--schedule", schedule.rawValue] }
    switch unrolling {
    case .auto: break
    case .by(let count): result += ["--unroll", "\(count)"]
    case .full: result += ["--unroll", "full"]
    }
    return result
  }

}

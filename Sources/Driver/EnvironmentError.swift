import Diagnostics
import Tensors

/// A reason outside graphc and its input for which a command cannot do its work.
package struct EnvironmentError: Error, Equatable, Sendable {

  /// What failed.
  package enum Kind: Equatable, Sendable {

    /// There is no Swift compiler.
    case missingCompiler

    /// The Swift compiler cannot be used.
    case brokenCompiler

    /// The Swift compiler refused a file that graphc wrote.
    case failedCompile

    /// A file or a folder cannot be read, written or trusted.
    case files

    /// The machine cannot run what was asked for.
    case machine

    /// The signal of that number asked the command to end, which its process then should, by
    /// raising the signal once more.
    case interrupted(signal: Int32)

  }

  /// The exit status of a command that ends with such an error.
  package static let exitStatus: Int32 = 3

  package let kind: Kind

  /// What is wrong, without a final period.
  package let message: String

  /// What another program said about it; may be empty or have many lines.
  package let output: String

  /// Creates an error.
  package init(_ kind: Kind, _ message: String, output: String = "") {
    self.kind = kind
    self.message = message
    self.output = output
  }

  /// Creates an error about a file.
  package init(_ error: FileError) {
    self.init(.files, error.message)
  }

  /// The lines that a command prints: `error: …` and what another program said, indented.
  package var rendered: String {
    let lines = output.split(separator: "\n").map { "  \(String($0).printable)\n" }
    return "error: \(message)\(lines.isEmpty ? "" : ":")\n" + lines.joined()
  }

}

import Diagnostics
import Tensors

/// A reason for which a compiled model cannot be loaded or run.
package struct RunnerError: Error, Equatable, Sendable {

  /// Whose mistake an error reports.
  package enum Kind: Int32, Sendable {

    /// A file, a tensor or a name is wrong.
    case input = 1

    /// The command line is wrong.
    case commandLine = 2

    /// The machine does not allow it: no memory, an unreadable library.
    case environment = 3

  }

  package let kind: Kind

  /// The file that the error is about, if there is one.
  package let file: String?

  /// What is wrong, without a final period.
  package let message: String

  /// The single facts behind `message`, one line each.
  package let details: [String]

  /// Creates an error.
  package init(
    _ kind: Kind, _ message: String, file: String? = nil, details: [String] = []
  ) {
    self.kind = kind
    self.file = file
    self.message = message
    self.details = details
  }

  /// Creates an error about a file that cannot be read or written.
  package init(_ error: FileError) {
    self.init(error.cause == .input ? .input : .environment, error.message)
  }

  /// The exit status of a command that ends with this error.
  package var exitStatus: Int32 { kind.rawValue }

  /// The lines that a command prints: `error: …`, or `FILE: error: …`, and the details indented.
  package var rendered: String {
    let heading = (file.map { "\($0.printable): " } ?? "") + "error: \(message)"
    return ([heading + (details.isEmpty ? "" : ":")] + details.map { "  \($0)" })
      .map { "\($0)\n" }.joined()
  }

}

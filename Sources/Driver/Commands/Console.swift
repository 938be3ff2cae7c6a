import Diagnostics
import Foundation
import Tensors

/// What a command reads besides files, and where its text goes.
package struct Console {

  /// The variables of the process's environment.
  package let environment: [String: String]

  /// `true` iff diagnostics are coloured.
  package let isColored: Bool

  /// The number of columns of the terminal that standard error goes to; `nil` if it goes elsewhere.
  package let terminalWidth: Int?

  /// The folders that a graph which shows a fault of graphc may be written to: the first that takes
  /// it gets it.
  package let faultFolders: [String]

  /// Takes the text for standard output: results.
  package let print: (String) -> Void

  /// Returns why a text for standard output is lost, if one is.
  package let outputFailure: () -> FileError?

  /// Takes the text for standard error: diagnostics, notes and progress.
  package let report: (String) -> Void

  /// Returns all of standard input, which may have up to the given number of bytes.
  package let readInput: (Int) throws(FileError) -> [UInt8]

  /// Creates a console.
  package init(
    environment: [String: String], isColored: Bool = false, terminalWidth: Int? = nil,
    faultFolders: [String] = [".", FileManager.default.temporaryDirectory.path],
    print: @escaping (String) -> Void, outputFailure: @escaping () -> FileError? = { nil },
    report: @escaping (String) -> Void,
    readInput: @escaping (Int) throws(FileError) -> [UInt8] = { _ in [] }
  ) {
    self.environment = environment
    self.isColored = isColored
    self.terminalWidth = terminalWidth
    self.faultFolders = faultFolders
    self.print = print
    self.outputFailure = outputFailure
    self.report = report
    self.readInput = readInput
  }

  /// Returns the console of this process, whose standard streams it prepares.
  package static func standard() -> Console {
    prepareStandardStreams()
    let environment = ProcessInfo.processInfo.environment
    let output = StandardOutput()
    // https://no-color.org: any value but an empty one.
    let isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    return Console(
      environment: environment, isColored: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty,
      terminalWidth: isTerminal ? columns(of: STDERR_FILENO) : nil,
      print: output.write, outputFailure: { output.failure },
      // There is nowhere to say that this is lost.
      report: { try? write($0, to: STDERR_FILENO, named: "standard error") },
      readInput: readStandardInput)
  }

  /// Reports a line that explains what is done.
  func note(_ message: String) {
    report("note: \(message)\n")
  }

}

/// Standard output, and whether it could be written.
///
/// A class, because the closures of a console share it.
private final class StandardOutput {

  private(set) var failure: FileError?

  /// Writes `text`, unless writing has failed before.
  func write(_ text: String) {
    guard failure == nil else { return }
    do {
      try Tensors.write(text, to: STDOUT_FILENO, named: "standard output")
    } catch {
      failure = error
    }
  }

}

/// Returns the number of columns of the terminal `file`; 80 if it does not say.
private func columns(of file: Int32) -> Int {
  var size = winsize()
  return ioctl(file, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
}

/// Returns all of standard input, which may have up to `limit` bytes.
private func readStandardInput(limit: Int) throws(FileError) -> [UInt8] {
  var result: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  // Each round adds a byte or ends.
  while true {
    let count = read(STDIN_FILENO, &chunk, chunk.count)
    if count == 0 { return result }
    if count < 0 {
      if errno == EINTR { continue }
      throw FileError("cannot read standard input: \(systemMessage())", cause: .environment)
    }
    guard count <= limit - result.count else {
      throw FileError(
        "cannot read standard input: found more than \(limit) bytes, expected at most that",
        cause: .input)
    }
    result += chunk[..<count]
  }
}

import Diagnostics
import Graphs
import Tensors

extension Source {

  /// Opens what an operand calls `path`: a file, `-` for standard input, or a shipped graph where
  /// there is no such file.
  init(opening path: String, console: Console) throws(FileError) {
    if path == "-" {
      try self.init(
        path: "<stdin>", read: console.readInput(CompilationOptions.fileLimit))
      return
    }
    do {
      try self.init(path: path)
    } catch {
      guard error.cause == .input, let text = Self.shippedText(path) else { throw error }
      console.note("there is no file '\(path.printable)'; this is the one that graphc ships with")
      self.init(path: path, utf8: Array(text.utf8))
    }
  }

  /// Returns the text of the shipped graph that `path` names in a checkout, or by its file's name.
  private static func shippedText(_ path: String) -> String? {
    let folder = "Graphs/"
    let name = path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    return EmbeddedGraphs.text(named: name)
  }

}

extension Console {

  /// Reports `diagnostics` about `source`, in the order of their places.
  func report(_ diagnostics: DiagnosticSet, in source: Source) {
    for diagnostic in diagnostics.sorted {
      report(diagnostic.rendered(in: source.files, colored: isColored))
    }
  }

  /// Returns what `body` does; reports what is wrong with `source` if it throws that.
  func reporting<R>(_ source: Source, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as CompilationError {
      report(error.diagnostics, in: source)
      throw ReportedFailure(status: 1)
    }
  }

}

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
      // The name of a shipped graph, or its path in a checkout.
      let folder = "Graphs/"
      let name = path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
      guard error.cause == .input else { throw error }
      guard let file = EmbeddedGraphs.fileName(of: name),
        let text = EmbeddedGraphs.text(named: file)
      else {
        let stems = EmbeddedGraphs.names.map { String($0.dropLast(".graph".count)) }
        let stem = name.hasSuffix(".graph") ? String(name.dropLast(".graph".count)) : name
        guard let near = suggestion(for: stem, among: stems) else { throw error }
        throw FileError("\(error.message); did you mean '\(near).graph'?", cause: .input)
      }
      let isWhole = file == name
      console.note(
        "there is no file '\(path.printable)'; this is the \(isWhole ? "one" : "'\(file)'") that "
          + "graphc ships with")
      self.init(path: isWhole ? path : file, utf8: Array(text.utf8))
    }
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

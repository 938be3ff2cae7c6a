import Diagnostics
import IR

@testable import Parsing

/// What parsing a text gives.
struct Outcome {

  let module: Module?
  let diagnostics: [Diagnostic]
  let files: SourceFiles

  /// The codes of the diagnostics, in the order of their places.
  var codes: [String] { diagnostics.map(\.code.name) }

  /// The diagnostics as a person sees them.
  var rendered: String { diagnostics.map { $0.rendered(in: files) }.joined() }

  /// The diagnostics, each as line, column and message.
  var summary: [String] {
    diagnostics.map { d in
      guard let id = d.span.file else { return d.message }
      let place = files[id].position(at: d.span.range.lowerBound)
      return "\(place.line):\(place.column) \(d.message)"
    }
  }

  /// The canonical text of the module.
  var text: String? {
    guard var module else { return nil }
    module.settle()
    return module.description
  }

}

/// Parses `text`.
func parse(_ text: String, overriding dimensions: [(name: String, value: Int)] = []) -> Outcome {
  parse(utf8: Array(text.utf8), overriding: dimensions)
}

/// Parses `text`, which need not be UTF-8.
func parse(utf8 text: [UInt8], overriding dimensions: [(name: String, value: Int)] = []) -> Outcome {
  var files = SourceFiles()
  let file = SourceFile(name: "test.graph", utf8: text)
  let id = files.add(file)
  var diagnostics = DiagnosticSet()
  let module = Parsing.parse(
    file, as: id, overriding: dimensions, diagnostics: &diagnostics)
  return Outcome(module: module, diagnostics: diagnostics.sorted, files: files)
}

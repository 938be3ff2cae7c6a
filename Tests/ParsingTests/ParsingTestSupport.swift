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
func parse(
  _ text: String, overriding dimensions: [(name: String, value: Int)] = [],
  knownPasses: [String]? = nil, fixingPasses: [String] = []
) -> Outcome {
  parse(
    utf8: Array(text.utf8), overriding: dimensions, knownPasses: knownPasses,
    fixingPasses: fixingPasses)
}

/// Parses `text`, which need not be UTF-8.
func parse(
  utf8 text: [UInt8], overriding dimensions: [(name: String, value: Int)] = [],
  knownPasses: [String]? = nil, fixingPasses: [String] = []
) -> Outcome {
  var files = SourceFiles()
  let file = SourceFile(name: "test.graph", utf8: text)
  let id = files.add(file)
  var diagnostics = DiagnosticSet()
  let module = Parsing.parse(
    file, as: id, overriding: dimensions, knownPasses: knownPasses,
    fixingPasses: fixingPasses, diagnostics: &diagnostics)
  return Outcome(module: module, diagnostics: diagnostics.sorted, files: files)
}

/// Returns the canonical lines that `lines`, the inside of a model, are read as, without the
/// declarations of the model; or the diagnostics, if there is an error.
///
/// Requires that the canonical text reads back as itself.
func canonical(_ lines: String) -> String {
  let outcome = parse("model M {\n\(lines)\n}\n")
  guard let text = outcome.text else { return outcome.rendered }
  let again = parse(text)
  guard again.text == text else {
    return "not a fixed point:\n\(text)\n\(again.text ?? again.rendered)"
  }
  let declarations = ["dim", "param", "const", "input", "label", "carried", "model", "passes"]
  let body = text.split(separator: "\n").filter { line in
    let word = line.split(separator: " ").first ?? ""
    let isState = line.hasPrefix("  state ") && line.contains(" : ")
    return !isState && !declarations.contains(String(word)) && line != "}"
  }
  return body.map { $0.dropFirst(2) }.joined(separator: "\n")
}

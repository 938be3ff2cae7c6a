import Diagnostics
import IR

/// The most bytes of a text.
private let longestText = 16 << 20

/// Returns the model that `file` describes, or `nil` if something is wrong with it.
///
/// Everything that is found goes to `diagnostics`; warnings alone do not hinder. The values of
/// `dimensions` replace those in the text, unless one of `fixingPasses` is finished. Passes are
/// called as in `knownPasses`, or anyhow if that is `nil`. Cells that the text does not define are
/// those of `library`, which holds the text of each.
///
/// - Complexity: O(*n*), where *n* is the length of the text.
package func parse(
  _ file: SourceFile, as id: SourceFileID,
  overriding dimensions: [(name: String, value: Int)] = [], knownPasses: [String]? = nil,
  fixingPasses: [String] = [], library: [(name: String, text: String)] = [],
  diagnostics: inout DiagnosticSet
) -> Module? {
  var reporter = Reporter(id)
  let module = parse(file, dimensions, knownPasses, fixingPasses, library, &reporter)
  diagnostics.insert(contentsOf: reporter.diagnostics)
  return reporter.containsError ? nil : module
}

private func parse(
  _ file: SourceFile, _ dimensions: [(name: String, value: Int)], _ knownPasses: [String]?,
  _ fixingPasses: [String], _ library: [(name: String, text: String)], _ reporter: inout Reporter
) -> Module? {
  guard file.text.count <= longestText else {
    reporter.report(.fileTooLarge(file.text.count, at: SourceSpan(reporter.file, 0..<0)))
    return nil
  }
  var lexer = Lexer(file, reporter)
  lexer.run()
  reporter = lexer.reporter
  if reporter.isFull { return nil }
  var parser = Parser(file, lexer.list, reporter)
  let syntax = parser.parseModel()
  reporter = parser.reporter
  guard let syntax, !reporter.isFull else { return nil }
  var expander = CellExpander(syntax, library: library, reporter)
  let expanded = expander.run()
  reporter = expander.reporter
  guard !reporter.isFull, !expander.isTooLong else { return nil }
  var resolver = Resolver(
    expanded, dimensions, knownPasses: knownPasses, fixingPasses: fixingPasses, reporter)
  resolver.resolve()
  reporter = resolver.reporter
  return resolver.module
}

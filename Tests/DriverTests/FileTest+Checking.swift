import Diagnostics
import Driver
import Foundation
import IR
import Optimizer
import Parsing

/// The source of a graph; `IR` has another type of that name.
typealias GraphSource = Driver.Source

extension FileTest {

  /// The target that prices, plans and files depend on, the same on every machine.
  static let target: TargetCPU = {
    guard let target = TargetCPU.named("x86-64-v3") else {
      preconditionFailure("the table of targets has 'x86-64-v3'")
    }
    return target
  }()

  /// Does what the header says, where passes are some of `known`, and throws what is wrong; with
  /// `blessing`, a text that differs is written to the file.
  func check(blessing: Bool = FileTest.isBlessing, among known: [Pass] = Pass.all) throws {
    guard hasProse else { throw TestFailure("\(name) does not say in words what must be true") }
    switch commands {
    case ["parse"]: try checkParsing(blessing: blessing)
    case ["check"]: try checkDiagnostics()
    case ["plan"]: try checkPlan(blessing: blessing)
    case ["codegen"]: try checkGeneratedFile(blessing: blessing)
    case ["run"]: try checkRuns()
    default: try checkPasses(passes(among: known), blessing: blessing)
    }
  }

  /// The source without its header and its block `expect`.
  func source() -> GraphSource {
    GraphSource(path: name, utf8: Array(lines.joined(separator: "\n").utf8))
  }

  /// Returns the module of the case, without the comments around it, with the diagnostics that were
  /// found; `nil` if there are errors.
  func parsed(
    _ options: CompilationOptions
  ) -> (module: Module?, diagnostics: [Diagnostic], source: GraphSource) {
    let source = source()
    var diagnostics = DiagnosticSet()
    do throws(CompilationError) {
      var module = try source.module(overriding: options.dimensions, warnings: &diagnostics)
      module.comments = Comments()
      module.endComments = []
      return (module, diagnostics.sorted, source)
    } catch {
      return (nil, error.diagnostics.sorted, source)
    }
  }

  /// Returns the module of the case, whose text has no errors.
  func module(_ options: CompilationOptions) throws -> Module {
    let (module, diagnostics, source) = parsed(options)
    guard let module else {
      throw TestFailure(diagnostics.map { $0.rendered(in: source.files) }.joined())
    }
    return module
  }

  /// Throws unless `diagnostics` are those that the lines expect.
  func compare(_ diagnostics: [Diagnostic], in files: SourceFiles) throws {
    let found = diagnostics.map { d in
      let line = d.span.file.map { files[$0].position(at: d.span.range.lowerBound).line } ?? 0
      return "\(line): \(d.severity.rawValue)(\(d.code.name)): \(d.message)"
    }
    let diff = difference(expectedDiagnostics.sorted(), found.sorted())
    if !diff.isEmpty { throw TestFailure("the diagnostics of \(name) differ:\n\(diff)") }
  }

  /// Compares the text of `module` with the block `expect`, or rewrites that when `blessing`,
  /// unless the graph of the block computes other numbers.
  func compare(_ module: Module, blessing: Bool) throws {
    try compare(module.description, blessing: blessing) {
      try changedNumbers(of: module)
    }
  }

  /// Compares `found` with the block `expect`, or rewrites that when `blessing`, unless
  /// `changedNumbers` says how the numbers of the two differ.
  private func compare(
    _ found: String, blessing: Bool, changedNumbers: () throws -> String? = { nil }
  ) throws {
    let lines = found.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let trimmed = lines.last == "" ? Array(lines.dropLast()) : lines
    let diff = difference(expectation ?? [], trimmed)
    if diff.isEmpty { return }
    if let problem = try changedNumbers() {
      throw TestFailure(
        """
        \(name) gives other numbers than the text that it expects: \(problem)
        \(diff)
        If they are meant to change, remove the block 'expect' by hand
        """)
    }
    if blessing {
      try text(expecting: trimmed).write(toFile: path, atomically: true, encoding: .utf8)
      return
    }
    throw TestFailure("\(name) gives another text than it expects:\n\(diff)\n\(Self.acceptance)")
  }

  /// How a text that has been found is accepted.
  private static let acceptance =
    "After reading every line, accept it by: "
    + "GRAPHC_BLESS=1 swift test -c release --filter FileTests"

  /// Returns how the numbers of `found` differ from those of the graph in the block `expect`, or
  /// `nil` if they do not or the block is not a graph.
  private func changedNumbers(of found: Module) throws -> String? {
    guard let expectation else { return nil }
    let text = expectation.joined(separator: "\n")
    var warnings = DiagnosticSet()
    let source = GraphSource(path: "expect.graph", utf8: Array(text.utf8))
    guard let expected = try? source.module(overriding: [], warnings: &warnings) else { return nil }
    for entry in expected.entries where found.entries.contains(where: { $0.name == entry.name }) {
      let problem = try changeOfNumbers(expected, entry.name, found, entry.name)
      if problem != nil { return problem }
    }
    return nil
  }

  private func checkParsing(blessing: Bool) throws {
    let (module, diagnostics, source) = parsed(try options())
    try compare(diagnostics, in: source.files)
    guard let module else { throw TestFailure("\(name) has errors") }
    try Self.checkRoundTrip(of: module, saying: name)
    try compare(module, blessing: blessing)
  }

  private func checkDiagnostics() throws {
    let (module, diagnostics, source) = parsed(try options())
    try compare(diagnostics, in: source.files)
    if expectedDiagnostics.isEmpty { throw TestFailure("\(name) expects no diagnostics") }
    if let module { try Self.checkRoundTrip(of: module, saying: name) }
  }

  /// Returns the compilation of the case, whose plan is right and whose passes keep the numbers.
  private func checkedCompilation() throws -> Compilation {
    let options = try options()
    let module = try module(options)
    let compilation = try Compilation(module, options: options)
    let errors = compilation.plan.verificationErrors()
    if !errors.isEmpty { throw TestFailure("\(name): \(errors.joined(separator: "; "))") }
    try checkNumbers(module, compilation.module)
    return compilation
  }

  private func checkPlan(blessing: Bool) throws {
    try compare(checkedCompilation().plan.description, blessing: blessing)
  }

  private func checkGeneratedFile(blessing: Bool) throws {
    let compilation = try checkedCompilation()
    let sidecar = "\(path.dropLast(".graph".count)).swift.expected"
    let expected = (try? String(contentsOfFile: sidecar, encoding: .utf8)) ?? ""
    let diff = unifiedDiff(
      from: expected, named: "expected", to: compilation.file.text, named: "found")
    if diff.isEmpty { return }
    if blessing {
      try compilation.file.text.write(toFile: sidecar, atomically: true, encoding: .utf8)
      return
    }
    throw TestFailure(
      "\(name) gives another Swift file than it expects:\n\(diff)\n\(Self.acceptance)")
  }

  /// Throws unless the text of `module` reads back as a module with the same text.
  static func checkRoundTrip(of module: Module, saying name: String) throws {
    let text = module.description
    let source = GraphSource(path: "printed.graph", utf8: Array(text.utf8))
    var warnings = DiagnosticSet()
    let again: Module
    do throws(CompilationError) {
      again = try source.module(overriding: [], warnings: &warnings)
    } catch {
      let errors = error.diagnostics.sorted.map { $0.rendered(in: source.files) }.joined()
      throw TestFailure("\(name): what is printed cannot be read:\n\(errors)\(text)")
    }
    let diff = unifiedDiff(
      from: text, named: "printed", to: again.description, named: "read back")
    if !diff.isEmpty {
      throw TestFailure("\(name): what is printed reads back as another text:\n\(diff)")
    }
  }

  /// Returns how `found` differs from `expected`; empty if it does not.
  private func difference(_ expected: [String], _ found: [String]) -> String {
    func text(_ lines: [String]) -> String { lines.map { "\($0)\n" }.joined() }
    return unifiedDiff(from: text(expected), named: "expected", to: text(found), named: "found")
  }

}

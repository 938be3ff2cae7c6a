import Diagnostics
import Driver
import Foundation
import IR
import Optimizer
import Parsing

/// The source of a graph; `IR` has another type of that name.
typealias GraphSource = Driver.Source

extension FileTest {

  /// The environment variable that has expectations rewritten instead of checked.
  private static let isBlessing = ProcessInfo.processInfo.environment["GRAPHC_BLESS"] == "1"

  /// The target that prices, plans and files depend on, the same on every machine.
  static let target: TargetCPU = {
    guard let target = TargetCPU.named("x86-64-v3") else {
      preconditionFailure("the table of targets has 'x86-64-v3'")
    }
    return target
  }()

  /// Does what the header says and throws what is wrong.
  func check() throws {
    guard hasProse else { throw TestFailure("\(name) does not say in words what must be true") }
    switch commands {
    case ["parse"]: try checkParsing()
    case ["check"]: try checkDiagnostics()
    case ["plan"]: try checkPlan()
    case ["codegen"]: try checkGeneratedFile()
    case ["run"]: try checkRuns()
    default: try checkPasses()
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

  /// Compares `found` with the block `expect`, or rewrites that.
  func compare(_ found: String) throws {
    let lines = found.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let trimmed = lines.last == "" ? Array(lines.dropLast()) : lines
    let diff = difference(expectation ?? [], trimmed)
    if diff.isEmpty { return }
    if Self.isBlessing {
      try text(expecting: trimmed).write(toFile: path, atomically: true, encoding: .utf8)
      return
    }
    throw TestFailure(
      """
      \(name) gives another text than it expects:
      \(diff)
      After reading every line, accept it by: GRAPHC_BLESS=1 swift test --filter FileTests
      """)
  }

  private func checkParsing() throws {
    let (module, diagnostics, source) = parsed(try options())
    try compare(diagnostics, in: source.files)
    guard let module else { throw TestFailure("\(name) has errors") }
    try Self.checkRoundTrip(of: module, saying: name)
    try compare(module.description)
  }

  private func checkDiagnostics() throws {
    let (module, diagnostics, source) = parsed(try options())
    try compare(diagnostics, in: source.files)
    if expectedDiagnostics.isEmpty { throw TestFailure("\(name) expects no diagnostics") }
    if let module { try Self.checkRoundTrip(of: module, saying: name) }
  }

  private func checkPlan() throws {
    let options = try options()
    let compilation = try Compilation(try module(options), options: options)
    let errors = compilation.plan.verificationErrors()
    if !errors.isEmpty { throw TestFailure("\(name): \(errors.joined(separator: "; "))") }
    try compare(compilation.plan.description)
  }

  private func checkGeneratedFile() throws {
    let options = try options()
    let compilation = try Compilation(try module(options), options: options)
    let sidecar = "\(path.dropLast(".graph".count)).swift.expected"
    let expected = (try? String(contentsOfFile: sidecar, encoding: .utf8)) ?? ""
    let diff = unifiedDiff(
      from: expected, named: "expected", to: compilation.file.text, named: "found")
    if diff.isEmpty { return }
    if Self.isBlessing {
      try compilation.file.text.write(toFile: sidecar, atomically: true, encoding: .utf8)
      return
    }
    throw TestFailure(
      """
      \(name) gives another Swift file than it expects:
      \(diff)
      After reading every line, accept it by: GRAPHC_BLESS=1 swift test --filter FileTests
      """)
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

import Foundation
import IR
import Interpreter
import Testing

@testable import Parsing

/// Whatever operation the language has, everything that must know of it does: that it is in random
/// graphs is a test of those.
@Suite struct OperationCoverageTests {

  /// Models that have every operation together.
  private static let models = GradientCase.operations + GradientCase.scans

  @Test func `every operation has a gradient case`() throws {
    var found: Set<String> = []
    for model in Self.models { found.formUnion(try Self.operations(of: model)) }
    for name in Operation.names { #expect(found.contains(name), "'\(name)' has no gradient case") }
  }

  /// Returns the names of the operations that `model` calls, and of those that it has written as
  /// operators.
  private static func operations(of model: GradientCase) throws -> Set<String> {
    var result = Set(
      model.text.split(separator: "(").dropLast().compactMap { before in
        before.split { !($0.isLetter || $0.isNumber || $0 == "_") }.last.map(String.init)
      })
    for entry in try GradientTests.module(model.text).entries {
      for node in entry.graph.nodes {
        switch node.op {
        case .unary(let f): result.insert(f.rawValue)
        case .binary(let f): result.insert(f.rawValue)
        case .compare(let f): result.insert(f.rawValue)
        default: break
        }
      }
    }
    return result
  }

  /// What the interpreter computes lies within its bound, and for each operation there is a model
  /// whose rounding is bounded: those that choose read numbers that have not been rounded.
  @Test func `every operation has a bound`() throws {
    var bounded: Set<String> = []
    for model in Self.models {
      let text = model.text.replacing("= zeros", with: "= uniform(low: -1, high: 1)")
      let module = try GradientTests.module(text)
      let entry = module.entries[0]
      let analysis = RoundingAnalysis(module, entry, range: 1)
      let values = SeededValues(seed: 4, range: 1)
      let results = try Interpreter(module).evaluate(
        entry: entry.name, parameters: Interpreter(module).parameters(seed: 4),
        inputs: values.inputs(of: entry, in: module), states: values.states(of: module))
      var isBounded = true
      for output in entry.outputs {
        let bound = analysis.bound(of: output.value)
        let value = try #require(results.outputs.first { $0.name == output.name }?.value)
        // The bound and the value are rounded themselves, each to double precision.
        let margin = 1e-12 * (1 + bound.magnitude)
        for x in value.elements {
          let isWithin = bound.lower - margin <= x && x <= bound.upper + margin
          #expect(isWithin, "\(model.text)\n\(bound): \(x)")
        }
        if !(bound.error + bound.magnitude).isFinite { isBounded = false }
      }
      if isBounded { bounded.formUnion(try Self.operations(of: model)) }
    }
    for name in Operation.names { #expect(bounded.contains(name), "'\(name)' has no bound") }
  }

  @Test func `every operation is in the language reference`() throws {
    let path = URL(fileURLWithPath: FileTest.folder + "/../../../Graphs/README.md")
    let reference = try String(contentsOf: path, encoding: .utf8)
    let start = try #require(reference.range(of: "## Operations"))
    let section = reference[start.upperBound...]
    let end = try #require(section.range(of: "\n## "))
    for name in Operation.names {
      let isThere = ["`\(name)(", "`\(name)`"].contains { section[..<end.lowerBound].contains($0) }
      #expect(isThere, "'\(name)' is in no row of the operations")
    }
  }

}

import Driver
import Foundation
import IR
import Optimizer
import Runner
import Testing

@testable import Parsing

/// Random graphs give the same numbers in the interpreter and compiled in several ways.
@Suite struct DifferentialTests {

  /// The seeds that every run of the tests uses. Two cores take three minutes for them, nearly all
  /// of it in 15 calls of the compiler.
  private static let seeds: Range<UInt64> = 1..<209

  /// The two thousand seeds of a sweep: with `GRAPHC_SWEEP=1` those from 1001 on, with
  /// `GRAPHC_SWEEP=2` those from 3001 on; none without.
  ///
  /// `GRAPHC_SWEEP=1 swift test -c release --filter sweepAgrees` takes 33 minutes on two cores.
  private static let sweep: Range<UInt64> = {
    let number = ProcessInfo.processInfo.environment["GRAPHC_SWEEP"].flatMap { UInt32($0) }
    guard let number, number > 0 else { return 0..<0 }
    let first = 2000 * UInt64(number) - 999
    return first..<first + 2000
  }()

  /// Returns parts of `seeds`, the graphs of each of which are compiled in one go, for one target.
  private static func batches(of seeds: Range<UInt64>) -> [Range<UInt64>] {
    let first = (seeds.lowerBound - 1) / 16 * 16 + 1
    return stride(from: first, to: seeds.upperBound, by: 16).map {
      max($0, seeds.lowerBound)..<min($0 + 16, seeds.upperBound)
    }
  }

  /// Returns the forms in which the graph of `seed` is compiled, unless two are the same code.
  private static func forms(_ seed: UInt64) -> [RandomModel.Form] {
    [.plain, .optimized] + (seed % 4 == 1 ? [.hoisted] : [])
      + (seed % 4 == 0 ? [.unrolled] : []) + (seed % 8 == 2 ? [.straight] : [])
  }

  @Test(arguments: batches(of: seeds))
  func compiledCodeAgreesWithTheInterpreter(_ seeds: Range<UInt64>) throws {
    try Self.check(seeds)
  }

  @Test(.enabled(if: !sweep.isEmpty), arguments: batches(of: sweep))
  func sweepAgreesWithTheInterpreter(_ seeds: Range<UInt64>) throws {
    try Self.check(seeds)
  }

  /// Every operation of the language, and every form of a scan, is in some of the graphs.
  @Test func graphsCoverTheLanguage() throws {
    var counts: [String: Int] = [:]
    var (severalStates, trained) = (0, 0)
    for seed in Self.seeds {
      let model = try RandomModel.bounded(seed: seed)
      let text = model.graph.description
      for name in Operation.names
      where text.contains(" \(name)(") || text.contains("(\(name)(") {
        counts[name, default: 0] += 1
      }
      for word in [" reverse", " lengths ", "  scan u", "carried state", " start: ", " @ "] {
        if text.contains(word) { counts[word, default: 0] += 1 }
      }
      severalStates += model.hasScanWithSeveralStates ? 1 : 0
      trained += model.module.entries.contains { $0.updatesParameters } ? 1 : 0
    }
    for name in Operation.names + [" reverse", " lengths ", "  scan u", " start: ", " @ "] {
      #expect(counts[name, default: 0] >= 5, "'\(name)' is in \(counts[name, default: 0]) graphs")
    }
    #expect(severalStates >= 20)
    #expect(trained >= 20)
    #expect(Self.seeds.count >= 200)
  }

  /// What passes do that do not read dimensions is right for other dimensions too.
  @Test func passesKeepDimensionsFree() throws {
    var options = CompilationOptions(target: .native)
    options.passes = Pipeline.standard.passes.filter { !$0.readsDimensions }
    for seed in Array(Self.seeds) + Self.sweep {
      var module = try RandomModel.bounded(seed: seed, trains: false).module
      var optimized = module
      _ = try Compilation.optimize(&optimized, options)
      for d in module.dimensions.ids { module.dimensions[d].value = d.position + 2 }
      optimized.dimensions = module.dimensions
      let values = RandomModel.values(seed: seed)
      for entry in module.entries {
        let results = try VariedResults(isSpecial: !values.specials.isEmpty) {
          try values.evaluate(module, entry: entry.name, reading: $0)
        }
        let problem = results.difference(try values.evaluate(optimized, entry: entry.name)) {
          1e-6 * $1.scale
        }
        #expect(
          problem == nil, "seed \(seed):\n\(module.description)\n\(optimized.description)")
      }
    }
  }

  /// A seed gives the same graph wherever it is used.
  @Test func seedsAreStable() {
    let first = GraphGenerator.graph(seed: 7).description
    #expect(first == GraphGenerator.graph(seed: 7).description)
    #expect(first != GraphGenerator.graph(seed: 8).description)
  }

  /// Throws the smallest failing graph that can be found, if one of those of `seeds` fails.
  private static func check(_ seeds: Range<UInt64>) throws {
    var batch = CompilerBatch(
      "Random\(seeds.lowerBound)", target: RandomModel.target(ofSeed: seeds.lowerBound))
    var models: [(model: RandomModel, form: RandomModel.Form, name: String)] = []
    for seed in seeds {
      let model = try RandomModel.bounded(seed: seed)
      var plans: Set<String> = []
      for form in forms(seed) {
        let name = "G\(seed)_\(form)"
        let isAdded = batch.add(model.module, as: name, options: model.options(form)) {
          var plan = $0
          plan.modelName = ""
          return plans.insert(plan.description).inserted
        }
        if isAdded { models.append((model, form, name)) }
      }
    }
    let outcomes = try batch.outcomes()
    var problems: [String] = []
    for (model, form, name) in models {
      let problem = Shrinking.problem(outcomes[name], of: model)
      guard let problem else { continue }
      problems.append("seed \(model.seed), \(form): \(problem)")
      if problems.count == 1 {
        let small = Shrinking(model, form).smallest()
        problems.append("the smallest graph that fails:\n\(small.graph.description)")
      }
    }
    if !problems.isEmpty { throw TestFailure(problems.joined(separator: "\n")) }
  }

}

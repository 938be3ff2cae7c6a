import Diagnostics
import Driver
import Graphs
import IR
import Interpreter
import Optimizer
import Runner
import Testing

/// Compiled logits and states of `rnn.graph` agree with the interpreter to 1e-5, as long as the
/// recurrent weights are drawn from ±1/√hidden: larger ones are chaotic, and no two precisions
/// agree on them.
@Suite struct RNNAccuracyTests {

  private static let tolerance = 1e-5

  /// What each of four choices can be.
  private static let schedules = PassContext.Schedule.allCases
  private static let unrollings: [PassContext.Unrolling] = [.by(1), .by(4), .full]
  private static let batches = [1, 2, 3, 31, 32, 33]
  private static let widths = [1, 15, 16, 17, 100, 256]

  /// A number of steps that four do not divide.
  private static let steps = 9

  /// A row of choices, as positions in the four lists.
  private typealias Row = [Int]

  /// Rows in which every pair of two choices occurs, found greedily: the next row is that with the
  /// most pairs that no row has yet. Each row has at least one, so this ends.
  private static let coveringRows: [Row] = {
    let counts = [schedules.count, unrollings.count, batches.count, widths.count]
    var rows: [Row] = [[]]
    for n in counts { rows = rows.flatMap { row in (0..<n).map { row + [$0] } } }
    var missing = Set(rows.flatMap(pairs))
    var result: [Row] = []
    while !missing.isEmpty {
      let best = rows.max { a, b in
        missing.intersection(pairs(a)).count < missing.intersection(pairs(b)).count
      }
      guard let best else { break }
      result.append(best)
      missing.subtract(pairs(best))
    }
    return result
  }()

  private static func pairs(_ row: Row) -> [[Int]] {
    row.indices.flatMap { i in row.indices.filter { $0 > i }.map { [i, row[i], $0, row[$0]] } }
  }

  @Test func rowsCoverEveryPair() {
    let covered = Set(Self.coveringRows.flatMap(Self.pairs))
    // Three of one choice and three of the other, three and six four times, six and six.
    #expect(covered.count == 9 + 4 * 18 + 36)
    #expect(Self.coveringRows.count <= 45)
  }

  @Test func logitsAndStatesAgree() throws {
    var batch = CompilerBatch("RNNPairs")
    var modules: [(name: String, module: Module)] = []
    for row in Self.coveringRows {
      var options = CompilationOptions(target: .native)
      options.schedule = Self.schedules[row[0]]
      options.unrolling = Self.unrollings[row[1]]
      let module = try Self.module(batch: Self.batches[row[2]], hidden: Self.widths[row[3]])
      let name = "RNN_\(row.map(String.init).joined(separator: "_"))"
      modules.append((name, module))
      batch.add(module, as: name, options: options)
    }
    let outcomes = try batch.outcomes()
    for (name, module) in modules {
      let session = try Session(try #require(outcomes[name]).get())
      try Self.compare(module, session, calls: 1, name)
    }
  }

  @Test func statesThatAreCarriedFarAgree() throws {
    var batch = CompilerBatch("RNNCarried")
    var modules: [(name: String, module: Module)] = []
    for hidden in [17, 256] {
      let module = try Self.module(batch: 2, hidden: hidden)
      modules.append(("Carried\(hidden)", module))
      batch.add(module, as: "Carried\(hidden)", options: CompilationOptions(target: .native))
    }
    let outcomes = try batch.outcomes()
    for (name, module) in modules {
      let session = try Session(try #require(outcomes[name]).get())
      try Self.compare(module, session, calls: 100, name)
    }
  }

  private static func module(batch: Int, hidden: Int) throws -> Module {
    let text = try #require(EmbeddedGraphs.text(named: "rnn.graph"))
    let source = GraphSource(path: "rnn.graph", utf8: Array(text.utf8))
    var warnings = DiagnosticSet()
    var module = try source.module(
      overriding: [("batch", batch), ("hidden", hidden), ("num_steps", steps)],
      warnings: &warnings)
    var options = CompilationOptions(target: .native)
    options.passes = [.writeEntries]
    _ = try Compilation.optimize(&module, options)
    return module
  }

  /// Throws unless `calls` calls, each going on where the last ended, give what the interpreter
  /// gives.
  private static func compare(
    _ module: Module, _ session: Session, calls: Int, _ name: String
  ) throws {
    var random = SplitMix64(seed: 11)
    var parameters: [String: DenseArray] = [:]
    for p in module.parameters {
      let shape = try #require(p.type.sizes(in: module.dimensions))
      let hidden = module.dimensions.first { $0.name == "hidden" }?.value ?? 1
      let limit = 1 / Float(hidden).squareRoot()
      parameters[p.name] = DenseArray(
        shape: shape,
        (0..<shape.reduce(1, *)).map { _ in
          Double(Float.random(in: -limit...limit, using: &random))
        })
    }
    try session.bind(parameters: parameters.mapValues { $0.tensor(of: .f32) })
    var states: [String: DenseArray] = [:]
    for call in 0..<calls {
      let inputs = try SeededValues(seed: UInt64(call)).inputs(of: module.entries[0], in: module)
      let expected = try Interpreter(module).evaluate(
        entry: "forward", parameters: parameters, inputs: inputs, states: states)
      let found = try session.run(module, entry: "forward", inputs: inputs)
      states = expected.states
      let logits = difference(
        expected.outputs[0].value, found.outputs[0].value, absolute: tolerance)
      let state = try difference(
        #require(expected.states["h"]), #require(found.states["h"]), absolute: tolerance)
      if let problem = logits ?? state {
        throw TestFailure("\(name), call \(call): \(problem)")
      }
    }
  }

}

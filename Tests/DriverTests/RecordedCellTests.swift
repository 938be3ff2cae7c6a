import Diagnostics
import Foundation
import IR
import Runner
import Tensors
import Testing

@testable import Driver

/// Compiled cells give the results, final states and gradients of PyTorch, whose weights are read
/// under the cells' convention.
///
/// `Recorded/cells.json` was written by `Recorded/cells.py`; both say how. The cases cover every
/// pair of a cell, a number of layers, directions, biases, batch, lengths and widths, and three
/// cells that PyTorch does not have.
@Suite struct RecordedCellTests {

  /// The largest difference, of numbers of magnitude one: four steps of up to three layers, each a
  /// sum of up to 51 products in single precision.
  private static let tolerance = 1e-5

  struct Recording: Decodable {

    struct Case: Decodable {

      let cell: String
      let layers: Int
      let directions: Int
      let bias: Bool
      let batch: Int
      let lengths: [Int]?
      let hidden: Int
      let inputs: Int
      let y: [Double]

      /// The final values of the states, for each state those of all layers and directions.
      let last: [[Double]]

      let gradients: [String: Gradient]

      /// `true` iff the cell is one of PyTorch's own.
      var isShipped: Bool { ["rnn", "rnn_relu", "gru", "lstm"].contains(cell) }

      /// The names of the states.
      var states: [String] { cell.hasSuffix("lstm") ? ["h", "c"] : ["h"] }

    }

    /// The elements, or two sums of them with waves.
    struct Gradient: Decodable {

      let elements: [Double]?
      let waves: [Double]?
      let largest: Double?

    }

    let origin: String
    let cases: [Case]

  }

  private static let steps = 4

  private static func recording() throws -> Recording {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Recorded/cells.json")
    return try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
  }

  /// Element *i* is `scale` sin(1.7 i + `seed`).
  private static func numbers(_ seed: Double, _ shape: [Int], scale: Double) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(shape: shape, (0..<count).map { Float(scale * sin(1.7 * Double($0) + seed)) })
  }

  /// The names of the uses, layer by layer, and what PyTorch puts behind the names of their
  /// tensors.
  private static func uses(_ test: Recording.Case) -> [(name: String, suffix: String)] {
    (0..<test.layers).flatMap { layer in
      [("forward\(layer)", "_l\(layer)"), ("backward\(layer)", "_l\(layer)_reverse")]
        .prefix(test.directions)
    }
  }

  private static func text(_ test: Recording.Case) -> String {
    let lengths = test.lengths == nil ? "" : " lengths n"
    var uses = ""
    var scans = ""
    for layer in 0..<test.layers {
      let width = layer == 0 ? "inputs" : "\(test.directions) * hidden"
      let x = layer == 0 ? "x" : "y\(layer - 1)"
      for direction in ["forward", "backward"].prefix(test.directions) {
        uses += "  use \(direction)\(layer) = \(test.cell)(inputs: \(width), hidden: hidden)\n"
        let order = direction == "backward" ? " reverse" : ""
        let y = test.directions == 1 ? "y\(layer)" : "\(direction)_y\(layer)"
        scans += "  scan t in num_steps\(order)\(lengths) {\n"
        scans += "    \(y)[t] = \(direction)\(layer)(\(x)[t])\n  }\n"
      }
      if test.directions == 2 {
        scans += "  y\(layer) = concat(forward_y\(layer), backward_y\(layer), axis: 2)\n"
      }
    }
    let last = ["forward", "backward"].prefix(test.directions)
      .map { " + sum(\($0)\(test.layers - 1).h)" }.joined()
    return """
      model Recorded {
        dim inputs = \(test.inputs), hidden = \(test.hidden), batch = \(test.batch)
        dim num_steps = \(steps)
        input x : f32[num_steps, batch, inputs]
        \(test.lengths == nil ? "" : "input n : index<num_steps + 1>[batch]")
        label g : f32[num_steps, batch, \(test.directions) * hidden]
      \(uses)\(scans)
        output y = y\(test.layers - 1)
        train {
          loss = sum(y\(test.layers - 1) * g)\(last)
          optimizer = sgd(lr: 1)
        }
      }
      """
  }

  private static func module(_ test: Recording.Case) throws -> Module {
    var warnings = DiagnosticSet()
    let source = GraphSource(path: "recorded.graph", utf8: Array(text(test).utf8))
    do {
      return try source.module(overriding: [], warnings: &warnings)
    } catch {
      throw TestFailure(error.diagnostics.sorted.map { $0.rendered(in: source.files) }.joined())
    }
  }

  /// The file that PyTorch would have saved, with zeros for biases that the layer lacks.
  private static func weights(_ test: Recording.Case, _ module: Module) throws -> Safetensors {
    guard test.isShipped else {
      var result: [String: Tensor] = [:]
      for (k, p) in module.parameters.sorted(by: { $0.name < $1.name }).enumerated() {
        let shape = try #require(p.type.sizes(in: module.dimensions))
        result[p.name] = numbers(Double(k), shape, scale: 0.3)
      }
      return Safetensors(result)
    }
    let gates = ["gru": 3, "lstm": 4][test.cell] ?? 1
    var shapes: [String: [Int]] = [:]
    for layer in 0..<test.layers {
      let width = layer == 0 ? test.inputs : test.directions * test.hidden
      for (_, suffix) in uses(test) where suffix.hasPrefix("_l\(layer)") {
        shapes["weight_ih\(suffix)"] = [gates * test.hidden, width]
        shapes["weight_hh\(suffix)"] = [gates * test.hidden, test.hidden]
        shapes["bias_ih\(suffix)"] = [gates * test.hidden]
        shapes["bias_hh\(suffix)"] = [gates * test.hidden]
      }
    }
    var result: [String: Tensor] = [:]
    let given = shapes.filter { test.bias || !$0.key.hasPrefix("bias") }
    for (k, (name, shape)) in given.sorted(by: { $0.key < $1.key }).enumerated() {
      result["layer.\(name)"] = numbers(Double(k), shape, scale: 0.3)
    }
    for (name, shape) in shapes where given[name] == nil {
      result["layer.\(name)"] = numbers(0, shape, scale: 0)
    }
    return Safetensors(result)
  }

  private static func mapping(_ test: Recording.Case, _ module: Module) throws -> WeightMapping {
    try WeightMapping(
      module, convention: test.isShipped ? "pytorch" : nil,
      renamings: test.isShipped
        ? uses(test).map { .init(file: "layer.*\($0.suffix)", model: "\($0.name).*") } : [])
  }

  @Test func cellsGiveTheNumbersOfPyTorch() throws {
    let recording = try Self.recording()
    try #require(recording.origin.contains("PyTorch"))
    try #require(recording.cases.count >= 19)
    var batch = CompilerBatch("RecordedCells")
    var modules: [Module] = []
    for (i, test) in recording.cases.enumerated() {
      modules.append(try Self.module(test))
      batch.add(modules[i], as: "Recorded\(i)", options: CompilationOptions(target: .native))
    }
    let outcomes = try batch.outcomes()
    for (i, test) in recording.cases.enumerated() {
      let session = try Session(try #require(outcomes["Recorded\(i)"]).get())
      try Self.check(test, modules[i], session)
    }
  }

  /// Structures and sizes that nobody chose: the compiled model, and the weights after an update,
  /// are those of the interpreter.
  @Test func cellsOfRandomSizesAgreeWithTheInterpreter() throws {
    var random = SplitMix64(seed: 2024)
    let cells = ["rnn", "rnn_relu", "gru", "gru_reset_before", "lstm", "peephole_lstm"]
    var batch = CompilerBatch("RandomCells")
    var modules: [Module] = []
    for i in 0..<8 {
      let rows = Int.random(in: 1...9, using: &random)
      let test = Recording.Case(
        cell: cells[i % cells.count], layers: Int.random(in: 1...2, using: &random),
        directions: Int.random(in: 1...2, using: &random), bias: true, batch: rows,
        lengths: Bool.random(using: &random) ? [] : nil,
        hidden: Int.random(in: 1...40, using: &random),
        inputs: Int.random(in: 1...40, using: &random), y: [], last: [], gradients: [:])
      modules.append(try Self.module(test))
      batch.add(modules[i], as: "RandomCell\(i)", options: CompilationOptions(target: .native))
    }
    let outcomes = try batch.outcomes()
    for (i, module) in modules.enumerated() {
      let session = try Session(try #require(outcomes["RandomCell\(i)"]).get())
      let oracle = InterpretedSession(
        try module.withEntries(CompilationOptions(target: .native)))
      let numbers = RandomNumbers(seed: UInt64(i))
      let parameters = numbers.parameters(of: session.manifest)
      try session.bind(parameters: parameters)
      try oracle.bind(parameters: parameters, seed: 0)
      for entry in session.manifest.entries where entry.name != "step" {
        let inputs = numbers.inputs(of: entry, call: 0)
        let found = try session.run(entry: entry.name, inputs: inputs)
        for (name, value) in try oracle.run(entry: entry.name, inputs: inputs, steps: nil) {
          Self.compare(
            try #require(found[name]).float32, value.float32.map { Double($0) },
            "\(entry.name): \(name) of\n\(module.description)")
        }
      }
      let after = session.currentParameters()
      for (name, value) in oracle.currentParameters() {
        Self.compare(
          try #require(after[name]).float32, value.float32.map { Double($0) },
          "\(name) after an update of\n\(module.description)")
      }
    }
  }

  private static func check(
    _ test: Recording.Case, _ module: Module, _ session: Session
  ) throws {
    let name = "\(test.layers) × \(test.cell), \(test.directions) directions, \(test.hidden) wide"
    let mapping = try mapping(test, module)
    let parameters = try mapping.parameters(in: weights(test, module))
    try session.bind(parameters: parameters.tensors)
    var inputs = ["x": numbers(0.5, [steps, test.batch, test.inputs], scale: 1)]
    if let lengths = test.lengths {
      inputs["n"] = Tensor(shape: [lengths.count], .int64(lengths.map { Int64($0) }))
    }
    for (k, state) in test.states.enumerated() {
      let size = test.batch * test.hidden
      let all = numbers(
        0.25 + 0.5 * Double(k), [uses(test).count, size], scale: 0.5
      ).float32
      for (i, use) in uses(test).enumerated() {
        inputs["\(use.name).\(state)"] = Tensor(
          shape: [test.batch, test.hidden], Array(all[i * size..<(i + 1) * size]))
      }
    }
    let results = try session.run(entry: "forward", inputs: inputs)
    compare(try #require(results["y"]).float32, test.y, "\(name): y")
    for (k, state) in test.states.enumerated() {
      let last = try uses(test).flatMap { try session.state(named: "\($0.name).\(state)").float32 }
      compare(last, test.last[k], "\(name): last \(state)")
    }
    inputs["g"] = numbers(
      1.25, [steps, test.batch, test.directions * test.hidden], scale: 1)
    _ = try session.run(entry: "train", inputs: inputs)
    // A step of length 1 against the gradient.
    let before = try mapping.tensors(of: parameters.tensors)
    let after = try mapping.tensors(of: session.currentParameters())
    for (key, gradient) in test.gradients {
      let file = test.isShipped ? "layer.\(key)" : "forward0.\(key)"
      let (x, y) = (try #require(before[file]), try #require(after[file]))
      var found = zip(x.float32, y.float32).map { Double($0) - Double($1) }
      if key.hasPrefix("bias_hh") {
        // The convention writes sums to the first summand; of the GRU, the last third is no sum.
        let count = test.cell == "gru" ? 2 * test.hidden : found.count
        let first = file.replacing("bias_hh", with: "bias_ih")
        let (p, q) = (try #require(before[first]), try #require(after[first]))
        found.replaceSubrange(
          0..<count, with: zip(p.float32, q.float32).prefix(count).map { Double($0) - Double($1) })
      }
      compare(found, gradient, "\(name): gradient of \(key)")
    }
  }

  private static func compare(_ found: [Float], _ expected: [Double], _ name: String) {
    guard found.count == expected.count else {
      Issue.record("\(name): \(found.count) elements, expected \(expected.count)")
      return
    }
    let scale = max(1, expected.map(abs).max() ?? 0)
    let error = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(error <= tolerance * scale, "\(name) differs by \(error)")
  }

  private static func compare(
    _ found: [Double], _ expected: Recording.Gradient, _ name: String
  ) {
    if let elements = expected.elements {
      compare(found.map { Float($0) }, elements, name)
      return
    }
    let largest = found.map(abs).max() ?? 0
    let scale = max(1, expected.largest ?? 0)
    #expect(
      abs(largest - (expected.largest ?? 0)) <= tolerance * scale,
      "\(name): the largest element is \(largest)")
    // Errors of single elements add up like a walk of as many steps.
    let bound = tolerance * scale * Double(found.count).squareRoot()
    for (rate, wave) in zip([0.7, 1.3], expected.waves ?? []) {
      let sum = found.enumerated().reduce(0) { $0 + $1.element * sin(rate * Double($1.offset) + 1) }
      #expect(abs(sum - wave) <= bound, "\(name): the wave \(rate) is \(sum), expected \(wave)")
    }
  }

}

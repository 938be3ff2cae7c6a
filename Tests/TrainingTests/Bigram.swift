import Foundation
import Runner
import Tensors
import Text

@testable import Training

/// A model written out by hand: logits = table[token] + seen × trace, trained by gradient descent
/// with momentum; `seen`, a carried state, remembers the tokens of a row, and `count` counts them.
final class Bigram: TrainableModel {

  /// The number of tokens that there can be.
  static let tokenCount = 5

  let batch: Int
  let steps: Int
  let classes = Bigram.tokenCount
  let manifest: Manifest

  private var table: [Float]
  private var trace: [Float]
  private var tableMomentum: [Float]
  private var traceMomentum: [Float]
  private var seen: [Float]
  private var count: [Int64]

  /// The learning rate, and all those that were set.
  private(set) var rate: Float = 0.5
  private(set) var rates: [Double] = []

  /// The windows that the model was given.
  private(set) var windows: [[Int32]] = []

  /// The number of updates at which the loss becomes infinite.
  var lastFiniteUpdate = Int.max

  /// The number of updates at which a parameter becomes infinite.
  var lastFiniteParameters = Int.max

  /// Creates a model with its first values.
  init(batch: Int = 2, steps: Int = 3, seed: UInt64 = 0) {
    (self.batch, self.steps) = (batch, steps)
    let v = Self.tokenCount
    manifest = Manifest(
      model: "Bigram", symbolPrefix: "b", library: "l", source: "s", target: .none, compiler: "c",
      dims: [.init(name: "batch", size: batch), .init(name: "num_steps", size: steps)],
      parameters: [
        .init(name: "table", shape: [v, v], initializer: .uniform(low: -0.1, high: 0.1)),
        .init(name: "trace", shape: [v], initializer: .zeros),
      ],
      slots: [
        .init(name: "momentum.table", shape: [v, v], initializer: .zeros),
        .init(name: "momentum.trace", shape: [v], initializer: .zeros),
      ],
      states: [
        .init(name: "seen", shape: [batch], carried: true, initializer: .zeros),
        .init(
          name: "count", element: .index, classes: 1 << 20, shape: [batch], carried: true,
          initializer: .zeros),
        .init(name: "fresh", shape: [], carried: false, initializer: .zeros),
      ], weightBytes: 0, bindWorkspaceBytes: 0, entries: [])
    table = Initializer.uniform(low: -0.1, high: 0.1).values(
      count: v * v, seed: seed, name: "table")
    trace = Array(repeating: 0, count: v)
    tableMomentum = Array(repeating: 0, count: v * v)
    traceMomentum = Array(repeating: 0, count: v)
    seen = Array(repeating: 0, count: batch)
    count = Array(repeating: 0, count: batch)
  }

  func currentStates() -> [String: Tensor] {
    ["seen": Tensor(shape: [batch], seen), "count": Tensor(shape: [batch], .int64(count))]
  }

  func currentValues() -> ModelValues {
    let v = classes
    return ModelValues(
      parameters: ["table": Tensor(shape: [v, v], table), "trace": Tensor(shape: [v], trace)],
      slots: [
        "momentum.table": Tensor(shape: [v, v], tableMomentum),
        "momentum.trace": Tensor(shape: [v], traceMomentum),
      ], states: currentStates())
  }

  func restore(_ values: ModelValues) throws(RunnerError) {
    func floats(_ tensor: Tensor?) -> [Float] {
      guard case .float32(let elements) = tensor?.elements else { return [] }
      return elements
    }
    table = floats(values.parameters["table"])
    trace = floats(values.parameters["trace"])
    tableMomentum = floats(values.slots["momentum.table"])
    traceMomentum = floats(values.slots["momentum.trace"])
    try restoreStates(values.states)
  }

  func restoreStates(_ states: [String: Tensor]) throws(RunnerError) {
    guard case .float32(let seen) = states["seen"]?.elements,
      case .int64(let count) = states["count"]?.elements
    else { throw RunnerError(.input, "states are missing") }
    (self.seen, self.count) = (seen, count)
  }

  func restart() {
    for row in 0..<batch { (seen[row], count[row]) = (0, 0) }
  }

  func setLearningRate(_ rate: Double) {
    self.rate = Float(rate)
    rates.append(rate)
  }

  /// Returns the logits behind `token` of row `row`, which sees it.
  private func read(_ token: Int32, row: Int) -> [Float] {
    seen[row] = 0.5 * seen[row] + Float(token) / Float(classes)
    count[row] += 1
    return (0..<classes).map { table[Int(token) * classes + $0] + seen[row] * trace[$0] }
  }

  func setCounters(seed: UInt64, update: Int) {
    updates.append(update)
  }

  func update(inputs: [Int32], labels: [Int32]) -> (loss: Float, gradientNorm: Float?) {
    windows.append(inputs)
    if windows.count > lastFiniteUpdate { return (.infinity, 1) }
    var tableGradient = [Float](repeating: 0, count: table.count)
    var traceGradient = [Float](repeating: 0, count: classes)
    var loss: Float = 0
    let scale = 1 / Float(inputs.count)
    for (place, (token, label)) in zip(inputs, labels).enumerated() {
      let row = place % batch
      var logits = read(token, row: row)
      let largest = logits.max() ?? 0
      for j in 0..<classes { logits[j] -= largest }
      let total = logits.map { exp($0) }.reduce(0, +)
      loss += (log(total) - logits[Int(label)]) * scale
      for j in 0..<classes {
        let d = (exp(logits[j]) / total - (j == Int(label) ? 1 : 0)) * scale
        tableGradient[Int(token) * classes + j] += d
        traceGradient[j] += d * seen[row]
      }
    }
    for i in table.indices {
      tableMomentum[i] = 0.9 * tableMomentum[i] + tableGradient[i]
      table[i] -= rate * tableMomentum[i]
    }
    for j in trace.indices {
      traceMomentum[j] = 0.9 * traceMomentum[j] + traceGradient[j]
      trace[j] -= rate * traceMomentum[j]
    }
    if windows.count > lastFiniteParameters { table[0] = .infinity }
    let norm = (tableGradient + traceGradient).map { $0 * $0 }.reduce(0, +).squareRoot()
    return (loss, norm)
  }

  func evaluate(inputs: [Int32], labels: [Int32], _ perplexity: inout Perplexity) {
    let logits = inputs.enumerated().flatMap { place, token in read(token, row: place % batch) }
    perplexity.add(logits: logits, classes: classes, labels: labels)
  }

  /// The rows that the model was given for updates, and for evaluation.
  private(set) var rows: [[Int]] = []
  private(set) var evaluatedRows: [[Int]] = []

  /// The numbers of the updates that the model was told of.
  private(set) var updates: [Int] = []

  /// Updates by the tokens that are the numbers of `rows`.
  func update(rows: [Int]) -> (loss: Float, gradientNorm: Float?) {
    self.rows.append(rows)
    let tokens = rows.map { Int32($0 % classes) }
    return update(inputs: tokens, labels: tokens.map { ($0 + 1) % Int32(classes) })
  }

  func evaluate(rows: [Int], _ evaluation: inout Evaluation?) {
    evaluatedRows.append(rows)
    var result = evaluation ?? Evaluation(.classes(classes))
    for (place, row) in rows.enumerated() {
      let logits = read(Int32(row % classes), row: place)
      result.add(logits: logits[...], label: Int32((row + 1) % classes))
    }
    evaluation = result
  }

}

import Diagnostics
import Driver
import Foundation
import IR
import Runner
import Tensors
import Testing

/// Compiled updates give the weights that PyTorch gives.
///
/// `Recorded/optimizers.json` was written by `Recorded/optimizers.py`; both say how. The largest
/// difference of a tensor, over its largest element, is at most 1e-4: each of the 50 updates rounds
/// to single precision in an order of its own.
@Suite struct RecordedOptimizerTests {

  /// What PyTorch made of a model.
  struct Recording: Decodable {

    struct Case: Decodable {

      let name: String

      /// Lines of the section `train`.
      let optimizer: String
      let clip: String?

      /// The loss of the last update, and the weights behind it.
      let loss: Double
      let weights: [String: [Float]]

    }

    let origin: String
    let cases: [Case]

  }

  private static let updates = 50
  private static let (vocab, batch, steps) = (5, 3, 4)

  private static func recording() throws -> Recording {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Recorded/optimizers.json")
    return try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
  }

  private static func text(_ test: Recording.Case) -> String {
    """
    model Recorded {
      dim vocab = \(vocab), hidden = 8, batch = \(batch), num_steps = \(steps)
      input tokens    : index<vocab>[num_steps, batch]
      label next      : index<vocab>[num_steps, batch]
      carried state h : f32[batch, hidden] = zeros
      param W_xh : f32[vocab, hidden]  = zeros
      param W_hh : f32[hidden, hidden] = zeros
      param b_h  : f32[hidden]         = zeros
      param W_hq : f32[hidden, vocab]  = zeros
      param b_q  : f32[vocab]          = zeros
      scan t in num_steps {
        x = one_hot(tokens[t])
        h = tanh(linear(x, W_xh) + linear(h, W_hh) + b_h)
        logits[t] = linear(h, W_hq, b_q)
      }
      output logits
      train {
        loss = cross_entropy(logits, next)
        \(test.clip.map { "clip = \($0)" } ?? "")
        optimizer = \(test.optimizer)
      }
    }
    """
  }

  /// The first weights: element *i* of parameter *k* is 0.3 sin(1.7 i + k).
  private static func firstWeights(_ manifest: Manifest) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (k, parameter) in manifest.parameters.enumerated() {
      let count = parameter.shape.reduce(1, *)
      let elements = (0..<count).map { Float(0.3 * sin(1.7 * Double($0) + Double(k))) }
      result[parameter.name] = Tensor(shape: parameter.shape, elements)
    }
    return result
  }

  private static func batch(_ update: Int) -> (tokens: Tensor, next: Tensor) {
    var (tokens, labels): ([Int64], [Int64]) = ([], [])
    for t in 0..<steps {
      for b in 0..<batch {
        let token = (7 * update + 3 * t + 5 * b + (update * t + b) % 3) % vocab
        tokens.append(Int64(token))
        labels.append(Int64((2 * token + 1 + t % 2) % vocab))
      }
    }
    let shape = [steps, batch]
    return (Tensor(shape: shape, .int64(tokens)), Tensor(shape: shape, .int64(labels)))
  }

  @Test func updatesGiveTheWeightsOfPyTorch() throws {
    let recording = try Self.recording()
    try #require(recording.origin.contains("PyTorch"))
    try #require(recording.cases.count >= 9)
    var compilerBatch = CompilerBatch("RecordedOptimizers")
    for (i, test) in recording.cases.enumerated() {
      var warnings = DiagnosticSet()
      let source = GraphSource(path: "recorded.graph", utf8: Array(Self.text(test).utf8))
      let module = try source.module(overriding: [], warnings: &warnings)
      compilerBatch.add(module, as: "Recorded\(i)", options: CompilationOptions(target: .native))
    }
    let outcomes = try compilerBatch.outcomes()
    for (i, test) in recording.cases.enumerated() {
      let outcome = try #require(outcomes["Recorded\(i)"])
      let session = try Session(outcome.get())
      try session.bind(parameters: Self.firstWeights(session.manifest))
      var loss = 0.0
      for update in 0..<Self.updates {
        let (tokens, next) = Self.batch(update)
        let results = try session.run(entry: "train", inputs: ["tokens": tokens, "next": next])
        if case .float32(let x)? = results["loss"]?.elements { loss = Double(x[0]) }
      }
      #expect(abs(loss - test.loss) <= 1e-4 * test.loss, "\(test.name)")
      let found = session.currentParameters()
      for (name, expected) in test.weights {
        guard case .float32(let elements)? = found[name]?.elements else {
          Issue.record("\(test.name): there is no parameter '\(name)'")
          continue
        }
        try #require(elements.count == expected.count)
        let largest = expected.map(abs).max() ?? 0
        let error = zip(elements, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(error <= 1e-4 * largest, "\(test.name): '\(name)' differs by \(error)")
      }
    }
  }

}

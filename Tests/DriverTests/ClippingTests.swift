import IR
import Interpreter
import Optimizer
import Runner
import Tensors
import Testing

@testable import Driver

/// Clipping by norm keeps the direction of gradients whose squares single precision does not have.
@Suite struct ClippingTests {

  /// The gradients of W and v are a and c; each update starts at zeros, and its rate is 1.
  private static let text = """
    model Clipping {
      input a : f32[2]
      input c : f32
      param W : f32[2] = zeros
      param v : f32 = zeros
      s = sum(W * a) + v * c
      output s
      train {
        loss = s
        clip = global_norm(1)
        optimizer = sgd(lr: 1)
      }
    }
    """

  @Test func keepsTheDirection() throws {
    let module = try GradientTests.module(Self.text)
    var batch = CompilerBatch("Clipping")
    batch.add(module, as: "Clipping", options: CompilationOptions(target: .native))
    let session = try Session(#require(batch.outcomes()["Clipping"]).get())
    let oracle = InterpretedSession(
      try module.withEntries(CompilationOptions(target: .native)))
    // Gradients, the limit, and the norm that is reported.
    let cases: [(a: [Double], c: Double, clip: Double, norm: Double)] = [
      ([3, 4], 0, 1, 5), ([0.3, 0.4], 0, 1, 0.5), ([0, 0], 0, 1, 0),
      ([3e20, 4e20], 0, 1, 5e20), ([3e-25, 4e-25], 0, 1e-25, 5e-25),
      ([3e-25, 4e-25], 0, 1, 5e-25), ([2e38, 2e38], 1e38, 2, 3e38), ([3e20, 4e-25], 0, 1, 3e20),
      ([1e-30, 2e-30], 2e-30, 1e-30, 3e-30), ([2e14, 2e14], 1e14, 1, 3e14),
      ([2e-15, 2e-15], 1e-15, 1e-15, 3e-15),
    ]
    for (a, c, clip, norm) in cases {
      let factor = norm > clip ? clip / norm : 1
      let answers = [
        try Self.update(session, a, c, clip) { session.currentParameters() },
        try Self.update(oracle, a, c, clip) { oracle.currentParameters() },
      ]
      for (found, parameters) in answers {
        // Some roundings of single precision, of which one is 6e-8.
        let tolerance = 3e-7
        #expect(abs(found - norm) <= tolerance * norm, "\(a), \(c): \(found)")
        let wanted = (a + [c]).map { -$0 * factor }
        let length = wanted.reduce(0) { max($0, abs($1)) }
        for (x, y) in zip(wanted, parameters) {
          #expect(abs(x - y) <= tolerance * length, "\(a), \(c): \(parameters)")
        }
      }
    }
  }

  /// A norm that is not finite shows in all that is updated.
  @Test(arguments: [[Double.infinity, 1], [.nan, 1], [-.infinity, .infinity]])
  func ruinsAllByWhatIsNotFinite(_ a: [Double]) throws {
    let module = try GradientTests.module(Self.text)
    let oracle = InterpretedSession(
      try module.withEntries(CompilationOptions(target: .native)))
    let (norm, parameters) = try Self.update(oracle, a, 1, 1) { oracle.currentParameters() }
    #expect(!norm.isFinite)
    #expect(parameters.allSatisfy { !$0.isFinite })
  }

  /// Returns the norm and the parameters, which `current` gives, after an update from zeros.
  private static func update(
    _ session: any ModelSession, _ a: [Double], _ c: Double, _ clip: Double,
    _ current: () -> [String: Tensor]
  ) throws -> (norm: Double, parameters: [Double]) {
    let start = ["W": DenseArray(shape: [2], [0, 0]), "v": DenseArray(0)]
    try session.bind(parameters: start.mapValues { $0.tensor(of: .f32) }, seed: 0)
    let inputs = ["a": DenseArray(shape: [2], a), "c": DenseArray(c), "clip": DenseArray(clip)]
    let results = try session.run(
      entry: "train", inputs: inputs.mapValues { $0.tensor(of: .f32) }, steps: nil)
    let parameters = current()
    return (
      DenseArray(try #require(results["gradient_norm"])).elements[0],
      DenseArray(try #require(parameters["W"])).elements
        + DenseArray(try #require(parameters["v"])).elements
    )
  }

}

import Tensors
import Testing

@testable import Driver

@Suite struct CommandVerifyTests {

  @Test func comparesEveryEntry() {
    let run = SmallModel.run("verify", ["--calls", "5"])
    #expect(run.status == 0, "\(run.errors)\(run.output)")
    let lines = run.output.split(separator: "\n")
    let subjects = lines.map { $0.split(separator: ":").prefix(2).joined(separator: ":") }
    let parameters = ["W_xh", "W_hh", "b_h", "W_hq", "b_q"].map { "train: parameter \($0)" }
    #expect(
      subjects == ["forward: logits", "forward: state h", "step: logits", "step: state h"]
        + ["train: loss", "train: gradient_norm", "train: state h"] + parameters)
    #expect(lines.allSatisfy { $0.contains(", tolerance ") && $0.hasSuffix(": ok") })
  }

  @Test func answersInJSON() throws {
    let run = SmallModel.run("verify", ["--entry", "forward", "--steps", "3", "--json"])
    let answer = try JSON(parsing: Array(run.output.utf8))
    #expect(answer["ok"] == .bool(true))
    #expect(answer["values"]?.elements?.count == 2)
  }

  @Test func countsStepsOfEntriesThatDo() {
    let run = SmallModel.run("verify", ["--steps", "2"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("forward: logits: ") && run.output.contains("step: logits: "))
    let many = SmallModel.run("verify", ["--steps", "5"])
    #expect(many.status == 2)
    #expect(
      many.errors.contains(
        "'--steps' is 5, but entry 'forward' runs at most 4, the size of 'num_steps'"))
    let step = SmallModel.run("verify", ["--steps", "1", "--entry", "step"])
    #expect(step.status == 2)
    #expect(step.errors.contains("'--steps' has no use: no call of 'step' counts steps"))
  }

  @Test func comparesIndicesAndTruthValues() {
    let run = graphc(
      "verify",
      """
      model Choice {
        dim steps = 5, batch = 3, classes = 7
        input tokens : index<classes>[steps, batch]
        param W : f32[classes, classes] = zeros
        carried state h : f32[batch, classes] = ones
        scan t in steps {
          h = tanh(linear(h, W) + linear(one_hot(tokens[t]), W))
          hs[t] = h
        }
        best = argmax(hs, axis: 2)
        large = hs > 0.5
        output best, large
      }

      """)
    #expect(run.status == 0, "\(run.errors)\(run.output)")
    #expect(run.output.contains("forward: best: equal: ok\n"))
    #expect(run.output.contains("forward: large: equal: ok\n"))
  }

  @Test func comparesStatesOfIndicesAndTruthValues() {
    let run = graphc("verify", IndexState.text, ["--calls", "4"])
    #expect(run.status == 0, "\(run.errors)\(run.output)")
    #expect(run.output.contains("forward: state k: equal: ok\n"))
    #expect(run.output.contains("forward: state seen: equal: ok\n"))
  }

  @Test func measuresNumbersByTheirMagnitude() throws {
    var comparison = Comparison(entry: "forward", value: "y", kind: .output)
    let expected = Tensor(shape: [2], [1000, .nan])
    try comparison.add(expected, Tensor(shape: [2], [1000.005, .nan]), call: 0) { [] }
    #expect(comparison.isWithinTolerance)
    #expect(comparison.summary.hasSuffix("tolerance 1.0e-02: ok"))
    try comparison.add(expected, Tensor(shape: [2], [1000, 0]), call: 1) { [] }
    #expect(!comparison.isWithinTolerance)
    #expect(comparison.summary.hasSuffix("DIFFERS\n  in call 2 at [1]: found 0.0, expected nan"))
  }

  @Test func toleratesNearTies() throws {
    var comparison = Comparison(entry: "forward", value: "best", kind: .output)
    let expected = Tensor(shape: [2], .int64([3, 4]))
    let found = Tensor(shape: [2], .int64([5, 4]))
    try comparison.add(expected, found, call: 0) { [expected, found] }
    #expect(comparison.isWithinTolerance)
    #expect(comparison.summary == "forward: best: equal, but for 1 near tie: ok")
    try comparison.add(expected, found, call: 1) { [expected] }
    #expect(!comparison.isWithinTolerance)
    #expect(comparison.mismatchCount == 1)
  }

}

import Foundation
import Tensors
import Testing

@testable import Driver

@Suite struct CommandRunTests {

  /// The identity that the concatenation of products rests on.
  private let identity = """
    model Identity {
      const X    : f32[3, 1] = [[0], [1], [2]]
      const W_xh : f32[1, 4] = [[0, 1, 2, 3]]
      const H    : f32[3, 4] = iota
      const W_hh : f32[4, 4] = iota
      total = linear(X, W_xh) + linear(H, W_hh)
      whole = linear(concat(X, H, axis: 1), concat(W_xh, W_hh, axis: 0))
      output total, whole
    }

    """

  @Test(arguments: [[], ["--interpret"]])
  func printsSmallOutputs(_ options: [String]) {
    let run = graphc("run", identity, options)
    #expect(run.status == 0, "\(run.errors)")
    let rows = "[[56, 62, 68, 74], [152, 175, 198, 221], [248, 288, 328, 368]]"
    #expect(run.output == "total: f32[3, 4] = \(rows)\nwhole: f32[3, 4] = \(rows)\n")
  }

  @Test(arguments: [[], ["--interpret"]])
  func keepsIndicesAndTruthValuesInStates(_ options: [String]) throws {
    let (k, seen) = (temporaryFile("k.npy"), temporaryFile("seen.npy"))
    let go = try file(Tensor(shape: [2], .bool([true, false])))
    let next = try file(Tensor(shape: [2], .int64([2, 0])))
    let arguments = [
      "--input", "go=\(go)", "--input", "next=\(next)", "--output", "k=\(k)", "--output",
      "seen=\(seen)",
    ]
    let first = graphc("run", IndexState.text, arguments + options)
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output == "y: f32[2, 3] = [[9, 10, 11], [12, 13, 14]]\n")
    #expect(try tensor(k) == Tensor(shape: [2], .int64([2, 4])))
    #expect(try tensor(seen) == Tensor(shape: [2], .bool([true, false])))
    let second = graphc("run", IndexState.text, arguments + ["--input", "k=\(k)"] + options)
    #expect(second.output == "y: f32[2, 3] = [[6, 7, 8], [12, 13, 14]]\n", "\(second.errors)")
    let wrong = try file(Tensor(shape: [2], .int64([5, 0])))
    let refused = graphc("run", IndexState.text, arguments + ["--input", "k=\(wrong)"] + options)
    #expect(refused.errors.contains("\n  'k' has 5 at [0], expected 0..<5\n"), "\(refused.errors)")
  }

  /// Runs the small model on tokens and a state, and returns the logits and the state after it.
  private func answers(_ options: [String]) throws -> (logits: Tensor, h: Tensor) {
    let tokens = try file(Tensor(shape: [4, 2], .int64([1, 2, 3, 4, 5, 6, 7, 27])))
    let start = try file(Tensor(shape: [2, 8], (0..<16).map { Float($0) / 16 }))
    let (logits, h) = (temporaryFile("logits.npy"), temporaryFile("h.npy"))
    let run = SmallModel.run(
      "run",
      [
        "--input", "tokens=\(tokens)", "--input", "h=\(start)", "--output", "logits=\(logits)",
        "--output", "h=\(h)", "--seed", "7",
      ] + options)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output == "")
    return (try tensor(logits), try tensor(h))
  }

  @Test func readsAndWritesTensors() throws {
    let compiled = try answers([])
    let interpreted = try answers(["--interpret"])
    #expect(compiled.logits.shape == [4, 2, 28])
    #expect(compiled.h.shape == [2, 8])
    for (a, b) in [(compiled.logits, interpreted.logits), (compiled.h, interpreted.h)] {
      guard case (.float32(let x), .float32(let y)) = (a.elements, b.elements) else {
        Issue.record("outputs are 32-bit numbers")
        continue
      }
      #expect(zip(x, y).allSatisfy { abs($0 - $1) <= 1e-6 })
      #expect(x.contains { $0 != 0 })
    }
  }

  @Test func bindsWeights() throws {
    let weights = temporaryFile("w.safetensors")
    let shapes = [
      "W_xh": [28, 8], "W_hh": [8, 8], "b_h": [8], "W_hq": [8, 28], "b_q": [28],
    ]
    let tensors = shapes.mapValues { shape in
      Tensor(shape: shape, Array(repeating: 0, count: shape.reduce(1, *)))
    }
    try writeFile(Safetensors(tensors).bytes(), to: weights)
    let tokens = try file(Tensor(shape: [1, 2], .int64([1, 2])))
    for options in [[], ["--interpret"]] {
      let run = SmallModel.run(
        "run", ["--weights", weights, "--input", "tokens=\(tokens)"] + options)
      #expect(run.status == 0, "\(run.errors)")
      let zeros = "[\(Array(repeating: "0", count: 28).joined(separator: ", "))]"
      #expect(run.output == "logits: f32[1, 2, 28] = [[\(zeros), \(zeros)]]\n")
    }
  }

  @Test(arguments: [[], ["--interpret"]])
  func refusesWhatDoesNotFit(_ options: [String]) throws {
    let tokens = try file(Tensor(shape: [4, 2], .int64(Array(repeating: 28, count: 8))))
    let state = try file(Tensor(shape: [2, 9], Array(repeating: 0, count: 18)))
    let run = SmallModel.run(
      "run",
      ["--input", "tokens=\(tokens)", "--input", "h=\(state)", "--input", "x=\(state)"]
        + options)
    #expect(run.status == 1)
    #expect(
      run.errors.hasSuffix(
        """
        error: the inputs do not fit entry 'forward':
          'tokens' has 28 at [0, 0], expected 0..<28
          'h' is f32[2, 9], expected f32[2, 8]
          left over: 'x' of f32[2, 9]

        """), "\(run.errors)")
    let output = SmallModel.run("run", ["--output", "logit=x.npy", "--entry", "step"] + options)
    #expect(output.status == 1)
    #expect(output.errors.contains("no output or state 'logit'; did you mean 'logits'?"))
  }

  @Test(arguments: [[], ["--interpret"]])
  func refusesAStepThatIsNotThere(_ options: [String]) {
    let run = graphc("run", identity, ["--entry", "step"] + options)
    #expect(run.status == 1)
    #expect(run.errors.contains("the model has no entry 'step'"))
  }

  /// What does not fit is told before the Swift compiler, which takes seconds, is looked for.
  @Test func saysBeforeCompilingWhatDoesNotFit() throws {
    let two = try file(Tensor(shape: [2], [1, 2]))
    let weights = temporaryFile("w.safetensors")
    try writeFile(Safetensors(["V": Tensor(shape: [2], [1, 2])]).bytes(), to: weights)
    let model = """
      model Scaled {
        dim batch = 3
        input x : f32[batch]
        label goal : f32[batch]
        param w : f32 = ones
        state s : f32[batch] = zeros
        s = s + x
        y = w * s
        output y
        train {
          loss = mse(y, goal)
          optimizer = sgd(lr: 0.1)
        }
      }

      """
    let five = try file(Tensor(shape: [5], [1, 2, 3, 4, 5]))
    let three = try file(Tensor(shape: [3], [1, 2, 3]))
    let cases: [(String, [String], String)] = [
      ("run", [], "missing: 'x' of f32[3]"),
      ("run", ["--input", "x=\(three)", "--input", "s=\(two)"], "'s' is f32[2], expected f32[3]"),
      ("run", ["--input", "x=\(three)", "--weights", weights], "missing: 'w' of f32"),
      ("run", ["--input", "x=\(three)", "--output", "z=z.npy"], "no output or state 'z'"),
      (
        "run", ["--input", "x=\(five)", "--input", "q=\(two)", "--output", "y=y.npy"],
        "left over: 'q' of f32[2]"
      ),
      ("grad", ["--of", "y", "--by", "w", "--seed-gradient", two], "missing: 'x' of f32[3]"),
      ("train", ["--input", "x=\(three)"], "missing: 'goal' of f32[3]"),
      (
        "train", ["--input", "x=\(three)", "--label", "goal=\(three)", "--weights", weights],
        "left over: 'V' of f32[2]"
      ),
    ]
    for (command, options, message) in cases {
      let run = graphc(command, model, options + ["--swiftc", "/none"])
      #expect(run.status == 1, "\(command) \(options)")
      #expect(run.errors.contains(message), "\(run.errors)")
    }
    let right = graphc("run", model, ["--input", "x=\(three)", "--swiftc", "/none"])
    #expect(right.status == 3 && right.errors.contains("no Swift compiler at '/none'"))
    let state = try file(Tensor(shape: [2, 9], Array(repeating: 0, count: 18)))
    let text = graphc(
      ["run"] + SmallModel.arguments + ["--input", "h=\(state)", "--swiftc", "/none"])
    #expect(text.status == 1)
    #expect(text.errors.contains("'h' is f32[2, 9], expected f32[2, 8]"), "\(text.errors)")
  }

}

import Tensors
import Testing

@testable import Driver

@Suite struct CommandGradTests {

  /// A product and a sum of squares.
  private let square = """
    model Square {
      input x    : f32[2, 3]
      param W    : f32[3, 2] = [[1, 2], [3, 4], [5, 6]]
      state s    : f32[2]    = [1, 10]
      y = linear(x, W) * s
      total = sum(y * y)
      best = argmax(y)
      output y, total, best
    }

    """

  private let ones = Tensor(shape: [2, 3], [1, 0, 0, 0, 1, 0] as [Float])

  @Test func printsTheGradientAsAGraph() {
    let run = graphc(
      "grad", square, ["--of", "total", "--by", "W", "--print"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors == "")
    #expect(
      run.output == """
        model Square {
          state s : f32[2] = [1, 10]

          param W : f32[3, 2] = [[1, 2], [3, 4], [5, 6]]

          passes done entries, lengths

          entry gradient {
            input x : f32[2, 3]

            linear = linear(x, W) from y
            y = mul(linear, s)
            mul = mul(y, y) from total
            total = sum(mul)
            d_mul = broadcast(1, [2, 2]) from total
            d_y = mul(d_mul, y) from total
            d_y_1 = add(d_y, d_y) from total
            d_linear = mul(d_y_1, s) from y
            d_W = weight_gradient(x, d_linear) from y

            output total
            output d_W
          }
        }

        """)
    let check = graphc("passes", run.output, ["--passes", ""])
    #expect(check.output == run.output)
  }

  @Test func printsWhatPassesMakeOfIt() {
    let run = graphc(
      "grad", square, ["--of", "total", "--by", "W", "--print", "--passes", "fold,simplify"])
    #expect(run.status == 0)
    #expect(run.output.contains("passes done entries, lengths, differentiate, fold, simplify\n"))
  }

  @Test func computesNumbers() throws {
    let x = try file(ones)
    let d = temporaryFile("d.npy")
    let run = graphc(
      "grad", square,
      [
        "--of", "total", "--by", "W,x,s", "--input", "x=\(x)", "--output", "d_W=\(d)",
        "--interpret",
      ])
    #expect(run.status == 0, "\(run.errors)")
    // y = [[1, 20], [3, 40]]; dy = 2 y
    #expect(
      run.output == """
        total: f32 = 2010
        d_x: f32[2, 3] = [[802, 1606, 2410], [1606, 3218, 4830]]
        d_s: f32[2] = [20, 400]

        """)
    #expect(
      try tensor(d) == Tensor(shape: [3, 2], [2, 400, 6, 800, 0, 0] as [Float]))
  }

  @Test func startsAtAGivenGradient() throws {
    let x = try file(ones)
    let seed = try file(Tensor(shape: [2, 2], [1, 0, 0, 1] as [Float]))
    let arguments = ["--of", "y", "--by", "s", "--input", "x=\(x)", "--interpret"]
    let run = graphc("grad", square, arguments + ["--seed-gradient", seed])
    #expect(run.output.hasSuffix("\nd_s: f32[2] = [1, 4]\n"), "\(run.output)\(run.errors)")
    let without = graphc("grad", square, arguments)
    #expect(without.status == 1)
    #expect(
      without.errors
        == "error: the output 'y' is not a single number: '--seed-gradient' is missing\n")
  }

  @Test func listsWhatIsKept() {
    let arguments = ["grad"] + SmallModel.arguments + ["--of", "logits", "--print"]
    let run = graphc(arguments + ["--by", "b_q"])
    #expect(run.status == 0)
    #expect(!run.errors.contains("kept"), "\(run.errors)")
    let more = graphc(arguments + ["--by", "b_h"])
    #expect(
      more.errors.contains(
        "note: 256 bytes are kept for the sweep back: hs 'f32[num_steps, batch, hidden]' "
          + "(256 bytes)\n"), "\(more.errors)")
  }

  @Test(arguments: [
    ("yy", "W", "no output is called 'yy'; did you mean 'y'?"),
    ("best", "W", "output 'best' is 'index<2>[2]', not 'f32'"),
    ("y", "weight", "no parameter, input or state is called 'weight'; there are W, x, s"),
  ])
  func refusesWhatHasNoGradient(_ output: String, _ leaf: String, _ reason: String) {
    let run = graphc("grad", square, ["--of", output, "--by", leaf, "--print"])
    #expect(run.status == 1)
    #expect(
      run.errors.contains("error: there is no such gradient: \(reason) [no-gradient]\n"),
      "\(run.errors)")
  }

  @Test func refusesGradientsOfConstants() {
    let constant = "model E {\n const y : f32[2] = [1, 2]\n output s = sum(y)\n}\n"
    for (leaf, reason) in [
      ("y", "'y' is a constant, which has no gradient"),
      ("z", "no parameter, input or state is called 'z'; there is none"),
    ] {
      let run = graphc("grad", constant, ["--of", "s", "--by", leaf, "--print"])
      #expect(run.status == 1)
      #expect(
        run.errors.contains("error: there is no such gradient: \(reason) [no-gradient]\n"),
        "\(run.errors)")
    }
  }

  @Test func refusesStepsAtOnceAndLaterStages() {
    let steps = """
      model M {
        dim n = 4
        input x : f32[n]
        state h : f32 = zeros
        scan t in n by 2 {
          g = h * x[t]
          h = g * x[t + 1]
        } remainder {
          h = h * x[t]
        }
        output h
      }
      """
    let run = graphc("grad", steps, ["--of", "h", "--by", "x", "--print"])
    #expect(run.errors.contains("the scan over 't' does several steps at once"), "\(run.errors)")
    let stage = graphc("passes", square, ["--passes", "entries,fold", "--print-after", "fold"])
    let later = graphc("grad", stage.output, ["--of", "y", "--by", "x", "--print"])
    #expect(later.errors.contains("pass 'fold' has run"), "\(later.errors)")
  }

  @Test(arguments: [
    (["--by", "x"], "'--of' is missing: the output to differentiate"),
    (["--of", "y"], "'--by' is missing: the parameters, inputs and states"),
    (["--of", "y", "--by", "x,W,x"], "'--by' names 'x' twice"),
  ])
  func refusesWrongCommandLines(_ arguments: [String], _ message: String) {
    let run = graphc("grad", square, arguments)
    #expect(run.status == 2)
    #expect(run.errors == "error: \(message); see 'graphc grad --help'\n")
  }

  @Test func printsALineForEachTensor() throws {
    let run = graphc("gradcheck", square)
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.first?.hasPrefix("parameter W: error ") == true)
    #expect(lines.last?.hasSuffix("; 0 of 14 probes skipped: ok") == true)
    let answer = try JSON(parsing: Array(graphc("gradcheck", square, ["--json"]).output.utf8))
    #expect(answer["ok"] == .bool(true))
    #expect(answer["tensors"]?.elements?.count == 3)
  }

  /// A kink at each place that is probed.
  @Test func countsSkippedProbes() {
    let run = graphc(
      "gradcheck",
      """
      model Kink {
        input x : f32[3]
        y = relu(x - detach(x))
        output y
      }
      """)
    #expect(run.status == 1)
    #expect(run.output.contains(" 3 skipped\n"))
    #expect(run.output.hasSuffix("; 3 of 3 probes skipped: WRONG\n"))
  }

  @Test func shrinksDimensions() throws {
    let answer = try JSON(
      parsing: Array(graphc(["gradcheck", "rnn.graph", "--json"]).output.utf8))
    let tensors = try #require(answer["tensors"]?.elements)
    // Of 6 classes, 5 units and 2 rows.
    #expect(tensors.compactMap { $0["elements"] } == [30, 25, 5, 30, 6, 10].map { .integer($0) })
  }

  @Test func needsFiniteNumbers() {
    let run = graphc("gradcheck", "model M {\n  input x : f32[3]\n  y = log(x)\n  output y\n}\n")
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("error: outputs are not finite for random numbers"))
  }

  @Test func needsNumbers() {
    let run = graphc(
      "gradcheck",
      """
      model M {
        input x : f32[3]
        y = argmax(x)
        output y
      }
      """)
    #expect(run.status == 1)
    #expect(run.errors.contains("no output of the model is of numbers"))
  }

}

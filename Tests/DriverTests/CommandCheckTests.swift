import Diagnostics
import Graphs
import Tensors
import Testing

@testable import Driver

@Suite struct CommandCheckTests {

  @Test func saysWhatAModelIs() {
    let run = graphc(["check", "rnn.graph", "--dim", "hidden=8"])
    #expect(run.status == 0)
    #expect(
      run.output == "rnn.graph: ok: model RNN, 5 parameters (548 numbers), 1 state, "
        + "entries forward, step, train\n")
    #expect(
      run.errors == "note: there is no file 'rnn.graph'; this is the one that graphc ships with\n")
  }

  /// A shipped graph is found by its name with or without the ending, and by its path in a
  /// checkout.
  @Test func findsShippedGraphs() {
    for path in ["rnn", "Graphs/rnn"] {
      let run = graphc(["check", path, "--dim", "hidden=8"])
      #expect(run.status == 0 && run.output.hasPrefix("rnn.graph: ok: model RNN, "))
      #expect(
        run.errors
          == "note: there is no file '\(path)'; this is the 'rnn.graph' that graphc ships with\n")
    }
    for (path, advice) in [
      ("lstmm", "; did you mean 'lstm.graph'?"), ("taggr.graph", "; did you mean 'tagger.graph'?"),
      ("gan.graph", ""),
    ] {
      let run = graphc(["check", path])
      #expect(run.status == 1)
      #expect(run.errors.hasPrefix("error: cannot read '\(path)': no such file"))
      #expect(run.errors.hasSuffix("\(advice)\n") && run.errors.contains("mean") != advice.isEmpty)
    }
    // What ships with a graph is found by the same names.
    let names = graphc(["train", "names", "--max-tokens", "3"])
    #expect(names.status == 2)
    #expect(
      names.errors.contains("'--max-tokens' counts only for a text, and not for rows of text"))
  }

  @Test func readsStandardInput() throws {
    let text = try #require(EmbeddedGraphs.text(named: "rnn.graph"))
    let run = graphc("check", text)
    #expect(run.output.hasPrefix("<stdin>: ok: model RNN"))
    #expect(run.errors == "")
  }

  @Test func reportsMistakesInOrder() {
    let run = graphc(
      "check",
      """
      model M {
        input x : f32[8, 128]
        param W : f32[64, 128] = zeros
        y = linear(x, W)
        z = tahn(x)
        output y, z
      }

      """)
    #expect(run.status == 1)
    #expect(run.output == "")
    let headings = run.errors.split(separator: "\n").filter { $0.contains("error: ") }
    #expect(headings.count == 2)
    #expect(headings.first?.hasPrefix("<stdin>:4:") == true)
    #expect(headings.last?.hasPrefix("<stdin>:5:") == true)
    #expect(!run.errors.contains("\u{1B}"))
  }

  @Test func knowsPasses() {
    let text = "model M {\n passes done entrise\n input x : f32\n output x\n}"
    let run = graphc("check", text)
    #expect(run.status == 1)
    #expect(
      run.errors.hasPrefix(
        "<stdin>:2:14: error: no pass is called 'entrise'; did you mean 'entries'? [unknown-pass]"))
  }

  @Test func passesWarnings() {
    let run = graphc(
      "check",
      """
      model M {
        input x : f32[3]
        y = x * 2
        output x
      }

      """)
    #expect(run.status == 0)
    #expect(run.errors.contains("<stdin>:3:3: warning: "))
  }

  @Test func saysWhyThereIsNoStep() throws {
    let code = try #require(DiagnosticCode.all.first { $0.name == "no-step" })
    let run = graphc("check", code.example)
    #expect(run.status == 0)
    #expect(run.errors.contains(": note: the model has no entry 'step'"))
    let demand = graphc("check", code.example, ["--entry", "step"])
    #expect(demand.status == 1)
    #expect(demand.errors.contains("[no-step]"))
  }

  /// What only a training computes is not why there is no step.
  @Test func saysWhyThereIsNoStepWithoutTheLoss() {
    let run = graphc(
      "check",
      """
      model Note {
        dim vocab = 28, batch = 2, num_steps = 5
        input tokens : index<vocab>[num_steps, batch]
        label next : index<vocab>[num_steps, batch]
        carried state X : index<vocab>[batch, num_steps] = zeros
        param b : f32[vocab] = zeros
        scan t in num_steps {
          logits[t] = dropout(one_hot(tokens[t]) * 0 + b, rate: 0.5)
        }
        X = transpose(tokens)
        output logits
        train {
          loss = cross_entropy(logits, next)
          optimizer = sgd(lr: 1)
        }
      }

      """)
    #expect(run.status == 0)
    #expect(
      run.errors.contains(
        "<stdin>:10:7: note: the model has no entry 'step': state 'X' is assigned once a call, not "
          + "once a step"), "\(run.errors)")
  }

  @Test func reportsAFileThatIsNotThere() {
    let run = graphc(["check", "nowhere/missing.graph"])
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("error: cannot read 'nowhere/missing.graph'"))
  }

  @Test func printsDiagnosticsAsJSON() throws {
    let run = graphc("check", "model M {\n  input x : f32[3]\n  y = x;\n}\n", ["--json"])
    #expect(run.status == 1)
    let answer = try JSON(parsing: Array(run.output.utf8))
    #expect(answer["ok"] == .bool(false))
    let first = try #require(answer["diagnostics"]?.elements?.first)
    #expect(first["code"] == .string("unexpected-character"))
    #expect(first["line"] == .integer(3))
    #expect(first["column"] == .integer(8))
  }

  @Test func listsCodes() throws {
    let run = graphc(["check", "--codes"])
    #expect(run.status == 0)
    for code in DiagnosticCode.all {
      #expect(run.output.contains("\(code.name): \(code.summary)\n"))
    }
    let list = try JSON(
      parsing: Array(graphc(["check", "--codes", "--json"]).output.utf8))
    #expect(list.elements?.count == DiagnosticCode.all.count)
    #expect(Set(DiagnosticCode.all.map(\.name)).count == DiagnosticCode.all.count)
  }

  @Test(arguments: DiagnosticCode.all)
  func `the example of a code has exactly that code`(_ code: DiagnosticCode) throws {
    if code == .noGradient {
      let arguments = ["--of", "y", "--by", "i", "--print"]
      #expect(graphc("grad", code.example, arguments).errors.contains("[no-gradient]"))
      return
    }
    var options = ["--json"]
    switch code.name {
    case "no-step": options += ["--entry", "step"]
    case "no-train": options += ["--entry", "train"]
    case "too-many-steps": options += ["--unroll", "full"]
    default: break
    }
    let first = code.example.split(separator: "\n").first ?? ""
    if first.hasPrefix("// --dim ") {
      options += ["--dim", String(first.dropFirst("// --dim ".count))]
    }
    let run = graphc(["check", "-"] + options, input: bytes(of: code))
    let answer = try JSON(parsing: Array(run.output.utf8))
    let codes = try #require(answer["diagnostics"]?.elements).compactMap { $0["code"]?.text }
    #expect(Set(codes) == [code.name], "\(run.errors)")
  }

  /// Returns the example of `code`, or what it stands for.
  private func bytes(of code: DiagnosticCode) -> [UInt8] {
    switch code.name {
    case "file-too-large": Array(repeating: 0x20, count: 16 << 20 | 1)
    // The replacement character stands for a byte that no text can hold.
    case "invalid-utf8":
      code.example.unicodeScalars.flatMap { $0 == "\u{FFFD}" ? [0xFF] : Array(String($0).utf8) }
    case "expansion-too-long":
      Array(
        ("cell c {\ninput x : f32\n" + (0..<2000).map { "y\($0) = x\n" }.joined()
          + "output y = x\n}\nmodel M {\ninput x : f32\nuse a = c\n"
          + (0...100).map { "z\($0) = a(x)\n" }.joined() + "output z0\n}\n").utf8)
    default: Array(code.example.utf8)
    }
  }

}

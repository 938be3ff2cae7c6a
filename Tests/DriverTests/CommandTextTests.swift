import Foundation
import Tensors
import Testing

@testable import Driver

@Suite struct CommandTextTests {

  /// The line about a perplexity, in parts.
  private func numbers(_ output: String) throws -> (tokens: String, perplexity: Double) {
    let parts = output.split(separator: ": ").last?.split(separator: " tokens in ") ?? []
    let perplexity = output.split(separator: "perplexity ").last.flatMap {
      Double($0.dropLast())
    }
    return (String(try #require(parts.first)), try #require(perplexity))
  }

  @Test(arguments: [[], ["--interpret"]])
  func `an untrained model has the perplexity of its symbols`(_ options: [String]) throws {
    let run = SmallModel.run("run", options)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("note: vocab = 28 from the text\n"))
    #expect(run.errors.contains(" tokens/s\n"))
    let (tokens, perplexity) = try numbers(run.output)
    #expect(run.output.hasPrefix("the text that graphc ships with: \(tokens) tokens in "))
    #expect(run.output.contains(" windows of 4 × 2, cross entropy 3.33"))
    #expect(abs(perplexity - 28) <= 0.28)
  }

  @Test func readsATextAndSavesTheState() throws {
    let path = temporaryFile("text.txt")
    try writeFile(Array("the quick brown fox jumps over the lazy dog ".utf8), to: path)
    let state = temporaryFile("h.npy")
    let run = SmallModel.run(
      "run", ["--text", path, "--max-tokens", "20", "--output", "h=\(state)"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.hasPrefix("\(path): 16 tokens in 2 windows of 4 × 2, "))
    #expect(try tensor(state).shape == [2, 8])
  }

  @Test func setsTheClassesToTheSymbols() throws {
    let run = graphc(
      ["run"] + SmallModel.arguments + ["--interpret", "--text", "-", "--tokenizer", "characters"],
      input: Array("abcabcabcabcab\u{E4}\u{1F600}".utf8))
    #expect(run.errors.contains("note: vocab = 6 from the text\n"))
    #expect(run.output.hasPrefix("standard input: 8 tokens in 1 window of 4 × 2, "))
    #expect(try abs(numbers(run.output).perplexity - 6) <= 0.06)
  }

  @Test func refusesWhatConflicts() throws {
    let conflict = SmallModel.run("run", ["--dim", "vocab=30"])
    #expect(conflict.status == 2)
    #expect(
      conflict.errors.contains(
        "'--dim vocab=30' conflicts with the text, which has 28 symbols"))
    #expect(SmallModel.run("run", ["--dim", "vocab=28"]).status == 0)
    let tokens = try file(Tensor(shape: [4, 2], .int64(Array(repeating: 0, count: 8))))
    let both = SmallModel.run("run", ["--text", "x.txt", "--input", "tokens=\(tokens)"])
    #expect(both.status == 2)
    #expect(both.errors.contains("'--input tokens' does not go with a text"))
    let unused = SmallModel.run(
      "run", ["--tokenizer", "letters", "--input", "tokens=\(tokens)"])
    #expect(unused.status == 2)
    let output = SmallModel.run("run", ["--output", "logits=l.npy"])
    #expect(output.status == 2)
    #expect(output.errors.contains("only states can be saved: h"))
  }

  @Test func refusesWeightsOfOtherClasses() throws {
    let weights = temporaryFile("w.safetensors")
    try writeFile(Safetensors(["W_xh": Tensor(shape: [1, 1], [0])]).bytes(), to: weights)
    let run = SmallModel.run("run", ["--weights", weights])
    #expect(run.status == 1)
    #expect(run.errors.contains("'W_xh' is f32[1, 1], expected f32[28, 8]"))
    #expect(run.errors.contains("missing: 'b_q' of f32[28]"))
    #expect(!run.errors.contains("--dim"))
  }

  /// Which symbols weights without a vocabulary mean is not for the shipped text to say.
  @Test func readsNoTextByWeightsOfAnotherVocabulary() throws {
    let weights = temporaryFile("w.safetensors")
    let tensor = Tensor(shape: [9, 9], Array(repeating: 0, count: 81))
    try writeFile(Safetensors(["W": tensor]).bytes(), to: weights)
    let model = """
      model Nine {
        dim vocab = 9, batch = 2, n = 3
        input tokens : index<vocab>[n, batch]
        param W : f32[vocab, vocab] = zeros
        scan t in n {
          logits[t] = linear(one_hot(tokens[t]), W)
        }
        output logits
      }

      """
    let other = graphc("run", model, ["--interpret", "--weights", weights])
    #expect(other.status == 1)
    #expect(
      other.errors.hasPrefix("error: 'tokens' is not given, and '")
        && other.errors.contains("give '--input tokens=FILE.npy' or '--text FILE'"),
      "\(other.errors)")
  }

  /// Weights of other sizes fit with other dims, which the error names.
  @Test func namesTheDimsThatFit() throws {
    let weights = temporaryFile("w.safetensors")
    func tensor(_ shape: [Int]) -> Tensor {
      Tensor(shape: shape, Array(repeating: 0, count: shape.reduce(1, *)))
    }
    var tensors = [
      "W_xh": tensor([28, 3]), "W_hh": tensor([3, 3]), "b_h": tensor([3]), "W_hq": tensor([3, 28]),
      "b_q": tensor([28]),
    ]
    try writeFile(Safetensors(tensors).bytes(), to: weights)
    let run = SmallModel.run("run", ["--weights", weights, "--interpret"])
    #expect(run.status == 1)
    #expect(run.errors.hasSuffix("\n  --dim hidden=3 fits them\n"), "\(run.errors)")
    tensors["W_hh"] = tensor([3, 4])
    try writeFile(Safetensors(tensors).bytes(), to: weights)
    #expect(!SmallModel.run("run", ["--weights", weights, "--interpret"]).errors.contains("--dim"))
  }

  @Test func refusesTextsThatAreNone() throws {
    let path = temporaryFile("text.txt")
    try writeFile([0x61, 0xFF], to: path)
    let run = SmallModel.run("run", ["--text", path])
    #expect(run.status == 1)
    #expect(run.errors.contains("is not UTF-8"))
    let model = "model M {\n  input x : f32[2]\n  y = x * 2\n  output y\n}\n"
    let other = graphc("run", model, ["--text", path])
    #expect(other.status == 1)
    #expect(other.errors.contains("the model reads no text: it needs one index input"))
    let rows = """
      model Rows {
        dim symbols = 9, batch = 2, steps = 3
        input tokens : index<symbols>[batch, steps]
        scan t in steps {
          logits[t] = one_hot(tokens[:, t]) * 2
        }
        output logits
      }

      """
    let turned = graphc("run", rows, ["--text", path])
    #expect(turned.status == 1)
    #expect(
      turned.errors.contains(
        "output 'logits' is f32[steps, batch, symbols], expected f32[batch, steps, symbols], as "
          + "'tokens' has its axes; 'transpose' changes their order"), "\(turned.errors)")
    let stateless = graphc(
      "run",
      rows.replacing("[:, t]", with: "[t]").replacing("[batch, steps]", with: "[steps, batch]"),
      ["--text", path, "--output", "logits=l.npy"])
    #expect(stateless.status == 2)
    #expect(stateless.errors.contains("; only states can be saved, and the model has none; see"))
  }

  @Test func givesLabelsRowsFirst() throws {
    let path = temporaryFile("text.txt")
    try writeFile(Array("a sentence of some words".utf8), to: path)
    // The logits are the labels themselves: no token surprises the model.
    let run = graphc(
      "run",
      """
      model Rows {
        dim symbols = 9, batch = 2, steps = 3
        input tokens : index<symbols>[batch, steps]
        label next   : index<symbols>[batch, steps]
        scan t in steps {
          rows[t] = one_hot(next[:, t]) * 100 + one_hot(tokens[:, t])
        }
        logits = transpose(rows, axes: [1, 0, 2])
        output logits
      }

      """, ["--interpret", "--text", path])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("note: symbols = 14 from the text\n"))
    #expect(
      run.output
        == "\(path): 18 tokens in 3 windows of 3 × 2, cross entropy 0.000, perplexity 1.00\n")
  }

}

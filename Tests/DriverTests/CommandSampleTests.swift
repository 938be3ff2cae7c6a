import Foundation
import Tensors
import Testing
import Text

@testable import Driver

@Suite struct CommandSampleTests {

  /// A model whose logits are a row of a table for the last token and one for that before it.
  private static let graph = """
    model Pairs {
      dim symbols = 99, batch = 7, num_steps = 3
      input tokens : index<symbols>[num_steps, batch]
      param last : f32[symbols, symbols] = zeros
      param before : f32[symbols, symbols] = zeros
      carried state past : f32[batch, symbols] = zeros
      scan t in num_steps {
        x = one_hot(tokens[t])
        logits[t] = linear(x, last) + linear(past, before)
        past = x * 1
      }
      output logits
    }

    """

  private static let symbols: [ExactText] = ["<unk>", "a", "b", "c"]

  /// The tables, by the places of symbols: the unknown symbol is the likeliest everywhere.
  private static let last: [[Float]] = [
    [9, 0, 0, 0], [9, 0, 2, 1], [9, 1, 0, 2], [9, 2, 1, 0],
  ]
  private static let before: [[Float]] = [
    [9, 0, 0, 0], [9, 0, 0, 3], [9, 0, 0, 0], [9, 0, 0, 0],
  ]

  /// Returns the path of a new file with the tables and `remarks`.
  private func weights(
    _ remarks: [ExactText: String]? = nil, scale: Float = 1, adding more: [String: Tensor] = [:]
  ) throws -> String {
    let path = temporaryFile("w.safetensors")
    let table = { (rows: [[Float]]) in
      Tensor(shape: [4, 4], rows.flatMap { $0 }.map { $0 * scale })
    }
    let coding = TextCoding(
      tokenizer: .letters, vocabulary: try Vocabulary(symbols: Self.symbols))
    let tensors = ["last": table(Self.last), "before": table(Self.before)]
    try writeFile(
      Safetensors(tensors.merging(more) { $1 }, metadata: remarks ?? coding.metadata).bytes(),
      to: path)
    return path
  }

  private func sample(
    _ prefix: String, _ options: [String] = [], weights path: String? = nil
  ) throws -> CommandRun {
    graphc(
      "sample", Self.graph,
      ["--weights", try path ?? weights(), "--prefix", prefix] + options)
  }

  /// Returns `prefix` and `length` characters more, by the tables.
  private func expected(_ prefix: String, _ length: Int, _ choice: TokenChoice) -> String {
    var tokens = prefix.map { Self.symbols.firstIndex(of: ExactText(String($0))) ?? 0 }
    for position in 0..<length {
      var logits = Self.last[tokens[tokens.count - 1]]
      if tokens.count > 1 {
        logits = zip(logits, Self.before[tokens[tokens.count - 2]]).map { $0 + $1 }
      }
      tokens.append(choice.token(logits: logits, position: position) ?? 0)
    }
    return tokens.map { Self.symbols[$0].string }.joined() + "\n"
  }

  @Test func writesThePrefixAndWhatIsLikeliest() throws {
    let run = try sample("a", ["--greedy", "--length", "7"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output == expected("a", 7, .greedy))
    #expect(run.errors == "note: symbols = 4 from the weights\n")
    // The prefix alone shows that all of it is read: 'c' is likely two places behind 'a'.
    #expect(try sample("ca", ["--greedy", "--length", "1"]).output == "cab\n")
    #expect(try sample("ab", ["--greedy", "--length", "1"]).output == "abc\n")
    #expect(try sample("B!", ["--greedy", "--length=0"]).errors.contains("is read as 'b'"))
  }

  @Test func drawsWithASeed() throws {
    for (options, choice) in [
      (["--seed", "3"], TokenChoice.random(temperature: 1, count: nil, seed: 3)),
      (["--temperature", "2.5"], .random(temperature: 2.5, count: nil, seed: 0)),
      (["--top-k", "2", "--seed", "9"], .random(temperature: 1, count: 2, seed: 9)),
    ] {
      let run = try sample("ab", options)
      #expect(run.output == expected("ab", 50, choice), "\(run.errors)")
    }
  }

  @Test func readsFilesOfTraining() throws {
    let path = try weights(adding: [
      "optimizer.momentum.last": Tensor(shape: [4, 4], Array(repeating: 1, count: 16)),
      "state.past": Tensor(shape: [7, 4], Array(repeating: 1, count: 28)),
    ])
    let run = try sample("a", ["--greedy"], weights: path)
    #expect(run.output == expected("a", 50, .greedy), "\(run.errors)")
    // A row for each of three texts; all are alike.
    let rows = try sample("a", ["--greedy", "--dim", "batch=3"], weights: path)
    #expect(rows.output == run.output)
  }

  @Test(arguments: [
    ("", [], 1, "the prefix is empty"),
    ("42", [], 1, "the prefix has no tokens under 'letters'"),
    ("bad", [], 1, "the prefix has 'd', which is not in the vocabulary"),
    (
      "a", ["--length", "-1"], 2, "'--length' needs a whole number from 0 to 100000000, found '-1'"
    ),
    ("a", ["--temperature", "0"], 2, "'--greedy' takes the likeliest character"),
    ("a", ["--temperature", "-1"], 2, "'--temperature' is -1.0, expected more than 0"),
    ("a", ["--temperature", "nan"], 2, "'--temperature' needs a number, found 'nan'"),
    ("a", ["--top-k", "0"], 2, "'--top-k' needs a whole number from 1 to "),
    ("a", ["--top-k", "1", "--greedy"], 2, "'--top-k' does not go with '--greedy'"),
    ("a", ["--dim", "symbols=5"], 2, "conflicts with the weights, which has 4 symbols"),
  ])
  func refuses(_ prefix: String, _ options: [String], _ status: Int32, _ message: String) throws {
    let run = try sample(prefix, options)
    #expect(run.status == status)
    #expect(run.output == "")
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test func refusesWeightsThatDoNotFit() throws {
    let plain = try sample("a", weights: weights([:]))
    #expect(plain.status == 1)
    #expect(plain.errors.contains(" has no vocabulary; 'graphc train --save' writes one"))
    let damaged = try sample("a", weights: weights(["tokenizer": "letters", "vocabulary": "{"]))
    #expect(damaged.status == 1)
    #expect(damaged.errors.contains("the vocabulary in '"))
    let more = try sample("a", weights: weights(adding: ["extra": Tensor(shape: [], [1])]))
    #expect(more.errors.contains("left over: 'extra'"))
    let infinite = try sample("a", weights: weights(scale: 3e38))
    #expect(infinite.status == 1)
    #expect(infinite.output == "")
    #expect(infinite.errors.contains("the logits are not finite numbers"))
    let none = try sample("a", weights: temporaryFile("none"))
    #expect(none.status == 1)
    for missing in [["--weights", "w"], ["--prefix", "a"]] {
      #expect(graphc("sample", Self.graph, missing).status == 2)
    }
  }

  @Test func saysWhyThereIsNoStep() throws {
    let reversed = Self.graph.replacingOccurrences(of: "num_steps {", with: "num_steps reverse {")
    let run = graphc("sample", reversed, ["--weights", try weights(), "--prefix", "a"])
    #expect(run.status == 1)
    #expect(run.errors.contains(": error: the model has no entry 'step': "))
    let plain = "model M {\n  input x : f32[2]\n  y = x * 2\n  output y\n}\n"
    let other = graphc("sample", plain, ["--weights", "w", "--prefix", "a"])
    #expect(other.status == 1)
    #expect(other.errors.contains("the model reads no text"))
  }

  /// Marks are characters of their own, in the order in which they are given.
  @Test func keepsTheBytesOfMarks() throws {
    let coding = TextCoding(
      tokenizer: .characters,
      vocabulary: try Vocabulary(symbols: ["<unk>", "\u{301}", "\u{323}", "\u{212B}"]))
    let path = try weights(coding.metadata)
    for prefix in ["\u{212B}\u{301}\u{323}", "\u{212B}\u{323}\u{301}"] {
      let run = try sample(prefix, ["--length", "0"], weights: path)
      #expect(run.status == 0 && !run.errors.contains("the prefix is read as"), "\(run.errors)")
      #expect(Array(run.output.utf8) == Array("\(prefix)\n".utf8))
    }
    let other = try sample("\u{C5}", ["--length", "0"], weights: path)
    #expect(other.status == 1)
    #expect(other.errors.contains("the prefix has '\u{C5}', which is not in the vocabulary"))
  }

  @Test func readsATextWithTheVocabularyOfTheWeights() throws {
    let options = ["--weights", try weights(), "--text", temporaryFile("text.txt")]
    try writeFile(Array("abcabcabxcabcabcabcabcab".utf8), to: options[3])
    let dims = dimensions(["batch=2"])
    let run = graphc("run", Self.graph, options + dims + ["--interpret"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.errors.contains("note: 1 of 24 tokens are not in the vocabulary of the weights\n"))
    #expect(run.errors.contains("note: symbols = 4 from the weights\n"))
    let other = graphc("run", Self.graph, options + ["--tokenizer", "characters"])
    #expect(other.status == 2)
    #expect(other.errors.contains("'--tokenizer characters' conflicts with the weights"))
  }

}

import Foundation
import Tensors
import Testing

@testable import Driver

/// Training and evaluation on tensors with a row for each example.
@Suite struct CommandRowsTests {

  /// The shipped model of series at a size at which everything is fast.
  private static let unsized =
    ["forecast.graph"] + dimensions(["hidden=8", "num_steps=6"])

  /// The model with eight rows in a batch.
  private static let model = unsized + ["--dim", "batch=8"]

  /// Windows of six numbers of sines, and what comes behind them.
  private static func series(_ count: Int) -> (x: Tensor, y: Tensor) {
    func value(_ row: Int, _ step: Int) -> Float {
      Float(sin(0.7 * Double(row) + 0.5 * Double(step)))
    }
    let x = (0..<count).flatMap { row in (0..<6).map { value(row, $0) } }
    let y = (0..<count).map { value($0, 6) }
    return (Tensor(shape: [count, 6, 1], x), Tensor(shape: [count, 1], y))
  }

  private static func files(_ count: Int) throws -> [String] {
    let (x, y) = series(count)
    return ["--input", "x=\(try file(x))", "--label", "y=\(try file(y))"]
  }

  /// The number behind `label` in the last line of `output`.
  private func number(_ label: String, _ output: String) -> Double? {
    let line = output.split(separator: "\n").last ?? ""
    return line.split(separator: "\(label) ").last.flatMap { $0.split(separator: ",").first }
      .flatMap {
        Double($0)
      }
  }

  /// A regression is trained on rows, and its error is that of the rows which are kept apart. The
  /// saved model gives the same predictions in batches, the last of them filled, as the interpreter
  /// does.
  @Test func trainsARegressionAndMeasuresIt() throws {
    let (weights, log) = (temporaryFile("w"), temporaryFile("l.csv"))
    let data = try Self.files(60)
    let run = graphc(["train"] + Self.model + data + ["--save", weights, "--log", log])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("note: 6 rows of 60 kept apart for validation\n"))
    // 54 rows are six batches of eight.
    #expect(run.output.hasPrefix("done: epoch 20, update 120, "), "\(run.output)")
    // The variance of a sine is 0.5.
    let error = try #require(number("valid mean squared error", run.output))
    #expect(error < 0.05, "\(run.output)")
    #expect(
      try text(log).hasPrefix(
        "epoch,update,train_loss,valid_loss,valid_accuracy,gradient_norm,lr,rows_per_second\n"))

    var predictions: [Tensor] = []
    for options in [[], ["--interpret"]] {
      let path = temporaryFile("p.npy")
      let run = graphc(
        ["run"] + Self.model + data + options
          + ["--weights", weights, "--output", "prediction=\(path)", "--json"])
      #expect(run.status == 0, "\(run.errors)")
      let result = try JSON(parsing: Array(run.output.utf8))
      #expect(result["count"]?.int == 60)
      let loss = try #require(result["loss"]?.double)
      let tensor = try tensor(path)
      predictions.append(tensor)
      #expect(tensor.shape == [60, 1])
      var sum = 0.0
      for (a, b) in zip(numbers(tensor), numbers(Self.series(60).y)) {
        let error = Double(a) - Double(b)
        sum += error * error
      }
      #expect(abs(sum / 60 - loss) < 1e-12)
    }
    // Six steps of sums of nine numbers below two.
    for (a, b) in zip(numbers(predictions[0]), numbers(predictions[1])) {
      #expect(abs(a - b) < 1e-5)
    }
  }

  private func numbers(_ tensor: Tensor) -> [Float] {
    guard case .float32(let elements) = tensor.elements else { return [] }
    return elements
  }

  /// One batch with no part kept apart is what every update gets, as without rows.
  @Test func givesOneBatchToEveryUpdate() throws {
    let run = graphc(
      ["train"] + Self.model + (try Self.files(8)) + ["--updates", "3"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.hasPrefix("done: epoch 3, update 3, train loss "), "\(run.output)")
    #expect(run.output.hasSuffix(" updates/s\n"))
    let forPrograms = graphc(
      ["train"] + Self.model + (try Self.files(8)) + ["--updates", "3", "--json"])
    let result = try JSON(parsing: Array(forPrograms.output.utf8))
    #expect(result["epochs"]?.int == 3 && result["updates"]?.int == 3)
    #expect(result["train_loss"]?.double?.isFinite == true && result["valid_loss"] == nil)
  }

  @Test func refusesDataThatDoNotFit() throws {
    let (x, y) = Self.series(20)
    func options(_ x: Tensor, _ y: Tensor) throws -> [String] {
      ["--input", "x=\(try file(x))", "--label", "y=\(try file(y))"]
    }
    let short = Tensor(shape: [19, 1], Array(repeating: 0, count: 19))
    let narrow = Tensor(shape: [20, 5, 1], Array(repeating: 0, count: 100))
    var numbers = Array(repeating: Float(0), count: 20)
    numbers[7] = .nan
    let hole = Tensor(shape: [20, 1], numbers)
    let cases: [([String], Int32, String)] = [
      (try options(x, short), 1, "the inputs have different numbers of rows:\n  'x' has 20 along"),
      (try options(narrow, y), 1, "'x' is f32[20, 5, 1], expected f32[N, 6, 1]"),
      (try options(x, hole), 1, "'y' has nan at [7, 0], expected finite numbers"),
      (
        try options(x, y) + ["--dim", "batch=30"], 1,
        "there are 20 rows, but a batch takes 30; --dim batch=20 takes all of them at once"
      ),
      (
        try options(x, y) + ["--dim", "batch=19"], 1,
        "there are 18 rows, but a batch takes 19; --dim batch=18"
      ),
      (
        try options(x, y) + ["--partition", "random"], 2,
        "'--partition' counts only for the windows of a text"
      ),
      (
        try options(x, y) + ["--label", "x=a.npy"], 2, "'x' is both an '--input' and a '--label'"
      ),
      (
        ["--input", "x=\(try file(x))"], 1,
        "the inputs do not fit entry 'train':\n  missing: 'y' of f32[8, 1]"
      ),
    ]
    for (options, status, message) in cases {
      let isSized = options.contains("--dim")
      let run = graphc(["train"] + (isSized ? Self.unsized : Self.model) + options)
      #expect(run.status == status, "\(options)")
      #expect(run.errors.contains(message), "\(run.errors)")
    }
  }

  /// Without a label, rows are answered in the form of one call, whatever their number is.
  @Test func printsOutputsOfRows() throws {
    let all = Self.series(20).x
    var outputs: [String] = []
    for count in [3, 8, 20] {
      let x = try file(all.prefix(count, along: 0))
      let run = graphc(["run", "--interpret"] + Self.model + ["--input", "x=\(x)"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.hasPrefix("prediction: f32[\(count), 1] = [["), "\(run.output)")
      outputs.append(String(run.output.split(separator: "= ")[1].dropLast(2)))
    }
    // The first rows are the same.
    #expect(outputs[1].hasPrefix(outputs[0].dropLast()) && outputs[2].hasPrefix(outputs[1]))
  }

  @Test func refusesRunsThatAskForNothing() throws {
    let x = try file(Self.series(20).x)
    for (options, status, message) in [
      (["--json"], 1, "nothing to report for 20 rows: no label matches an output"),
      (["--output", "none=h.npy"], 1, "'none' is no output or state with a row for each example"),
    ] as [([String], Int32, String)] {
      let run = graphc(["run", "--interpret"] + Self.model + ["--input", "x=\(x)"] + options)
      #expect(run.status == status)
      #expect(run.errors.contains(message), "\(run.errors)")
    }
    let one = try file(Self.series(8).x)
    let run = graphc(["run", "--interpret"] + Self.model + ["--input", "x=\(one)", "--json"])
    #expect(run.status == 2 && run.errors.contains("'--json' counts only for rows"))
  }

  /// A model of two rows a batch, whose final states are what it starts at and a sum of what it
  /// reads.
  private static let sums = """
    model Sums {
      dim batch = 2, n = 3
      input x : f32[n, batch]
      state s : f32[batch] = zeros
      state all : f32 = zeros
      scan t in n {
        s = s + x[t]
        y[t] = s
      }
      all = all + 1
      output y
      output start = s - x[0] - x[1] - x[2] + 0 * all
    }

    """

  /// States are given and saved one a row, also those of a last batch that is not full.
  @Test func startsEachRowAtItsOwnState() throws {
    let x = try file(Tensor(shape: [3, 5], (0..<15).map { Float($0) }))
    let states = Tensor(shape: [5], [10, 20, 30, 40, 50])
    let paths = ["start", "s"].map { ($0, temporaryFile("\($0).npy")) }
    let options =
      ["--interpret", "--input", "x=\(x)"] + paths.flatMap { ["--output", "\($0.0)=\($0.1)"] }
    let run = graphc("run", Self.sums, options + ["--input", "s=\(try file(states))"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try tensor(paths[0].1) == states)
    #expect(try tensor(paths[1].1) == Tensor(shape: [5], [25, 38, 51, 64, 77]))
    let two = Tensor(shape: [2], [10, 20])
    let wrong = graphc("run", Self.sums, options + ["--input", "s=\(try file(two))"])
    #expect(wrong.status == 1)
    #expect(
      wrong.errors.contains("'s' has 2 rows along axis 0, expected 5, one for each row of 'x'"),
      "\(wrong.errors)")
    // Where a call takes all rows, there is one state for each of them.
    let one = try file(Tensor(shape: [3, 2], Array(repeating: 0, count: 6)))
    let call = graphc(
      "run", Self.sums,
      ["--interpret", "--input", "x=\(one)", "--input", "s=\(try file(two))"])
    #expect(call.output.hasSuffix("start: f32[2] = [10, 20]\n"), "\(call.output)\(call.errors)")
    let other = graphc(
      "run", Self.sums, ["--interpret", "--input", "x=\(x)", "--output", "all=a.npy"])
    #expect(other.status == 1)
    #expect(
      other.errors.contains(
        "'all' is no output or state with a row for each example; there are s, start, y"),
      "\(other.errors)")
  }

  /// What has a part for each row, but no axis of them, would be that of other rows.
  @Test func refusesPartsOfRowsWithoutAnAxis() throws {
    let text = """
      model Pairs {
        dim batch = 2, pairs = 2 * batch
        input x : f32[batch]
        state s : f32[pairs] = zeros
        s = s + 1
        output y = x + sum(s)
      }

      """
    let x = try file(Tensor(shape: [5], Array(repeating: 0, count: 5)))
    let s = try file(Tensor(shape: [4], Array(repeating: 0, count: 4)))
    let run = graphc(
      "run", text, ["--interpret", "--input", "x=\(x)", "--input", "s=\(s)", "--output", "y=y"])
    #expect(run.status == 1)
    #expect(
      run.errors.contains(
        "'s' is f32[pairs], which has no axis of 'batch' alone, so it cannot be given for rows"),
      "\(run.errors)")
  }

  @Test func refusesModelsWithoutRows() throws {
    let x = try file(Tensor(shape: [20, 2], Array(repeating: 0, count: 40)))
    let model = """
      model Two {
        dim a = 4, b = 4
        input x : f32[a, b]
        label y : f32[a, b]
        param w : f32 = ones
        z = x * w
        output z
        train {
          loss = mse(z, y)
          optimizer = sgd(lr: 0.1)
        }
      }

      """
    // Neither 'a' nor 'b' is called 'batch', so the tensor is that of one call.
    let run = graphc("train", model, ["--input", "x=\(x)", "--label", "y=\(x)"])
    #expect(run.status == 1)
    #expect(run.errors.contains("'x' is f32[20, 2], expected f32[4, 4]"), "\(run.errors)")
  }

  /// Each tag tells whether the word behind it is larger than that before it; what lies behind the
  /// end of a sentence is taken neither for training nor for the accuracy.
  @Test func trainsATagger() throws {
    let (count, steps) = (200, 8)
    let random = RandomStream(seed: 3, name: "sentences")
    var words = [Int64](repeating: 0, count: count * steps)
    var tags = [Int64](repeating: 1, count: count * steps)
    let lengths = (0..<count).map { 2 + random.integer(below: steps - 1, at: $0) }
    for row in 0..<count {
      let sentence = (0..<lengths[row]).map { step in
        random.integer(below: 3, at: 1000 + row * steps + step)
      }
      for step in sentence.indices {
        let before = step > 0 ? sentence[step - 1] : -1
        let behind = step + 1 < sentence.count ? sentence[step + 1] : -1
        words[step * count + row] = Int64(sentence[step])
        tags[step * count + row] = before < behind ? 1 : 0
      }
    }
    let data = [
      "--input", "words=\(try file(Tensor(shape: [steps, count], .int64(words))))",
      "--input", "lengths=\(try file(Tensor(shape: [count], .int64(lengths.map(Int64.init)))))",
      "--label", "tag=\(try file(Tensor(shape: [steps, count], .int64(tags))))",
    ]
    let model =
      ["tagger.graph"]
      + dimensions([
        "vocab=3", "tags=2", "inputs=4", "hidden=16", "batch=16", "num_steps=8",
      ])
    let weights = temporaryFile("w")
    let run = graphc(["train"] + model + data + ["--epochs", "30", "--save", weights])
    #expect(run.status == 0, "\(run.errors)")
    let accuracy = run.output.split(separator: "valid accuracy ").last?.split(separator: " ").first
    #expect(accuracy.flatMap { Double($0) } ?? 0 > 90, "\(run.output)")
    let evaluation = graphc(
      ["run", "--interpret"] + model + data + ["--weights", weights, "--json"])
    let result = try JSON(parsing: Array(evaluation.output.utf8))
    #expect(result["count"]?.int == lengths.reduce(0, +), "\(evaluation.errors)")
    #expect(result["accuracy"]?.double ?? 0 > 0.9)
    #expect(result["classes"]?.elements?.count == 2 && result["confusion"]?.elements?.count == 2)
  }

}

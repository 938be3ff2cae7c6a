import Diagnostics
import Foundation
import Tensors
import Testing
import Text

@testable import Driver
@testable import Training

@Suite struct CommandTrainTests {

  private let model = """
    model Plain {
      dim symbols = 4, batch = 2, steps = 3
      input tokens : index<symbols>[steps, batch]
      label next : index<symbols>[steps, batch]
      param w : f32[symbols, symbols] = zeros
      scan t in steps {
        logits[t] = linear(one_hot(tokens[t]), w)
      }
      output logits
    }

    """

  @Test func saysThatThereIsNoTrainBlock() {
    let run = graphc("train", model)
    #expect(run.status == 1)
    #expect(run.output == "")
    #expect(
      run.errors.contains(
        "<stdin>:1:7: error: the model has no 'train' block [no-train]\n  model Plain {\n"))
  }

  @Test(arguments: [
    (["--epochs", "0"], "'--epochs' needs a whole number from 1 to 2147483647, found '0'"),
    (["--updates", "x"], "'--updates' needs a whole number from 1 to "),
    (["--partition", "both"], "unknown partition 'both'; there are sequential, random"),
    (["--valid-fraction", "1"], "'--valid-fraction' is 1.0, expected at least 0 and less than 1"),
    (["--lr", "fast"], "'--lr' needs a number, found 'fast'"),
    (["--clip", "inf"], "'--clip' needs a number, found 'inf'"),
    (["--set", "momentum"], "'--set' needs NAME=VALUE, found 'momentum'"),
    (["--set", "momentum=x"], "'--set momentum' needs a number, found 'x'"),
    (["--lr-schedule", "step(every: 3)"], "'--lr-schedule': 'step' needs the argument "),
    (["--resume"], "'--resume' needs the file of the model: --save W.safetensors"),
    (["--checkpoint-every", "3"], "'--checkpoint-every' needs the file of the model"),
    (["--checkpoint-every", "0", "--save", "w"], "'--checkpoint-every' needs a whole number"),
    (["--resume", "--save", "w", "--weights", "v"], "'--weights' does not go with '--resume'"),
    (["--save", "w", "--log", "./w"], "'--log' names the file './w', which has another use"),
    (["--text", "t", "--save", "t"], "'--save' names the file 't', which has another use"),
    (["--weights", "w", "--plot", "w"], "'--plot' names the file 'w', which has another use"),
    (
      ["--plot", "x.png"], "'--plot' draws SVG, found 'x.png', expected a name that ends in '.svg'"
    ),
    (["--plot", "a.svg/x.PDF"], "'--plot' draws SVG, found 'a.svg/x.PDF', expected a name "),
    (["--seed", "-1"], "'--seed' needs a whole number"),
  ])
  func refusesWrongCommandLines(_ options: [String], _ message: String) {
    let run = graphc("train", model, options)
    #expect(run.status == 2)
    #expect(run.errors.hasPrefix("error: \(message)"), "\(run.errors)")
  }

  @Test(arguments: [
    ("", [], "is empty, expected a text"),
    ("12 34", [], "has no tokens under 'letters'"),
    ("abc", [], "the text has 3 tokens, but a window of batch 2 and num_steps 3 needs 7"),
    ("abcabcabc", ["--dim", "steps=0"], "'num_steps' is 0, expected at least 1"),
    ("abc\u{0}", ["--dim", "symbols=9"], "conflicts with the text, which has 4 symbols"),
  ])
  func refusesTextsThatCannotBeTrainedOn(
    _ text: String, _ options: [String], _ message: String
  ) throws {
    let path = temporaryFile("text.txt")
    try writeFile(Array(text.utf8), to: path)
    let run = graphc("train", model, ["--text", path] + options)
    #expect(run.status == (options.contains("symbols=9") ? 2 : 1))
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test func refusesBytesThatAreNoText() throws {
    let path = temporaryFile("text.txt")
    try writeFile([0x61, 0x0A, 0xFF], to: path)
    let run = graphc("train", model, ["--text", path])
    #expect(run.status == 1)
    #expect(run.errors.contains("is not UTF-8: ill-formed byte at offset 2, line 2"))
  }

  @Test func refusesFilesThatCannotBeWritten() {
    for option in ["--save", "--log", "--plot"] {
      let run = graphc("train", model, [option, temporaryFile("none") + "/w"])
      #expect(run.status == 3)
      #expect(run.errors.contains("/none/w': no such file or directory"), "\(run.errors)")
      #expect(graphc("train", model, [option, "/dev/null"]).status == 1)
    }
  }

  @Test func refusesTextsForOtherModels() throws {
    let other = "model M {\n  input x : f32[2]\n  y = x * 2\n  output y\n}\n"
    let text = temporaryFile("text.txt")
    try writeFile(Array("abcabc".utf8), to: text)
    for (options, status, message) in [
      (["--text", text], 1, "the model reads no text"),
      (["--valid-fraction", "0.1"], 2, "'--valid-fraction' counts only for a text"),
      (["--tokenizer", "letters"], 2, "'--tokenizer' counts only for a text"),
    ] as [([String], Int32, String)] {
      let run = graphc("train", other, options)
      #expect(run.status == status)
      #expect(run.errors.contains(message), "\(run.errors)")
    }
    let unlabelled = model.replacing("label next", with: "input next")
    #expect(graphc("train", unlabelled).status == 1)
  }

  /// The learning rate is that of the optimiser, also where the model has an input of that name.
  @Test func givesNumbersToTheOptimiser() throws {
    let text = """
      model Line {
        input x : f32[2]
        input lr : f32 = 3
        label y : f32[2]
        param w : f32 = ones
        z = w * x + lr
        output z
        train {
          loss = mse(z, y)
          optimizer = rmsprop(lr: 0.1)
        }
      }

      """
    var warnings = DiagnosticSet()
    let module = try Source(path: "m", utf8: Array(text.utf8)).module(
      overriding: [], warnings: &warnings)
    func numbers(_ options: [String]) throws -> [String: Tensor] {
      try TrainingOptions(
        CommandLineArguments(options, options: Command.train.options), reading: []
      )
      .numbers(module)
    }
    func scalar(_ x: Double) -> Tensor { Tensor(shape: [], .float64([x])) }
    #expect(
      try numbers(["--lr", "0.5", "--set", "lr=2"]) == ["lr_": scalar(0.5), "lr": scalar(2)])
    // The model's own number may be anything.
    #expect(try numbers(["--set", "lr=-2"]) == ["lr": scalar(-2)])
    for (options, message) in [
      (["--lr", "1", "--set", "lr_=2"], "'lr_' is set twice"),
      (["--set", "lr_=-1"], "'lr_' is -1.0, expected a number from 0 on"),
      (
        ["--set", "alpha=1"], "'alpha' is 1.0, expected a number from 0 up to, but not including, 1"
      ),
    ] {
      let run = graphc("train", text, options)
      #expect(run.status == 2)
      #expect(run.errors.hasPrefix("error: \(message)"), "\(run.errors)")
    }
  }

  @Test func digestsTheGraphWithoutItsComments() throws {
    func digest(_ text: String) throws -> String {
      var warnings = DiagnosticSet()
      return try Source(path: "m", utf8: Array(text.utf8)).module(
        overriding: [], warnings: &warnings
      ).digest
    }
    let plain = try digest(model)
    #expect(plain.count == 64)
    let commented = model.replacing("= zeros", with: "= zeros  // at first")
    #expect(try digest("// A model.\n" + commented) == plain)
    #expect(try digest(model.replacing("= zeros", with: "= ones")) != plain)
    #expect(try digest(model.replacing("batch = 2", with: "batch = 3")) != plain)
  }

}

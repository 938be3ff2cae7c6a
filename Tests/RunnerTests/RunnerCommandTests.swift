import Foundation
import Tensors
import Testing

@testable import Runner

@Suite struct RunnerCommandTests {

  /// Writes the toy's inputs into a new folder; returns it and the options that name them.
  private func inputFiles() throws -> (folder: String, options: [String]) {
    let folder = try temporaryFolder()
    var options: [String] = []
    for (name, tensor) in Toy.inputs().sorted(by: { $0.key < $1.key }) {
      try Data(tensor.npyBytes()).write(to: URL(fileURLWithPath: "\(folder)/\(name).npy"))
      options += ["--input", "\(name)=\(folder)/\(name).npy"]
    }
    return (folder, options)
  }

  @Test func printsSmallOutputs() throws {
    let (_, options) = try inputFiles()
    let outcome = RunnerCommand.run([try Toy.folder.get()] + options)
    #expect(
      outcome.output == """
        y: f32[4, 2, 2] = [[[10.5, 13.5], [28.5, 40.5]], [[46.5, 67.5], [64.5, 94.5]], \
        [[82.5, 121.5], [100.5, 148.5]], [[118.5, 175.5], [136.5, 202.5]]]
        next: i64[4, 2] = [[1, 2], [3, 4], [5, 1], [2, 3]]
        negated: bool[2] = [true, false]

        """)
    #expect(outcome.errors == "")
    #expect(outcome.status == 0)
  }

  @Test func summarisesLargeTensors() {
    let numbers = (0..<65).map { Float($0) }
    #expect(
      Tensor(shape: [65], numbers).summary(named: "x") == "x: f32[65], min 0.0, max 64.0, mean 32.0"
    )
    #expect(
      Tensor(shape: [5, 13], .int64(numbers.map { Int64($0) })).summary(named: "i")
        == "i: i64[5, 13], min 0, max 64, mean 32.0")
    #expect(
      Tensor(shape: [65], .bool(numbers.map { $0 < 2 })).summary(named: "b")
        == "b: bool[65], 2 of 65 true")
    #expect(Tensor(shape: [], [2.5]).summary(named: "s") == "s: f32 = 2.5")
    #expect(Tensor(shape: [0, 2], []).summary(named: "e") == "e: f32[0, 2], no elements")
  }

  @Test func writesOutputsAndStates() throws {
    let (folder, options) = try inputFiles()
    try Data(
      Safetensors([
        "W": Tensor(shape: [3, 2], [0, 0, 0, 0, 0, 0]), "b": Tensor(shape: [2], [1, 2]),
      ]).bytes()
    ).write(to: URL(fileURLWithPath: "\(folder)/w.safetensors"))
    let outcome = RunnerCommand.run(
      options + [
        "--weights=\(folder)/w.safetensors", "--output", "y=\(folder)/y.npy", "--output",
        "count=\(folder)/count.npy", "--steps", "2", "--", try Toy.folder.get(),
      ])
    #expect(outcome.errors == "")
    #expect(outcome.output.hasPrefix("next: i64[2, 2]"))
    let read = { name in
      try Tensor(npy: readFile("\(folder)/\(name).npy", limit: 1 << 20), name: name)
    }
    #expect(try read("y") == Tensor(shape: [2, 2, 2], [1, 2, 1, 2, 1, 2, 1, 2]))
    #expect(try read("count") == Tensor(shape: [2], [2, 2]))
  }

  @Test func printsHelp() {
    let outcome = RunnerCommand.run(["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("--input NAME=FILE.npy ..."))
    #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test(arguments: [
    ([], "the folder of a compiled model is missing"),
    (["a", "b"], "'b' is one folder too many"),
    (["a", "--wieghts", "f"], "unknown option '--wieghts'; did you mean '--weights'?"),
    (["a", "--weights"], "'--weights' needs a value: W.safetensors"),
    (["a", "--weights", "--seed"], "'--weights' needs a value: W.safetensors"),
    (["a", "--seed", "1", "--seed=2"], "'--seed' is given twice"),
    (
      ["a", "--seed", "-1"],
      "'--seed' needs a whole number from 0 to 18446744073709551615, found '-1'"
    ),
    (["a", "--steps", "x"], "'--steps' needs a whole number from 0 to 2147483647, found 'x'"),
    (["a", "--help=yes"], "'--help' takes no value"),
    (["a", "--input", "x"], "'--input' needs NAME=VALUE, found 'x'"),
    (["a", "--input", "x="], "'--input' needs NAME=VALUE, found 'x='"),
    (["a", "--input", "x=1", "--input", "x=2"], "'--input' names 'x' twice"),
    (
      ["a", "--output", "x=q.npy", "--output", "y=./q.npy"],
      "'--output' names the file './q.npy' twice"
    ),
  ])
  func refusesWrongCommandLines(_ arguments: [String], _ message: String) {
    let outcome = RunnerCommand.run(arguments)
    #expect(outcome.errors == "error: \(message); see 'graphc-run --help'\n")
    #expect(outcome.status == 2)
    #expect(outcome.output == "")
  }

  @Test func reportsWrongInputs() throws {
    let folder = try Toy.folder.get()
    let (files, options) = try inputFiles()
    try write("not numbers", to: "\(files)/bad.npy")
    for arguments in [
      [folder], [folder, "--input", "x=\(files)/none.npy"], [folder, "--entry", "stop"],
      [folder, "--input", "x=\(files)/bad.npy"], [folder, "--weights", "\(files)/bad.npy"],
      [folder, "--output", "z=\(files)/z.npy"] + options, ["\(files)/none"],
    ] {
      let outcome = RunnerCommand.run(arguments)
      #expect(outcome.status == 1, "\(arguments)")
      #expect(outcome.errors.contains("error: "))
    }
    #expect(
      RunnerCommand.run([folder, "--output", "yy=z.npy"] + options).errors
        == "error: no output or state 'yy'; did you mean 'y'?\n")
  }

  @Test func reportsAnUnwritableFolder() throws {
    let (files, options) = try inputFiles()
    let outcome = RunnerCommand.run(
      [try Toy.folder.get(), "--output", "y=\(files)/x.npy/y.npy"] + options)
    #expect(outcome.status == 3)
  }

}

import Foundation
import Tensors
import Testing

@testable import Driver

/// Training and evaluation on folders of text with a file for each class.
@Suite struct CommandNamesTests {

  private static let model =
    ["names.graph"] + dimensions(["inputs=8", "hidden=16", "batch=16", "num_steps=12"])

  /// Returns the path of a new folder with `files`.
  private func folder(_ files: [String: [UInt8]]) throws -> String {
    let path = temporaryFile("names")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, bytes) in files { try writeFile(bytes, to: "\(path)/\(name)") }
    return path
  }

  private func folder(_ files: [String: String]) throws -> String {
    try folder(files.mapValues { Array($0.utf8) })
  }

  /// The invented names of the project are told apart; the weights know symbols and classes, and
  /// the compiled model and the interpreter take each name for the same.
  @Test func tellsNamesApart() throws {
    let weights = temporaryFile("w")
    let train = ["train"] + Self.model + ["--epochs", "24"]
    let run = graphc(train + ["--save", weights, "--threads", "1"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("note: 240 rows from the files that graphc ships with\n"))
    #expect(run.errors.contains("note: classes = 4 from the files\n"))
    #expect(run.errors.contains("note: 24 rows of 240 kept apart for validation\n"))
    #expect(run.output.hasPrefix("class     count  accuracy\n0 Dorgun "), "\(run.output)")
    let last = run.output.split(separator: "\n").last ?? ""
    #expect(last.hasPrefix("done: epoch 24, update 312, "), "\(run.output)")
    #expect(last.hasSuffix(" %"))
    let accuracy = last.split(separator: "valid accuracy ").last?.split(separator: " ").first
    // Chance is 25 %, and the peoples share few sounds.
    #expect(accuracy.flatMap { Double($0) } ?? 0 > 80, "\(run.output)")

    // The same bits for several threads, and for a training in two parts.
    let parts = temporaryFile("p")
    #expect(graphc(train + ["--save", parts, "--threads", "3", "--updates", "75"]).status == 0)
    #expect(graphc(train + ["--save", parts, "--threads", "2", "--resume"]).status == 0)
    #expect(try readFile(weights, limit: 1 << 24) == readFile(parts, limit: 1 << 24))
    // One that is at its end tells how the model does, and leaves the file as it is.
    let again = graphc(train + ["--save", parts, "--resume"])
    let table = run.output.split(separator: "\n").dropLast()
    #expect(again.output.split(separator: "\n").dropLast() == table, "\(again.output)")
    #expect(try readFile(weights, limit: 1 << 24) == readFile(parts, limit: 1 << 24))

    var results: [JSON] = []
    for options in [[], ["--interpret"]] {
      let run = graphc(["run"] + Self.model + options + ["--weights", weights, "--json"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("note: vocab = "))
      results.append(try JSON(parsing: Array(run.output.utf8)))
    }
    #expect(results[0]["count"]?.int == 240)
    #expect(results[0]["confusion"] == results[1]["confusion"])
    let losses = try results.map { try #require($0["loss"]?.double) }
    #expect(abs(losses[0] - losses[1]) < 1e-4)
    #expect(results[0]["classes"]?.elements?.compactMap { $0["name"]?.text }.last == "Velari")

    // Rows of some of the classes, one of them with a symbol that the weights do not know.
    let some = try folder(["Ishiri.md": "Sakona\n\nMiß\n", ".hidden": "x"])
    let evaluation = graphc(["run"] + Self.model + ["--weights", weights, "--text", some])
    #expect(evaluation.status == 0, "\(evaluation.errors)")
    #expect(
      evaluation.errors.contains("note: 1 of 9 tokens are not in the vocabulary of the weights"))
    #expect(evaluation.output.split(separator: "\n").last?.hasPrefix("2 rows, loss ") == true)
    let other = try folder(["Human.txt": "Ann"])
    let refused = graphc(["run"] + Self.model + ["--weights", weights, "--text", other])
    #expect(refused.status == 1)
    #expect(
      refused.errors.contains("the weights know no class 'Human', that of '\(other)/Human.txt'"))
  }

  @Test func refusesFoldersThatCannotBeTrainedOn() throws {
    let long = try folder(["a.txt": "abc\n\nabcdefghijklmn\nabcdefghijklmnopqrst\n", "b.txt": "x"])
    let bytes = try folder(["a.txt": [0x61, 0x0A, 0xFF]])
    let empty = try folder(["a.txt": "x", "b.txt": ""])
    let twice = try folder(["a.txt": "x", "a.md": "y"])
    let nested = try folder(["a.txt": "x"])
    try FileManager.default.createDirectory(
      atPath: "\(nested)/b", withIntermediateDirectories: true)
    let small = try folder(["a.txt": "x\ny", "b.txt": "z"])
    let none = try folder([".hidden": "x"])
    for (options, status, message) in [
      (
        ["--text", long], 1,
        "line 3 of '\(long)/a.txt' has 14 tokens, but the model reads at most 12; --dim num_steps=20"
      ),
      (["--text", bytes], 1, "'\(bytes)/a.txt' is not UTF-8: ill-formed byte at offset 2, line 2"),
      (["--text", empty], 1, "'\(empty)/b.txt' has no rows, expected one a line"),
      (["--text", twice], 1, "'\(twice)/a.md' and '\(twice)/a.txt' are both of class 'a'"),
      (["--text", nested], 1, "cannot read '\(nested)/b': found a folder, expected a file"),
      (["--text", none], 1, "'\(none)' has no files, expected one for each class"),
      (["--text", small], 1, "there are 3 rows, but a batch takes 16; --dim batch=3"),
      (["--text", small, "--max-tokens", "3"], 2, "'--max-tokens' counts only for a text"),
      (["--text", small, "--partition", "random"], 2, "'--partition' counts only for the windows"),
      (
        ["--text", small, "--dim", "classes=3"], 2, "conflicts with the folder, which has 2 classes"
      ),
      (
        ["--text", small, "--input", "lengths=l.npy"], 2,
        "'--input lengths' does not go with a folder"
      ),
    ] as [([String], Int32, String)] {
      let run = graphc(["train"] + Self.model + options)
      #expect(run.status == status, "\(options)")
      #expect(run.errors.contains(message), "\(run.errors)")
    }
  }

  @Test func refusesFoldersForOtherModels() throws {
    let folder = try folder(["a.txt": "x"])
    for graph in ["forecast.graph", "tagger.graph", "rnn.graph"] {
      let run = graphc(["train", graph, "--text", folder])
      #expect(run.status == 1)
      #expect(run.errors.contains("the model reads no rows of text"), "\(run.errors)")
    }
  }

}

import Foundation
import Graphs
import Runner
import Tensors
import Testing

@testable import Driver

@Suite struct CommandCompileTests {

  /// Returns the names and the times of change of the files in `folder`.
  private func times(_ folder: String) throws -> [String: Date] {
    var result: [String: Date] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
      result[name] = attributes[.modificationDate] as? Date
    }
    return result
  }

  @Test func writesFilesOnce() throws {
    let (folder, first) = SmallModel.compiled
    #expect(first.status == 0, "\(first.errors)")
    let manifest = try Manifest(inFolder: folder)
    let before = try times(folder)
    #expect(before.keys.sorted() == [manifest.library, "manifest.json", "rnn.swift"].sorted())
    #expect(try text("\(folder)/rnn.swift").hasPrefix("// The model RNN, written by graphc."))
    let facts = [
      "model RNN, ", "unroll in forward, train: ", "kernels", "arena bytes", "FLOPs a call",
      "weights: ",
    ]
    for fact in facts {
      #expect(first.output.contains(fact), "\(first.output)")
    }

    let second = SmallModel.run("compile", ["-o", folder])
    #expect(second.status == 0)
    #expect(second.output.contains(": cached, "))
    #expect(second.output.split(separator: "\n").count { $0.hasSuffix("  unchanged") } == 3)
    #expect(try times(folder) == before)
  }

  @Test func answersInJSON() throws {
    let folder = temporaryFile("again")
    let run = SmallModel.run("compile", ["-o", folder, "--json"])
    let answer = try JSON(parsing: Array(run.output.utf8))
    #expect(answer["model"] == .string("RNN"))
    #expect(answer["cached"] == .bool(true))
    #expect(
      answer["entries"]?.elements?.compactMap { $0["name"]?.text }
        == ["forward", "step", "train", "bind"])
    #expect(answer["files"]?.elements?.count == 3)
  }

  @Test func printsTextsWithoutCompiling() {
    let swift = graphc(["compile", "rnn.graph", "--print", "swift", "--swiftc", "/nowhere"])
    #expect(swift.status == 0)
    #expect(swift.output.hasPrefix("// The model RNN"))
    let plan = graphc(["compile", "rnn.graph", "--print", "plan", "--target-cpu", "apple-m1"])
    #expect(plan.status == 0)
    #expect(!plan.output.isEmpty)
    #expect(graphc(["compile", "rnn.graph", "--print", "swfit"]).status == 2)
  }

  @Test func mapsToLinesOfTheGraph() throws {
    let folder = temporaryFile("debug")
    let run = SmallModel.run("compile", ["-o", folder, "--debug-graph"])
    #expect(run.status == 0, "\(run.errors)")
    let mapped = try text("\(folder)/rnn.swift").split(separator: "\n")
    #expect(mapped.contains { $0.contains("#sourceLocation(file: \"rnn.graph\", line: 21)") })
    let plain = try text("\(SmallModel.compiled.folder)/rnn.swift").split(separator: "\n")
    #expect(plain == mapped.filter { !$0.contains("#sourceLocation") })
  }

  @Test(arguments: [[], ["cse"], ["concat-linears"], ["unroll"]])
  func completesChosenPasses(_ passes: [String]) {
    let run = graphc([
      "compile", "rnn.graph", "--passes", passes.joined(separator: ","), "--print", "swift",
    ])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func reportsTheEnvironment() throws {
    let missing = SmallModel.run("compile", ["-o", "/nowhere/x", "--swiftc", "/nowhere/swiftc"])
    #expect(missing.status == 3)
    #expect(
      missing.errors.contains(
        "error: there is no Swift compiler at '/nowhere/swiftc', where the option '--swiftc' says"))
    let occupied = temporaryFile("file")
    try writeFile([], to: occupied)
    let folder = SmallModel.run("compile", ["-o", "\(occupied)/folder"])
    #expect(folder.status == 3)
    #expect(folder.errors.contains("error: cannot make the folder"))
    #expect(folder.output == "")
  }

  @Test func reportsTooMuchMemory() {
    let run = graphc(["compile", "rnn.graph", "--memory", "64K"])
    #expect(run.status == 1)
    #expect(run.errors.contains("error: the weights take "))
    #expect(run.errors.contains(" bytes; '--memory' permits 65536 [arena-too-large]"))
  }

}

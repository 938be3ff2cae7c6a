import IR
import Testing

@testable import Optimizer

@Suite struct PipelineTests {

  private static let text = """
    model M {
      dim n = 3
      input x : f32[n, 2]
      state h : f32[2] = zeros
      scan t in n {
        h = h + x[t]
      }
      output h
    }
    """

  @Test func namesOfPassesAreUnique() {
    #expect(Set(Pass.all.map(\.name)).count == Pass.all.count)
  }

  @Test func everyPassOfTheStandardPipelineIsRegistered() {
    let names = Set(Pass.all.map(\.name))
    #expect(Pipeline.standard.passes.allSatisfy { names.contains($0.name) })
  }

  @Test func preparationsStandInFront() {
    func names(_ passes: [Pass], after done: [String]) -> [String] {
      Pipeline(passes, after: done).passes.map(\.name)
    }
    let all = ["entries", "lengths", "differentiate", "cse"]
    #expect(names([.mergeDuplicates], after: []) == all)
    #expect(names([.mergeDuplicates], after: ["entries"]) == ["lengths", "differentiate", "cse"])
    #expect(names([.writeEntries], after: []) == ["entries"])
    #expect(names([.maskLengths, .writeEntries], after: []) == ["entries", "lengths", "entries"])
    #expect(
      names([.removeDeadNodes, .mergeDuplicates], after: ["entries", "lengths", "differentiate"])
        == ["dead", "cse"])
  }

  @Test func goesOnBehindFinishedPasses() throws {
    var module = try module(Self.text)
    module.finishedPasses = ["entries", "lengths", "differentiate", "dead", "fold"]
    var context = PassContext(machine: testMachine)
    var names: [String] = []
    try Pipeline.standard.run(on: &module, context: &context) { record, _ in
      names.append(record.pass)
    }
    #expect(names == Pipeline.standard.passes.dropFirst(4).map(\.name))
    let done = ["entries", "lengths", "differentiate", "dead", "fold", "simplify"]
    #expect(Array(module.finishedPasses.prefix(6)) == done)
  }

  @Test func countsRewritesAndNodes() throws {
    var module = try module(Self.text)
    var context = PassContext(machine: testMachine, unrolling: .by(2))
    var records: [PassRecord] = []
    try Pipeline([.unrollScans], after: []).run(on: &module, context: &context) { record, _ in
      records.append(record)
    }
    #expect(records.map(\.rewrites) == [1, 0, 0, 1])
    #expect(records.map(\.isChanged) == [true, false, false, true])
    #expect(records.map(\.nodesBefore) == [2, 5, 5, 5])
    #expect(records.map(\.nodesAfter) == [5, 5, 5, 9])
  }

}

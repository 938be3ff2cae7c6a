import Optimizer
import Testing

@Suite struct PassCoverageTests {

  @Test(arguments: Pass.all.map(\.name))
  func `a pass has a case that changes and one that does not`(_ pass: String) {
    let cases = FileTest.all.filter { $0.folderName == pass }
    #expect(!cases.isEmpty, "there is no folder Cases/\(pass)")
    #expect(cases.allSatisfy { $0.commands.contains(pass) })
    #expect(cases.contains { $0.expectation != nil })
    #expect(cases.contains { $0.expectsNoChange })
  }

  @Test func `names of passes are unique`() {
    let names = Pass.all.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test func `every folder of cases is a pass or a command`() {
    let known = Set(Pass.all.map(\.name) + ["parse", "check", "run", "plan", "codegen"])
    for test in FileTest.all { #expect(known.contains(test.folderName), "\(test.name)") }
  }

}

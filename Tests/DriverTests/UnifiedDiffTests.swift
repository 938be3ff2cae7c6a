import Testing

@testable import Driver

@Suite struct UnifiedDiffTests {

  private func diff(_ old: String, _ new: String) -> String {
    unifiedDiff(from: old, named: "old", to: new, named: "new")
  }

  @Test func `equal texts have no difference`() {
    #expect(diff("a\nb\n", "a\nb\n") == "")
    #expect(diff("", "") == "")
  }

  @Test func `changes have three lines around them`() {
    let old = (1...12).map { "\($0)\n" }.joined()
    let new = old.replacing("6\n", with: "six\nsechs\n")
    #expect(
      diff(old, new) == """
        --- old
        +++ new
        @@ -3,7 +3,8 @@
         3
         4
         5
        -6
        +six
        +sechs
         7
         8
         9

        """)
  }

  @Test func `near changes share a hunk and far ones do not`() {
    let old = (1...30).map { "\($0)\n" }.joined()
    let new = old.replacing("\n5\n", with: "\n").replacing("\n11\n", with: "\n")
    #expect(diff(old, new).split(separator: "\n").count { $0.hasPrefix("@@") } == 1)
    let far = old.replacing("\n5\n", with: "\n").replacing("\n25\n", with: "\n")
    #expect(diff(old, far).split(separator: "\n").count { $0.hasPrefix("@@") } == 2)
  }

  @Test func `all of a text can be new`() {
    #expect(diff("", "a\nb\n") == "--- old\n+++ new\n@@ -0,0 +1,2 @@\n+a\n+b\n")
    #expect(diff("a\nb\n", "") == "--- old\n+++ new\n@@ -1,2 +0,0 @@\n-a\n-b\n")
  }

}

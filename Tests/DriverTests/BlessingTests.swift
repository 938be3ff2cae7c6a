import Foundation
import IR
import Optimizer
import Testing

/// Rewriting the expectation of a case accepts another text, never other numbers.
@Suite struct BlessingTests {

  /// A case of `cse` that expects `lines` as the entry's.
  private static func text(expecting lines: String) -> String {
    """
    // test: cse
    //
    // Equal factors are one.

    model M {
      input x : f32[2]
      a = exp(x)
      b = exp(x)
      y = a * b + x
      output y
    }

    // expect:
    //   model M {
    //     passes done entries, lengths, differentiate, cse
    //
    //     entry forward {
    //       input x : f32[2]
    //
    //       \(lines.replacing("\n", with: "\n//       "))
    //
    //       output y
    //     }
    //   }

    """
  }

  private static let right = text(expecting: "a = exp(x)\nmul = mul(a, a) from y\ny = add(mul, x)")

  /// Writes `text` to a file of its own and returns the case.
  private static func fileTest(_ text: String) throws -> FileTest {
    let path = URL(fileURLWithPath: temporaryFile("case.graph"))
    try text.write(to: path, atomically: true, encoding: .utf8)
    return FileTest(name: path.lastPathComponent, in: path.deletingLastPathComponent().path)
  }

  private static func content(of test: FileTest) throws -> String {
    try String(contentsOfFile: test.path, encoding: .utf8)
  }

  /// Returns the message with which `test` fails.
  private static func failure(
    of test: FileTest, blessing: Bool, among known: [Pass] = Pass.all
  ) -> String? {
    do {
      try test.check(blessing: blessing, among: known)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `a case that expects the right text passes`() throws {
    let test = try Self.fileTest(Self.right)
    #expect(Self.failure(of: test, blessing: false) == nil)
    #expect(Self.failure(of: test, blessing: true) == nil)
    #expect(try Self.content(of: test) == Self.right)
  }

  @Test func `another text with the same numbers is accepted`() throws {
    let old = Self.text(expecting: "a = exp(x)\nb = exp(x)\ny = a * b + x")
    let test = try Self.fileTest(old)
    let failure = try #require(Self.failure(of: test, blessing: false))
    #expect(failure.contains("case.graph gives another text than it expects"))
    #expect(failure.contains("GRAPHC_BLESS=1 swift test -c release --filter FileTests"))
    #expect(try Self.content(of: test) == old)
    #expect(Self.failure(of: test, blessing: true) == nil)
    #expect(try Self.content(of: test) == Self.right)
  }

  @Test(arguments: [false, true])
  func `a text with other numbers is refused`(_ blessing: Bool) throws {
    let old = Self.text(expecting: "a = exp(x)\ny = a * a - x")
    let test = try Self.fileTest(old)
    let failure = try #require(Self.failure(of: test, blessing: blessing))
    #expect(
      failure.contains(
        "case.graph gives other numbers than the text that it expects: entry 'forward' differs"))
    #expect(failure.contains("remove the block 'expect' by hand"))
    #expect(try Self.content(of: test) == old)
  }

  /// The pass is wrong and the text differs: the numbers are what is said.
  @Test(arguments: [false, true])
  func `numbers are compared before texts`(_ blessing: Bool) throws {
    let swap = Pass("cse", "exchange the factors of sums and products") { module, context in
      for i in module.entries.indices where context.permitsRewrite() {
        for id in module.entries[i].graph.nodes.indices.map({ ID<Node>($0) }) {
          if case .binary(.mul) = module.entries[i].graph[id].op {
            module.entries[i].graph[id].op = .binary(.add)
          }
        }
      }
    }
    let test = try Self.fileTest(Self.right)
    let failure = try #require(Self.failure(of: test, blessing: blessing, among: [swap]))
    #expect(failure.contains("entry 'forward' differs with seed 1: output 'y'"))
    #expect(!failure.contains("expects"))
    #expect(try Self.content(of: test) == Self.right)
  }

  /// Without a text, one is written; lines that say numbers, or anything else, stay.
  @Test func `a new case gets its text`() throws {
    let header = try #require(Self.right.range(of: "\n// expect:"))
    let test = try Self.fileTest("\(Self.right[..<header.lowerBound])")
    #expect(Self.failure(of: test, blessing: true) == nil)
    #expect(try Self.content(of: test) == Self.right)
  }

}

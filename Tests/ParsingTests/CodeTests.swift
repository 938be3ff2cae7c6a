import Diagnostics
import IR
import Testing

@testable import Parsing

@Suite struct CodeTests {

  @Test(arguments: DiagnosticCode.parsing + DiagnosticCode.signature)
  func `the example of a code has exactly that code`(_ code: DiagnosticCode) {
    let outcome = parse(example: code)
    #expect(Set(outcome.codes) == [code.name], "\(outcome.rendered)")
  }

  @Test func `names of codes are unique`() {
    let names = (DiagnosticCode.parsing + DiagnosticCode.signature).map(\.name)
    #expect(Set(names).count == names.count)
  }

  /// Parses the example of `code`, whose first line may stand for the command line.
  private func parse(example code: DiagnosticCode) -> Outcome {
    if code == .fileTooLarge {
      return ParsingTests.parse(utf8: Array(repeating: 0x20, count: 16 << 20 | 1))
    }
    if code == .expansionTooLong {
      let lines = (0..<2000).map { "y\($0) = x\n" }.joined()
      let calls = (0...100).map { "z\($0) = a(x)\n" }.joined()
      return ParsingTests.parse(
        "cell c {\ninput x : f32\n\(lines)output y = x\n}\n"
          + "model M {\ninput x : f32\nuse a = c\n\(calls)output z0\n}\n")
    }
    var text = Array(code.example.utf8)
    if code == .invalidEncoding {
      // The replacement character stands for a byte that no text can hold.
      text = code.example.unicodeScalars.flatMap {
        $0 == "\u{FFFD}" ? [0xFF] : Array(String($0).utf8)
      }
    }
    var dimensions: [(name: String, value: Int)] = []
    let first = code.example.split(separator: "\n").first ?? ""
    if first.hasPrefix("// --dim ") {
      let parts = first.dropFirst("// --dim ".count).split(separator: "=")
      dimensions = [(String(parts[0]), Int(parts[1]) ?? 0)]
    }
    let passes = code == .unknownPass ? ["entries", "simplify"] : nil
    return ParsingTests.parse(
      utf8: text, overriding: dimensions, knownPasses: passes, fixingPasses: ["unroll"])
  }

}

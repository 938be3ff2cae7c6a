import CodeGen
import Diagnostics
import Driver
import Graphs
import IR
import Interpreter
import Runner
import Testing

/// Bad input gives a diagnostic within a second; no text of a graph gets into the Swift file but
/// identifiers.
@Suite struct HostileInputTests {

  /// The longest time that a compilation of bad input may take.
  private static let limit = Duration.seconds(1)

  /// Returns the codes of the diagnostics that compiling `text` gives; empty if it compiles.
  private func codes(
    _ text: [UInt8], path: String = "bad.graph",
    _ change: (inout CompilationOptions) -> Void = { _ in }
  ) -> [String] {
    var options = CompilationOptions(target: FileTest.target)
    change(&options)
    let start = ContinuousClock.now
    defer { #expect(ContinuousClock.now - start < Self.limit) }
    let source = GraphSource(path: path, utf8: text)
    do {
      _ = try Compilation(source, options: options)
      return []
    } catch let error as CompilationError {
      for d in error.diagnostics.sorted { #expect(!d.rendered(in: source.files).isEmpty) }
      return error.diagnostics.sorted.filter { $0.severity == .error }.map(\.code.name)
    } catch {
      Issue.record(error)
      return []
    }
  }

  private func codes(
    _ text: String, _ change: (inout CompilationOptions) -> Void = { _ in }
  ) -> [String] {
    codes(Array(text.utf8), change)
  }

  private func model(_ lines: String...) -> String {
    "model M {\n" + lines.map { "  \($0)\n" }.joined() + "}\n"
  }

  @Test(arguments: ["(", "-", "[", "exp("])
  func nestingIsBounded(_ opening: String) {
    for depth in [201, 10_000, 1_000_000] {
      let text = String(repeating: opening, count: depth)
      #expect(!codes(model("input x : f32[2]", "y = \(text)x", "output y")).isEmpty)
    }
    #expect(codes(String(repeating: "model M { scan t in n { ", count: 5000)) != [])
  }

  @Test func longFilesAreRefused() {
    let padding = [UInt8](repeating: 0x20, count: 16 << 20)
    let text = Array(model("input x : f32[2]", "output x").utf8)
    #expect(codes(text + padding) == ["file-too-large"])
    // Just within the limit, a file is only read.
    #expect(codes(text + padding.dropLast(text.count)) == [])
  }

  @Test func sizesAreBounded() {
    #expect(
      codes(model("dim n = 65536", "input x : f32[n, n]", "y = exp(x)", "output y"))
        == ["tensor-too-large"])
    #expect(
      codes(
        model(
          "dim n = 4294967296", "input x : f32[n, n, n]", "y = exp(x)", "output y")
      ).contains { $0 == "size-overflow" || $0 == "impossible-size" })
    #expect(
      codes(
        model(
          "dim n = 40000", "input x : f32[n, 1]", "y = sum(exp(x + transpose(x)) + x)", "output y"))
        == ["arena-too-large"])
    #expect(
      codes(
        model("input x : f32[1000, 1000]", "y = sum(exp(x @ x))", "output y")
      ) { $0.memoryLimit = 1 << 20 } == ["arena-too-large"])
    #expect(
      codes(model("input x : f32[2]", "output x")) {
        $0.dimensions = [("n", 3)]
      } == ["unknown-dimension"])
  }

  @Test func stepsAreBounded() {
    let text = model(
      "dim n = 1000000", "input x : f32[n, 2]", "state h : f32[2] = zeros",
      "scan t in n {", "h = tanh(h + x[t])", "}", "output h")
    #expect(codes(text) == [])
    #expect(codes(text) { $0.unrolling = .full } == ["too-many-steps"])
    #expect(codes(text) { $0.unrolling = .by(1 << 40) } == ["too-many-steps"])
  }

  @Test func emptyDimensionsAreRefusedUnlessTheyAreScanned() throws {
    let rnn = try #require(EmbeddedGraphs.text(named: "rnn.graph"))
    for name in ["batch", "hidden", "vocab"] {
      #expect(codes(rnn) { $0.dimensions = [(name, 0)] }.contains("impossible-size"), "\(name)")
      #expect(codes(rnn) { $0.dimensions = [(name, -1)] }.contains("impossible-size"), "\(name)")
    }
    #expect(codes(rnn) { $0.dimensions = [("num_steps", 0)] } == [])
  }

  @Test func namesStandForOneThing() {
    #expect(
      codes(model("input x : f32[2]", "param x : f32[2] = zeros", "output x"))
        == ["duplicate-name"])
    #expect(
      codes(model("input x : f32[2]", "y = exp(x)", "y = tanh(x)", "output y"))
        == ["duplicate-name"])
    // A Cyrillic letter that looks like one of Latin, a zero-width space, a reversal of the line.
    for hostile in ["\u{0445}", "x\u{200B}", "x\u{202E}", "\u{FF58}"] {
      #expect(
        codes(model("input x : f32[2]", "y = exp(\(hostile))", "output y")).contains { code in
          ["non-ascii-name", "unexpected-character"].contains(code)
        }, "\(hostile.unicodeScalars.map { $0.value })")
    }
  }

  @Test func bytesThatAreNoTextAreRefused() {
    var random = SplitMix64(seed: 5)
    for length in [0, 1, 7, 100, 10_000] {
      for _ in 0..<20 {
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(!codes(bytes).isEmpty)
      }
    }
  }

  /// The model of which hostile variants are made.
  private static let victim = """
    // COMMENT
    model NAME {  // COMMENT
      dim n = 3  // COMMENT
      // COMMENT
      input VALUE : f32[n, 2]  // COMMENT
      param PARAM : f32[2] = ones
      carried state STATE : f32[2] = zeros
      scan t in n {  // COMMENT
        // COMMENT
        STATE = tanh(VALUE[t] * PARAM + STATE)  // COMMENT
        STACK[t] = STATE
      }
      output STACK  // COMMENT
      // COMMENT
    }
    // COMMENT
    """

  private func variant(_ replacements: [String: String]) -> String {
    var text = Self.victim
    for (name, value) in replacements.sorted(by: { $0.key < $1.key }) {
      text = text.replacing(name, with: value)
    }
    return text
  }

  @Test(arguments: [
    "*/ import Foundation; exit(1) /*", "\\u{000A}import Foundation", "\"; fatalError() //",
    "\u{2028}import Foundation", "\u{0085}import Foundation", "#if true", "`injected`",
    "\\(injected)", "\u{000B}injected",
  ])
  func commentsDoNotReachTheSwiftFile(_ comment: String) throws {
    let plain = variant(["COMMENT": "", "NAME": "M"])
    let hostile = variant(["COMMENT": comment, "NAME": "M"])
    let options = CompilationOptions(target: FileTest.target)
    let expected = try Compilation(
      GraphSource(path: "a.graph", utf8: Array(plain.utf8)), options: options)
    let source = GraphSource(path: comment, utf8: Array(hostile.utf8))
    let found: Compilation
    do {
      found = try Compilation(source, options: options)
    } catch {
      // A character that no text may have is refused.
      return
    }
    #expect(found.file.text == expected.file.text)
  }

  @Test(arguments: [
    "a;b", "a b", "a\"b", "a`b", "a\\b", "a(b", "a/*b", "\u{0061}\u{0301}", "a\u{2028}b", "1a", "",
  ])
  func namesThatAreNoIdentifiersAreRefused(_ name: String) {
    for place in ["NAME", "VALUE", "PARAM", "STATE", "STACK"] {
      #expect(!codes(variant([place: name])).isEmpty, "\(place)")
    }
  }

  /// Names that mean something to Swift, or to generated code, are only names.
  @Test func hostileIdentifiersCompile() throws {
    let all = [
      ["NAME": "Int", "VALUE": "Float", "PARAM": "self", "STATE": "init", "STACK": "Vector"],
      [
        "NAME": "class", "VALUE": "func", "PARAM": "import", "STATE": "weights",
        "STACK": "workspace",
      ],
      ["NAME": "M", "VALUE": "steps", "PARAM": "load", "STATE": "splat", "STACK": "swap"],
      ["NAME": "Model", "VALUE": "a.b", "PARAM": "a_b", "STATE": "State", "STACK": "Weights"],
      [
        "NAME": "Swift", "VALUE": "numbers", "PARAM": "forward", "STATE": "memory",
        "STACK": "reset",
      ],
    ]
    var batch = CompilerBatch("Hostile")
    for names in all {
      let source = GraphSource(path: "names.graph", utf8: Array(variant(names).utf8))
      var warnings = DiagnosticSet()
      let module = try source.module(overriding: [], warnings: &warnings)
      batch.add(module, as: module.name, options: CompilationOptions(target: .native))
    }
    for (name, outcome) in try batch.outcomes() {
      #expect(throws: Never.self, "\(name)") { try outcome.get() }
    }
  }

  /// A longest name is legal and compiles into lines of bounded length elsewhere.
  @Test func longNamesAreBounded() {
    let longest = String(repeating: "a", count: 255)
    #expect(codes(variant(["VALUE": longest])) == [])
    #expect(!codes(variant(["VALUE": longest + "a"])).isEmpty)
  }

}

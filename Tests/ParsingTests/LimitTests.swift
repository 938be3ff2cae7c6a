import Testing

@testable import Parsing

@Suite(.serialized) struct LimitTests {

  #if DEBUG
    /// A text that is small enough for a parser without optimisation.
    private static let size = 1 << 15
  #else
    private static let size = 1 << 20
  #endif

  /// Returns a model with `lines`.
  private func model(_ lines: String) -> String {
    "model M {\n input x : f32[4]\n state h : f32[4] = zeros\n \(lines)\n output x, h\n}"
  }

  @Test(arguments: [
    "(", "[", "-", "exp(", "x[", "{", "a = linear([", "scan t in 4 {\n", "fused {\n",
  ])
  func `deep nesting is an error`(_ opening: String) {
    for count in [150, 300, 100_000] {
      let nested = String(repeating: opening, count: count)
      let outcome = parse(model("h = \(nested)"))
      #expect(outcome.module == nil)
      #expect(parse(model(nested)).module == nil)
    }
  }

  @Test func `nesting up to 200 is possible`() {
    let depth = 198
    let text = model(
      "h = \(String(repeating: "(", count: depth))x\(String(repeating: ")", count: depth))")
    #expect(parse(text).rendered == "")
    let minus = model("h = \(String(repeating: "- ", count: depth))x")
    #expect(parse(minus).rendered == "")
  }

  @Test func `names of models have at most 100 characters`() {
    let name = String(repeating: "M", count: 100)
    let body = "{\n input x : f32\n output x\n}"
    #expect(parse("model \(name) \(body)").rendered == "")
    let outcome = parse("model \(name)N \(body)")
    #expect(outcome.codes == ["name-too-long"])
    #expect(outcome.summary == ["1:7 found a name of 101 bytes, expected at most 100"])
    let long = parse("model \(String(repeating: "M", count: 256)) \(body)")
    #expect(long.summary == ["1:7 found a name of 256 bytes, expected at most 255"])
  }

  @Test func `long chains are no nesting`() {
    let sum = model("h = x\(String(repeating: " + x", count: 20_000))")
    #expect(parse(sum).rendered == "")
    let index = model("h = x\(String(repeating: "[0]", count: 20_000))")
    #expect(parse(index).codes == ["axis-out-of-range"])
    let size = model("input y : f32[4\(String(repeating: " + 4", count: 20_000))]\n h = x + sum(y)")
    #expect(parse(size).rendered == "")
    let scalar = model("param y : f32 = constant(1\(String(repeating: " + 1", count: 20_000)))")
    #expect(parse(scalar).codes == ["nesting-too-deep"])
  }

  @Test(arguments: [
    " ", "\n", "a", "a ", "a\n", "a = ", "(", ")", "{", "}", "\"", "\u{445}", "x = y\n", "1", "1 ",
    "x = 1.e\n", "// c\n", "dim a = 1\n", "scan t in 3 {\n", "y[t] = ", ", ", "- ", "a.", "input ",
    "a = b(c, [d, e\n", "index<n>= ", "state s : f32 = 0\n", "entry forward {\n", "output x\n",
  ])
  func `a megabyte of junk takes less than a second`(_ junk: String) {
    let count = Self.size / junk.utf8.count
    let text = model(String(repeating: junk, count: count))
    let time = ContinuousClock().measure { _ = parse(text) }
    #expect(time < .seconds(1), "\(junk.debugDescription) took \(time)")
  }

  @Test func `warnings do not end the work`() throws {
    let lines = (0..<150).map { "a\($0) = x + \($0)" }.joined(separator: "\n")
    let outcome = parse(model("\(lines)\n h = a149"))
    #expect(outcome.codes == Array(repeating: "unused-value", count: 100))
    #expect(try #require(outcome.module).entries[0].graph.body.nodes.count == 150)
  }

  @Test func `no number of steps at once is too large to be reported`() {
    let outcome = parse(
      model("scan t in 4 by 9223372036854775807 {\n y[t] = x[t]\n } remainder {\n y[t] = x[t]\n }"))
    #expect(outcome.codes == ["missing-element"])
  }

  @Test func `a model of many lines takes time in proportion`() {
    let lines = { (n: Int) in
      (0..<n).map { "a\($0) = exp(\($0 == 0 ? "x" : "a\($0 - 1)")) * 2 + h" }.joined(
        separator: "\n")
    }
    let clock = ContinuousClock()
    let short = clock.measure { _ = parse(model(lines(1_000))) }
    let long = clock.measure { _ = parse(model(lines(10_000))) }
    #expect(long < short * 40, "\(short), \(long)")
  }

}

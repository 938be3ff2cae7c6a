import Foundation
import Interpreter

/// A line `// run: …` or `// then: …` of a case.
struct RunLine: Sendable {

  /// The number of the line in the file, from one.
  let line: Int

  /// `true` iff states and parameters are those of the line before.
  let isContinuation: Bool

  let entry: String

  /// Inputs, states and parameters by name.
  let arguments: [String: DenseArray]

  let steps: Int?

  /// Outputs and final states by name.
  let results: [(name: String, value: DenseArray)]

  /// The absolute tolerance, if it is given.
  let tolerance: Double?

  /// Returns the runs in `lines`.
  static func all(in lines: [String]) throws -> [RunLine] {
    var result: [RunLine] = []
    for (i, line) in lines.enumerated() {
      let isContinuation = line.hasPrefix("// then: ")
      guard isContinuation || line.hasPrefix("// run: ") else { continue }
      let rest = lines[(i + 1)...].prefix { $0.hasPrefix("//   ") }.map { $0.dropFirst(4) }
      let text = line.drop { $0 != ":" }.dropFirst() + rest.joined()
      var reader = RunReader(String(text))
      result.append(try reader.run(line: i + 1, isContinuation: isContinuation))
    }
    return result
  }

}

/// The reader of what stands behind `run:`.
private struct RunReader {

  private let text: [Character]
  private var position = 0

  init(_ text: String) {
    self.text = Array(text)
  }

  mutating func run(line: Int, isContinuation: Bool) throws -> RunLine {
    let entry = try word()
    let arguments = try list()
    var steps: Int?
    if take("in ") {
      steps = Int(try word())
      try expect("step")
      _ = take("s")
    }
    try expect("==")
    let results = try list()
    var tolerance: Double?
    if take("+-") { tolerance = try number() }
    skipSpace()
    if position < text.count { throw failure("the end") }
    return RunLine(
      line: line, isContinuation: isContinuation, entry: entry,
      arguments: Dictionary(arguments.map { ($0.name, $0.value) }) { _, b in b }, steps: steps,
      results: results, tolerance: tolerance)
  }

  private mutating func list() throws -> [(name: String, value: DenseArray)] {
    var result: [(name: String, value: DenseArray)] = []
    try expect("(")
    if take(")") { return [] }
    repeat {
      let name = try word()
      try expect(":")
      var elements: [Double] = []
      let shape = try array(&elements)
      result.append((name, DenseArray(shape: shape, elements)))
    } while take(",")
    try expect(")")
    return result
  }

  /// Reads a number, or nested brackets, and returns the shape; `[0 x 3]` has no elements.
  private mutating func array(_ elements: inout [Double]) throws -> [Int] {
    guard take("[") else {
      elements.append(try number())
      return []
    }
    if take("]") { return [0] }
    var shape: [Int]?
    var count = 0
    repeat {
      let item = try array(&elements)
      if let shape, shape != item { throw failure("parts of one shape") }
      shape = item
      count += 1
      if count == 1, item.isEmpty, take("x") {
        // `[0 x 3]`: the shape itself.
        var sizes = [Int(elements.removeLast())]
        repeat { sizes.append(Int(try number())) } while take("x")
        try expect("]")
        elements += Array(repeating: 0, count: sizes.reduce(1, *))
        return sizes
      }
    } while take(",")
    try expect("]")
    return [count] + (shape ?? [])
  }

  private mutating func number() throws -> Double {
    skipSpace()
    let start = position
    while position < text.count,
      text[position].isLetter && text[position] != "x"
        || text[position].isNumber || "+-.".contains(text[position])
    { position += 1 }
    let word = String(text[start..<position])
    guard let x = Double(word) else { throw failure("a number instead of '\(word)'") }
    return x
  }

  private mutating func word() throws -> String {
    skipSpace()
    let start = position
    while position < text.count,
      text[position].isLetter || text[position].isNumber
        || "_.".contains(text[position])
    { position += 1 }
    if start == position { throw failure("a name") }
    return String(text[start..<position])
  }

  private mutating func take(_ token: String) -> Bool {
    skipSpace()
    guard text[position...].starts(with: Array(token)) else { return false }
    position += token.count
    return true
  }

  private mutating func expect(_ token: String) throws {
    if !take(token) { throw failure("'\(token)'") }
  }

  private mutating func skipSpace() {
    while position < text.count, text[position] == " " { position += 1 }
  }

  private func failure(_ expected: String) -> TestFailure {
    TestFailure(
      "expected \(expected) at '\(String(text[position...].prefix(30)))' in '\(String(text))'")
  }

}

extension PaddedCase {

  /// Returns the random model of `seed`, which computes some values for each step of each row, and
  /// sums of them in which masks and lengths leave out what is beyond the length of the row.
  static func random(seed: UInt64) -> PaddedCase {
    var generator = PaddedGenerator(seed: seed)
    return PaddedCase("random \(seed)", generator.lines())
  }

}

/// A generator of the lines of a `PaddedCase`.
///
/// All values have tame numbers within the lengths, so that results are finite.
private struct PaddedGenerator {

  /// A value for each step of each row.
  private struct Sequence {

    var text: String

    /// The size of its last axis, `k` or `m`.
    var width: String

  }

  private var random: SplitMix64
  private var pool: [Sequence] = [
    Sequence(text: "x", width: "k"), Sequence(text: "z", width: "m"),
    Sequence(text: "v", width: "m"),
  ]
  private var text: [String] = []
  private var terms: [String] = []

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
  }

  private mutating func pick<Element>(_ list: [Element]) -> Element {
    guard let element = list.randomElement(using: &random) else {
      preconditionFailure("a choice is made from something")
    }
    return element
  }

  /// Returns a value of the last ones, of `width` if that is given.
  private mutating func sequence(_ width: String? = nil) -> String {
    pick(Array(pool.filter { width == nil || $0.width == width }.suffix(4))).text
  }

  /// Returns a new name.
  private func name(_ stem: String) -> String { "\(stem)_\(text.count)" }

  mutating func lines() -> String {
    for _ in 0..<Int.random(in: 2...6, using: &random) { compute() }
    for _ in 0..<Int.random(in: 2...4, using: &random) {
      consume()
      if Bool.random(using: &random) { compute() }
    }
    return (text + ["y = \(terms.joined(separator: " + "))"]).joined(separator: "\n")
  }

  /// Appends the line that computes a value, in each step of each row from what is there.
  private mutating func compute() {
    let a = pick(Array(pool.suffix(4)))
    let (b, other) = (sequence(a.width), sequence("m"))
    let m = sequence("m")
    var width = a.width
    let new = name("v")
    let expression: String
    switch Int.random(in: 0..<16, using: &random) {
    case 0: expression = "log(\(a.text) * \(a.text) + 0.5)"
    case 1: expression = "sqrt(\(a.text) * \(a.text) + 0.25)"
    case 2: expression = pick(["tanh", "sigmoid", "relu", "abs"]) + "(\(a.text))"
    case 3: expression = "exp(tanh(\(a.text)))"
    case 4: expression = "\(a.text) / (\(b) * \(b) + 1)"
    case 5: expression = pick(["max", "min"]) + "(\(a.text), \(b))"
    case 6: expression = "tanh(\(a.text) " + pick(["+", "-", "*"]) + " \(b))"
    case 7: (expression, width) = ("tanh(linear(\(sequence("k")), \(pick(["W", "Q"])), b))", "m")
    case 8: (expression, width) = ("tanh(linear([\(m), \(other)], [U, E], b))", "m")
    case 9: (expression, width) = ("gather(E, words) * \(m)", "m")
    case 10: expression = "\(a.text) - mean(\(a.text), axis: 2, keepdims: true)"
    case 11: expression = pick(["softmax", "log_softmax"]) + "(\(a.text))"
    case 12:
      let joined = "concat(\(m), \(other), axis: 2)"
      (expression, width) = ("slice(\(joined), 2 ..< m + 2, axis: 2)", "m")
    case 13:
      let flat = "linear(reshape(\(m), [n * batch, m]), U)"
      (expression, width) = ("tanh(reshape(\(flat), [n, batch, m]))", "m")
    case 14:
      let (there, back) = pick([
        ("[1, 0, 2]", "[1, 0, 2]"), ("[2, 0, 1]", "[1, 2, 0]"), ("[0, 2, 1]", "[0, 2, 1]"),
      ])
      let moved = "transpose(\(a.text), axes: \(there))"
      expression = "transpose(tanh(\(moved)) * \(moved), axes: \(back))"
    default: expression = "where(\(a.text) > 0.1, \(b), 0.5 * \(a.text))"
    }
    text.append("\(new) = \(expression)")
    pool.append(Sequence(text: new, width: width))
  }

  /// Returns truth values `[n, batch]` that are true within the lengths.
  private mutating func mask() -> String {
    pick([
      "keep", "mask(lengths, n)", "(position < reshape(lengths, [1, batch]))", "valid",
      "not(not(keep))", "and(keep, valid)", "transpose(transpose(keep))",
      "(reshape(lengths, [1, batch]) > position)", "or(and(valid, keep), keep)",
      "not(position >= broadcast(lengths, [n, batch]))",
    ])
  }

  /// Appends lines that compute a number from values within the lengths, and maybe other values.
  private mutating func consume() {
    let a = pick(Array(pool.suffix(4)))
    let (b, m, other) = (sequence(a.width), sequence("m"), sequence("m"))
    let mask = mask()
    let rows = name("rows")
    text.append("\(rows) = reshape(\(mask), [n, batch, 1])")
    let kept = "f32(\(rows))"
    switch Int.random(in: 0..<15, using: &random) {
    case 0: terms.append("sum(where(\(rows), \(a.text), 0))")
    case 1: terms.append("sum(\(pick(["\(kept) * \(a.text)", "\(a.text) * \(kept)"])))")
    case 2: terms.append("sum(sum(\(a.text) * \(kept), axis: 0) / (sum(\(kept), axis: 0) + 1))")
    case 3: terms.append("sum(tanh(max(where(\(rows), \(a.text), -1e30), axis: 0)))")
    case 4: terms.append("cross_entropy(\(m), tag, mask: \(mask))")
    case 5:
      let error = name("d")
      text.append("\(error) = where(not(\(rows)), 0, \(a.text) - \(b))")
      terms.append("sum(\(error) * \(error))")
    case 6:
      let (scores, weights) = ("sum(\(m), axis: 2)", name("w"))
      let low = pick([
        "where(\(mask), \(scores), -1e9)", "\(scores) + (1 - f32(\(mask))) * -1e9",
        "where(not(\(mask)), -1e30, \(scores))",
      ])
      text.append("\(weights) = softmax(\(low), axis: 0)")
      terms.append("sum(reshape(\(weights), [n, batch, 1]) * \(a.text))")
    case 7:
      let first = "transpose(\(m), axes: [1, 0, 2])"
      let second = "transpose(\(other), axes: [1, 0, 2])"
      let (keys, new) = ("reshape(transpose(\(mask)), [batch, 1, n])", name("c"))
      let scores = "matmul(\(first), \(second), transpose_b: true) * 0.4"
      text.append("\(new) = softmax(where(\(keys), \(scores), -1e9)) @ \(second)")
      terms.append("sum(where(queries, \(new), 0))")
    case 8:
      terms.append("sum(\(kept)[1 ..< n] * (\(a.text)[1 ..< n] - \(b)[0 ..< n - 1]))")
    case 9:
      let flat = "reshape(\(a.text), [n * batch, \(a.width)])"
      terms.append("sum(reshape(\(kept), [n * batch, 1]) * \(flat))")
    case 10, 11:
      let axis = Int.random(in: 0...1, using: &random)
      let f = pick(["concat", "stack"])
      let factors = "\(f)(\(kept), f32(\(rows)), axis: \(axis))"
      terms.append("sum(\(factors) * \(f)(\(a.text), \(b), axis: \(axis)))")
    case 12: terms.append("sum(\(kept)[1] * \(a.text)[1] + \(kept)[0] * \(b)[0])")
    default:
      let (h, o) = (name("h"), name("o"))
      let reverse = Bool.random(using: &random) ? " reverse" : ""
      text.append(
        """
        state \(h) : f32[batch, m] = zeros
        scan t in n\(reverse) lengths lengths {
          \(h) = tanh(linear(\(m)[t], U) + linear(\(h), U) + b)
          \(o)[t] = \(pick(["\(h)", "\(h) * \(other)[t]", "exp(\(h)) - \(m)[t]"]))
        }
        """)
      terms.append(pick(["sum(\(h) * \(h))", "sum(tanh(\(o)))", "sum(\(h)) + sum(\(o) * \(o))"]))
      if Bool.random(using: &random) { pool.append(Sequence(text: o, width: "m")) }
    }
  }

}

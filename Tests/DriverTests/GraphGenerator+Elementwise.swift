import IR

extension GraphGenerator {

  /// Appends the line of `f` of a value, or of what brings that to where `f` is tame.
  mutating func apply(_ f: Unary) {
    guard let x = f == .not ? find({ $0.element == .truth }) : numbers() else { return }
    var result = x
    var operand = x.text
    if isSpecial, x.isExact, [.exp, .log, .sqrt].contains(f), chance(0.5) {
      (result.isExact, result.magnitude) = (false, 5)
      line("\(f.rawValue)(\(operand))", result)
      return
    }
    switch f {
    case .neg, .abs, .relu, .flush, .not: break
    case .tanh, .sigmoid: (result.isExact, result.magnitude) = (false, 1)
    case .exp:
      (result.isExact, result.magnitude) = (false, 2.8)
      if x.magnitude > 1 { operand = "tanh(\(x.text))" }
    case .log:
      (result.isExact, result.magnitude) = (false, 2)
      operand = "abs(\(x.text)) + 0.5"
    case .sqrt:
      (result.isExact, result.magnitude) = (false, 2.2)
      operand = "abs(\(x.text)) + 0.25"
    }
    line(f == .neg && chance(0.3) ? "-\(operand)" : "\(f.rawValue)(\(operand))", result)
  }

  /// Appends the line of `f` of two values, in either order where both can be on either side.
  mutating func apply(_ f: Binary) {
    if f.isLogical {
      guard let x = find({ $0.element == .truth }) else { return }
      let y = find { $0.element == .truth && $0.shape == x.shape } ?? x
      line("\(f.rawValue)(\(x.text), \(y.text))", x)
      return
    }
    guard let x = numbers(), let y = partner(of: x) else { return }
    var result = x
    result.shape = Self.broadcast(x.shape, y.shape) ?? x.shape
    var operands = chance(0.5) ? [x.text, y.text] : [y.text, x.text]
    switch f {
    case .add, .sub: (result.isExact, result.magnitude) = (false, x.magnitude + y.magnitude)
    case .mul: (result.isExact, result.magnitude) = (false, x.magnitude * y.magnitude)
    case .div:
      result.isExact = false
      operands = [x.text, "1 + abs(\(y.text))"]
      if isSpecial, y.isExact, chance(0.5) {
        result.magnitude = 5
        operands = [x.text, y.text]
      }
    case .max, .min:
      result.isExact = x.isExact && y.isExact
      result.magnitude = max(x.magnitude, y.magnitude)
    case .and, .or: preconditionFailure("truth values have their own line")
    }
    line("\(f.rawValue)(\(operands[0]), \(operands[1]))", result)
  }

  /// Appends the product of a value and a number of the text, or a difference of them.
  mutating func calculateWithNumber() {
    // What is given has more special numbers than what is computed.
    let given = isSpecial && chance(0.7) ? find { $0.element == .number && $0.isExact } : nil
    guard let x = given ?? numbers() else { return }
    var result = x
    if isSpecial {
      var operands = [x.text, pick(Self.specials)]
      if chance(0.5) { operands.reverse() }
      var f = pick(["add", "sub", "mul", "div"])
      if f == "div", operands[1] == x.text, !x.isExact { f = "mul" }
      (result.isExact, result.magnitude) = (false, f == "div" ? 5 : x.magnitude + 1)
      line("\(f)(\(operands[0]), \(operands[1]))", result)
      return
    }
    let number = pick(["0.5", "-1", "2", "0.1", "1"])
    result.isExact = false
    if chance(0.5) {
      result.magnitude *= 2
      line("\(number) * \(x.text)", result)
    } else {
      result.magnitude += 2
      line("sub(\(number), \(x.text))", result)
    }
  }

  /// Returns something that broadcasts with `x`.
  mutating func partner(of x: Quantity) -> Quantity? {
    if chance(0.1), !x.shape.isEmpty, x.text.allSatisfy({ $0.isLetter || $0.isNumber }) {
      // A place of the value itself, which one kernel cannot compute with it.
      var first = x
      first.text = "\(x.text)[0]"
      first.shape.removeFirst()
      return first
    }
    if chance(0.1), let hot = find({ if case .oneHot = $0.element { true } else { false } }),
      Self.broadcast(x.shape, hot.denseShape) != nil
    {
      var dense = hot
      dense.shape = hot.denseShape
      return dense
    }
    if chance(0.2), let last = x.shape.last {
      return Quantity(text: parameter([last], magnitude: "1"), shape: [last])
    }
    if isSpecial, chance(0.2), let last = x.shape.last { return constant([last]) }
    return find { $0.element == .number && Self.broadcast(x.shape, $0.shape) != nil }
  }

}

import Diagnostics
import IR

extension Parser {

  /// How tightly an operator binds.
  enum Precedence: Int {

    case comparison, sum, product

  }

  /// Reads a text that is one expression; `nil` if it is none.
  mutating func parseWhole() -> Expression? {
    guard let e = try? parseExpression() else { return nil }
    if kind == .newline { advance() }
    guard kind != .end else { return e }
    _ = fail(expecting: "the end of the text")
    return nil
  }

  /// Reads an expression whose operators bind at least as tightly as `minimum`.
  mutating func parseExpression(
    _ minimum: Precedence = .comparison
  ) throws(SyntaxFailure) -> Expression {
    let start = token
    var left = try parseOperand()
    // Each round takes an operator and its operand, and ends with a looser one.
    for precedence in [Precedence.product, .sum, .comparison] {
      if precedence.rawValue < minimum.rawValue { break }
      var links: [Link] = []
      while let (op, found) = infixOperator, found == precedence {
        if precedence == .comparison, !links.isEmpty {
          reporter.report(.chainedComparison(at: span))
          throw SyntaxFailure()
        }
        advance()
        skipLineEnds()
        switch precedence {
        case .product: links.append(Link(op: op, operand: try parseOperand()))
        case .sum: links.append(Link(op: op, operand: try parseExpression(.product)))
        case .comparison: links.append(Link(op: op, operand: try parseExpression(.sum)))
        }
      }
      guard let first = links.first else { continue }
      let kind: Expression.Kind =
        precedence == .comparison
        ? .comparison(first.op, left, first.operand) : .chain(left, links)
      left = Expression(kind: kind, span: span(from: start))
    }
    return left
  }

  /// The operator that stands here and its precedence.
  private var infixOperator: (InfixOperator, Precedence)? {
    switch kind {
    case .plus: (.add, .sum)
    case .minus: (.sub, .sum)
    case .star: (.mul, .product)
    case .slash: (.div, .product)
    case .at: (.matmul, .product)
    case .equal: (.equal, .comparison)
    case .notEqual: (.notEqual, .comparison)
    case .less: (.less, .comparison)
    case .lessEqual: (.lessEqual, .comparison)
    case .greater: (.greater, .comparison)
    case .greaterEqual: (.greaterEqual, .comparison)
    default: nil
    }
  }

  /// Reads a sign and what it applies to, or a value and its subscripts.
  private mutating func parseOperand() throws(SyntaxFailure) -> Expression {
    guard kind == .minus else { return try parseSubscripted() }
    let start = token
    try descend()
    advance()
    let operand = try parseOperand()
    ascend()
    let span = span(from: start)
    if case .number(let x, let integer) = operand.kind {
      return Expression(kind: .number(-x, integer: integer.map { -$0 }), span: span)
    }
    return Expression(kind: .negated(operand), span: span)
  }

  private mutating func parseSubscripted() throws(SyntaxFailure) -> Expression {
    let start = token
    let base = try parsePrimary()
    var subscripts: [Subscript] = []
    while kind == .leftBracket { subscripts.append(try parseSubscript()) }
    if subscripts.isEmpty { return base }
    return Expression(kind: .subscripted(base, subscripts), span: span(from: start))
  }

  private mutating func parsePrimary() throws(SyntaxFailure) -> Expression {
    switch kind {
    case .number: return try parseNumber()
    case .word:
      let name = Name(text: text, span: span)
      guard kind(after: 1) == .leftParenthesis else {
        advance()
        return Expression(kind: .name(name.text), span: name.span)
      }
      let start = token
      advance()
      let arguments = try parseArguments()
      return Expression(kind: .call(name, arguments), span: span(from: start))
    case .leftParenthesis:
      let opening = try open()
      let inner = try parseExpression()
      try close(.rightParenthesis, opening)
      return Expression(kind: inner.kind, span: inner.span)
    default: throw fail(expecting: "an expression")
    }
  }

  /// Reads a number without a sign.
  mutating func parseNumber() throws(SyntaxFailure) -> Expression {
    let text = text
    let span = span
    let isInteger = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    let integer = isInteger ? Int(text) : nil
    guard let x = Number(decimal: text)?.value, Float(x).isFinite,
      !isInteger || integer != nil
    else {
      reporter.report(.numberOutOfRange(text.excerpt, at: span))
      throw SyntaxFailure()
    }
    advance()
    return Expression(kind: .number(x, integer: integer), span: span)
  }

  mutating func parseArguments() throws(SyntaxFailure) -> [Argument] {
    let opening = try open()
    var result: [Argument] = []
    while kind != .rightParenthesis {
      var label: Name?
      if kind == .word, kind(after: 1) == .colon {
        label = Name(text: text, span: span)
        advance()
        advance()
      }
      result.append(Argument(label: label, value: try parseArgument()))
      if !take(.comma) { break }
    }
    try close(.rightParenthesis, opening)
    return result
  }

  /// Reads an operand or an attribute: an expression, a range, a list or a part of a product.
  private mutating func parseArgument() throws(SyntaxFailure) -> Expression {
    if kind == .leftBracket {
      let start = token
      let items = try parseList { parser throws(SyntaxFailure) in try parser.parsePart() }
      return Expression(kind: .list(items), span: span(from: start))
    }
    return try parsePart()
  }

  /// Reads `gather x`, `x to a ..< b`, `a ..< b` or an expression.
  private mutating func parsePart() throws(SyntaxFailure) -> Expression {
    let start = token
    let isGathered = isAt("gather") && kind(after: 1) == .word && !follows("to")
    if isGathered { advance() }
    var part = try parseExpression()
    if isGathered { part = Expression(kind: .gathered(part), span: span(from: start)) }
    if isAt("to") {
      advance()
      let (lower, upper) = try parseRange()
      return Expression(
        kind: .columns(part, lower: lower, upper: upper), span: span(from: start))
    }
    if !isGathered, take(.range) {
      skipLineEnds()
      let upper = try parseExpression(.sum)
      return Expression(kind: .range(part, upper), span: span(from: start))
    }
    return part
  }

  /// `true` iff `gather` is a part of its own here: `gather to 0 ..< n`.
  private func follows(_ word: StaticString) -> Bool {
    guard kind(after: 1) == .word, text(at: position + 1) == "\(word)" else { return false }
    switch kind(after: 2) {
    case .word, .number, .leftParenthesis, .minus: return true
    default: return false
    }
  }

  private mutating func parseRange() throws(SyntaxFailure) -> (Expression, Expression) {
    let lower = try parseExpression(.sum)
    try expect(.range)
    skipLineEnds()
    return (lower, try parseExpression(.sum))
  }

  /// Reads items in brackets, separated by commas.
  mutating func parseList<Item>(
    _ parseItem: (inout Parser) throws(SyntaxFailure) -> Item
  ) throws(SyntaxFailure) -> [Item] {
    let opening = try open()
    var result: [Item] = []
    while kind != .rightBracket {
      result.append(try parseItem(&self))
      if !take(.comma) { break }
    }
    try close(.rightBracket, opening)
    return result
  }

  private mutating func parseSubscript() throws(SyntaxFailure) -> Subscript {
    let start = token
    let items = try parseList { parser throws(SyntaxFailure) -> Subscript.Item in
      if parser.take(.colon) { return .all }
      let first = parser.token
      let place = try parser.parseExpression(.sum)
      guard parser.take(.range) else { return .place(place) }
      parser.skipLineEnds()
      let upper = try parser.parseExpression(.sum)
      return .range(place, upper, parser.span(from: first))
    }
    let span = span(from: start)
    if items.isEmpty {
      reporter.report(.emptyBrackets(at: span))
      throw SyntaxFailure()
    }
    return Subscript(items: items, span: span)
  }

}

import Diagnostics

extension Parser {

  /// Reads `dim a = 1, b = 2`.
  mutating func parseDimensions() throws(SyntaxFailure) -> Statement.Kind {
    advance()
    var result: [(name: Name, value: Expression)] = []
    repeat {
      skipLineEnds()
      let name = try expectName("the name of a dimension")
      try expect(.assign)
      result.append((name, try parseExpression(.sum)))
    } while take(.comma)
    return .dimensions(result)
  }

  /// Reads a name and a type, and what follows `=` if `hasInitial`, or if `=` follows and that is
  /// `nil`.
  mutating func parseDeclaration(
    _ role: String, hasInitial: Bool?
  ) throws(SyntaxFailure) -> Declaration {
    let name = try expectName("the name of \(role)")
    try expect(.colon)
    let type = try parseType()
    guard hasInitial ?? (kind == .assign) else {
      return Declaration(name: name, type: type, initial: nil)
    }
    try expect(.assign)
    return Declaration(name: name, type: type, initial: try parseInitial())
  }

  private mutating func parseType() throws(SyntaxFailure) -> TypeSyntax {
    let start = token
    let name = try expectName("a type")
    var classes: Expression?
    if kind == .less {
      let opening = token
      advance()
      classes = try parseExpression(.sum)
      if kind == .greaterEqual {
        takeFirstHalf()
      } else {
        try expect(.greater, closing: opening)
      }
    }
    guard kind == .leftBracket else {
      return TypeSyntax(name: name, classes: classes, shape: [], span: span(from: start))
    }
    let opening = try open()
    var leading: SourceSpan?
    if kind == .ellipsis {
      leading = span(from: token)
      advance()
    }
    var shape: [Expression] = []
    if leading == nil || take(.comma) {
      while kind != .rightBracket {
        shape.append(try parseExpression(.sum))
        if !take(.comma) { break }
      }
    }
    try close(.rightBracket, opening)
    if shape.isEmpty, leading == nil {
      reporter.report(.emptyBrackets(at: span(from: opening)))
      throw SyntaxFailure()
    }
    return TypeSyntax(
      name: name, classes: classes, shape: shape, leading: leading, span: span(from: start))
  }

  private mutating func parseInitial() throws(SyntaxFailure) -> Initial {
    let start = token
    guard kind == .leftBracket else { return .expression(try parseExpression()) }
    var elements: [Double] = []
    let shape = try parseLiteral(into: &elements)
    return .literal(Literal(elements: elements, shape: shape), span(from: start))
  }

  /// Reads numbers in brackets, appends them to `elements` and returns their shape.
  private mutating func parseLiteral(into elements: inout [Double]) throws(SyntaxFailure) -> [Int] {
    let opening = try open()
    var count = 0
    var shape: [Int]?
    while kind != .rightBracket {
      let start = token
      let item: [Int]
      if kind == .leftBracket {
        item = try parseLiteral(into: &elements)
      } else {
        let isNegative = take(.minus)
        guard kind == .number else { throw fail(expecting: "a number") }
        guard case .number(let x, _) = try parseNumber().kind else { throw SyntaxFailure() }
        elements.append(isNegative ? -x : x)
        item = []
      }
      if let shape, shape != item {
        reporter.report(.raggedLiteral(item, shape, at: span(from: start)))
        throw SyntaxFailure()
      }
      shape = item
      count += 1
      if !take(.comma) { break }
    }
    try close(.rightBracket, opening)
    return [count] + (shape ?? [])
  }

  /// Reads `passes done a, b-c`.
  mutating func parsePasses() throws(SyntaxFailure) -> Statement.Kind {
    advance()
    try expect("done")
    var result: [Name] = []
    repeat {
      skipLineEnds()
      let start = token
      _ = try expectName("the name of a pass")
      // The tokens of a name touch each other.
      while kind == .minus, list.tokens[position - 1].upper == token.lower,
        kind(after: 1) == .word, list.tokens[position + 1].lower == token.upper
      {
        advance()
        advance()
      }
      let span = span(from: start)
      result.append(Name(text: file.substring(span.range), span: span))
    } while take(.comma)
    return .passes(result)
  }

}

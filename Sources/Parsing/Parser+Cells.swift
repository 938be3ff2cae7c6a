import Diagnostics

extension Parser {

  /// Reads `cell name(size, size) { ... }`.
  mutating func parseCell(_ comments: inout StatementComments) throws(SyntaxFailure) -> CellSyntax {
    advance()
    let name = try expectName("the name of a cell")
    var sizes: [Name] = []
    if kind == .leftParenthesis {
      let opening = try open()
      while kind != .rightParenthesis {
        sizes.append(try expectName("the name of a size"))
        if !take(.comma) { break }
      }
      try close(.rightParenthesis, opening)
    }
    guard let block = parseBlock(of: &comments) else { throw SyntaxFailure() }
    return CellSyntax(name: name, sizes: sizes, block: block)
  }

  /// Reads `use name = cell(size: n) carried starting (h: e) with parameters of other`.
  mutating func parseUse() throws(SyntaxFailure) -> UseSyntax {
    advance()
    let name = try expectName("the name of the use of a cell")
    try expect(.assign)
    var use = UseSyntax(name: name, cell: try expectName("the name of a cell"))
    if kind == .leftParenthesis { use.sizes = try parseArguments() }
    if isAt("carried") {
      advance()
      use.isCarried = true
    }
    if isAt("starting") {
      advance()
      guard kind == .leftParenthesis else { throw fail(expecting: "'('") }
      use.starts = try parseArguments()
    }
    if isAt("with") {
      advance()
      try expect("parameters")
      try expect("of")
      use.source = try expectName("the name of a use")
    }
    return use
  }

  /// Reads `convention name { ... }`.
  mutating func parseConvention(
    _ comments: inout StatementComments
  ) throws(SyntaxFailure) -> Statement.Kind {
    advance()
    let name = try expectName("the name of a convention")
    isInConvention = true
    defer { isInConvention = false }
    guard let block = parseBlock(of: &comments) else { throw SyntaxFailure() }
    return .convention(name, block)
  }

  /// Reads `tensor + tensor = term`.
  mutating func parseEquation(
    from first: Token, _ comments: StatementComments
  ) throws(SyntaxFailure) -> Statement {
    let sum = try parseExpression(.sum)
    try expect(.assign)
    let term = try parseExpression(.sum)
    return Statement(kind: .equation(sum, term), span: span(from: first), comments: comments)
  }

}

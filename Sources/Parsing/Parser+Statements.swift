import Diagnostics

extension Parser {

  /// Reads the whole text; `nil` if there is no model in it.
  mutating func parseModel() -> ModelSyntax? {
    var cells = parseCells()
    skipLineEnds()
    var comments = StatementComments(leading: takeComments())
    let name: Name
    do throws(SyntaxFailure) {
      guard isAt("model") else {
        reporter.report(.missingModel(at: span))
        return nil
      }
      advance()
      name = try expectName("the name of the model")
      // The lexer has reported what is too long for any name.
      if (Self.longestModelName + 1...Lexer.longestName).contains(name.span.range.count) {
        reporter.report(.nameTooLong(at: name.span, limit: Self.longestModelName))
      }
    } catch {
      return nil
    }
    guard let block = parseBlock(of: &comments) else { return nil }
    cells += parseCells()
    skipLineEnds()
    let endComments = takeComments()
    if !isAtEnd, !reporter.isFull { reporter.report(.textBehindModel(at: span)) }
    return ModelSyntax(
      name: name, comments: comments, cells: cells, block: block, endComments: endComments,
      unreadNames: unreadNames, scannedNames: scannedNames)
  }

  /// Reads the cells that stand here, outside of a model.
  mutating func parseCells() -> [CellSyntax] {
    var block = BlockSyntax()
    // Each round takes at least one token.
    while true {
      skipLineEnds()
      guard isAt("cell"), !reporter.isFull else { break }
      parseStatement(into: &block)
    }
    return block.statements.compactMap {
      if case .cell(let cell) = $0.kind { return cell }
      return nil
    }
  }

  /// Reads braces and the statements in them, or reports that there are none; a comment behind the
  /// opening one goes to `comments`.
  mutating func parseBlock(of comments: inout StatementComments) -> BlockSyntax? {
    let opening = token
    do throws(SyntaxFailure) {
      guard kind == .leftBrace else { throw fail(expecting: "'{'") }
      try descend()
    } catch {
      return nil
    }
    advance()
    if kind == .newline { takeComments(into: &comments) }
    var block = BlockSyntax()
    // Each round takes at least one token.
    while true {
      skipLineEnds()
      if kind == .rightBrace || isAtEnd || reporter.isFull { break }
      parseStatement(into: &block)
    }
    block.closingComments = takeComments()
    if kind == .rightBrace {
      ascend()
      advance()
    } else if !reporter.isFull {
      _ = fail(expecting: "'}'", closing: opening)
    }
    return block
  }

  /// Reads a statement and appends it to `block`, or skips what cannot be read.
  private mutating func parseStatement(into block: inout BlockSyntax) {
    var comments = StatementComments(leading: takeComments())
    let start = position
    let first = token
    let depth = nesting
    do throws(SyntaxFailure) {
      let statement = try parseStatement(from: first, &comments, &block)
      guard kind == .newline || kind == .rightBrace || kind == .end else {
        block.statements.append(statement)
        throw fail(expecting: "the end of the line")
      }
      block.statements.append(statement)
      if !statement.isSection {
        takeComments(into: &block.statements[block.statements.count - 1].comments)
      }
    } catch {
      recover(from: start, depth: depth)
    }
    // What stops a recovery at once would stop the next one too.
    if position == start, kind != .rightBrace { skipToken() }
  }

  private mutating func parseStatement(
    from first: Token, _ comments: inout StatementComments, _ block: inout BlockSyntax
  ) throws(SyntaxFailure) -> Statement {
    guard kind == .word else { throw fail(expecting: "a statement") }
    if isInConvention { return try parseEquation(from: first, comments) }
    let start = position
    let kind: Statement.Kind
    switch self.kind(after: 1) {
    case .word: kind = try parseKeywordStatement(&comments, &block)
    case .leftBrace where ["bind", "fused", "train", "run"].contains(text):
      let word = text
      advance()
      guard let inner = parseBlock(of: &comments) else { throw SyntaxFailure() }
      block.assignedStates.formUnion(inner.assignedStates)
      switch word {
      case "bind": kind = .bind(inner)
      case "fused": kind = .fused(inner)
      case "train": kind = .train(inner)
      default: kind = .run(inner)
      }
    case .assign, .comma, .leftBracket:
      let targets = try parseTargets()
      for target in targets where target.place == nil && mayBeState(target.name.text) {
        block.assignedStates.insert(target.name.text)
      }
      try expect(.assign)
      kind = try parseAssignment(to: targets)
    default: throw unknownStatement()
    }
    var statement = Statement(kind: kind, span: span(from: first), comments: comments)
    if statement.isSection { statement.span = headSpan(from: start) }
    return statement
  }

  /// Reads a statement that begins with a word of the grammar and another word.
  private mutating func parseKeywordStatement(
    _ comments: inout StatementComments, _ block: inout BlockSyntax
  ) throws(SyntaxFailure) -> Statement.Kind {
    switch text {
    case "dim": return try parseDimensions()
    case "input":
      advance()
      return .input(try parseDeclaration("an input", hasInitial: nil), isLabel: false)
    case "label":
      advance()
      return .input(try parseDeclaration("a label", hasInitial: false), isLabel: true)
    case "param":
      advance()
      return .parameter(try parseDeclaration("a parameter", hasInitial: true))
    case "const":
      advance()
      return .constant(try parseDeclaration("a constant", hasInitial: true))
    case "state":
      advance()
      return .state(try parseDeclaration("a state", hasInitial: true), isCarried: false)
    case "carried":
      advance()
      try expect("state")
      return .state(try parseDeclaration("a state", hasInitial: true), isCarried: true)
    case "slot":
      advance()
      return .slot(try parseDeclaration("a slot", hasInitial: true))
    case "update":
      advance()
      let name = try expectName("the name of a parameter or a slot")
      try expect(.assign)
      let value = try parseExpression()
      return .update(name, value, origins: try parseOrigins())
    case "passes": return try parsePasses()
    case "entry":
      advance()
      let name = try expectName("the name of an entry")
      guard let inner = parseBlock(of: &comments) else { throw SyntaxFailure() }
      return .entry(name, inner)
    case "output": return try parseOutput()
    case "cell": return .cell(try parseCell(&comments))
    case "use": return .use(try parseUse())
    case "convention": return try parseConvention(&comments)
    case "scan": return .scan(try parseScan(&comments, &block))
    default: throw unknownStatement()
    }
  }

  /// Reports that no statement begins with the word that stands here.
  private mutating func unknownStatement() -> SyntaxFailure {
    let word = text
    if kind(after: 1) == .leftParenthesis {
      reporter.report(.unusedExpression(at: span))
    } else {
      reporter.report(
        .unknownStatement(
          word.excerpt, at: span, suggestion: suggestion(for: word, among: Self.keywords)))
    }
    return SyntaxFailure()
  }

  private mutating func parseTargets() throws(SyntaxFailure) -> [Target] {
    var result: [Target] = []
    repeat {
      let start = token
      let name = try expectName("a name")
      var place: Expression?
      if kind == .leftBracket {
        let opening = try open()
        place = try parseExpression(.sum)
        try close(.rightBracket, opening)
      }
      result.append(Target(name: name, place: place, span: span(from: start)))
    } while take(.comma)
    return result
  }

  /// Reads what follows the `=` of a line.
  private mutating func parseAssignment(
    to targets: [Target]
  ) throws(SyntaxFailure) -> Statement.Kind {
    // The one list that is a value by itself: the parameters that training leaves alone.
    if kind == .leftBracket, targets.count == 1, targets[0].name.text == "freeze" {
      let start = token
      let items = try parseList { parser throws(SyntaxFailure) in try parser.parseExpression() }
      let list = Expression(kind: .list(items), span: span(from: start))
      return .assignment(targets, list, origins: [])
    }
    let value = try parseExpression()
    return .assignment(targets, value, origins: try parseOrigins())
  }

  mutating func parseOrigins() throws(SyntaxFailure) -> [String] {
    guard isAt("from") else { return [] }
    advance()
    var result: [String] = []
    repeat {
      skipLineEnds()
      result.append(try expectName("the name of an origin").text)
    } while take(.comma)
    return result
  }

  /// Reads `output a, b` or `output a = expression`.
  private mutating func parseOutput() throws(SyntaxFailure) -> Statement.Kind {
    advance()
    var names = [try expectName("the name of an output")]
    if take(.assign) {
      let value = try parseExpression()
      return .outputDefinition(names[0], value, origins: try parseOrigins())
    }
    while take(.comma) {
      skipLineEnds()
      names.append(try expectName("the name of an output"))
    }
    return .output(names)
  }

  /// Reads a loop with its bodies.
  private mutating func parseScan(
    _ comments: inout StatementComments, _ block: inout BlockSyntax
  ) throws(SyntaxFailure) -> ScanSyntax {
    let start = position
    let depth = nesting
    var scan = ScanSyntax()
    do throws(SyntaxFailure) {
      try parseHead(of: &scan)
    } catch {
      guard skipHead(from: start, depth: depth) else { throw error }
      scan.count = nil
    }
    guard let body = parseBlock(of: &comments) else { throw SyntaxFailure() }
    scan.body = body
    scan.remainder = parseRemainder()
    block.assignedStates.formUnion(body.assignedStates)
    block.assignedStates.formUnion(scan.remainder?.assignedStates ?? [])
    return scan
  }

  /// Reads `scan t in n by K reverse lengths l`.
  private mutating func parseHead(of scan: inout ScanSyntax) throws(SyntaxFailure) {
    advance()
    scan.variable = try expectName("the name of the step")
    try expect("in")
    let count = try parseExpression(.sum)
    scan.count = count
    if case .name(let name) = count.kind { scannedNames.insert(name) }
    if isAt("by") {
      advance()
      guard kind == .number else { throw fail(expecting: "a number of steps") }
      let number = try parseNumber()
      guard case .number(_, let value?) = number.kind, value > 0 else {
        reporter.report(.invalidFactor(at: number.span))
        throw SyntaxFailure()
      }
      scan.factor = (value, number.span)
    }
    scan.isReversed = isAt("reverse")
    if scan.isReversed { advance() }
    if isAt("lengths") {
      advance()
      scan.lengths = try parseExpression(.product)
    }
    scan.origins = try parseOrigins()
    guard kind == .leftBrace else { throw fail(expecting: "'{'") }
  }

  /// Reads the second body of a loop, on the same line or on the next.
  private mutating func parseRemainder() -> BlockSyntax? {
    let isOnNextLine = kind == .newline
    let distance = isOnNextLine ? 1 : 0
    guard kind(after: distance) == .word, text(at: position + distance) == "remainder",
      kind(after: distance + 1) == .leftBrace
    else { return nil }
    skipLineEnds()
    advance()
    var comments = StatementComments()
    guard var block = parseBlock(of: &comments) else { return nil }
    let headComments = comments.leading + (comments.trailing.map { [$0] } ?? [])
    if block.statements.isEmpty {
      block.closingComments = headComments + block.closingComments
    } else {
      block.statements[0].comments.leading = headComments + block.statements[0].comments.leading
    }
    return block
  }

}

extension Statement {

  /// `true` iff the statement ends with a closing brace.
  var isSection: Bool {
    switch kind {
    case .bind, .entry, .scan, .fused, .train, .run, .cell, .convention: true
    case .dimensions, .input, .parameter, .constant, .state, .slot, .passes, .assignment, .output,
      .outputDefinition, .update, .use, .equation, .argument:
      false
    }
  }

}

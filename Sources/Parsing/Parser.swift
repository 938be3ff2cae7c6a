import Diagnostics

/// A line that cannot be read; what is wrong has been reported.
struct SyntaxFailure: Error {}

/// Builds the tree of a text.
///
/// Where a line cannot be read, the rest of it is skipped. A line ends at a line feed outside
/// parentheses and brackets; an opening one that lacks its partner ends at a line that begins like
/// a statement.
struct Parser {

  /// How deep parentheses, brackets, braces and signs may nest.
  static let deepestNesting = 200

  /// The most bytes of the name of a model, after which files are named.
  static let longestModelName = 100

  let file: SourceFile
  private(set) var list: TokenList
  var reporter: Reporter

  /// The position of the next token.
  private(set) var position = 0

  /// The number of open parentheses and brackets; inside them line ends mean nothing.
  private(set) var openDelimiters = 0

  private(set) var nesting = 0
  private var nextComment = 0

  /// `true` iff nothing that follows can be understood.
  private var isAborted = false

  /// `true` iff the lines that follow are equations of a convention.
  var isInConvention = false

  var unreadNames: Set<String> = []
  var scannedNames: Set<String> = []

  /// The names that follow the word `state`.
  private var stateNames: Set<String> = []

  /// Creates a parser of `list`, which was read from `file`.
  init(_ file: SourceFile, _ list: TokenList, _ reporter: Reporter) {
    self.file = file
    self.list = list
    self.reporter = reporter
    for i in list.tokens.indices.dropLast() where list.tokens[i + 1].kind == .word {
      if text(at: i) == "state" { stateNames.insert(text(at: i + 1)) }
    }
  }

  /// `true` iff `name` may be the name of a state.
  func mayBeState(_ name: String) -> Bool { stateNames.contains(name) }

  /// The next token.
  var token: Token { list.tokens[position] }

  var kind: Token.Kind { token.kind }

  /// Returns the kind of the token `distance` after the next, line ends counted.
  func kind(after distance: Int) -> Token.Kind {
    let i = position + distance
    return i < list.tokens.count ? list.tokens[i].kind : .end
  }

  /// Returns the text of the token at `position`.
  func text(at position: Int) -> String {
    if let replacement = list.replacements[position] { return replacement }
    return file.substring(list.tokens[position].range)
  }

  /// The text of the next token.
  var text: String { text(at: position) }

  /// `true` iff the next token is the word `word`.
  func isAt(_ word: StaticString) -> Bool {
    guard kind == .word, token.range.count == word.utf8CodeUnitCount else { return false }
    return text == "\(word)"
  }

  /// The span of the next token.
  var span: SourceSpan { reporter.span(token.range) }

  /// Returns the span from `start` to the last token that was taken.
  func span(from start: Token) -> SourceSpan {
    let end = position > 0 ? Int(list.tokens[position - 1].upper) : 0
    return reporter.span(Int(start.lower)..<max(end, Int(start.lower)))
  }

  /// Returns the span of the head of the section that began at token `start`, without its brace.
  func headSpan(from start: Int) -> SourceSpan {
    var end = start
    while list.tokens[end + 1].kind != .leftBrace, end < position { end += 1 }
    return reporter.span(Int(list.tokens[start].lower)..<Int(list.tokens[end].upper))
  }

  /// Takes the next token.
  mutating func advance() {
    if position < list.tokens.count - 1 { position += 1 }
    if openDelimiters > 0 { skipLineEnds() }
  }

  /// Takes line ends, where they mean nothing.
  mutating func skipLineEnds() {
    while kind == .newline, position < list.tokens.count - 1 { position += 1 }
  }

  /// Takes the next token if it is of `kind`.
  mutating func take(_ kind: Token.Kind) -> Bool {
    guard self.kind == kind else { return false }
    advance()
    return true
  }

  /// Takes the next token, which must be of `kind`; `partner` is what it closes.
  mutating func expect(_ kind: Token.Kind, closing partner: Token? = nil) throws(SyntaxFailure) {
    guard self.kind == kind else {
      throw fail(expecting: kind.text, closing: partner)
    }
    advance()
  }

  /// Takes the next token, which must be a name, `role`.
  mutating func expectName(_ role: String) throws(SyntaxFailure) -> Name {
    guard kind == .word else { throw fail(expecting: role) }
    let name = Name(text: text, span: span)
    advance()
    return name
  }

  /// Takes the next token, which must be `word`.
  mutating func expect(_ word: StaticString) throws(SyntaxFailure) {
    guard isAt(word) else { throw fail(expecting: "'\(word)'") }
    advance()
  }

  /// Reports that `expectation` does not stand here, unless what does has been reported already.
  mutating func fail(expecting expectation: String, closing partner: Token? = nil) -> SyntaxFailure
  {
    if kind != .invalid, !isAborted {
      reporter.report(
        .unexpected(
          found, expecting: expectation, at: span,
          closing: partner.map { ($0.kind.text, reporter.span($0.range)) }))
    }
    return SyntaxFailure()
  }

  /// What stands here, as a diagnostic names it.
  private var found: String {
    switch kind {
    case .word, .number: "'\(text.excerpt)'"
    default: kind.text
    }
  }

  /// Enters a parenthesis, a bracket, a brace or a sign.
  mutating func descend() throws(SyntaxFailure) {
    nesting += 1
    guard nesting > Self.deepestNesting else { return }
    reporter.report(.nestingTooDeep(at: span))
    isAborted = true
    position = list.tokens.count - 1
    throw SyntaxFailure()
  }

  /// Leaves what `descend` entered.
  mutating func ascend() { nesting -= 1 }

  /// Takes an opening parenthesis or bracket.
  mutating func open() throws(SyntaxFailure) -> Token {
    let opening = token
    try descend()
    openDelimiters += 1
    advance()
    return opening
  }

  /// Takes the closing parenthesis or bracket of `opening`.
  mutating func close(_ kind: Token.Kind, _ opening: Token) throws(SyntaxFailure) {
    guard self.kind == kind else { throw fail(expecting: kind.text, closing: opening) }
    openDelimiters -= 1
    ascend()
    advance()
  }

  /// Skips the rest of a statement that began at `start`, where `nesting` was `depth`.
  mutating func recover(from start: Int, depth: Int) {
    var open = openDelimiters
    openDelimiters = 0
    nesting = depth
    var isLineStart = position > start && list.tokens[position - 1].kind == .newline
    // Each round takes a token or ends.
    loop: while kind != .end {
      if isLineStart, open == 0 || beginsStatement { break }
      isLineStart = false
      switch kind {
      case .newline:
        if open == 0 { break loop }
        isLineStart = true
      case .leftParenthesis, .leftBracket: open += 1
      case .rightParenthesis, .rightBracket: open = max(0, open - 1)
      case .rightBrace: break loop
      case .leftBrace:
        skipBraces()
        continue
      default: break
      }
      position += 1
    }
    for i in start..<max(start, position) where list.tokens[i].kind == .word {
      switch list.tokens[i + 1].kind {
      case .assign, .colon, .comma, .leftBracket: unreadNames.insert(text(at: i))
      default: break
      }
    }
  }

  /// Skips the head of a section that began at `start`, where `nesting` was `depth`, up to its
  /// brace; `false` if it has none on its line.
  mutating func skipHead(from start: Int, depth: Int) -> Bool {
    var end = start
    while list.tokens[end].kind != .newline, list.tokens[end].kind != .end {
      if list.tokens[end].kind == .word { unreadNames.insert(text(at: end)) }
      if list.tokens[end].kind == .leftBrace {
        openDelimiters = 0
        nesting = depth
        position = end
        return !isAtEnd
      }
      end += 1
    }
    return false
  }

  /// Takes the next token, whatever it is.
  mutating func skipToken() {
    if position < list.tokens.count - 1 { position += 1 }
  }

  /// Takes the `>` of a `>=`, which was meant as two symbols.
  mutating func takeFirstHalf() {
    let range = token.range
    list.tokens[position] = Token(.assign, range.lowerBound + 1..<range.upperBound)
  }

  /// Takes an opening brace and everything up to its partner.
  mutating func skipBraces() {
    var depth = 0
    while kind != .end {
      if kind == .leftBrace { depth += 1 }
      if kind == .rightBrace { depth -= 1 }
      if kind == .word {
        switch kind(after: 1) {
        case .assign, .colon, .leftBracket: unreadNames.insert(text)
        default: break
        }
      }
      position += 1
      if depth == 0 { return }
    }
  }

  /// `true` iff the tokens that follow look like the beginning of a statement.
  private var beginsStatement: Bool {
    switch (kind, kind(after: 1)) {
    case (.rightBrace, _), (.word, .assign): true
    case (.word, .word), (.word, .leftBrace): Self.keywords.contains(text)
    default: false
    }
  }

  /// The words that begin a statement.
  static let keywords = [
    "dim", "input", "label", "carried", "state", "param", "const", "slot", "passes", "run", "bind",
    "entry", "scan", "remainder", "fused", "output", "update", "train", "cell", "use", "convention",
  ]

  /// Takes the comments before the next token.
  mutating func takeComments() -> [String] {
    var result: [String] = []
    while nextComment < list.comments.count, list.comments[nextComment].position <= position {
      result.append(list.comments[nextComment].text)
      nextComment += 1
    }
    return result
  }

  /// Takes the comments inside and behind a line that has just been read.
  mutating func takeComments(into comments: inout StatementComments) {
    while nextComment < list.comments.count, list.comments[nextComment].position <= position {
      let comment = list.comments[nextComment]
      if comment.position == position, comment.isTrailing, kind == .newline || kind == .end,
        comments.trailing == nil
      {
        comments.trailing = comment.text
      } else if comment.position < position || comment.isTrailing {
        comments.leading.append(comment.text)
      } else {
        break
      }
      nextComment += 1
    }
  }

  /// `true` iff nothing is left to read.
  var isAtEnd: Bool { kind == .end }

}

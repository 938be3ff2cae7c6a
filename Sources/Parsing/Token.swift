import Diagnostics

/// A word, a number or a symbol of a text.
struct Token {

  /// What a token is.
  enum Kind: UInt8 {

    case word, number, newline, end

    case leftBrace, rightBrace, leftParenthesis, rightParenthesis, leftBracket, rightBracket
    case comma, colon, assign, range, ellipsis
    case plus, minus, star, slash, at
    case equal, notEqual, less, lessEqual, greater, greaterEqual

    /// What could not be read; it has been reported.
    case invalid

  }

  let kind: Kind
  let lower: UInt32
  let upper: UInt32

  /// Creates the token at the offsets in `range`.
  init(_ kind: Kind, _ range: Range<Int>) {
    self.kind = kind
    self.lower = UInt32(clamping: range.lowerBound)
    self.upper = UInt32(clamping: range.upperBound)
  }

  /// The offsets of the token.
  var range: Range<Int> { Int(lower)..<Int(upper) }

}

extension Token.Kind {

  /// The kind as a diagnostic names it.
  var text: String {
    switch self {
    case .word: "a name"
    case .number: "a number"
    case .newline: "the end of the line"
    case .end: "the end of the file"
    case .leftBrace: "'{'"
    case .rightBrace: "'}'"
    case .leftParenthesis: "'('"
    case .rightParenthesis: "')'"
    case .leftBracket: "'['"
    case .rightBracket: "']'"
    case .comma: "','"
    case .colon: "':'"
    case .assign: "'='"
    case .range: "'..<'"
    case .ellipsis: "'...'"
    case .plus: "'+'"
    case .minus: "'-'"
    case .star: "'*'"
    case .slash: "'/'"
    case .at: "'@'"
    case .equal: "'=='"
    case .notEqual: "'!='"
    case .less: "'<'"
    case .lessEqual: "'<='"
    case .greater: "'>'"
    case .greaterEqual: "'>='"
    case .invalid: "a character that has no meaning"
    }
  }

}

/// A comment of a text.
struct CommentToken {

  /// The text without its slashes and the space behind them.
  let text: String

  /// The number of tokens before the comment.
  let position: Int

  /// `true` iff a token stands before it on its line.
  let isTrailing: Bool

}

/// What the lexer makes of a text.
struct TokenList {

  /// The tokens; a line feed is a token only after another one; the last is the end.
  var tokens: [Token] = []

  var comments: [CommentToken] = []

  /// The names of the words that are not what the text says, by position: mended look-alikes.
  var replacements: [Int: String] = [:]

}

/// Where a stage puts what it finds wrong.
struct Reporter {

  let file: SourceFileID

  /// The place that stands for all others, if the text that is read is not `file` itself.
  let place: SourceSpan?

  /// What was found; warnings are kept apart, so that they never take the place of errors.
  private var errors = DiagnosticSet()
  private var warnings = DiagnosticSet()

  /// Creates an empty reporter for the text `file`, or for another text that `place` in it stands
  /// for.
  init(_ file: SourceFileID, place: SourceSpan? = nil) {
    self.file = file
    self.place = place
  }

  /// `true` iff no more errors are kept, so that there is no use in going on.
  var isFull: Bool { errors.elements.count >= DiagnosticSet.limit }

  /// `true` iff an error was found.
  var containsError: Bool { errors.containsError }

  /// What was found, errors first.
  var diagnostics: [Diagnostic] { errors.elements + warnings.elements }

  /// Adds `diagnostic` if there is room for it.
  mutating func report(_ diagnostic: Diagnostic) {
    switch diagnostic.severity {
    case .error: errors.insert(diagnostic)
    case .warning: warnings.insert(diagnostic)
    }
  }

  /// Returns the span of the offsets in `range`.
  func span(_ range: Range<Int>) -> SourceSpan { place ?? SourceSpan(file, range) }

}

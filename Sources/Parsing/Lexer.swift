import Diagnostics

/// Splits a text into tokens and comments.
///
/// Every byte is looked at a constant number of times. What cannot be read is reported and left
/// out, or replaced by what it was surely meant to be.
struct Lexer {

  /// The most bytes of a name.
  static let longestName = 255

  let file: SourceFile
  var reporter: Reporter
  private(set) var list = TokenList()
  var position = 0

  /// Creates a lexer of `file`.
  init(_ file: SourceFile, _ reporter: Reporter) {
    self.file = file
    self.reporter = reporter
    list.tokens.reserveCapacity(file.text.count / 4 + 4)
  }

  /// The byte at `position + distance`, or zero behind the end.
  func byte(_ distance: Int = 0) -> UInt8 {
    let i = position + distance
    return i < file.text.count ? file.text[i] : 0
  }

  /// Reads the whole text, or as much as there is room for diagnostics.
  mutating func run() {
    if file.text.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    // Each round consumes at least one byte.
    while position < file.text.count, !reporter.isFull { readToken() }
    append(.newline, from: position)
    list.tokens.append(Token(.end, position..<position))
  }

  private mutating func readToken() {
    let c = byte()
    switch c {
    case UInt8(ascii: " "), UInt8(ascii: "\t"): position += 1
    case UInt8(ascii: "\r") where byte(1) == UInt8(ascii: "\n"): position += 1
    case UInt8(ascii: "\n"):
      position += 1
      append(.newline, from: position - 1)
    case UInt8(ascii: "/") where byte(1) == c: readComment()
    case UInt8(ascii: "0")...UInt8(ascii: "9"): readNumber()
    case _ where c.startsName: readWord()
    case 0x80...: readNonASCII()
    default: readSymbol()
    }
  }

  /// Appends the token from `start` to the present position; of several line ends only the first.
  mutating func append(_ kind: Token.Kind, from start: Int) {
    if kind == .newline, list.tokens.last.map({ $0.kind == .newline }) ?? true { return }
    list.tokens.append(Token(kind, start..<position))
  }

  private mutating func readSymbol() {
    let start = position
    let next = byte(1)
    let isEqual = next == UInt8(ascii: "=")
    var length = 1
    let kind: Token.Kind
    switch byte() {
    case UInt8(ascii: "{"): kind = .leftBrace
    case UInt8(ascii: "}"): kind = .rightBrace
    case UInt8(ascii: "("): kind = .leftParenthesis
    case UInt8(ascii: ")"): kind = .rightParenthesis
    case UInt8(ascii: "["): kind = .leftBracket
    case UInt8(ascii: "]"): kind = .rightBracket
    case UInt8(ascii: ","): kind = .comma
    case UInt8(ascii: ":"): kind = .colon
    case UInt8(ascii: "+"): kind = .plus
    case UInt8(ascii: "-"): kind = .minus
    case UInt8(ascii: "*"): kind = .star
    case UInt8(ascii: "/"): kind = .slash
    case UInt8(ascii: "@"): kind = .at
    case UInt8(ascii: "="):
      kind = isEqual ? .equal : .assign
      length = isEqual ? 2 : 1
    case UInt8(ascii: "<"):
      kind = isEqual ? .lessEqual : .less
      length = isEqual ? 2 : 1
    case UInt8(ascii: ">"):
      kind = isEqual ? .greaterEqual : .greater
      length = isEqual ? 2 : 1
    case UInt8(ascii: "!") where isEqual:
      kind = .notEqual
      length = 2
    case UInt8(ascii: ".") where next == UInt8(ascii: ".") && byte(2) == UInt8(ascii: "<"):
      kind = .range
      length = 3
    case UInt8(ascii: ".") where next == UInt8(ascii: ".") && byte(2) == UInt8(ascii: "."):
      kind = .ellipsis
      length = 3
    case let c:
      kind = .invalid
      reporter.report(.unexpectedCharacter(Unicode.Scalar(c), at: span(start..<start + 1)))
    }
    position += length
    append(kind, from: start)
  }

  /// Reads digits, a fraction and an exponent, and what stands next to them.
  private mutating func readNumber() {
    let start = position
    skipDigits()
    if byte() == UInt8(ascii: "."), byte(1).isDigit {
      position += 1
      skipDigits()
    }
    if byte() == UInt8(ascii: "e") || byte() == UInt8(ascii: "E") {
      let sign = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-") ? 1 : 0
      if byte(1 + sign).isDigit {
        position += 1 + sign
        skipDigits()
      }
    }
    let end = position
    while byte().continuesName || (byte() == UInt8(ascii: ".") && byte(1) != UInt8(ascii: ".")) {
      position += 1
    }
    if position == end {
      append(.number, from: start)
    } else {
      reporter.report(
        .invalidNumber(file.substring(start..<position), at: span(start..<position)))
      append(.invalid, from: start)
    }
  }

  private mutating func skipDigits() {
    while byte().isDigit { position += 1 }
  }

  /// Reads two slashes and the rest of the line.
  private mutating func readComment() {
    position += 2
    let start = position
    while position < file.text.count, byte() != UInt8(ascii: "\n") {
      let c = byte()
      if c >= 0x80 {
        guard let (scalar, length) = scalar() else {
          skipIllFormedByte()
          continue
        }
        if scalar.reordersText {
          reporter.report(.unexpectedCharacter(scalar, at: span(position..<position + length)))
        }
        position += length
      } else {
        let isLineEnd = c == UInt8(ascii: "\r") && byte(1) == UInt8(ascii: "\n")
        if c < 0x20 && c != UInt8(ascii: "\t") && !isLineEnd || c == 0x7F {
          reporter.report(
            .unexpectedCharacter(Unicode.Scalar(c), at: span(position..<position + 1)))
        }
        position += 1
      }
      if reporter.isFull { break }
    }
    var text = Substring(file.substring(start..<position))
    if text.first == " " { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    let isTrailing = list.tokens.last.map { $0.kind != .newline } ?? false
    list.comments.append(
      CommentToken(text: String(text), position: list.tokens.count, isTrailing: isTrailing))
  }

  /// Reads a name of letters, digits, underscores and dots between them.
  mutating func readWord() {
    let start = position
    var isASCII = true
    loop: while true {
      let c = byte()
      if c.continuesName {
        position += 1
      } else if c == UInt8(ascii: "."), byte(1).startsName {
        position += 1
      } else if c >= 0x80, let (scalar, length) = scalar(), scalar.belongsToName {
        isASCII = false
        position += length
      } else {
        break
      }
    }
    let range = start..<position
    if !isASCII { mendName(at: range) }
    if range.count > Self.longestName {
      reporter.report(.nameTooLong(at: span(range), limit: Self.longestName))
      list.replacements[list.tokens.count] =
        file.substring(start..<start + Self.longestName)
    }
    append(.word, from: start)
  }

  /// Reports the characters of the name at `range` that are not ASCII, and takes the letters that
  /// they resemble instead.
  private mutating func mendName(at range: Range<Int>) {
    var mended = ""
    var foreign: Unicode.Scalar?
    var isMended = true
    for scalar in file.substring(range).unicodeScalars {
      if scalar.isASCII {
        mended.unicodeScalars.append(scalar)
        continue
      }
      foreign = foreign ?? scalar
      let substitute = scalar.asciiLookAlike
      isMended = isMended && substitute != nil
      mended += substitute ?? String(scalar)
    }
    guard let foreign else { return }
    reporter.report(
      .foreignLetter(foreign, mended: isMended ? mended : nil, at: span(range)))
    list.replacements[list.tokens.count] = mended
  }

  private mutating func readNonASCII() {
    guard let (scalar, length) = scalar() else {
      skipIllFormedByte()
      return
    }
    if scalar.belongsToName {
      readWord()
      return
    }
    let start = position
    position += length
    if scalar.properties.isWhitespace {
      reporter.report(.unexpectedCharacter(scalar, at: span(start..<position)))
      return
    }
    reporter.report(.unexpectedCharacter(scalar, at: span(start..<position)))
    append(scalar.symbolLookAlike?.kind ?? .invalid, from: start)
  }

  /// The character at the present position and the number of its bytes, or `nil` where the bytes
  /// are no UTF-8.
  private func scalar() -> (Unicode.Scalar, length: Int)? {
    var iterator = file.text[position..<min(position + 4, file.text.count)].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
    return (scalar, UTF8.width(scalar))
  }

  private mutating func skipIllFormedByte() {
    reporter.report(.invalidEncoding(byte(), at: span(position..<position + 1)))
    position += 1
  }

  func span(_ range: Range<Int>) -> SourceSpan { reporter.span(range) }

}

extension UInt8 {

  fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }

  fileprivate var startsName: Bool {
    (0x61...0x7A).contains(self) || (0x41...0x5A).contains(self) || self == 0x5F
  }

  fileprivate var continuesName: Bool { startsName || isDigit }

}

extension JSON {

  /// A text that is not JSON.
  package struct ParseError: Error, Equatable, Sendable {

    /// What is wrong, without the place and without a final period.
    package let message: String

    /// The place, in bytes from the start of the text.
    package let offset: Int

  }

  /// The number of arrays and objects that may contain each other.
  package static let maximumNesting = 64

  /// Parses `bytes`, a UTF-8 text that holds one value.
  ///
  /// The grammar is that of RFC 8259, without extensions. Beyond it, an object may not have two
  /// members of one key, numbers must be finite in double precision, strings may not have unpaired
  /// surrogates, and nesting ends at `maximumNesting`.
  ///
  /// - Complexity: O(*n*), where *n* is the length of `bytes`.
  package init(parsing bytes: [UInt8]) throws(ParseError) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

}

private struct JSONParser {

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func document() throws(JSON.ParseError) -> JSON {
    let result = try value(nesting: 0)
    skipSpace()
    if position < bytes.count { throw unexpected("the end of the text") }
    return result
  }

  private func error(_ message: String, at offset: Int) -> JSON.ParseError {
    JSON.ParseError(message: message, offset: offset)
  }

  private func unexpected(_ expectation: String) -> JSON.ParseError {
    let found =
      position < bytes.count ? quoted(bytes[position...position]) : "the end of the text"
    return error("found \(found), expected \(expectation)", at: position)
  }

  /// The next byte, or 0 at the end; a zero byte itself is never legal.
  private var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

  private mutating func skipSpace() {
    while next == 0x20 || next == 0x09 || next == 0x0a || next == 0x0d { position += 1 }
  }

  /// Skips white space, then `c` if it comes next; returns `true` iff it did.
  private mutating func accept(_ c: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: c) else { return false }
    position += 1
    return true
  }

  private mutating func value(nesting: Int) throws(JSON.ParseError) -> JSON {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(nesting: nesting)
    case UInt8(ascii: "["): return try array(nesting: nesting)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), 0x30...0x39: return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw unexpected("a value")
    }
  }

  private mutating func word(_ text: String, _ result: JSON) throws(JSON.ParseError) -> JSON {
    guard bytes[position...].starts(with: text.utf8) else { throw unexpected("'\(text)'") }
    position += text.utf8.count
    return result
  }

  private func checkNesting(_ nesting: Int) throws(JSON.ParseError) {
    if nesting >= JSON.maximumNesting {
      throw error(
        "found more than \(JSON.maximumNesting) levels of nesting, expected fewer", at: position)
    }
  }

  private mutating func object(nesting: Int) throws(JSON.ParseError) -> JSON {
    try checkNesting(nesting)
    position += 1
    var members: [JSON.Member] = []
    var keys: Set<ExactText> = []
    if accept("}") { return .object(members) }
    while true {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
      let key = try string()
      guard keys.insert(ExactText(key)).inserted else {
        throw error("found the key \(quoted(key.utf8)) twice, expected it once", at: start)
      }
      guard accept(":") else { throw unexpected("':'") }
      members.append(JSON.Member(key, try value(nesting: nesting + 1)))
      if accept("}") { return .object(members) }
      guard accept(",") else { throw unexpected("',' or '}'") }
    }
  }

  private mutating func array(nesting: Int) throws(JSON.ParseError) -> JSON {
    try checkNesting(nesting)
    position += 1
    var elements: [JSON] = []
    if accept("]") { return .array(elements) }
    while true {
      elements.append(try value(nesting: nesting + 1))
      if accept("]") { return .array(elements) }
      guard accept(",") else { throw unexpected("',' or ']'") }
    }
  }

  private mutating func digits() throws(JSON.ParseError) {
    guard next >= 0x30, next <= 0x39 else { throw unexpected("a digit") }
    while next >= 0x30, next <= 0x39 { position += 1 }
  }

  private mutating func number() throws(JSON.ParseError) -> JSON {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") {
      position += 1
      if next >= 0x30, next <= 0x39 { throw unexpected("no digit after a leading zero") }
    } else {
      try digits()
    }
    var isIntegral = true
    if next == UInt8(ascii: ".") {
      isIntegral = false
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isIntegral = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // Zero with a sign is not an integer: its sign would be lost.
    if isIntegral, text != "-0", let i = Int(text) { return .integer(i) }
    guard let d = Double(text), d.isFinite else {
      throw error("found the number \(quoted(text.utf8)), expected one in range", at: start)
    }
    return .number(d)
  }

  private mutating func string() throws(JSON.ParseError) -> String {
    let start = position
    position += 1
    var text: [UInt8] = []
    // Each round consumes at least one byte.
    while true {
      let run = position
      while next >= 0x20, next != UInt8(ascii: "\""), next != UInt8(ascii: "\\") { position += 1 }
      text += bytes[run..<position]
      switch next {
      case UInt8(ascii: "\""):
        position += 1
        guard let result = String(validating: text, as: UTF8.self) else {
          throw error("found a string that is not UTF-8, expected one that is", at: start)
        }
        return result
      case UInt8(ascii: "\\"):
        position += 1
        text += try escape().utf8
      default: throw unexpected("a character of a string")
      }
    }
  }

  /// Reads what follows a backslash.
  private mutating func escape() throws(JSON.ParseError) -> String {
    let result: String
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      result = String(Unicode.Scalar(next))
    case UInt8(ascii: "b"): result = "\u{8}"
    case UInt8(ascii: "f"): result = "\u{c}"
    case UInt8(ascii: "n"): result = "\n"
    case UInt8(ascii: "r"): result = "\r"
    case UInt8(ascii: "t"): result = "\t"
    case UInt8(ascii: "u"): return String(try scalar())
    default: throw unexpected("an escape such as '\\n'")
    }
    position += 1
    return result
  }

  /// Reads an escaped scalar from the `u` on: one code unit, or two that form a surrogate pair.
  private mutating func scalar() throws(JSON.ParseError) -> Unicode.Scalar {
    let start = position - 1
    let unit = try codeUnit()
    if let result = Unicode.Scalar(unit) { return result }
    if unit < 0xdc00, bytes[position...].starts(with: "\\u".utf8) {
      position += 1
      let low = try codeUnit()
      if low >= 0xdc00, low < 0xe000,
        let result = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
      {
        return result
      }
    }
    throw error("found an unpaired surrogate, expected a pair", at: start)
  }

  /// Reads a `u` and four hexadecimal digits.
  private mutating func codeUnit() throws(JSON.ParseError) -> UInt32 {
    position += 1
    var result: UInt32 = 0
    for _ in 0..<4 {
      switch next {
      case 0x30...0x39: result = result << 4 | UInt32(next - 0x30)
      case 0x41...0x46: result = result << 4 | UInt32(next - 0x41 + 10)
      case 0x61...0x66: result = result << 4 | UInt32(next - 0x61 + 10)
      default: throw unexpected("a hexadecimal digit")
      }
      position += 1
    }
    return result
  }

}

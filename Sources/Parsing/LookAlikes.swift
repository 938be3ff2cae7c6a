extension Unicode.Scalar {

  /// `true` iff a person who writes `self` probably means a part of a name: a letter, a mark, a
  /// digit or an invisible character.
  var belongsToName: Bool {
    properties.isAlphabetic || properties.numericType != nil
      || properties.generalCategory == .nonspacingMark || properties.generalCategory == .format
  }

  /// `true` iff `self` changes the direction in which text is shown, so that a line looks
  /// different from what it says.
  var reordersText: Bool {
    (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
  }

  /// The ASCII letter or digit that `self` is easily taken for, nothing for an invisible
  /// character, or `nil`.
  var asciiLookAlike: String? {
    if properties.generalCategory == .format { return "" }
    if (0xFF01...0xFF5E).contains(value) {
      return Unicode.Scalar(value - 0xFEE0).map { String($0) }
    }
    return lookAlikes[self].map { String($0) }
  }

  /// The symbol of the language that `self` is easily taken for.
  var symbolLookAlike: (text: String, kind: Token.Kind)? {
    switch self {
    case "\u{2212}", "\u{2013}", "\u{2014}", "\u{2010}", "\u{2011}", "\u{FF0D}": ("-", .minus)
    case "\u{D7}", "\u{22C5}", "\u{B7}", "\u{2217}", "\u{FF0A}": ("*", .star)
    case "\u{F7}", "\u{2215}", "\u{2044}", "\u{FF0F}": ("/", .slash)
    case "\u{FF0B}": ("+", .plus)
    case "\u{FF1D}": ("=", .assign)
    case "\u{FF0C}": (",", .comma)
    case "\u{FF1A}": (":", .colon)
    case "\u{FF08}": ("(", .leftParenthesis)
    case "\u{FF09}": (")", .rightParenthesis)
    case "\u{FF3B}": ("[", .leftBracket)
    case "\u{FF3D}": ("]", .rightBracket)
    case "\u{FF5B}": ("{", .leftBrace)
    case "\u{FF5D}": ("}", .rightBrace)
    case "\u{2264}": ("<=", .lessEqual)
    case "\u{2265}": (">=", .greaterEqual)
    case "\u{2260}": ("!=", .notEqual)
    case "\u{2026}": ("...", .ellipsis)
    default: nil
    }
  }

  /// The code point as it is usually written, such as "U+0445".
  var codePoint: String {
    let digits = String(value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

}

/// The Cyrillic and Greek letters that look like ASCII ones.
private let lookAlikes: [Unicode.Scalar: Character] = {
  let pairs: [(foreign: String, ascii: String)] = [
    // Cyrillic small, then capital letters.
    (
      "\u{430}\u{435}\u{43E}\u{440}\u{441}\u{443}\u{445}\u{455}\u{456}\u{458}\u{501}\u{51B}\u{51D}",
      "aeopcyxsijdqw"
    ),
    (
      "\u{410}\u{412}\u{415}\u{41A}\u{41C}\u{41D}\u{41E}\u{420}\u{421}\u{422}\u{425}\u{405}\u{406}"
        + "\u{408}\u{4AE}\u{51A}\u{51C}",
      "ABEKMHOPCTXSIJYQW"
    ),
    // Greek small, then capital letters.
    ("\u{3B1}\u{3B9}\u{3BA}\u{3BD}\u{3BF}\u{3C1}\u{3C5}\u{3C7}\u{3F2}\u{3F3}", "aikvopuxcj"),
    (
      "\u{391}\u{392}\u{395}\u{396}\u{397}\u{399}\u{39A}\u{39C}\u{39D}\u{39F}\u{3A1}\u{3A4}\u{3A5}"
        + "\u{3A7}",
      "ABEZHIKMNOPTYX"
    ),
  ]
  var result: [Unicode.Scalar: Character] = [:]
  for (foreign, ascii) in pairs {
    for (f, a) in zip(foreign.unicodeScalars, ascii) { result[f] = a }
  }
  return result
}()

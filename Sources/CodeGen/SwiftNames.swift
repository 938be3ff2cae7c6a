/// Identifiers of generated Swift for names of a graph.
///
/// A name of a graph is an ASCII identifier, perhaps with dots, so that nothing else can get into
/// the source by way of a name. A name may be anything that means something to Swift or to the
/// generated text: the text of a scope is written once with names that occur nowhere else, so that
/// every other word in it is known, and then with names that avoid those words. A word that an
/// emitter writes is avoided because it is written; no list of them exists.
struct SwiftNames {

  private var taken: Set<String>

  /// `true` iff names are replaced by words that occur nowhere else.
  private let isAnonymous: Bool

  /// Creates the names of a scope whose text has the words `own`.
  init(avoiding own: Set<String>) {
    taken = own
    isAnonymous = false
  }

  private init() {
    taken = []
    isAnonymous = true
  }

  /// Names for the first writing of a text, by which its own words are found.
  static let anonymous = SwiftNames()

  /// The letter that begins anonymous names, and no word of any emitter.
  private static let anonymousLetter = "α"

  /// Takes and returns an identifier for `name`, in backticks where it is a keyword.
  mutating func identifier(_ name: String) -> String {
    if isAnonymous {
      taken.insert("\(taken.count)")
      return "\(Self.anonymousLetter)\(taken.count)"
    }
    let stem = Self.stem(name)
    var candidate = stem
    var number = 2
    // Names are finite, so that some number is free.
    while Self.unusable.contains(candidate) || !taken.insert(candidate).inserted {
      candidate = "\(stem)_\(number)"
      number += 1
    }
    return Self.keywords.contains(candidate) ? "`\(candidate)`" : candidate
  }

  /// Returns `identifier` without backticks.
  static func plain(_ identifier: String) -> String {
    identifier.filter { $0 != "`" }
  }

  /// Returns the words that Swift looks up in `lines`, but for anonymous names: not those in
  /// comments and strings, nor members, which follow a point, nor labels of arguments.
  static func words(of lines: [String]) -> Set<String> {
    var result: Set<String> = []
    for line in lines { collectWords(in: Array(line.utf8), into: &result) }
    return result
  }

  private static func collectWords(in line: [UInt8], into result: inout Set<String>) {
    var i = 0
    var isString = false
    // The character before a word, but for spaces, and whether the one before that is the same.
    var previous: UInt8 = 0
    var isDoubled = false
    while i < line.count {
      let c = line[i]
      if isString {
        isString = c != UInt8(ascii: "\"")
      } else if SourceWriter.isPartOfIdentifier(c) {
        let start = i
        while i < line.count, SourceWriter.isPartOfIdentifier(line[i]) { i += 1 }
        let isMember = previous == UInt8(ascii: ".") && !isDoubled
        let isLabel =
          "\0(,".utf8.contains(previous) && i < line.count && line[i] == UInt8(ascii: ":")
        let word = String(decoding: line[start..<i], as: UTF8.self)
        if !isMember, !isLabel, !word.hasPrefix(anonymousLetter) { result.insert(word) }
        (previous, isDoubled) = (line[i - 1], false)
        continue
      } else if c == UInt8(ascii: "\"") {
        isString = true
      } else if c == UInt8(ascii: "/"), i + 1 < line.count, line[i + 1] == c {
        return
      }
      if c != UInt8(ascii: " ") { (previous, isDoubled) = (c, previous == c) }
      i += 1
    }
  }

  /// Returns `name` with dots replaced, so that it is one Swift identifier.
  static func stem(_ name: String) -> String {
    let parts = name.utf8.map { byte -> Character in
      let scalar = Character(UnicodeScalar(byte))
      return scalar.isASCII && (scalar.isLetter || scalar.isNumber) ? scalar : "_"
    }
    let text = String(parts)
    return text.first?.isNumber ?? true || text == "_" ? "_\(text)_" : text
  }

  /// Returns the type of the model `name`, with a capital letter; the file has the words `own`.
  static func type(_ name: String, avoiding own: Set<String>) -> String {
    let stem = stem(name)
    let type = (stem.first?.uppercased() ?? "") + stem.dropFirst()
    let isPlain =
      type.first?.isLetter == true && !own.contains(type) && !shared.contains(type)
      && !isImplicit(type) && !keywords.contains(type) && !unusable.contains(type)
    var candidate = isPlain ? type : "\(type)Model"
    // Words are finite, so that some repetition is free.
    while own.contains(candidate) { candidate += "Model" }
    return candidate
  }

  /// `true` iff Swift looks for a type called `name` where a literal is written
  /// (`IntegerLiteralType` and so on), or generated files have tiles of such names.
  private static func isImplicit(_ name: String) -> Bool {
    name.hasSuffix("Type")
      || name.hasPrefix("Tile") && name.dropFirst(4).allSatisfy { $0.isNumber || $0 == "x" }
  }

  /// Common types, which a model of that name would hide from the other files of its module.
  private static let shared: Set<String> = [
    "AnyObject", "Array", "Bool", "Builtin", "Character", "Collection", "Darwin", "Double",
    "Element", "Equatable", "Error", "Float", "Glibc", "Int", "Int32", "Integers", "Memory", "Move",
    "Musl", "Never", "Optional", "Parameters", "Pointers", "Range", "SIMD16", "SIMD4", "SIMD8",
    "Sendable", "Slots", "State", "StaticString", "String", "Swift", "UInt32", "UInt64", "UInt8",
    "UnicodeScalar", "UnsafeBufferPointer", "UnsafeMutableBufferPointer", "UnsafeMutablePointer",
    "UnsafeMutableRawPointer", "UnsafePointer", "UnsafeRawPointer", "Vector", "Void", "Weights",
    "Worker",
  ]

  /// The words that are identifiers only in backticks.
  private static let keywords: Set<String> = [
    "Any", "as", "associatedtype", "await", "break", "case", "catch", "class", "continue",
    "default", "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false",
    "fileprivate", "for", "func", "guard", "if", "import", "in", "inout", "internal", "is", "let",
    "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows",
    "return", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while",
  ]

  /// The words that mean something else even in backticks.
  private static let unusable: Set<String> = ["self", "Self", "init", "Type", "Protocol", "_"]

}

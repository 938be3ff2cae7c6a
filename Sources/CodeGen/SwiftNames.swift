/// Identifiers of generated Swift for names of a graph.
///
/// A name of a graph is an ASCII identifier, perhaps with dots, so that nothing else can get into
/// the source by way of a name.
struct SwiftNames {

  private var taken: Set<String>

  /// Creates the names of a scope in which `reserved` are taken already.
  init(reserved: some Sequence<String> = []) {
    taken = Set(reserved)
  }

  /// Takes and returns an identifier for `name`, in backticks where it is a keyword.
  mutating func identifier(_ name: String) -> String {
    var stem = Self.stem(name)
    if Self.isFunction(stem) { stem += "_" }
    var candidate = stem
    var number = 2
    // Names are finite, so that some number is free.
    while Self.unusable.contains(candidate) || !taken.insert(candidate).inserted {
      candidate = "\(stem)_\(number)"
      number += 1
    }
    return Self.keywords.contains(candidate) ? "`\(candidate)`" : candidate
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

  /// Returns the type of the model `name`, with a capital letter: nothing that generated code uses
  /// is hidden by it.
  static func type(_ name: String) -> String {
    let stem = stem(name)
    let type = (stem.first?.uppercased() ?? "") + stem.dropFirst()
    let isPlain = type.first.map { $0.isLetter && !standardNames.contains(type) } ?? false
    return isPlain && !isTile(type) && !keywords.contains(type) ? type : "\(type)Model"
  }

  /// `true` iff functions of generated files may be called `name`: a word and a number, or the
  /// name of an entry's function.
  private static func isFunction(_ name: String) -> Bool {
    let word = name.prefix { !$0.isNumber }
    let isNumbered = word.count < name.count && name.dropFirst(word.count).allSatisfy(\.isNumber)
    return isNumbered && functionStems.contains(String(word)) || name.hasSuffix("Entry")
  }

  /// The words that begin the names of functions.
  private static let functionStems: Set<String> = [
    "apply", "argmax", "batched", "convolve", "convolveGradient", "crossEntropy", "drop", "dropKey",
    "fill", "finish", "gather",
    "map", "mask",
    "oneHot", "pack", "pool", "product", "reduce", "scatter", "softmax", "tile",
  ]

  /// `true` iff `name` is like that of a tile's type.
  private static func isTile(_ name: String) -> Bool {
    name.hasPrefix("Tile") && name.dropFirst(4).allSatisfy { $0.isNumber || $0 == "x" }
  }

  /// The names of the standard library, and of every generated file, that generated code uses.
  static let standardNames: Set<String> = [
    "Any", "Array", "Bool", "Builtin", "Double", "Equatable", "Float", "Glibc", "Int", "Int32",
    "Integers", "Darwin", "Musl", "Optional", "Range", "SIMD16", "SIMD4", "SIMD8", "Sendable",
    "String", "Swift", "UInt32", "UInt64", "UnsafeBufferPointer", "UnsafeMutableBufferPointer",
    "UnsafeMutablePointer", "UnsafeMutableRawPointer", "UnsafePointer", "UnsafeRawPointer",
    "StaticString", "Vector", "Void", "Memory", "Weights", "State", "UInt8", "UnicodeScalar",
    "AnyObject", "Error", "Never", "Character",
  ]

  /// The words that are identifiers only in backticks.
  private static let keywords: Set<String> = [
    "Any", "as", "associatedtype", "break", "case", "catch", "class", "continue", "default",
    "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate",
    "for", "func", "guard", "if", "import", "in", "inout", "internal", "is", "let", "nil",
    "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows",
    "return", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while",
  ]

  /// The words that mean something else even in backticks.
  private static let unusable: Set<String> = ["self", "Self", "init", "Type", "Protocol", "_"]

}

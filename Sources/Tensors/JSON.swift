/// A value of the JSON format (RFC 8259).
package enum JSON: Equatable, Sendable {

  case null
  case bool(Bool)

  /// A number written without fraction and exponent that fits `Int`.
  case integer(Int)

  /// Any other number; always finite when parsed.
  case number(Double)

  case string(String)
  case array([JSON])

  /// An object with its members in the order of the text; their keys are distinct when parsed.
  case object([Member])

  /// A key of an object with its value.
  package struct Member: Equatable, Sendable {

    /// The key, unescaped.
    package let key: String

    /// The value.
    package let value: JSON

    /// Creates the member `key` with `value`.
    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }

  }

  /// The value of `key`, or `nil` if this is not an object or has no such key.
  ///
  /// - Complexity: O(*n*), where *n* is the number of members.
  package subscript(_ key: String) -> JSON? {
    members?.first { ExactText($0.key) == ExactText(key) }?.value
  }

  /// The members, or `nil` if this is not an object.
  package var members: [Member]? {
    if case .object(let m) = self { m } else { nil }
  }

  /// The elements, or `nil` if this is not an array.
  package var elements: [JSON]? {
    if case .array(let e) = self { e } else { nil }
  }

  /// The text, or `nil` if this is not a string.
  package var text: String? {
    if case .string(let s) = self { s } else { nil }
  }

  /// The integer, or `nil` if this is not an `integer`.
  package var int: Int? {
    if case .integer(let i) = self { i } else { nil }
  }

  /// The nearest `Double`, or `nil` if this is not a number.
  package var double: Double? {
    switch self {
    case .integer(let i): Double(i)
    case .number(let d): d
    case .null, .bool, .string, .array, .object: nil
    }
  }

  /// What messages call a value of this kind.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a bool"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

}

extension JSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {

  /// Creates an array.
  package init(arrayLiteral elements: JSON...) {
    self = .array(elements)
  }

  /// Creates an object whose members keep the order of the literal.
  package init(dictionaryLiteral members: (String, JSON)...) {
    self = .object(members.map { Member($0, $1) })
  }

}

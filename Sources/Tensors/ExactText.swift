/// A text that is equal to another one iff both have the same bytes in UTF-8.
///
/// Two `String`s are equal already if Unicode calls their spellings canonically equivalent, such as
/// an accent in one scalar with the letter and in one of its own. Where a text is data, these
/// differ.
package struct ExactText: Hashable, Comparable, Sendable {

  /// The text.
  package let string: String

  /// Creates the text `string`.
  package init(_ string: some StringProtocol) {
    self.string = String(string)
  }

  /// `true` iff the text has no bytes.
  package var isEmpty: Bool { string.isEmpty }

  package static func == (a: ExactText, b: ExactText) -> Bool {
    a.string.utf8.elementsEqual(b.string.utf8)
  }

  /// `true` iff the bytes of `a` come before those of `b`, which is the order of their scalars.
  package static func < (a: ExactText, b: ExactText) -> Bool {
    a.string.utf8.lexicographicallyPrecedes(b.string.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
  }

}

extension ExactText: ExpressibleByStringLiteral, CustomStringConvertible {

  /// Creates the text of a literal.
  package init(stringLiteral value: String) {
    self.init(value)
  }

  package var description: String { string }

}

/// A number in the text, or an element of a constant.
///
/// Two are equal iff they have the same bits: 0 and -0 are different numbers, with different
/// quotients.
package struct Number: Hashable, Sendable {

  private let bits: UInt64

  /// Creates the number `value`.
  package init(_ value: Double) { bits = value.bitPattern }

  /// The number itself.
  package var value: Double { Double(bitPattern: bits) }

}

extension Number: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {

  package init(floatLiteral value: Double) { self.init(value) }

  package init(integerLiteral value: Int) { self.init(Double(value)) }

}

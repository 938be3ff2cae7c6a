/// A number in the text, or an element of a constant.
///
/// Two are equal iff they have the same bits: 0 and -0 are different numbers, with different
/// quotients.
package struct Number: Hashable, Sendable {

  private let bits: UInt64

  /// Creates the number `value`.
  package init(_ value: Double) { bits = value.bitPattern }

  /// Creates the number that `text` is, or returns `nil` if it is none.
  ///
  /// That is the nearest number of double precision, unless rounding it to single precision gives
  /// another one than rounding what the text says: then it is the latter, so that numbers are
  /// rounded once.
  package init?(decimal text: String) {
    guard let x = Double(text), let single = Float(text) else { return nil }
    self.init(Float(x) == single ? x : Double(single))
  }

  /// The number itself.
  package var value: Double { Double(bitPattern: bits) }

}

extension Number: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {

  package init(floatLiteral value: Double) { self.init(value) }

  package init(integerLiteral value: Int) { self.init(Double(value)) }

}

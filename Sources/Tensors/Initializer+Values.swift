extension Initializer {

  /// Returns the first values of the array called `name`, in row-major order.
  ///
  /// A random element depends on the rule, `seed`, `name` and its own index, on nothing else, and
  /// has the same bits on all machines: it is made from random bits by operations that are
  /// correctly rounded. Values are computed in double precision and rounded at the end, where large
  /// ones become infinite.
  ///
  /// - Requires: `count` is not negative, and is the number of elements of a literal.
  /// - Complexity: O(*n*), where *n* is `count`.
  package func values(count: Int, seed: UInt64, name: String) -> [Float] {
    switch self {
    case .zeros: return Array(repeating: 0, count: count)
    case .ones: return Array(repeating: 1, count: count)
    case .constant(let c): return Array(repeating: Float(c), count: count)
    case .iota: return (0..<count).map { Float($0) }
    case .uniform(let low, let high):
      let random = RandomStream(seed: seed, name: name)
      return (0..<count).map { Self.uniform(random.bits(at: $0), low, high) }
    case .normal(let mean, let std):
      let random = RandomStream(seed: seed, name: name)
      return (0..<count).map { Self.normal(random.bits(at: $0), mean, std) }
    case .literal(let elements):
      precondition(elements.count == count, "as many elements as the literal has")
      return elements.map { Float($0) }
    }
  }

  /// Returns the first values of an array of whole numbers, or `nil` if they are random or one of
  /// them is not whole.
  ///
  /// - Requires: `count` is not negative, and is the number of elements of a literal.
  /// - Complexity: O(*n*), where *n* is `count`.
  package func integers(count: Int) -> [Int64]? {
    switch self {
    case .zeros: return Array(repeating: 0, count: count)
    case .ones: return Array(repeating: 1, count: count)
    case .constant(let c): return Int64(exactly: c).map { Array(repeating: $0, count: count) }
    case .iota: return (0..<count).map { Int64($0) }
    case .uniform, .normal: return nil
    case .literal(let elements):
      precondition(elements.count == count, "as many elements as the literal has")
      let whole = elements.compactMap { Int64(exactly: $0) }
      return whole.count == count ? whole : nil
    }
  }

  /// Returns a number from `low` up to, but not including, `high`, made from the upper 53 bits.
  ///
  /// If `low` is not less than `high`, the interval has no elements, and the result lies between
  /// them.
  private static func uniform(_ bits: UInt64, _ low: Double, _ high: Double) -> Float {
    let unit = Double(bits >> 11) * 0x1p-53
    let result = Float(low + (high - low) * unit)
    // Both the sum and its rounding can leave the interval: only then is the nearest number inside
    // taken, if there is one.
    var (first, last) = (Float(low), Float(high))
    if Double(first) < low { first = first.nextUp }
    if Double(last) >= high { last = last.nextDown }
    return first <= last ? min(max(result, first), last) : result
  }

  /// Returns the quantile that belongs to the upper 52 bits.
  ///
  /// The probability is the middle of one of 2^52 equal intervals, hence never 0 or 1.
  private static func normal(_ bits: UInt64, _ mean: Double, _ std: Double) -> Float {
    let p = (Double(bits >> 12) + 0.5) * 0x1p-52
    return Float(mean + std * normalQuantile(p))
  }

}

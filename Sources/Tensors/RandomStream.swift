/// The random numbers that belong to a seed and a name, each a function of its index alone.
package struct RandomStream: Sendable {

  private let key: SIMD2<UInt32>

  /// The hash of the name, which is the upper half of each counter.
  let nameHash: UInt64

  /// Creates the stream that belongs to `seed` and `name`.
  package init(seed: UInt64, name: String) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    // FNV-1a with 64 bits (G. Fowler, L. C. Noll, K.-P. Vo; RFC 9923).
    nameHash = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { h, b in
      (h ^ UInt64(b)) &* 0x100_0000_01b3
    }
  }

  /// Returns 64 random bits for the element at `index`.
  ///
  /// - Requires: `index` is not negative.
  package func bits(at index: Int) -> UInt64 {
    let i = UInt64(index)
    let counter = SIMD4(
      UInt32(truncatingIfNeeded: i), UInt32(truncatingIfNeeded: i >> 32),
      UInt32(truncatingIfNeeded: nameHash), UInt32(truncatingIfNeeded: nameHash >> 32))
    let words = Philox.block(counter, key: key)
    return UInt64(words[1]) << 32 | UInt64(words[0])
  }
  /// Returns a number from 0 up to, but not including, 1 for the element at `index`.
  ///
  /// - Requires: `index` is not negative.
  package func unit(at index: Int) -> Double {
    Double(bits(at: index) >> 11) * 0x1p-53
  }

  /// Returns a whole number from 0 up to, but not including, `limit` for the element at `index`.
  ///
  /// No number is likelier than another by more than 2^-64.
  ///
  /// - Requires: `index` is not negative, `limit` is positive.
  package func integer(below limit: Int, at index: Int) -> Int {
    precondition(limit > 0, "there is a number below the limit")
    return Int(bits(at: index).multipliedFullWidth(by: UInt64(limit)).high)
  }

}

/// Which elements of a tensor dropout keeps.
///
/// That is a function of the counters and of the index of the element alone, so that it can be
/// drawn again at any time, in any order and by anyone. The counters are mixed to a key of 64 bits,
/// once for a tensor, by the finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA '14; constants of D. Stafford). Each element's index is
/// mixed with the key by operations on 32-bit words, of which vectors have many: the finaliser
/// triple32 of C. Wellons's "hash-prospector", whose every output bit depends on every input bit
/// with a bias of 0.02 %, with one half of the key added by exclusive or in front of it and the
/// other one in its middle. Generated code does the same.
package struct DropoutMask: Sendable {

  private let low: UInt32
  private let high: UInt32

  /// What the upper 31 random bits of a kept element are at least.
  private let threshold: UInt32

  /// Creates the mask of elements that are dropped with probability `rate`.
  ///
  /// - Requires: `rate` is at least 0 and less than 1.
  package init(rate: Double, site: Int, seed: Int, update: Int, step: Int) {
    var key: UInt64 = 0
    for counter in [seed, update, site, step] {
      var z = key &+ 0x9e37_79b9_7f4a_7c15 &+ UInt64(truncatingIfNeeded: counter)
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      key = z ^ (z >> 31)
    }
    low = UInt32(truncatingIfNeeded: key)
    high = UInt32(truncatingIfNeeded: key >> 32)
    threshold = Self.threshold(rate: rate)
  }

  /// Returns the least upper 31 random bits of a kept element.
  package static func threshold(rate: Double) -> UInt32 {
    UInt32(min((rate * 0x1p31).rounded(), 0x1p31 - 1))
  }

  /// Returns `true` iff the element at `index`, in row-major order, is kept.
  package func keeps(_ index: Int) -> Bool {
    var h = UInt32(truncatingIfNeeded: index) ^ low
    h = (h ^ (h >> 17)) &* 0xed5a_d4bb
    h = (h ^ (h >> 11)) &* 0xac4c_1b51
    h ^= high
    h = (h ^ (h >> 15)) &* 0x3184_8bab
    h ^= h >> 14
    return h >> 1 >= threshold
  }

}

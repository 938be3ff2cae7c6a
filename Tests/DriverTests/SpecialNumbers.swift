/// Numbers by which arithmetic goes wrong if it is not that of IEEE 754.
enum SpecialNumbers {

  /// Signed zeros.
  private static let zeros = [0, -0.0]

  /// Denormal numbers, the least normal one, and those around the limit of `flush`.
  private static let small: [Double] = [
    0x1p-149, 0x1.8p-140, 0x1p-127, 0x1p-126, 0x1.ap-110, Double(Float(0x1p-100).nextDown),
    0x1p-100, 0x1.8p-100,
  ].flatMap { [$0, -$0] }

  private static let infinities = [Double.infinity, -.infinity]

  /// What random graphs are given. Not each kind each time: one NaN makes many more.
  private static let palettes: [[Double]] = [
    zeros, zeros + small, zeros + infinities, zeros + infinities + [.nan], small + [.nan],
    zeros + zeros + small + infinities,
  ]

  /// `true` iff the random graph of `seed` is given special numbers.
  static func isGiven(to seed: UInt64) -> Bool { seed % 3 == 0 }

  /// The special numbers that are given to the random graph of `seed`; none to most graphs.
  static func given(to seed: UInt64) -> [Double] {
    isGiven(to: seed) ? palettes[Int(seed / 3 % UInt64(palettes.count))] : []
  }

}

import Testing

@testable import Tensors

@Suite struct InitializerValuesTests {

  /// The number of elements drawn by the statistical tests.
  ///
  /// Their bounds are five standard deviations of the statistic: a sound generator leaves one of
  /// them with a probability below 1e-6, and the seeds are fixed.
  private static let count = 100_000

  @Test func givesWholeNumbers() {
    #expect(Initializer.zeros.integers(count: 2) == [0, 0])
    #expect(Initializer.ones.integers(count: 2) == [1, 1])
    #expect(Initializer.iota.integers(count: 3) == [0, 1, 2])
    #expect(Initializer.constant(16_777_217).integers(count: 1) == [16_777_217])
    #expect(Initializer.literal([3, -0.0]).integers(count: 2) == [3, 0])
    #expect(Initializer.literal([3, 0.5]).integers(count: 2) == nil)
    #expect(Initializer.constant(.nan).integers(count: 1) == nil)
    #expect(Initializer.uniform(low: 0, high: 1).integers(count: 1) == nil)
  }

  @Test func makesFixedValues() {
    #expect(values(.zeros, 3) == [0, 0, 0])
    #expect(values(.ones, 2) == [1, 1])
    #expect(values(.constant(0.1), 2) == [0.1, 0.1])
    #expect(values(.iota, 4) == [0, 1, 2, 3])
    #expect(values(.literal([1, -0.1]), 2) == [1, -0.1])
    #expect(values(.normal(mean: 0, std: 1), 0) == [])
  }

  /// Published vectors: Random123, tests/kat_vectors, `philox4x32 10`.
  @Test func philoxGivesThePublishedBlocks() {
    let full = UInt32.max
    #expect(
      Philox.block(SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Philox.block(SIMD4(full, full, full, full), key: SIMD2(full, full))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.block(
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
        key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  /// Published vectors: RFC 9923 and the test suite of the hash's authors.
  @Test func namesAreHashedByFNV1a() {
    #expect(RandomStream(seed: 0, name: "").nameHash == 0xcbf2_9ce4_8422_2325)
    #expect(RandomStream(seed: 1, name: "a").nameHash == 0xaf63_dc4c_8601_ec8c)
    #expect(RandomStream(seed: 2, name: "foobar").nameHash == 0x8594_4171_f739_67e8)
  }

  /// The first elements must have the same bits on all machines and in all versions: models are
  /// reproduced from their seed. The expected ones were computed apart, with 60 digits and one
  /// rounding.
  @Test func randomBitsAreFixed() {
    let uniform = Initializer.uniform(low: -0.25, high: 0.25)
    let normal = Initializer.normal(mean: 0, std: 0.01)
    #expect(
      bits(uniform, seed: 0, "W_xh") == [0x3e24_2bd6, 0x3e6e_62d6, 0xbdec_a659, 0x3d9c_c208])
    #expect(
      bits(normal, seed: 0, "W_xh") == [0x3c16_60b8, 0x3c95_11eb, 0xbbc9_e6af, 0x3b80_fe96])
    let seed: UInt64 = 0x1234_5678_9abc_def0
    #expect(
      bits(uniform, seed: seed, "layer0.W_hh")
        == [0x3d56_7e98, 0x3dc1_2329, 0x3dbb_cd32, 0xbd27_2b1a])
    #expect(
      bits(normal, seed: seed, "layer0.W_hh")
        == [0x3b2e_1376, 0x3ba1_30eb, 0x3b9c_60bf, 0xbb07_09ee])
  }

  @Test func elementsDependOnSeedNameAndIndexAlone() {
    let rule = Initializer.uniform(low: 0, high: 1)
    let first = rule.values(count: 100, seed: 1, name: "W")
    // A longer array begins alike, and drawing another parameter before changes nothing.
    _ = rule.values(count: 7, seed: 1, name: "b")
    #expect(rule.values(count: 1000, seed: 1, name: "W").prefix(100) == first[...])
    for (seed, name) in [(2, "W"), (1 << 32 + 1, "W"), (1, "V"), (1, "W "), (1, "")] {
      let other = rule.values(count: 100, seed: UInt64(seed), name: name)
      // Two of 2^24 values agree by chance: among 100 pairs, with a probability below 1e-5.
      #expect(zip(first, other).allSatisfy { $0 != $1 })
    }
    #expect(Set(rule.values(count: 100, seed: 1, name: "W")).count == 100)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func uniformValuesAreSpreadEvenly(_ seed: UInt64) {
    let (low, high, n) = (-3.0, 5.0, Double(Self.count))
    let x = Initializer.uniform(low: low, high: high)
      .values(count: Self.count, seed: seed, name: "W").map(Double.init)
    #expect(x.allSatisfy { $0 >= low && $0 < high })
    let width = high - low
    // The mean has the variance w^2 / 12 n, the mean square about the centre w^4 / 180 n.
    let mean = x.reduce(0, +) / n
    #expect(abs(mean - 1) < 5 * width / (12 * n).squareRoot())
    let variance = x.reduce(0) { $0 + ($1 - 1) * ($1 - 1) } / n
    #expect(abs(variance - width * width / 12) < 5 * width * width / (180 * n).squareRoot())
    // Successive elements are independent: products have the mean 0 and the variance (w^2 / 12)^2.
    let product = zip(x, x.dropFirst()).reduce(0) { $0 + ($1.0 - 1) * ($1.1 - 1) } / n
    #expect(abs(product) < 5 * width * width / 12 / n.squareRoot())
    for k in 0..<16 {
      let share = x.count { $0 < low + width * Double(k + 1) / 16 }
      let p = Double(k + 1) / 16
      #expect(abs(Double(share) - n * p) <= 5 * (n * p * (1 - p)).squareRoot())
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func normalValuesHaveTheirQuantiles(_ seed: UInt64) {
    let (mean, std, n) = (2.0, 0.5, Double(Self.count))
    let z = Initializer.normal(mean: mean, std: std)
      .values(count: Self.count, seed: seed, name: "W").map { (Double($0) - mean) / std }
    // The sums of the first four powers have the variances n, 2n, 15n and 96n.
    #expect(abs(z.reduce(0, +)) < 5 * n.squareRoot())
    #expect(abs(z.reduce(0) { $0 + $1 * $1 } - n) < 5 * (2 * n).squareRoot())
    #expect(abs(z.reduce(0) { $0 + $1 * $1 * $1 }) < 5 * (15 * n).squareRoot())
    #expect(abs(z.reduce(0) { $0 + $1 * $1 * $1 * $1 } - 3 * n) < 5 * (96 * n).squareRoot())
    for p in [0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999] {
      let quantile = normalQuantile(p)
      let share = z.count { $0 < quantile }
      #expect(abs(Double(share) - n * p) < 5 * (n * p * (1 - p)).squareRoot())
    }
  }

  /// Rounding to 32 bits must not leave the interval, however narrow it is.
  @Test(
    arguments: [
      (0.0, 1.0), (-1, 0), (0.1, 0.1 + 1e-8), (0.3, 0.30000003), (1, 1 + 0x1p-23), (1, 1 + 0x1p-22),
      (-1e-45, 1e-45), (16_777_216, 16_777_218), (-0x1.000003p0, -1),
    ] as [(Double, Double)])
  func uniformValuesStayInside(_ low: Double, _ high: Double) {
    let x = Initializer.uniform(low: low, high: high).values(count: 1000, seed: 4, name: "W")
    #expect(x.allSatisfy { Double($0) >= low && Double($0) < high })
  }

  @Test func intervalsWithoutElementsAreHarmless() {
    #expect(values(.uniform(low: 2, high: 2), 2) == [2, 2])
    #expect(values(.uniform(low: 1, high: -1), 100).allSatisfy { abs($0) <= 1 })
    // No 32-bit number lies between these; the nearest one has to do.
    #expect(values(.uniform(low: 0.1, high: 0.1 + 1e-12), 1) == [0.1])
    #expect(values(.normal(mean: 3, std: 0), 2) == [3, 3])
    #expect(values(.constant(1e300), 1) == [.infinity])
  }

  private func values(_ rule: Initializer, _ count: Int) -> [Float] {
    rule.values(count: count, seed: 0, name: "x")
  }

  private func bits(_ rule: Initializer, seed: UInt64, _ name: String) -> [UInt32] {
    rule.values(count: 4, seed: seed, name: name).map(\.bitPattern)
  }

}

@Suite struct NormalQuantileTests {

  /// The expected numbers were computed with 60 digits; the tolerance is the documented one.
  @Test(
    arguments: [
      (0.5, 0), (0.50001, 0.000025066282748820862706), (0.3, -0.52440051270804081597),
      (0.75, 0.6744897501960817432), (0.925, 1.4395314709384562291),
      (0.9251, 1.4402382675279638594), (0.0749, -1.4402382675279636631),
      (0.975, 1.9599639845400538556), (1e-3, -3.0902323061678135354),
      (1e-6, -4.7534243088228989573), (1e-10, -6.3613409024040561991),
      (1.3e-11, -6.6676114565107408347), (1.4e-11, -6.6567230915181836356),
      (1e-15, -7.9413453261709967713), (0x1p-53, -8.2095361516013868556),
      (1 - 0x1p-53, 8.2095361516013868556), (1e-300, -37.047096299361199237),
    ] as [(Double, Double)])
  func quantileIsAccurate(_ p: Double, _ expected: Double) {
    #expect(abs(normalQuantile(p) - expected) <= 4e-15 * abs(expected))
  }

  @Test func quantileIsSymmetricAndRises() {
    var last = -Double.infinity
    for i in 1..<4096 {
      let p = Double(i) / 4096
      let z = normalQuantile(p)
      #expect(z > last)
      #expect(normalQuantile(1 - p) == -z)
      last = z
    }
  }

  @Test(
    arguments: [
      (1, 0), (2, 0.69314718055994530942), (0.5, -0.69314718055994530942),
      (3, 1.0986122886681096914), (0.001, -6.9077552789821370312),
      (0.075, -2.5902671654458266485), (1.4142135623730951, 0.34657359027997272307),
      (1.4142135623730954, 0.34657359027997288008), (0.7071067811865476, -0.34657359027997258635),
      (1 + 0x1p-30, 9.313225741817976469e-10), (0x1p-53, -36.736800569677101399),
      (1e-300, -690.77552789821370518), (1.7e308, 709.72683689322824104),
    ] as [(Double, Double)])
  func logarithmIsAccurate(_ x: Double, _ expected: Double) {
    // Four roundings of the last sum's larger part, one of which may be halved by cancellation.
    #expect(abs(naturalLogarithm(x) - expected) <= 1e-15 * abs(expected))
  }

  @Test func drawsWholeNumbersBelowALimit() {
    let random = RandomStream(seed: 5, name: "order")
    for limit in [1, 2, 35, .max] {
      let numbers = (0..<1000).map { random.integer(below: limit, at: $0) }
      #expect(numbers.allSatisfy { (0..<limit).contains($0) })
      if limit == 35 { #expect(Set(numbers).count == 35) }
    }
    #expect((0..<1000).allSatisfy { (0..<1).contains(random.unit(at: $0)) })
  }

}

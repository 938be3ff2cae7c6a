import Testing

@testable import Tensors

@Suite struct DropoutMaskTests {

  private static let count = 40_000

  private static func kept(_ mask: DropoutMask) -> [Bool] { (0..<count).map { mask.keeps($0) } }

  /// The part that is kept is within five standard deviations of its probability, at most 0.25 %
  /// each.
  @Test(arguments: [0, 0.1, 0.25, 0.5, 0.9]) func dropsAtItsRate(_ rate: Double) {
    for site in 0..<10 {
      let mask = DropoutMask(rate: rate, site: site, seed: 1, update: 2, step: 3)
      let share = Double(Self.kept(mask).count { $0 }) / Double(Self.count)
      let deviation = (rate * (1 - rate) / Double(Self.count)).squareRoot()
      #expect(abs(share - (1 - rate)) <= 5 * deviation, "site \(site) keeps \(share)")
    }
  }

  /// Masks of neighbouring counters, and one with itself moved by a few elements, agree in half of
  /// the places, within five standard deviations.
  @Test func drawsIndependently() {
    let counters = [
      (0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (2, 0, 0, 0),
      (1, 1, 0, 0), (0, 1 << 30, 0, 0),
    ]
    var masks = counters.map { site, seed, update, step in
      Self.kept(DropoutMask(rate: 0.5, site: site, seed: seed, update: update, step: step))
    }
    for distance in [1, 2, 16, 64, 256, 1024] {
      masks.append(Array(masks[0].dropFirst(distance) + masks[0].prefix(distance)))
    }
    for i in masks.indices {
      for j in 0..<i {
        let equal = zip(masks[i], masks[j]).count { $0 == $1 }
        let share = Double(equal) / Double(Self.count)
        #expect(abs(share - 0.5) <= 5 * 0.5 / Double(Self.count).squareRoot(), "\(j) and \(i)")
      }
    }
  }

  /// A mask is what it has always been: saved trainings go on with it.
  @Test func staysTheSame() {
    let mask = DropoutMask(rate: 0.5, site: 1, seed: 7, update: 0, step: 0)
    #expect((0..<8).map { mask.keeps($0) ? 1 : 0 } == [1, 0, 1, 1, 0, 1, 0, 1])
  }

}

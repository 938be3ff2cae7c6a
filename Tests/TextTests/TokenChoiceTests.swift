import Foundation
import Testing

@testable import Text

@Suite struct TokenChoiceTests {

  private func random(
    _ temperature: Double = 1, _ count: Int? = nil, seed: UInt64 = 0
  ) -> TokenChoice {
    .random(temperature: temperature, count: count, seed: seed)
  }

  @Test(
    arguments: [
      ([9, 1, 3, 2], 2), ([9, 3, 3], 1), ([9, -5], 1), ([0, -3, -2, -2], 2),
    ] as [([Float], Int)])
  func takesTheLargestAndNeverTheUnknown(_ logits: [Float], _ token: Int) {
    #expect(TokenChoice.greedy.token(logits: logits, position: 0) == token)
    #expect(random(1, 1).token(logits: logits, position: 7) == token)
    // So cold that nothing else has a chance.
    let cold = random(1e-300).token(logits: logits, position: 7)
    #expect(cold.map { logits[$0] } == logits[token])
  }

  @Test(arguments: [[1, .nan], [.infinity, 1], [1, -.infinity], [1], []] as [[Float]])
  func refusesWhatIsNoDistribution(_ logits: [Float]) {
    #expect(TokenChoice.greedy.token(logits: logits, position: 0) == nil)
    #expect(random().token(logits: logits, position: 0) == nil)
  }

  @Test func dependsOnSeedAndPositionAlone() {
    let logits = (0..<50).map { Float($0 % 7) }
    let choices = { (seed: UInt64) in
      (0..<100).map { random(seed: seed).token(logits: logits, position: $0) }
    }
    #expect(choices(3) == choices(3))
    #expect(choices(3) != choices(4))
  }

  /// The number of draws of each token lies within five standard deviations of its expectation.
  @Test(arguments: [0.5, 1, 2])
  func drawsByTheSoftmax(_ temperature: Double) {
    let logits: [Float] = [100, 0, 1, 2, -40]
    let weights = logits.dropFirst().map { exp(Double($0) / temperature) }
    let total = weights.reduce(0, +)
    let n = 20_000
    var counts = [Int](repeating: 0, count: 5)
    for i in 0..<n {
      counts[random(temperature).token(logits: logits, position: i) ?? 0] += 1
    }
    #expect(counts[0] == 0)
    for (count, weight) in zip(counts.dropFirst(), weights) {
      let p = weight / total
      let deviation = (Double(n) * p * (1 - p)).squareRoot()
      #expect(abs(Double(count) - Double(n) * p) <= 5 * deviation + 1e-9, "\(counts)")
    }
  }

  /// Of the three tokens with logit 2, one has no place among the three largest: the last.
  @Test func prefersLowerIndicesAmongEquals() {
    let logits: [Float] = [9, 2, 3, 2, 2, 1]
    let drawn = Set((0..<500).map { random(1, 3).token(logits: logits, position: $0) })
    #expect(drawn == [1, 2, 3])
    let all = Set((0..<500).map { random(1, 99).token(logits: logits, position: $0) })
    #expect(all == [1, 2, 3, 4, 5])
  }

  @Test func survivesLargeLogits() {
    let logits: [Float] = [0, 3e38, -3e38, 3e38]
    let drawn = Set((0..<100).map { random().token(logits: logits, position: $0) })
    #expect(drawn == [1, 3])
  }

}

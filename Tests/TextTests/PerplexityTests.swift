import Foundation
import Testing

@testable import Text

@Suite struct PerplexityTests {

  @Test(arguments: [(1, 0), (2, 1), (28, -3.5), (28, 1e30), (1000, -1e30)] as [(Int, Float)])
  func uniformLogitsGiveTheNumberOfClasses(classes: Int, logit: Float) {
    var p = Perplexity()
    for _ in 0..<5 {
      let labels = (0..<20).map { Int32($0 % classes) }
      p.add(
        logits: [Float](repeating: logit, count: 20 * classes), classes: classes, labels: labels)
    }
    #expect(p.tokenCount == 100)
    // Five rounded additions and an exponential: a few units in the last place of `classes`.
    #expect(abs(p.perplexity - Double(classes)) <= 1e-12 * Double(classes))
    #expect(abs(p.averageCrossEntropy - log(Double(classes))) <= 1e-12)
  }

  @Test func twentyEightUniformClassesAreExact() {
    var p = Perplexity()
    p.add(logits: [Float](repeating: 0, count: 28), classes: 28, labels: [3])
    #expect(abs(p.perplexity - 28) <= 1e-12)
  }

  @Test func followsTheDefinition() {
    // Softmax of (0, log 3) is (1/4, 3/4); the logits are rounded to 24 bits.
    var p = Perplexity()
    let x = Float(log(3.0))
    p.add(logits: [0, x, 0, x], classes: 2, labels: [0, 1])
    #expect(abs(p.averageCrossEntropy - (log(4.0) + log(4.0 / 3)) / 2) <= 1e-7)
  }

  @Test func weighsTokensNotCalls() {
    let logits: [Float] = [0.5, -1, 2, 3, 0.25, -0.125, 1, 1, -4]
    var whole = Perplexity()
    whole.add(logits: logits, classes: 3, labels: [2, 0, 1])
    var parts = Perplexity()
    parts.add(logits: Array(logits[..<3]), classes: 3, labels: [2])
    parts.add(logits: [], classes: 3, labels: [])
    parts.add(logits: Array(logits[3...]), classes: 3, labels: [0, 1])
    #expect(abs(whole.perplexity - parts.perplexity) <= 1e-14)
    #expect(whole.tokenCount == parts.tokenCount)
  }

  @Test func largeLogitsDoNotOverflow() {
    var p = Perplexity()
    p.add(logits: [1e38, -1e38, 0], classes: 3, labels: [0])
    #expect(p.averageCrossEntropy == 0)
    p.add(logits: [1e38, -1e38, 0], classes: 3, labels: [1])
    #expect(p.averageCrossEntropy == Double(Float(1e38)))
    #expect(p.perplexity == .infinity)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
  func nonFiniteLogitsSpoilTheResult(_ x: Float) {
    for place in 0..<3 {
      var logits: [Float] = [1, 2, 3, 1, 2, 3]
      logits[place] = x
      var p = Perplexity()
      p.add(logits: logits, classes: 3, labels: [1, 1])
      #expect(!p.averageCrossEntropy.isFinite)
      #expect(!p.perplexity.isFinite)
    }
    var p = Perplexity()
    p.add(logits: [x, x], classes: 2, labels: [0])
    #expect(!p.perplexity.isFinite)
  }

  @Test func noTokensHaveNoPerplexity() {
    #expect(Perplexity().perplexity.isNaN)
    #expect(Perplexity().averageCrossEntropy.isNaN)
  }

}

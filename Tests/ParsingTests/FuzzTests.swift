import Graphs
import Testing

@testable import Parsing

@Suite struct FuzzTests {

  /// A small generator, so that a failure can be repeated from its seed.
  private struct Generator: RandomNumberGenerator {

    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

  }

  /// What mutants are made from: the main model and one that uses the rest of the grammar.
  private static let seeds: [[UInt8]] = [
    Array((EmbeddedGraphs.text(named: "rnn.graph") ?? "").utf8),
    Array(
      """
      model M {
        dim n = 4, batch = 2
        carried state h : f32[batch, n] = zeros
        param U : f32[n, n] = uniform(low: -1 / sqrt(n), high: 1)
        const C : f32[2, 1] = [[0], [1]]
        passes done entries
        bind {
          W = concat(U, U, axis: 0)
        }
        entry forward {
          input xs : f32[n, batch, n]
          input l : index<n + 1>[batch]
          scan t in n by 2 reverse {
            state s : f32[batch, n] = ones
            fused {
              a = tanh(linear([xs[t], h], W) + s) from p, q
            }
            y[t] = a
            y[t - 1] = a[:, 0 ..< n] * C
            h = where(a < 0, a, old(h))
            s = s * 2
          } remainder {
            b, c = split(concat(h, s, axis: 1), 2, axis: -1)
            h = b
            s = max(c, b)
            y[t] = h
          }
          scan u in n reverse lengths l {
            k[u] = xs[u] + h
          }
          output y, h, k
          output z = h @ transpose(U, axes: [1, 0])
        }
      }
      """.utf8),
  ]

  private static let fragments = [
    "{", "}", "(", ")", "[", "]", ",", ":", "=", "==", "..<", "-", "*", "@", "\n", "//", "h", "t",
    "scan t in n {", "state s : f32 = zeros", "old(h)", "9999999999999999999", "1e400", "0", "-1",
    "\u{445}", "\u{202E}", "split(", "linear([", "gather ", " to ", "by 3", "remainder {",
    "fused {", "output ", "dim q = 0", "entry step {", "bind {", "reshape(h, [", "axis: 99",
  ]

  @Test func `the seed of the mutants is right`() {
    for seed in Self.seeds {
      let outcome = parse(utf8: seed)
      #expect(outcome.rendered == "")
      #expect(outcome.text != nil && parse(outcome.text ?? "").text == outcome.text)
    }
  }

  @Test(arguments: 0..<30)
  func `mutants never stop the parser`(_ seed: Int) {
    var random = Generator(state: UInt64(seed))
    for _ in 0..<100 {
      var text = Self.seeds[seed % 2]
      for _ in 0...Int.random(in: 0..<3, using: &random) { mutate(&text, &random) }
      let outcome = parse(utf8: text)
      // What is accepted prints as a fixed point.
      if let printed = outcome.text {
        #expect(parse(printed).text == printed, "\(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test(arguments: 0..<10)
  func `random bytes never stop the parser`(_ seed: Int) {
    var random = Generator(state: UInt64(1000 + seed))
    for _ in 0..<50 {
      let count = Int.random(in: 0..<400, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(parse(utf8: bytes).module == nil)
      #expect(parse(utf8: Array("model M {".utf8) + bytes.map { $0 & 0x7F }).codes.count < 101)
    }
  }

  private func mutate(_ text: inout [UInt8], _ random: inout Generator) {
    let i = Int.random(in: 0...text.count, using: &random)
    let j = min(text.count, i + Int.random(in: 0..<30, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: text.removeSubrange(i..<j)
    case 1: text.insert(contentsOf: text[i..<j], at: Int.random(in: 0...text.count, using: &random))
    case 2:
      let fragment = Self.fragments[Int.random(in: 0..<Self.fragments.count, using: &random)]
      text.insert(contentsOf: Array(fragment.utf8), at: i)
    case 3 where i < text.count: text[i] = UInt8.random(in: 0...255, using: &random)
    case 4: text.removeSubrange(i...)
    default: exchangeLines(&text, &random)
    }
  }

  private func exchangeLines(_ text: inout [UInt8], _ random: inout Generator) {
    var lines = text.split(separator: 10, omittingEmptySubsequences: false)
    let (a, b) = (Int.random(in: 0..<lines.count, using: &random), lines.count)
    lines.swapAt(a, Int.random(in: 0..<b, using: &random))
    text = Array(lines.joined(separator: [10]))
  }

}

import Tensors
import Testing

@testable import Text

@Suite struct ShuffledWindowsTests {

  private let random = RandomStream(seed: 1, name: "order")

  @Test func takesPartsInRandomOrder() throws {
    // Tokens 2 to 13 have a label: three parts of four, of which one fills no window.
    let windows = try ShuffledWindows(
      Array(0..<15), batch: 2, steps: 4, offset: 2, random: random)
    #expect(windows.count == 1)
    var window = windows.emptyWindow
    windows.fill(&window.inputs, &window.labels, at: 0)
    #expect(window.labels == window.inputs.map { $0 + 1 })
    let starts = window.inputs.prefix(2)
    #expect(Set(starts).count == 2 && starts.allSatisfy { [2, 6, 10].contains($0) })
    #expect(window.inputs == (0..<4).flatMap { t in starts.map { $0 + t } })
  }

  @Test func shufflesEvenly() throws {
    // Each of the six orders of three parts is expected 1000 times.
    var counts: [[Int32]: Int] = [:]
    for seed in 0..<6000 {
      let windows = try ShuffledWindows(
        Array(0..<4), batch: 1, steps: 1, offset: 0,
        random: RandomStream(seed: UInt64(seed), name: "order"))
      counts[(0..<3).map { Int32(windows.start(ofRow: 0, at: $0)) }, default: 0] += 1
    }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { (850...1150).contains($0) }, "\(counts)")
  }

  @Test func refusesShortTexts() {
    #expect(throws: TextError.self) {
      try ShuffledWindows(Array(0..<8), batch: 2, steps: 4, offset: 0, random: random)
    }
    #expect(throws: TextError.self) {
      try ShuffledWindows(Array(0..<8), batch: 0, steps: 4, offset: 0, random: random)
    }
  }

}

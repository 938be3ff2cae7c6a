import Testing

@testable import Text

@Suite struct WindowsTests {

  /// A window that can be compared.
  private struct Window: Equatable {

    /// The tokens.
    var inputs: [Int32]

    /// The tokens one place later.
    var labels: [Int32]

  }

  /// Returns all windows of `tokens` from `offset` on.
  private func windows(
    _ tokens: [Int32], batch: Int, steps: Int, offset: Int = 0
  ) throws -> [Window] {
    try SequentialWindows(tokens, batch: batch, steps: steps, offset: offset).map {
      Window(inputs: $0.inputs, labels: $0.labels)
    }
  }

  /// Returns all windows of `tokens` by building the rows first.
  private func windowsByRows(
    _ tokens: [Int32], batch: Int, steps: Int, offset: Int
  ) -> [Window] {
    let usable = (tokens.count - 1 - offset) / batch * batch
    let length = usable / batch
    let rows = (0..<batch).map { r in tokens[offset...].dropFirst(r * length).prefix(length + 1) }
    return (0..<(length / steps)).map { w in
      var window = Window(inputs: [], labels: [])
      for t in 0..<steps {
        window.inputs += rows.map { Array($0)[w * steps + t] }
        window.labels += rows.map { Array($0)[w * steps + t + 1] }
      }
      return window
    }
  }

  @Test func laysOutTimeOutermost() throws {
    // Rows 0 1 2 3 4 and 5 6 7 8 9; the places 4 and 9 are a part-window and dropped.
    let found = try windows(Array(0...10), batch: 2, steps: 2)
    #expect(
      found == [
        Window(inputs: [0, 5, 1, 6], labels: [1, 6, 2, 7]),
        Window(inputs: [2, 7, 3, 8], labels: [3, 8, 4, 9]),
      ])
  }

  @Test func startsAtTheOffset() throws {
    // Rows 3 4 5 and 6 7 8; token 9 is the last label.
    let found = try windows(Array(0...9), batch: 2, steps: 3, offset: 3)
    #expect(found == [Window(inputs: [3, 6, 4, 7, 5, 8], labels: [4, 7, 5, 8, 6, 9])])
  }

  @Test func leavesOutWhatDoesNotFillEveryRow() throws {
    // Nine tokens have a label, which makes two rows of four: 0 1 2 3 and 4 5 6 7.
    let found = try windows(Array(0...9), batch: 2, steps: 4)
    #expect(found.map(\.inputs) == [[0, 4, 1, 5, 2, 6, 3, 7]])
  }

  @Test func oneWindowNeedsOneMoreToken() throws {
    #expect(try windows([7, 8], batch: 1, steps: 1) == [Window(inputs: [7], labels: [8])])
    #expect(try SequentialWindows(Array(0..<7), batch: 2, steps: 3).count == 1)
    #expect(throws: TextError.self) { try SequentialWindows(Array(0..<6), batch: 2, steps: 3) }
  }

  @Test func agreesWithRowsOnRandomSizes() throws {
    var random = SplitMix64(seed: 11)
    for _ in 0..<200 {
      let batch = Int.random(in: 1...5, using: &random)
      let steps = Int.random(in: 1...6, using: &random)
      let offset = Int.random(in: 0...7, using: &random)
      let count = offset + batch * steps + 1 + Int.random(in: 0...60, using: &random)
      let tokens = (0..<count).map { _ in Int32.random(in: 0...27, using: &random) }
      let found = try windows(tokens, batch: batch, steps: steps, offset: offset)
      let expected = windowsByRows(tokens, batch: batch, steps: steps, offset: offset)
      #expect(
        found == expected, "batch \(batch), steps \(steps), offset \(offset), \(count) tokens")
      #expect(
        try SequentialWindows(tokens, batch: batch, steps: steps, offset: offset).count
          == expected.count)
    }
  }

  @Test func canBeGoneThroughTwice() throws {
    let s = try SequentialWindows(Array(0..<20), batch: 3, steps: 2)
    let first = s.map(\.labels)
    #expect(first == s.map(\.labels))
    #expect(s.underestimatedCount == first.count)
  }

  @Test(arguments: [
    (
      12, 32, 35, 0, "12 tokens, but a window of batch 32 and num_steps 35 needs 1121",
      " or --dim batch=1 --dim num_steps=11"
    ),
    (
      100, 32, 35, 0, "100 tokens, but a window of batch 32 and num_steps 35 needs 1121",
      " or --dim batch=2"
    ),
    (
      100, 50, 200, 0, "100 tokens, but a window of batch 50 and num_steps 200 needs 10001",
      " or --dim num_steps=1"
    ),
    (
      5, 1, 4, 1, "5 tokens, but a window of batch 1 and num_steps 4 from offset 1 on needs 6",
      " or --dim num_steps=3"
    ),
    (0, 1, 1, 0, "0 tokens, but a window of batch 1 and num_steps 1 needs 2", ""),
    (3, 1, 1, 5, "3 tokens, but a window of batch 1 and num_steps 1 from offset 5 on needs 7", ""),
  ])
  func refusesShortTexts(
    count: Int, batch: Int, steps: Int, offset: Int, finding: String, advice: String
  ) {
    let tokens = [Int32](repeating: 1, count: count)
    #expect(throws: TextError("the text has \(finding); give a longer text\(advice)")) {
      try SequentialWindows(tokens, batch: batch, steps: steps, offset: offset)
    }
  }

  @Test(arguments: [
    (0, 1, 0, "'batch' is 0, expected at least 1"),
    (-3, 1, 0, "'batch' is -3, expected at least 1"),
    (1, 0, 0, "'num_steps' is 0, expected at least 1"),
    (1, .min, 0, "'num_steps' is \(Int.min), expected at least 1"),
    (1, 1, -1, "'offset' is -1, expected at least 0"),
  ])
  func refusesImpossibleSizes(batch: Int, steps: Int, offset: Int, finding: String) {
    #expect(throws: TextError("cannot divide a text into windows: \(finding)")) {
      try SequentialWindows([1, 2, 3], batch: batch, steps: steps, offset: offset)
    }
  }

  @Test(arguments: [(Int.max, 1, 0), (1, .max, 0), (.max, .max, 0), (1, 1, .max)])
  func refusesHugeSizes(batch: Int, steps: Int, offset: Int) {
    #expect(throws: TextError.self) {
      try SequentialWindows([1, 2, 3], batch: batch, steps: steps, offset: offset)
    }
  }

}

import Testing
import Text

@testable import Training

@Suite struct PartitionTests {

  private let tokens = (0..<1000).map { Int32($0) }

  private func windows(
    _ partition: Partition, epoch: Int, seed: UInt64 = 0, tokens: [Int32]? = nil
  ) throws -> [(inputs: [Int32], labels: [Int32])] {
    let windows = try partition.windows(
      of: tokens ?? self.tokens, batch: 4, steps: 9, epoch: epoch, seed: seed)
    return (0..<windows.count).map { position in
      var window = windows.emptyWindow
      windows.fill(&window.inputs, &window.labels, at: position)
      return window
    }
  }

  @Test(arguments: Partition.allCases)
  func takesEachTokenOnceAndTheNextAsItsLabel(_ partition: Partition) throws {
    for epoch in 0..<20 {
      let windows = try windows(partition, epoch: epoch)
      let inputs = windows.flatMap(\.inputs)
      // Tokens are their places: labels are the places behind.
      #expect(windows.flatMap(\.labels) == inputs.map { $0 + 1 })
      #expect(Set(inputs).count == inputs.count)
      #expect(inputs.count == windows.count * 36)
      #expect(inputs.count > 1000 - 8 - 1 - 2 * 36)
      for row in 0..<4 {
        for window in windows {
          let tokens = stride(from: row, to: 36, by: 4).map { window.inputs[$0] }
          #expect(tokens == (0..<9).map { tokens[0] + Int32($0) })
        }
      }
    }
  }

  @Test func goesOnInEachRow() throws {
    let windows = try windows(.sequential, epoch: 3)
    for (a, b) in zip(windows, windows.dropFirst()) {
      #expect(Array(b.inputs.prefix(4)) == Array(a.labels.suffix(4)))
    }
  }

  @Test(arguments: Partition.allCases)
  func startsAtEveryOffset(_ partition: Partition) throws {
    let offsets = try (0..<200).map { epoch in
      try windows(partition, epoch: epoch).flatMap(\.inputs).min().map { $0 % 9 } ?? -1
    }
    #expect(Set(offsets) == Set(0..<9))
    // No offset is rare: each is expected 22 times.
    for offset in 0..<9 { #expect(offsets.count { $0 == offset } > 6) }
    if partition == .sequential {
      #expect(try windows(.sequential, epoch: 0, tokens: Array(tokens[..<37])).count == 1)
    }
  }

  /// With 40 tokens there is one window at the offsets 0 to 3 and none behind.
  @Test(arguments: Partition.allCases)
  func leavesAWindowOfAShortText(_ partition: Partition) throws {
    let offsets = try (0..<50).map { epoch in
      try windows(partition, epoch: epoch, tokens: Array(tokens[..<40])).flatMap(\.inputs).min()
    }
    #expect(Set(offsets) == [0, 1, 2, 3])
    #expect(throws: TextError.self) {
      try windows(partition, epoch: 0, tokens: Array(tokens[..<36]))
    }
  }

  @Test func shufflesByEpochAndSeed() throws {
    let order = { (epoch: Int, seed: UInt64) in
      try windows(.random, epoch: epoch, seed: seed).map(\.inputs)
    }
    #expect(try order(1, 2) == order(1, 2))
    #expect(try order(1, 2) != order(2, 2))
    #expect(try order(1, 2) != order(1, 3))
    // All parts of the text come first in some epoch.
    let firsts = try Set((0..<2000).compactMap { try order($0, 0).first?.first.map { $0 / 9 } })
    #expect(firsts.count >= 110)
  }

}

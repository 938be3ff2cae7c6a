/// What prices, tiles and kernels need to know of a processor.
///
/// All figures come from a table in the source, never from a measurement on the machine that
/// compiles, so that the same command gives the same code everywhere.
package struct Machine: Hashable, Sendable {

  /// The name of the target, such as `znver5`.
  package var name: String

  /// The numbers of 32 bits in a vector register: 4, 8 or 16.
  package var lanes: Int

  /// The number of vector registers.
  package var registers: Int

  /// `true` iff a multiplication and an addition are one instruction.
  package var hasFusedMultiplyAdd: Bool

  /// The vector multiply-adds that start in a cycle.
  package var multiplyAddsPerCycle: Double

  /// The bytes of each cache that one core can use, the nearest first.
  package var cacheBytes: [Int]

  /// The bytes a cycle that one core reads from each cache, and from memory after the last.
  package var bytesPerCycle: [Double]

  /// Creates the description of a processor.
  package init(
    name: String, lanes: Int, registers: Int, hasFusedMultiplyAdd: Bool,
    multiplyAddsPerCycle: Double, cacheBytes: [Int], bytesPerCycle: [Double]
  ) {
    self.name = name
    self.lanes = lanes
    self.registers = registers
    self.hasFusedMultiplyAdd = hasFusedMultiplyAdd
    self.multiplyAddsPerCycle = multiplyAddsPerCycle
    self.cacheBytes = cacheBytes
    self.bytesPerCycle = bytesPerCycle
  }

  /// Returns the bytes a cycle that a core reads of a block that it visits again and again.
  package func bandwidth(forFootprint bytes: Int) -> Double {
    for (size, rate) in zip(cacheBytes, bytesPerCycle) where bytes <= size { return rate }
    return bytesPerCycle[bytesPerCycle.count - 1]
  }

  /// The most ranges of columns of a product that are finished together: with more, a tile of one
  /// row leaves no registers for factors.
  package var mostSegments: Int { min(8, registers / 2 - 2) }

}

/// A kind of CPU that a model is compiled for, with what prices and tiles are made from.
///
/// The figures are those of our table, never measured on the machine that compiles: the same
/// command gives the same file everywhere.
package struct TargetCPU: Hashable, Sendable {

  /// An instruction set, by the name that Swift has for it.
  package enum Architecture: String, Sendable {

    case x86_64
    case arm64

  }

  /// The name that selects the target.
  package let name: String

  package let architecture: Architecture

  /// The number of `Float`s in a vector register.
  package let vectorLanes: Int

  /// `true` iff a product and a sum are one instruction, rounded once.
  package let hasFusedMultiplyAdd: Bool

  package let vectorRegisterCount: Int

  /// The size of one core's first-level data cache, in bytes.
  package let level1Bytes: Int

  /// The size of one core's second-level cache, in bytes; a core's part if cores share it.
  package let level2Bytes: Int

  /// A core's part of the last-level cache, in bytes.
  package let level3BytesPerCore: Int

  /// The most products of two `Float`s that one core can add to sums in a clock cycle.
  package let multiplyAddsPerCycle: Int

  /// The arguments with which `swiftc` compiles for the target.
  package let compilerFlags: [String]

  /// All targets. Of one architecture, each runs what is compiled for those before it.
  package static let all = [
    TargetCPU(
      name: "x86-64", architecture: .x86_64, vectorLanes: 4, hasFusedMultiplyAdd: false,
      vectorRegisterCount: 16, level1Bytes: 32 << 10, level2Bytes: 256 << 10,
      level3BytesPerCore: 1 << 20, multiplyAddsPerCycle: 4,
      compilerFlags: ["-Xcc", "-march=x86-64"]),
    TargetCPU(
      name: "x86-64-v3", architecture: .x86_64, vectorLanes: 8, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 16, level1Bytes: 32 << 10, level2Bytes: 256 << 10,
      level3BytesPerCore: 2 << 20, multiplyAddsPerCycle: 16,
      compilerFlags: ["-Xcc", "-march=x86-64-v3"]),
    TargetCPU(
      name: "x86-64-v4", architecture: .x86_64, vectorLanes: 16, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 32 << 10, level2Bytes: 1 << 20,
      level3BytesPerCore: 1408 << 10, multiplyAddsPerCycle: 32,
      compilerFlags: ["-Xcc", "-march=x86-64-v4"]),
    // Zen 4 has vectors of 512 bits, but computes them in two halves.
    TargetCPU(
      name: "znver4", architecture: .x86_64, vectorLanes: 16, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 32 << 10, level2Bytes: 1 << 20,
      level3BytesPerCore: 4 << 20, multiplyAddsPerCycle: 16,
      compilerFlags: ["-Xcc", "-march=znver4"]),
    TargetCPU(
      name: "znver5", architecture: .x86_64, vectorLanes: 16, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 48 << 10, level2Bytes: 1 << 20,
      level3BytesPerCore: 4 << 20, multiplyAddsPerCycle: 32,
      compilerFlags: ["-Xcc", "-march=znver5"]),
    TargetCPU(
      name: "armv8-a", architecture: .arm64, vectorLanes: 4, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 32 << 10, level2Bytes: 512 << 10,
      level3BytesPerCore: 1 << 20, multiplyAddsPerCycle: 8,
      compilerFlags: ["-Xcc", "-march=armv8-a"]),
    // Four cores share 12 MiB of second-level cache and the 8 MiB behind it.
    TargetCPU(
      name: "apple-m1", architecture: .arm64, vectorLanes: 4, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 128 << 10, level2Bytes: 3 << 20,
      level3BytesPerCore: 2 << 20, multiplyAddsPerCycle: 16,
      compilerFlags: ["-Xcc", "-mcpu=apple-m1"]),
  ]

  /// Returns the target called `name`, or `nil` if there is none.
  package static func named(_ name: String) -> TargetCPU? {
    all.first { $0.name == name }
  }

  /// `true` iff a machine of kind `host` runs what is compiled for `self`.
  package func runs(on host: TargetCPU) -> Bool {
    let kin = Self.all.filter { $0.architecture == host.architecture }
    guard let own = kin.firstIndex(of: self), let other = kin.firstIndex(of: host) else {
      return false
    }
    return own <= other
  }

}

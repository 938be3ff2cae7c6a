import Runner

/// A kind of CPU that a model is compiled for, with what prices and tiles are made from.
///
/// The figures are those of our table, never measured on the machine that compiles: the same
/// command gives the same file everywhere.
package struct TargetCPU: Hashable, Sendable {

  /// The name that selects the target.
  package let name: String

  package let architecture: Processor.Architecture

  /// The features that compiled code may use, by the names that `Processor` has for them.
  package let features: [String]

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

  /// All targets; of those of one architecture that a machine runs, the last suits it best.
  package static let all = [
    TargetCPU(
      name: "x86-64", architecture: .x86_64, features: [],
      vectorLanes: 4, hasFusedMultiplyAdd: false,
      vectorRegisterCount: 16, level1Bytes: 32 << 10, level2Bytes: 256 << 10,
      level3BytesPerCore: 1 << 20, multiplyAddsPerCycle: 4,
      compilerFlags: ["-Xcc", "-march=x86-64"]),
    TargetCPU(
      name: "x86-64-v3", architecture: .x86_64, features: Processor.level3,
      vectorLanes: 8, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 16, level1Bytes: 32 << 10, level2Bytes: 256 << 10,
      level3BytesPerCore: 2 << 20, multiplyAddsPerCycle: 16,
      compilerFlags: ["-Xcc", "-march=x86-64-v3"]),
    TargetCPU(
      name: "x86-64-v4", architecture: .x86_64, features: Processor.level3 + Processor.level4,
      vectorLanes: 16, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 32 << 10, level2Bytes: 1 << 20,
      level3BytesPerCore: 1408 << 10, multiplyAddsPerCycle: 32,
      compilerFlags: ["-Xcc", "-march=x86-64-v4"]),
    // Zen 4 has vectors of 512 bits, but computes them in two halves.
    TargetCPU(
      name: "znver4", architecture: .x86_64, features: zen4,
      vectorLanes: 16, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 32 << 10, level2Bytes: 1 << 20,
      level3BytesPerCore: 4 << 20, multiplyAddsPerCycle: 16,
      compilerFlags: ["-Xcc", "-march=znver4"]),
    TargetCPU(
      name: "znver5", architecture: .x86_64, features: zen4 + ["avx_vnni", "avx512_vp2intersect"],
      vectorLanes: 16, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 48 << 10, level2Bytes: 1 << 20,
      level3BytesPerCore: 4 << 20, multiplyAddsPerCycle: 32,
      compilerFlags: ["-Xcc", "-march=znver5"]),
    TargetCPU(
      name: "armv8-a", architecture: .arm64, features: ["asimd"],
      vectorLanes: 4, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 32 << 10, level2Bytes: 512 << 10,
      level3BytesPerCore: 1 << 20, multiplyAddsPerCycle: 8,
      compilerFlags: ["-Xcc", "-march=armv8-a"]),
    // Four cores share 12 MiB of second-level cache and the 8 MiB behind it.
    TargetCPU(
      name: "apple-m1", architecture: .arm64, features: Processor.appleM1,
      vectorLanes: 4, hasFusedMultiplyAdd: true,
      vectorRegisterCount: 32, level1Bytes: 128 << 10, level2Bytes: 3 << 20,
      level3BytesPerCore: 2 << 20, multiplyAddsPerCycle: 16,
      compilerFlags: ["-Xcc", "-mcpu=apple-m1"]),
  ]

  /// Returns the target called `name`, or `nil` if there is none.
  package static func named(_ name: String) -> TargetCPU? {
    all.first { $0.name == name }
  }

  /// What Zen 4 has that compilers use.
  private static let zen4 =
    Processor.level3 + Processor.level4 + [
      "avx512_bf16", "avx512_vnni", "avx512ifma", "avx512vbmi", "avx512_vbmi2", "avx512_bitalg",
      "avx512_vpopcntdq", "gfni", "vaes", "vpclmulqdq", "sse4a",
    ]

  /// `true` iff `host` runs what is compiled for `self`.
  package func runs(on host: Processor) -> Bool {
    architecture == host.architecture && host.lacking(features).isEmpty
  }

}

import Diagnostics
import Runner
import Testing

@testable import Driver

@Suite struct TargetCPUTests {

  private func target(_ name: String) throws -> TargetCPU {
    try #require(TargetCPU.named(name))
  }

  @Test func tableIsSound() {
    let names = TargetCPU.all.map(\.name)
    #expect(Set(names).count == names.count)
    for t in TargetCPU.all {
      #expect(t.level1Bytes < t.level2Bytes)
      #expect(t.vectorLanes.isMultiple(of: 4))
      #expect(t.multiplyAddsPerCycle.isMultiple(of: t.vectorLanes))
      #expect(t.compilerFlags.contains { $0.hasSuffix("=\(t.name)") })
    }
  }

  @Test func findsTargetsByName() throws {
    #expect(try TargetCPU.resolve("znver5").vectorLanes == 16)
    #expect(try !TargetCPU.resolve("x86-64").hasFusedMultiplyAdd)
    let native = try TargetCPU.resolve("native")
    #expect(native == .native)
    try native.checkLoadable()
  }

  @Test func suggestsTheNearestName() {
    #expect(
      throws: CommandLineError(
        "unknown target CPU 'zenver5'; did you mean 'znver5'? there are native, x86-64, x86-64-v3, "
          + "x86-64-v4, znver4, znver5, armv8-a, apple-m1")
    ) { try TargetCPU.resolve("zenver5") }
  }

  @Test func refusesToCompileForAnotherArchitecture() throws {
    let (m1, zen) = (try target("apple-m1"), try target("znver5"))
    let mac = Processor(architecture: .arm64, features: Processor.appleM1)
    try m1.checkLoadable(on: mac)
    #expect(
      throws: EnvironmentError(
        .machine,
        "cannot compile for 'apple-m1' here: it is arm64, this machine is x86_64; "
          + "the Swift file can be compiled on such a machine")
    ) { try m1.checkCompilable(on: .x86_64) }
    #expect(throws: EnvironmentError.self) { try zen.checkLoadable(on: mac) }
  }

  @Test func refusesToRunWhatTheMachineLacks() throws {
    let (v3, v4) = (try target("x86-64-v3"), try target("x86-64-v4"))
    let small = Processor(architecture: .x86_64, features: Processor.level3)
    try v4.checkCompilable(on: .x86_64)
    try v3.checkLoadable(on: small)
    try v3.checkLoadable(on: Processor(architecture: .x86_64, features: v4.features))
    #expect(
      throws: EnvironmentError(
        .machine,
        "cannot run a model compiled for 'x86-64-v4' here: this CPU lacks avx512f, avx512bw, avx512cd "
          + "and 2 more features")
    ) { try v4.checkLoadable(on: small) }
  }

  /// A level is all of its features: without one of them, the processor is of the level below.
  @Test func missesALevelForOneFeature() throws {
    for name in ["x86-64-v3", "x86-64-v4", "znver4", "znver5"] {
      let target = try target(name)
      for feature in target.features {
        let host = Processor(
          architecture: .x86_64, features: target.features.filter { $0 != feature })
        #expect(!target.runs(on: host), "\(name) without \(feature)")
        let best = TargetCPU.best(for: host)
        #expect(best.runs(on: host) && best != target, "\(name) without \(feature)")
      }
      let host = Processor(architecture: .x86_64, features: target.features)
      #expect(TargetCPU.best(for: host) == target)
    }
  }

  /// Neither of a processor with short vectors and the newest instructions and one with long
  /// vectors contains the other.
  @Test func ordersNoProcessors() throws {
    let (v3, v4) = (try target("x86-64-v3"), try target("x86-64-v4"))
    let short = Processor(architecture: .x86_64, features: v3.features + ["avx_vnni", "gfni"])
    let long = Processor(architecture: .x86_64, features: v4.features)
    #expect(v3.runs(on: short) && v3.runs(on: long))
    #expect(!v4.runs(on: short) && v4.runs(on: long))
    #expect(long.lacking(Array(short.features).sorted()) == ["avx_vnni", "gfni"])
    #expect(TargetCPU.best(for: short) == v3)
    #expect(TargetCPU.best(for: long) == v4)
  }

  private static let level3 =
    "fpu sse2 pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm avx avx2 bmi1 bmi2 f16c fma abm movbe"
  private static let level4 = "\(level3) avx512f avx512bw avx512cd avx512dq avx512vl"
  private static let ice =
    "\(level4) avx512_bf16 avx512_vnni avx512ifma avx512vbmi avx512_vbmi2 avx512_bitalg "
    + "avx512_vpopcntdq gfni vaes vpclmulqdq"
  private static let zen4 = "\(ice) sse4a"

  @Test(arguments: [
    ("\(zen4) avx_vnni avx512_vp2intersect", "znver5"), (zen4, "znver4"),
    ("\(zen4) avx_vnni", "znver4"), (level3, "x86-64-v3"), (level4, "x86-64-v4"),
    ("\(ice) avx_vnni avx512_vp2intersect", "x86-64-v4"), ("fpu sse2 avx", "x86-64"),
    ("", "x86-64"),
  ])
  func recognisesProcessors(_ flags: String, _ name: String) {
    let host = Processor(
      architecture: .x86_64, features: flags.split(separator: " ").map(String.init))
    #expect(TargetCPU.best(for: host).name == name)
  }

}

import Diagnostics
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
    #expect(
      throws: EnvironmentError(
        .machine,
        "cannot compile for 'apple-m1' here: it is arm64, this machine is x86_64; "
          + "the Swift file can be compiled on such a machine")
    ) { try m1.checkCompilable(on: zen) }
    #expect(throws: EnvironmentError.self) { try zen.checkLoadable(on: m1) }
  }

  @Test func refusesToRunWhatTheMachineLacks() throws {
    let (v3, v4) = (try target("x86-64-v3"), try target("x86-64-v4"))
    try v4.checkCompilable(on: v3)
    try v3.checkLoadable(on: v4)
    #expect(
      throws: EnvironmentError(
        .machine,
        "cannot run a model compiled for 'x86-64-v4' here: this machine is a 'x86-64-v3'")
    ) { try v4.checkLoadable(on: v3) }
  }

  private static let level3 = "fpu sse2 avx avx2 bmi1 bmi2 f16c fma abm movbe"
  private static let level4 = "\(level3) avx512f avx512bw avx512cd avx512dq avx512vl"
  private static let zen4 =
    "\(level4) avx512_bf16 avx512_vnni avx512ifma avx512vbmi avx512_vbmi2 avx512_bitalg "
    + "avx512_vpopcntdq gfni vaes vpclmulqdq"

  @Test(arguments: [
    ("AuthenticAMD", "26", "\(zen4) avx_vnni avx512_vp2intersect", "znver5"),
    ("AuthenticAMD", "26", zen4, "znver4"), ("AuthenticAMD", "25", zen4, "znver4"),
    ("AuthenticAMD", "25", level3, "x86-64-v3"), ("AuthenticAMD", "27", zen4, "x86-64-v4"),
    ("AuthenticAMD", "26", level4, "x86-64-v4"), ("GenuineIntel", "6", zen4, "x86-64-v4"),
    ("GenuineIntel", "6", level3, "x86-64-v3"), ("GenuineIntel", "6", "fpu sse2 avx", "x86-64"),
    ("", "", "", "x86-64"),
  ])
  func recognisesProcessors(_ vendor: String, _ family: String, _ flags: String, _ name: String) {
    let text = """
      processor\t: 0
      vendor_id\t: \(vendor)
      cpu family\t: \(family)
      flags\t\t: \(flags)

      processor\t: 1
      flags\t\t: none

      """
    #expect(TargetCPU.described(byLinux: text).name == name)
  }

  @Test func takesTextsThatAreNoDescriptionForTheBaseline() {
    for text in ["", "\n\n", ":", "flags", "flags : avx512f\nflags : "] {
      #expect(TargetCPU.described(byLinux: text).name == "x86-64")
    }
  }

}

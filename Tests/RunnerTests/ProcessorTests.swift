import Testing

@testable import Runner

@Suite struct ProcessorTests {

  private func described(_ flags: String, loader: Set<String>? = nil) -> Set<String> {
    let text = """
      processor\t: 0
      vendor_id\t: Someone
      flags\t\t: \(flags)

      processor\t: 1
      flags\t\t: none

      """
    return Processor.described(byLinux: text, loader: loader).features
  }

  @Test func readsTheFirstProcessor() {
    #expect(described("fpu avx avx2") == ["fpu", "avx", "avx2"])
    #expect(described("") == [])
    let arm = Processor.described(
      byLinux: "processor : 0\nFeatures : fp asimd\n", architecture: .arm64)
    #expect(arm == Processor(architecture: .arm64, features: ["fp", "asimd"]))
  }

  @Test(arguments: ["", "\n\n", ":", "flags", "avx512f"])
  func takesTextsThatAreNoDescriptionForTheBaseline(_ text: String) {
    #expect(Processor.described(byLinux: text).features == [])
    #expect(Processor.described(byLinux: text, loader: ["avx"]).features == ["avx"])
  }

  /// A feature that the system does not switch on is not there, whoever says so.
  @Test func takesWhatSystemAndLoaderAgreeOn() {
    let agreed = described("fpu avx avx2 avx512f", loader: ["avx", "avx2", "fma"])
    #expect(agreed == ["fpu", "avx", "avx2"])
    #expect(described("fpu avx", loader: []) == ["fpu"])
  }

  /// Of two processors neither of which contains the other, neither runs what needs all of the
  /// other.
  @Test func comparesSets() {
    let a = Processor(architecture: .own, features: ["avx", "amx"])
    let b = Processor(architecture: .own, features: ["avx", "sve"])
    #expect(a.lacking(["sve", "avx", "amx"]) == ["sve"])
    #expect(b.lacking(["sve", "avx", "amx"]) == ["amx"])
    func target(_ feature: String) -> Manifest.Target {
      let own = Processor.Architecture.own.rawValue
      return Manifest.Target(name: "t", architecture: own, features: [feature])
    }
    for host in [a, b] { #expect(target("avx").obstacle(on: host) == nil) }
    #expect(target("amx").obstacle(on: a) == nil)
    #expect(target("amx").obstacle(on: b) == "this CPU lacks amx")
  }

}

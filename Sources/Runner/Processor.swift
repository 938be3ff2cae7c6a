import Foundation
import Tensors

/// What a processor can do: its instruction set and the features that it has beyond the baseline.
///
/// A feature has the name that Linux gives it in `/proc/cpuinfo`. Code that was compiled for some
/// features runs where all of them are, whatever kind of processor that is.
package struct Processor: Hashable, Sendable {

  /// An instruction set, by the name that Swift has for it.
  package enum Architecture: String, Sendable {

    case x86_64
    case arm64

    /// The instruction set that this program was compiled for.
    package static var own: Self {
      #if arch(x86_64)
        .x86_64
      #elseif arch(arm64)
        .arm64
      #else
        #error("no processor is known for this architecture")
      #endif
    }

  }

  package let architecture: Architecture

  /// The features, of which the operating system permits each.
  package let features: Set<String>

  /// Creates a processor.
  package init(architecture: Architecture, features: some Sequence<String>) {
    self.architecture = architecture
    self.features = Set(features)
  }

  /// The features of the level x86-64-v3, all of them.
  package static let level3 = [
    "pni", "ssse3", "sse4_1", "sse4_2", "popcnt", "cx16", "lahf_lm", "avx", "avx2", "bmi1", "bmi2",
    "f16c", "fma", "abm", "movbe",
  ]

  /// What the level x86-64-v4 has beyond x86-64-v3.
  package static let level4 = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]

  /// What compilers use of the first Apple silicon for computers beyond Armv8-A.
  package static let appleM1 = [
    "asimd", "fphp", "asimdhp", "asimdfhm", "asimdrdm", "asimddp", "atomics", "crc32", "fcma",
    "jscvt", "lrcpc", "ilrcpc", "sha3", "flagm", "sb",
  ]

  /// The processor of this machine.
  package static let host = detected()

  /// Returns what of `needed` the processor lacks, in that order.
  package func lacking(_ needed: [String]) -> [String] {
    needed.filter { !features.contains($0) }
  }

  private static func detected() -> Processor {
    #if canImport(Darwin)
      #if arch(x86_64)
        let has = { (names: [String]) in names.allSatisfy { hasFeature("hw.optional.\($0)") } }
        var features: [String] = []
        if has(["avx2_0", "fma", "bmi1", "bmi2", "f16c"]) {
          features += level3
          if has(level4) { features += level4 }
        }
      #else
        let features = appleM1
      #endif
      return Processor(architecture: .own, features: features)
    #else
      let text = (try? readFile("/proc/cpuinfo", limit: 1 << 26)) ?? []
      return described(byLinux: String(decoding: text, as: UTF8.self), loader: loaderFeatures())
    #endif
  }

  /// Returns the first processor that `text`, a Linux `/proc/cpuinfo`, describes.
  ///
  /// What runs the program on a processor of its own making, as valgrind does, shows the machine's
  /// description, but the loader sees what is there. A feature counts if both know it, or the one
  /// that says anything.
  static func described(
    byLinux text: String, loader: Set<String>? = nil, architecture: Architecture = .own
  ) -> Processor {
    var features: Set<String>?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      // An empty line ends the first processor.
      if line.isEmpty, features != nil { break }
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].filter { !$0.isWhitespace }
      if name == "flags" || name == "Features" {
        features = Set(line[line.index(after: colon)...].split(separator: " ").map(String.init))
      }
    }
    switch (features, loader) {
    case (let features?, let loader?):
      // What the loader has no name for is left to the kernel.
      let known = Set(loaderBits.map(\.name))
      let usable = features.filter { !known.contains($0) || loader.contains($0) }
      return Processor(architecture: architecture, features: usable)
    case (let features?, nil), (nil, let features?):
      return Processor(architecture: architecture, features: features)
    case (nil, nil): return Processor(architecture: architecture, features: [])
    }
  }

  /// Where the C library's `cpuid_feature` has each feature of x86-64: the index of the leaf, the
  /// register, the bit.
  private static let loaderBits: [(name: String, leaf: UInt32, register: Int, bit: UInt32)] = [
    ("pni", 0, 2, 0), ("ssse3", 0, 2, 9), ("fma", 0, 2, 12), ("cx16", 0, 2, 13),
    ("sse4_1", 0, 2, 19), ("sse4_2", 0, 2, 20), ("movbe", 0, 2, 22), ("popcnt", 0, 2, 23),
    ("avx", 0, 2, 28), ("f16c", 0, 2, 29), ("bmi1", 1, 1, 3), ("avx2", 1, 1, 5),
    ("bmi2", 1, 1, 8), ("avx512f", 1, 1, 16), ("avx512dq", 1, 1, 17), ("avx512ifma", 1, 1, 21),
    ("avx512cd", 1, 1, 28), ("avx512bw", 1, 1, 30), ("avx512vl", 1, 1, 31),
    ("avx512vbmi", 1, 2, 1), ("avx512_vbmi2", 1, 2, 6), ("gfni", 1, 2, 8), ("vaes", 1, 2, 9),
    ("vpclmulqdq", 1, 2, 10), ("avx512_vnni", 1, 2, 11), ("avx512_bitalg", 1, 2, 12),
    ("avx512_vpopcntdq", 1, 2, 14), ("avx512_vp2intersect", 1, 3, 8), ("avx_vnni", 6, 0, 4),
    ("avx512_bf16", 6, 0, 5), ("lahf_lm", 2, 2, 0), ("abm", 2, 2, 5), ("sse4a", 2, 2, 6),
  ]

  #if canImport(Darwin)
    /// `true` iff the system says that the processor has the feature `name`.
    private static func hasFeature(_ name: String) -> Bool {
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      return sysctlbyname(name, &value, &size, nil, 0) == 0 && value != 0
    }
  #else
    /// Returns the features of x86-64 that the C library's loader found usable, or `nil` where it
    /// does not tell (glibc does since 2.33).
    private static func loaderFeatures() -> Set<String>? {
      #if arch(x86_64)
        // `const struct cpuid_feature *__x86_get_cpuid_feature_leaf (unsigned int)`: four registers
        // as the processor gives them, then the usable bits of each.
        typealias Leaf = @convention(c) (UInt32) -> UnsafePointer<UInt32>?
        guard let address = dlsym(nil, "__x86_get_cpuid_feature_leaf") else { return nil }
        let leaf = unsafeBitCast(address, to: Leaf.self)
        return Set(
          loaderBits.compactMap { feature in
            guard let words = leaf(feature.leaf) else { return nil }
            return words[4 + feature.register] >> feature.bit & 1 == 1 ? feature.name : nil
          })
      #else
        return nil
      #endif
    }
  #endif

}

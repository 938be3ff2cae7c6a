import Diagnostics
import Foundation
import Tensors

extension TargetCPU {

  /// The name that stands for the machine's own kind of CPU.
  package static let nativeName = "native"

  /// The best target that this machine runs.
  package static let native = detected()

  /// Returns the target that an option calls `name`, which may be `native`.
  package static func resolve(_ name: String) throws(CommandLineError) -> TargetCPU {
    if name == nativeName { return native }
    if let target = named(name) { return target }
    let names = [nativeName] + all.map(\.name)
    let near = suggestion(for: name, among: names).map { "did you mean '\($0)'? " } ?? ""
    throw CommandLineError(
      "unknown target CPU '\(name.printable)'; \(near)there are \(names.joined(separator: ", "))")
  }

  /// Throws if the Swift compiler of a machine of kind `host` cannot compile for `self`.
  package func checkCompilable(on host: TargetCPU = .native) throws(EnvironmentError) {
    guard architecture == host.architecture else {
      throw EnvironmentError(
        .machine,
        "cannot compile for '\(name)' here: it is \(architecture.rawValue), this machine "
          + "is \(host.architecture.rawValue); the Swift file can be compiled on such a machine")
    }
  }

  /// Throws if a machine of kind `host` cannot run what is compiled for `self`.
  package func checkLoadable(on host: TargetCPU = .native) throws(EnvironmentError) {
    try checkCompilable(on: host)
    guard runs(on: host) else {
      throw EnvironmentError(
        .machine, "cannot run a model compiled for '\(name)' here: this machine is a '\(host.name)'"
      )
    }
  }

  private static func detected() -> TargetCPU {
    #if arch(x86_64) && os(Linux)
      let text = (try? readFile("/proc/cpuinfo", limit: 1 << 26)) ?? []
      return described(byLinux: String(decoding: text, as: UTF8.self))
    #elseif arch(x86_64) && canImport(Darwin)
      let levels = [
        ("x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
        ("x86-64-v3", ["avx2_0", "fma", "bmi1", "bmi2", "f16c"]),
      ]
      let level = levels.first { $0.1.allSatisfy { hasFeature("hw.optional.\($0)") } }
      return required(level?.0 ?? "x86-64")
    #elseif arch(arm64) && canImport(Darwin)
      return required("apple-m1")
    #elseif arch(arm64)
      return required("armv8-a")
    #else
      #error("no target is known for this architecture")
    #endif
  }

  /// Returns the best target for the first processor that `text`, a Linux `/proc/cpuinfo` of an
  /// x86-64 machine, describes.
  static func described(byLinux text: String) -> TargetCPU {
    var fields: [Substring: Substring] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      // An empty line ends the first processor.
      if line.isEmpty, !fields.isEmpty { break }
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].split(whereSeparator: \.isWhitespace).joined(separator: " ")
      fields[name[...]] = line[line.index(after: colon)...].drop(while: \.isWhitespace)
    }
    let flags = Set((fields["flags"] ?? "").split(separator: " "))
    let level3: Set<Substring> = ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"]
    let level4: Set<Substring> = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
    // What the named kinds have beyond that, and a virtual machine may hide.
    let zen4: Set<Substring> = [
      "avx512_bf16", "avx512_vnni", "avx512ifma", "avx512vbmi", "avx512_vbmi2", "avx512_bitalg",
      "avx512_vpopcntdq", "gfni", "vaes", "vpclmulqdq",
    ]
    let zen5: Set<Substring> = ["avx_vnni", "avx512_vp2intersect"]
    guard flags.isSuperset(of: level3) else { return required("x86-64") }
    guard flags.isSuperset(of: level4) else { return required("x86-64-v3") }
    guard fields["vendor_id"] == "AuthenticAMD", flags.isSuperset(of: zen4) else {
      return required("x86-64-v4")
    }
    switch Int(fields["cpu family"] ?? "") {
    case 25: return required("znver4")
    case 26: return required(flags.isSuperset(of: zen5) ? "znver5" : "znver4")
    default: return required("x86-64-v4")
    }
  }

  /// Returns the target called `name`, which the table has.
  private static func required(_ name: String) -> TargetCPU {
    guard let target = named(name) else { preconditionFailure("the table has '\(name)'") }
    return target
  }

  #if canImport(Darwin)
    /// `true` iff the system says that the processor has the feature `name`.
    private static func hasFeature(_ name: String) -> Bool {
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      return sysctlbyname(name, &value, &size, nil, 0) == 0 && value != 0
    }
  #endif

}

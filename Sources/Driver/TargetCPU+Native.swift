import Diagnostics
import Runner

extension TargetCPU {

  /// The name that stands for the machine's own kind of CPU.
  package static let nativeName = "native"

  /// The best target that this machine runs.
  package static let native = best(for: .host)

  /// Returns the target that an option calls `name`, which may be `native`.
  package static func resolve(_ name: String) throws(CommandLineError) -> TargetCPU {
    if name == nativeName { return native }
    if let target = named(name) { return target }
    let names = [nativeName] + all.map(\.name)
    let near = suggestion(for: name, among: names).map { "did you mean '\($0)'? " } ?? ""
    throw CommandLineError(
      "unknown target CPU '\(name.printable)'; \(near)there are \(names.joined(separator: ", "))")
  }

  /// Returns the best of the targets that `host` runs.
  package static func best(for host: Processor) -> TargetCPU {
    guard let target = all.last(where: { $0.runs(on: host) && $0.isDetected }) ?? baseline(host)
    else { preconditionFailure("the table has a baseline for each architecture") }
    return target
  }

  /// Returns the first target of the architecture of `host`, which every processor of it runs.
  private static func baseline(_ host: Processor) -> TargetCPU? {
    all.first { $0.architecture == host.architecture }
  }

  /// `false` iff other makers' processors have the features of the target, too, so that these do
  /// not tell it.
  private var isDetected: Bool {
    #if canImport(Darwin)
      true
    #else
      architecture != .arm64
    #endif
  }

  /// Throws if the Swift compiler of a machine of architecture `host` cannot compile for `self`.
  package func checkCompilable(
    on host: Processor.Architecture = .own
  ) throws(EnvironmentError) {
    guard architecture == host else {
      throw EnvironmentError(
        .machine,
        "cannot compile for '\(name)' here: it is \(architecture.rawValue), this machine "
          + "is \(host.rawValue); the Swift file can be compiled on such a machine")
    }
  }

  /// What the library of a model that is compiled for `self` needs.
  var requirements: Manifest.Target {
    Manifest.Target(name: name, architecture: architecture.rawValue, features: features)
  }

  /// Throws if `host` cannot run what is compiled for `self`.
  package func checkLoadable(on host: Processor = .host) throws(EnvironmentError) {
    try checkCompilable(on: host.architecture)
    if let reason = requirements.obstacle(on: host) {
      throw EnvironmentError(.machine, "cannot run a model compiled for '\(name)' here: \(reason)")
    }
  }

}

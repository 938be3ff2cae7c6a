import Diagnostics
import Foundation
import Tensors

/// A Swift compiler that is there and answers.
package struct SwiftCompiler: Hashable, Sendable {

  /// The path by which it is called.
  package let path: String

  /// What it says of its version.
  package let version: String

  /// What changes when another compiler takes its place: files, their sizes and times, version.
  package let identity: String

  /// How long a compile may take, in seconds; a model's takes few.
  private static let timeout = 600.0

  /// The arguments that decide about the code: one module in one go, all checks in place.
  package static func codeFlags(target: TargetCPU) -> [String] {
    [
      "-O", "-wmo", "-swift-version", "6", "-enable-experimental-feature", "BuiltinModule",
    ] + target.compilerFlags
  }

  /// The arguments of every compile but for the names.
  ///
  /// Warnings are no errors: another compiler may have some that this one has not.
  package static func flags(target: TargetCPU, extra: [String] = []) -> [String] {
    codeFlags(target: target)
      + ["-parse-as-library", "-emit-library", "-no-color-diagnostics"] + extra
  }

  /// Compiles the Swift file `source` as module `moduleName` into the library at `output`.
  ///
  /// Temporary files lie in `scratch`, a folder that the caller removes.
  package func compile(
    source: String, to output: String, moduleName: String, target: TargetCPU,
    extraFlags: [String] = [], scratch: String
  ) throws(EnvironmentError) {
    try target.checkCompilable()
    let arguments =
      Self.flags(target: target, extra: extraFlags)
      + ["-module-name", moduleName, source, "-o", output]
    let run: Subprocess
    do {
      run = try Subprocess(
        path, arguments, environment: Self.environment(temporary: scratch),
        timeout: Self.timeout)
    } catch {
      throw EnvironmentError(.brokenCompiler, "cannot start '\(path.printable)'")
    }
    let said = Self.trimmed(run.output)
    switch run.ending {
    case .exited(status: 0): return
    case .interrupted(let signal):
      throw EnvironmentError(.interrupted(signal: signal), "interrupted while compiling")
    case .timedOut:
      throw EnvironmentError(
        .failedCompile, "'\(path.printable)' did not end within \(Int(Self.timeout)) seconds",
        output: said)
    case .exited, .killed:
      if run.output.contains("No space left on device") {
        throw EnvironmentError(.files, "no space left on the device while compiling", output: said)
      }
      throw EnvironmentError(
        .failedCompile,
        "the Swift compiler refused the file that graphc wrote, which is a fault of graphc or of "
          + "the compiler, not of the graph", output: said)
    }
  }

  /// Returns the environment of the compiler, whose temporary files lie in `folder`.
  ///
  /// The Swift driver crashes where the name of that folder has other characters than those of
  /// ASCII, and refuses one that is not there.
  static func environment(temporary folder: String) -> [String: String] {
    var result = ProcessInfo.processInfo.environment
    result["TMPDIR"] = folder.utf8.allSatisfy { $0 < 0x80 } ? folder : "/tmp"
    return result
  }

  /// Returns the first lines of `output`, which name the cause.
  private static func trimmed(_ output: String) -> String {
    let lines = output.split(separator: "\n")
    let shown = lines.prefix(20).map { $0.count > 300 ? $0.prefix(300) + "..." : $0 }
    let more = lines.count > 20 ? "\n... (\(lines.count - 20) more lines)" : ""
    return shown.joined(separator: "\n") + more
  }

}

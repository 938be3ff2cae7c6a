import Diagnostics
import Foundation
import Tensors

extension SwiftCompiler {

  /// The oldest major version that compiles what graphc writes.
  private static let oldestMajorVersion = 6

  /// Finds the Swift compiler: at `option` if that is given, else where the variable
  /// `GRAPHC_SWIFTC` says, else where the system's tools say (macOS), else on the `PATH`.
  ///
  /// Its version is asked for when its file has changed since `cache` last knew it: starting a
  /// compiler takes longer than all of a warm compile may.
  package static func find(
    option: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment, cache: CompileCache
  ) throws(EnvironmentError) -> SwiftCompiler {
    let path = try location(option: option, environment: environment)
    guard let stamp = FileStamp(path), stamp.isRegular, access(path, X_OK) == 0 else {
      throw EnvironmentError(
        .brokenCompiler, "'\(path.printable)' is not a program, so it cannot be the Swift compiler")
    }
    // A new compiler behind an old driver is a new compiler.
    let folder = URL(fileURLWithPath: stamp.resolvedPath).deletingLastPathComponent().path
    let frontend = FileStamp("\(folder)/swift-frontend")
    let stamps = ([stamp] + (frontend.map { [$0] } ?? [])).map(\.text).joined(separator: "; ")
    let version: String
    // Another program that only passes the call on, such as a chooser of toolchains, does not
    // change when the compiler does, and is asked each time.
    if stamp.isCompiler {
      version = try cache.compilerVersion(path: path, stamps: stamps) {
        () throws(EnvironmentError) in try askVersion(of: path, in: cache.folder)
      }
    } else {
      version = try askVersion(of: path, in: cache.folder)
    }
    return SwiftCompiler(path: path, version: version, identity: "\(stamps); \(version)")
  }

  /// Returns the path of the compiler, which need not work.
  private static func location(
    option: String?, environment: [String: String]
  ) throws(EnvironmentError) -> String {
    let given = [
      ("the option '--swiftc'", option), ("GRAPHC_SWIFTC", environment["GRAPHC_SWIFTC"]),
    ]
    for case (let source, let path?) in given where !path.isEmpty {
      guard FileManager.default.fileExists(atPath: path) else {
        throw EnvironmentError(
          .missingCompiler,
          "there is no Swift compiler at '\(path.printable)', where \(source) says")
      }
      return path
    }
    #if canImport(Darwin)
      if let run = try? Subprocess("/usr/bin/xcrun", ["-f", "swiftc"], timeout: 30),
        run.ending == .exited(status: 0)
      {
        let path = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
        if path.hasPrefix("/"), access(path, X_OK) == 0 { return path }
      }
    #endif
    for folder in (environment["PATH"] ?? "").split(separator: ":") where folder.hasPrefix("/") {
      let path = "\(folder)/swiftc"
      if let stamp = FileStamp(path), stamp.isRegular, access(path, X_OK) == 0 { return path }
    }
    throw EnvironmentError(
      .missingCompiler,
      "there is no Swift compiler: 'swiftc' is not on the PATH; install Swift "
        + "from swift.org, or name the compiler by '--swiftc PATH' or GRAPHC_SWIFTC")
  }

  /// Returns what the compiler at `path`, whose temporary files lie in `folder`, says of its
  /// version.
  private static func askVersion(
    of path: String, in folder: String
  ) throws(EnvironmentError) -> String {
    let run: Subprocess
    do {
      run = try Subprocess(
        path, ["--version"], environment: environment(temporary: folder), timeout: 60)
    } catch {
      throw EnvironmentError(.brokenCompiler, "cannot start '\(path.printable)'")
    }
    let problem: String
    switch run.ending {
    case .exited(status: 0):
      guard let major = majorVersion(in: run.output) else {
        throw EnvironmentError(
          .brokenCompiler, "'\(path.printable) --version' names no Swift version",
          output: String(run.output.prefix(500)))
      }
      guard major >= oldestMajorVersion else {
        throw EnvironmentError(
          .brokenCompiler,
          "'\(path.printable)' is too old, found Swift \(major), expected "
            + "\(oldestMajorVersion) or later")
      }
      return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    case .interrupted(let signal):
      throw EnvironmentError(.interrupted(signal: signal), "interrupted")
    case .exited(let status): problem = "ended with status \(status)"
    case .killed(let signal): problem = "was ended by signal \(signal)"
    case .timedOut: problem = "did not end"
    }
    throw EnvironmentError(
      .brokenCompiler, "'\(path.printable) --version' \(problem)",
      output: String(run.output.prefix(500)))
  }

  /// Returns the first number behind `Swift version` in `text`, or `nil` if there is none.
  private static func majorVersion(in text: String) -> Int? {
    guard let range = text.range(of: "Swift version ") else { return nil }
    return Int(text[range.upperBound...].prefix { $0.isASCII && $0.isNumber })
  }

}

/// What tells that a file is still the same.
private struct FileStamp {

  /// The path without symbolic links.
  let resolvedPath: String

  let isRegular: Bool

  /// Path, size and time of change.
  let text: String

  /// Creates the stamp of the file at `path`; `nil` if there is none.
  init?(_ path: String) {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
    resolvedPath = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    isRegular = status.st_mode & S_IFMT == S_IFREG
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    text = "\(resolvedPath) \(status.st_size) \(time.tv_sec).\(time.tv_nsec)"
  }

  /// `true` iff the file has the name of a compiler and is not a script.
  var isCompiler: Bool {
    let name = URL(fileURLWithPath: resolvedPath).lastPathComponent
    guard ["swiftc", "swift", "swift-driver", "swift-frontend"].contains(name) else { return false }
    guard let file = FileHandle(forReadingAtPath: resolvedPath) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: 2)) != Data("#!".utf8)
  }

}

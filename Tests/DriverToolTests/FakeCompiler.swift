import Foundation

@testable import Driver

/// A folder with a cache and a shell script in place of the Swift compiler.
struct FakeCompiler {

  /// The folder of everything.
  let folder: String

  /// The path of the script.
  let path: String

  /// Creates a script that says it is a Swift compiler, and "compiles" by `body`, in which `$out`
  /// is the library's path and `$in` the source's; each use adds a line to the log.
  init(
    version: String = "echo 'Swift version 6.3 (fake)'", _ body: String = #"cp "$in" "$out""#
  ) throws {
    folder = "\(temporaryRoot)/\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    path = "\(folder)/swiftc"
    let script = """
      #!/bin/sh
      if [ "$1" = --version ]; then
        echo version >> "\(folder)/log"
        \(version)
        exit
      fi
      echo compile >> "\(folder)/log"
      while [ $# -gt 0 ]; do
        case "$1" in
          -o) out="$2"; shift ;;
          *.swift) in="$1" ;;
        esac
        shift
      done
      \(body)

      """
    try writeScript(script)
  }

  /// Makes `text` the content of the script.
  ///
  /// Another process writes it. If this one did, a program that another test starts at that time
  /// would inherit the open file for a moment, and a file open for writing cannot be run.
  func writeScript(_ text: String) throws {
    struct Failure: Error {}
    let run = try Subprocess(
      "/bin/sh", ["-c", #"printf %s "$1" > "$2" && chmod 755 "$2""#, "sh", text, path], timeout: 60)
    guard run.ending == .exited(status: 0) else { throw Failure() }
  }

  /// Creates the value for a script that exists in `folder`.
  init(existing folder: String) {
    self.folder = folder
    self.path = "\(folder)/swiftc"
  }

  /// The path of the cache.
  var cachePath: String { "\(folder)/cache" }

  /// Returns the cache, opened anew.
  func cache() throws -> CompileCache {
    try CompileCache(folder: cachePath)
  }

  /// Returns the compiler as the driver finds it.
  func compiler() throws -> SwiftCompiler {
    try SwiftCompiler.find(option: path, environment: [:], cache: cache())
  }

  /// Compiles `source` through the cache.
  func library(_ source: String = "let x = 1\n") throws -> CompileCache.Library {
    try cache().library(for: source, moduleName: "M", target: .native, compiler: compiler())
  }

  /// Returns how often the script was asked to `action`.
  func uses(_ action: String) -> Int {
    let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
    return log.split(separator: "\n").count { $0 == action }
  }

  /// The names in the cache, sorted, without that of the compiler.
  var cacheEntries: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cachePath)) ?? []
    return names.filter { !$0.hasPrefix("compiler-") }.sorted()
  }

}

/// The folder of all temporary files of these tests, removed when they end.
private let temporaryRoot: String = {
  atexit { try? FileManager.default.removeItem(atPath: temporaryRoot) }
  return FileManager.default.temporaryDirectory
    .appendingPathComponent("graphc-tests-\(UUID().uuidString)").path
}()

/// Returns the error that `body` throws, or `nil`.
func environmentError(_ body: () throws -> Void) -> EnvironmentError? {
  do {
    try body()
    return nil
  } catch {
    return error as? EnvironmentError
  }
}

/// Returns the text of the file at `path`.
func text(_ path: String) throws -> String {
  try String(contentsOfFile: path, encoding: .utf8)
}

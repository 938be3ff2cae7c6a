import Foundation
import Testing

@testable import Driver

@Suite struct CompileCacheTests {

  private func permissions(_ path: String) throws -> UInt16 {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return UInt16(status.st_mode & 0o777)
  }

  @Test func compilesOnce() throws {
    let fake = try FakeCompiler()
    let cold = try fake.library()
    #expect(!cold.wasCached)
    #expect(try text(cold.path) == "let x = 1\n")
    let warm = try fake.library()
    #expect(warm.wasCached)
    #expect(warm.path == cold.path)
    #expect(fake.uses("compile") == 1)
    #expect(try fake.library("let x = 2\n").wasCached == false)
    #expect(fake.cacheEntries.count == 4)
  }

  @Test func keyDependsOnEachIngredient() throws {
    let fake = try FakeCompiler()
    let compiler = try fake.compiler()
    let other = SwiftCompiler(path: fake.path, version: "x", identity: "x")
    let (a, b) = (TargetCPU.all[0], TargetCPU.all[1])
    let keys = [
      CompileCache.key(source: "s", moduleName: "M", target: a, compiler: compiler),
      CompileCache.key(source: "t", moduleName: "M", target: a, compiler: compiler),
      CompileCache.key(source: "s", moduleName: "N", target: a, compiler: compiler),
      CompileCache.key(source: "s", moduleName: "M", target: b, compiler: compiler),
      CompileCache.key(source: "s", moduleName: "M", target: a, compiler: other),
      CompileCache.key(
        source: "s", moduleName: "M", target: a, compiler: compiler, extraFlags: ["-g"]),
      CompileCache.key(
        source: "s", moduleName: "M", target: a, compiler: compiler, extraFlags: ["-g", "-v"]),
      CompileCache.key(
        source: "s", moduleName: "M", target: a, compiler: compiler, extraFlags: ["-g-v"]),
      CompileCache.key(
        source: "s", moduleName: "M", target: a, compiler: compiler, formatVersion: 0),
    ]
    #expect(Set(keys).count == keys.count)
    #expect(
      keys[0] == CompileCache.key(source: "s", moduleName: "M", target: a, compiler: compiler))
  }

  @Test func compilesAgainForAnotherCompiler() throws {
    let fake = try FakeCompiler()
    _ = try fake.library()
    let script = try text(fake.path).replacing("6.3", with: "6.4")
    try fake.writeScript(script)
    #expect(try fake.library().wasCached == false)
  }

  @Test func namesModulesAfterTheirKeys() throws {
    let fake = try FakeCompiler(#"cp "$in" "$out""#)
    let script = try text(fake.path).replacing(
      "case \"$1\" in", with: "case \"$1\" in -module-name) echo \"module $2\" >> \"$0.names\";;")
    try fake.writeScript(script)
    _ = try fake.library("a")
    _ = try fake.library("b")
    let names = try text("\(fake.path).names").split(separator: "\n")
    #expect(Set(names).count == 2)
    #expect(names.allSatisfy { $0.wholeMatch(of: /module M_[0-9a-f]{16}/) != nil })
  }

  @Test func keepsTheFolderPrivate() throws {
    let fake = try FakeCompiler()
    let library = try fake.library()
    #expect(try permissions(fake.cachePath) == 0o700)
    for name in try FileManager.default.contentsOfDirectory(atPath: fake.cachePath) {
      #expect(try permissions("\(fake.cachePath)/\(name)") == 0o600)
    }
    #expect(library.path.hasPrefix(fake.cachePath))
    let nested = "\(fake.folder)/a/b/c"
    _ = try CompileCache(folder: nested)
    #expect(try permissions("\(fake.folder)/a") == 0o700)
  }

  /// The compiler would take a name that begins with a dash for an option.
  @Test func namesAFolderFromTheRoot() throws {
    let fake = try FakeCompiler(#"cp "$in" "$out""#)
    let depth = FileManager.default.currentDirectoryPath.split(separator: "/").count
    let relative = Array(repeating: "..", count: depth).joined(separator: "/") + fake.folder
    let cache = try CompileCache(folder: "\(relative)/-dash/\u{e9}")
    #expect(cache.folder.hasPrefix("/") && cache.folder.hasSuffix("/-dash/\u{e9}"))
  }

  @Test(arguments: [UInt16(0o770), 0o777, 0o702])
  func refusesAFolderThatOthersWriteTo(_ mode: UInt16) throws {
    let fake = try FakeCompiler()
    _ = try fake.cache()
    try #require(chmod(fake.cachePath, mode_t(mode)) == 0)
    let error = environmentError { _ = try fake.cache() }
    #expect(error?.kind == .files)
    #expect(error?.message.hasPrefix("others can write to the cache folder") == true)
  }

  @Test(.enabled(if: geteuid() == 0, "only the superuser can give a folder away"))
  func refusesAFolderOfAnotherUser() throws {
    let fake = try FakeCompiler()
    _ = try fake.cache()
    try #require(chown(fake.cachePath, 1, 1) == 0)
    let error = environmentError { _ = try fake.cache() }
    #expect(error?.message.contains("belongs to another user") == true)
  }

  @Test func reportsAFolderThatCannotBe() throws {
    let fake = try FakeCompiler()
    for path in [fake.path, "\(fake.path)/cache", "", "/dev/null/cache", "a\0b"] {
      let error = environmentError { _ = try CompileCache(folder: path) }
      #expect(error?.kind == .files, "\(path)")
    }
  }

  @Test func reportsACacheThatGoesAway() throws {
    let fake = try FakeCompiler()
    let (cache, compiler) = (try fake.cache(), try fake.compiler())
    try FileManager.default.removeItem(atPath: fake.cachePath)
    try Data().write(to: URL(fileURLWithPath: fake.cachePath))
    let error = environmentError {
      _ = try cache.library(for: "s", moduleName: "M", target: .native, compiler: compiler)
    }
    #expect(error?.kind == .files)
  }

  @Test func findsTheUsersFolder() {
    let folder = { CompileCache.userFolder(environment: $0) }
    #expect(folder(["GRAPHC_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/c")
    #expect(folder(["GRAPHC_CACHE": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/graphc")
    #if os(Linux)
      #expect(folder(["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/graphc")
    #endif
  }

  /// A library whose bytes or size have changed, or that is gone, is made anew, and so is one
  /// whose record is damaged.
  @Test(arguments: ["", "let x = 3\n", "let x = 1\n\n", nil])
  func replacesADamagedLibrary(_ content: String?) throws {
    let fake = try FakeCompiler()
    let path = try fake.library().path
    if let content {
      try Data(content.utf8).write(to: URL(fileURLWithPath: path))
    } else {
      try FileManager.default.removeItem(atPath: path)
    }
    let again = try fake.library()
    #expect(!again.wasCached)
    #expect(try text(again.path) == "let x = 1\n")
    #expect(try fake.library().wasCached)
  }

  @Test(arguments: [
    "", "10\n", "x\ny\n", "-1\n0\n", "10\n../../swiftc\n", "99999999999999999999\n0\n",
  ])
  func replacesADamagedRecord(_ content: String) throws {
    let fake = try FakeCompiler()
    _ = try fake.library()
    let record = try #require(fake.cacheEntries.first { !$0.contains(".") })
    try Data(content.utf8).write(to: URL(fileURLWithPath: "\(fake.cachePath)/\(record)"))
    #expect(try fake.library().wasCached == false)
    #expect(try fake.library().wasCached)
  }

  @Test func leavesNothingBehindWhenTheCompilerDies() throws {
    let fake = try FakeCompiler(#"echo half > "$out"; kill -9 $$"#)
    #expect(environmentError { _ = try fake.library() }?.kind == .failedCompile)
    #expect(fake.cacheEntries == [])
  }

  @Test func reportsACompilerThatWritesNothing() throws {
    let fake = try FakeCompiler("exit 0")
    #expect(environmentError { _ = try fake.library() }?.kind == .files)
    #expect(fake.cacheEntries == [])
  }

  @Test func survivesBeingKilledHalfWay() async throws {
    let fake = try FakeCompiler(
      #"if [ ! -e "$0.once" ]; then touch "$0.once"; echo half > "$out"; kill -9 $PPID; sleep 1; fi; "#
        + #"cp "$in" "$out""#)
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = fake.folder as String] in
      _ = try FakeCompiler(existing: folder).library()
    }
    #expect(fake.cacheEntries.allSatisfy { $0.hasPrefix("tmp-") })
    #expect(fake.cacheEntries.count == 1)
    let library = try fake.library()
    #expect(!library.wasCached)
    #expect(try text(library.path) == "let x = 1\n")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func endsTheCompilerWhenInterrupted(_ signal: Int32) async throws {
    let fake = try FakeCompiler(
      #"echo $$ > "$0.pid"; kill -$(cat "$0.signal") $PPID; sleep 60; cp "$in" "$out""#)
    try Data("\(signal)".utf8).write(to: URL(fileURLWithPath: "\(fake.path).signal"))
    await #expect(processExitsWith: .exitCode(9)) {
      [folder = fake.folder as String, signal = signal as Int32] in
      let fake = FakeCompiler(existing: folder)
      // Measured here: the process of the tests may be busy with others.
      let start = Date()
      let error = environmentError { _ = try fake.library() }
      #expect(error?.kind == .interrupted(signal: signal))
      let isQuick = Date().timeIntervalSince(start) < 30
      #expect(isQuick)
      exit(isQuick && error?.kind == .interrupted(signal: signal) ? 9 : 1)
    }
    let id = try #require(
      pid_t(text("\(fake.path).pid").trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kill(id, 0) == -1)
    #expect(fake.cacheEntries == [])
  }

  @Test func removesOldLeftoversOnly() throws {
    let fake = try FakeCompiler()
    _ = try fake.cache()
    for (name, age) in [("tmp-old", 90_000.0), ("tmp-new", 3600), ("other", 90_000)] {
      let path = "\(fake.cachePath)/\(name)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try Data("half".utf8).write(to: URL(fileURLWithPath: "\(path)/library"))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
    }
    _ = try fake.library()
    let left = fake.cacheEntries
    #expect(!left.contains("tmp-old"))
    #expect(left.contains("tmp-new"))
    #expect(left.contains("other"))
    #expect(left.count == 4)
  }

  @Test func letsRunsRace() async throws {
    let fake = try FakeCompiler(#"sleep 0.2; head -c 5 "$in" > "$out"; sleep 0.1; cp "$in" "$out""#)
    let results = try await withThrowingTaskGroup(of: (String, String).self) { group in
      for _ in 0..<8 {
        group.addTask {
          let path = try fake.library().path
          return (path, try text(path))
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.count == 8)
    #expect(Set(results.map(\.0)).count == 1)
    #expect(results.allSatisfy { $0.1 == "let x = 1\n" })
    #expect(fake.cacheEntries.count == 2)
    #expect(try fake.library().wasCached)
  }

  /// Each run makes another library of the same source, as a compiler may: whoever loses uses what
  /// is there.
  @Test func letsRunsRaceWithCompilersThatVary() async throws {
    let fake = try FakeCompiler(#"sleep 0.1; echo $$ > "$out""#)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 {
        group.addTask {
          let made = try text(fake.library().path)
          #expect(!made.isEmpty)
        }
      }
      try await group.waitForAll()
    }
    let warm = try fake.library()
    #expect(warm.wasCached)
    #expect(!fake.cacheEntries.contains { $0.hasPrefix("tmp-") })
  }

}

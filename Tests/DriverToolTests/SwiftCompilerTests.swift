import Foundation
import Testing

@testable import Driver

@Suite struct SwiftCompilerTests {

  @Test func findsTheCompilerThatIsNamed() throws {
    let fake = try FakeCompiler()
    let cache = try fake.cache()
    let byOption = try SwiftCompiler.find(
      option: fake.path, environment: ["GRAPHC_SWIFTC": "/none"], cache: cache)
    #expect(byOption.path == fake.path)
    #expect(byOption.version == "Swift version 6.3 (fake)")
    let byVariable = try SwiftCompiler.find(
      environment: ["GRAPHC_SWIFTC": fake.path, "PATH": "/none"], cache: cache)
    #expect(byVariable == byOption)
    #if os(Linux)
      let byPath = try SwiftCompiler.find(
        environment: ["PATH": "relative:/none:\(fake.folder):/bin"], cache: cache)
      #expect(byPath == byOption)
    #endif
  }

  /// The Swift driver crashes where the name of the folder for temporary files is not ASCII.
  @Test func keepsTemporaryFilesWhereTheDriverCanBe() {
    #expect(SwiftCompiler.environment(temporary: "/a/b")["TMPDIR"] == "/a/b")
    #expect(SwiftCompiler.environment(temporary: "/a/b\u{e9}")["TMPDIR"] == "/tmp")
  }

  #if os(Linux)
    @Test func reportsThatThereIsNone() throws {
      let cache = try FakeCompiler().cache()
      let error = environmentError {
        _ = try SwiftCompiler.find(environment: ["PATH": "/none"], cache: cache)
      }
      #expect(error?.kind == .missingCompiler)
      #expect(
        error?.rendered == """
          error: there is no Swift compiler: 'swiftc' is not on the PATH; install Swift from \
          swift.org, or name the compiler by '--swiftc PATH' or GRAPHC_SWIFTC

          """)
    }
  #endif

  @Test func reportsAPathThatIsWrong() throws {
    let fake = try FakeCompiler()
    let cache = try fake.cache()
    let missing = environmentError {
      _ = try SwiftCompiler.find(option: "/none/swiftc", environment: [:], cache: cache)
    }
    #expect(missing?.kind == .missingCompiler)
    #expect(
      missing?.message
        == "there is no Swift compiler at '/none/swiftc', where the option '--swiftc' says")
    let folder = environmentError {
      _ = try SwiftCompiler.find(option: fake.folder, environment: [:], cache: cache)
    }
    #expect(folder?.kind == .brokenCompiler)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: fake.path)
    #expect(environmentError { _ = try fake.compiler() }?.kind == .brokenCompiler)
  }

  @Test(arguments: [
    ("echo oh no; exit 7", "--version' ended with status 7"), ("true", "names no Swift version"),
    ("echo 'Swift version 5.10 (x)'", "is too old, found Swift 5, expected 6 or later"),
    ("echo 'Swift version one'", "names no Swift version"),
    ("kill -9 $$", "--version' was ended by signal 9"),
  ])
  func reportsACompilerThatIsBroken(_ version: String, _ message: String) throws {
    let fake = try FakeCompiler(version: version)
    let error = environmentError { _ = try fake.compiler() }
    #expect(error?.kind == .brokenCompiler)
    #expect(error?.message.hasSuffix(message) == true, "\(error?.message ?? "")")
  }

  @Test func reportsWhatIsNoProgram() throws {
    let fake = try FakeCompiler()
    try fake.writeScript("nonsense")
    #expect(environmentError { _ = try fake.compiler() }?.kind == .brokenCompiler)
  }

  @Test func asksAScriptEachTime() throws {
    let fake = try FakeCompiler()
    _ = try fake.compiler()
    _ = try fake.compiler()
    #expect(fake.uses("version") == 2)
  }

  @Test func remembersVersionsByStamp() throws {
    let fake = try FakeCompiler()
    let ask = { (stamps: String, answer: String) in
      try fake.cache().compilerVersion(path: "/c", stamps: stamps) {
        () throws(EnvironmentError) in answer
      }
    }
    #expect(try ask("a 1", "first\nsecond line") == "first\nsecond line")
    #expect(try ask("a 1", "other") == "first\nsecond line")
    #expect(try ask("a 12", "third") == "third")
    #expect(try ask("a 1", "again") == "again")
    for name in try FileManager.default.contentsOfDirectory(atPath: fake.cachePath) {
      try Data("damaged".utf8).write(to: URL(fileURLWithPath: "\(fake.cachePath)/\(name)"))
    }
    #expect(try ask("a 1", "mended") == "mended")
  }

  @Test func reportsAFailedCompileWithTheCompilersWords() throws {
    let fake = try FakeCompiler(
      "for i in $(seq 50); do echo \"$in:$i:1: error: \u{1B}[31mbad\" >&2; done; exit 1")
    let error = environmentError { _ = try fake.library() }
    #expect(error?.kind == .failedCompile)
    #expect(
      error?.message.contains("a fault of graphc or of the compiler, not of the graph") == true)
    #expect(error?.output.hasSuffix("\n... (30 more lines)") == true)
    #expect(error?.rendered.contains("\u{1B}") == false)
    #expect(fake.cacheEntries == [])
  }

  @Test func recognisesAFullDisk() throws {
    let fake = try FakeCompiler("echo 'error: No space left on device' >&2; exit 1")
    #expect(environmentError { _ = try fake.library() }?.kind == .files)
  }

  @Test func doesNotWaitForMuchOutput() throws {
    let fake = try FakeCompiler(#"head -c 5000000 /dev/zero | tr '\0' 'x' >&2; exit 1"#)
    let error = environmentError { _ = try fake.library() }
    #expect(error?.kind == .failedCompile)
    #expect((error?.output.utf8.count ?? 0) < 1000)
  }

  /// The one compile here that is not faked: the flags are right, and cold and warm are fast.
  @Test func compilesWithTheRealCompiler() throws {
    let fake = try FakeCompiler()
    let source = """
      #if hasFeature(BuiltinModule)
      import Builtin
      #else
      #error("the flags turn the feature on")
      #endif

      @_cdecl("m_answer")
      public func answer() -> Int { 42 }

      """
    let run = {
      let cache = try fake.cache()
      return try cache.library(
        for: source, moduleName: "M", target: .resolve("native"), compiler: .find(cache: cache))
    }
    let cold = try run()
    #expect(!cold.wasCached)
    #expect(cold.seconds < 5)
    // The best of some, because other tests run at the same time.
    let times = try (0..<5).map { _ in
      let start = Date()
      let warm = try run()
      #expect(warm.wasCached)
      #expect(warm.path == cold.path)
      return Date().timeIntervalSince(start)
    }
    #expect((times.min() ?? 1) < 0.1)
    let library = try #require(dlopen(cold.path, RTLD_NOW | RTLD_LOCAL))
    let address = try #require(dlsym(library, "m_answer"))
    let answer = unsafeBitCast(address, to: (@convention(c) () -> Int).self)
    #expect(answer() == 42)
  }

}

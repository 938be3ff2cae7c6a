import CodeGen
import Foundation
import Graphs
import Optimizer
import Runner
import Tensors
import Testing

@testable import Driver

/// The file that the code generator writes for `rnn.graph`.
@Suite struct GeneratedFileTests {

  /// Returns the compilation of `rnn.graph` with `dimensions` in place of its own.
  private func compilation(
    _ dimensions: [(name: String, value: Int)] = [], target: TargetCPU = .native
  ) throws -> Compilation {
    let text = try #require(EmbeddedGraphs.text(named: "rnn.graph"))
    var options = CompilationOptions(target: target)
    options.dimensions = dimensions
    return try Compilation(Source(path: "rnn.graph", utf8: Array(text.utf8)), options: options)
  }

  @Test func staysShort() throws {
    let lines = try compilation().file.text.split(
      separator: "\n", omittingEmptySubsequences: false)
    // 1,750 lines, and 300 that keep sums accurate, norms in range and calls checked.
    #expect(lines.count <= 2050)
    for line in lines { #expect(line.count <= 100, "\(line)") }
    var start: (line: Int, end: String)?
    for (i, line) in lines.enumerated() {
      let indent = line.prefix { $0 == " " }
      if start == nil, line.contains("func "), !line.hasSuffix("}") {
        start = (i, "\(indent)}")
      } else if let first = start, line == first.end {
        #expect(i - first.line + 1 <= 80, "\(lines[first.line])")
        start = nil
      }
    }
  }

  @Test func saysEachLineOfTheGraphOncePerEntry() throws {
    let compilation = try compilation()
    let lines = compilation.file.text.split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    for (i, entry) in compilation.module.entries.enumerated() {
      let head = "/// The entry \(entry.name)."
      let first = try #require(lines.firstIndex(of: head))
      let last = lines[(first + 1)...].firstIndex { $0.hasPrefix("///") } ?? lines.endIndex
      for line in compilation.module.lines(ofEntry: i) where line.subject != .other {
        let count = lines[first..<last].count { $0 == "// \(line.text)" }
        #expect(count == 1, "\(line.text)")
      }
    }
  }

  @Test func doesNotGrowWithTheSteps() throws {
    let (short, long) = (
      try compilation([("num_steps", 35)]), try compilation([("num_steps", 1000)])
    )
    let (a, b) = (
      short.file.text.split(separator: "\n"), long.file.text.split(separator: "\n")
    )
    // The dimension in the header, sizes in the documentation and their checks, the limit of the
    // count, and in `train` where the values of all steps lie and how many there are: each line is
    // removed and inserted.
    #expect(b.difference(from: a).count <= 80)
  }

  @Test func importsNoFoundation() throws {
    let imports = try compilation().file.text.split(separator: "\n").filter {
      $0.trimmingCharacters(in: .whitespaces).hasPrefix("import ")
    }
    #expect(!imports.contains { $0.contains("Foundation") })
  }

  @Test func fitsIntoAPackageWithTheSameBits() throws {
    let compilation = try compilation([("batch", 3), ("hidden", 17), ("num_steps", 5)])
    let folder = FileManager.default.temporaryDirectory.path + "/graphc-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let environment = ProcessInfo.processInfo.environment
    let cache = try CompileCache(folder: folder + "/cache")
    let compiler = try SwiftCompiler.find(option: nil, environment: environment, cache: cache)
    let library = try cache.library(
      for: compilation.file.text, moduleName: compilation.file.typeName,
      target: compilation.options.target, compiler: compiler)
    let expected = try results(of: compilation, library: library.path, compiler)

    let package = folder + "/package"
    try write(compilation, to: package)
    let swift = (compiler.path as NSString).deletingLastPathComponent + "/swift"
    let build = try Subprocess(
      swift, ["build", "-c", "release", "--package-path", package], timeout: 300)
    #expect(build.ending == .exited(status: 0), "\(build.output)")
    let app = package + "/.build/release/App"
    #expect(try bits(Subprocess(app, [], timeout: 60).output) == expected)
    // What the model is compiled with takes no check from the code around it, or from its own.
    for (argument, message) in [
      ("prices", nil), ("tokens", "Fatal error: tokens[1] is 28, but must be below 28"),
    ] as [(String, String?)] {
      let stopped = try Subprocess(app, [argument], timeout: 60)
      if let message { #expect(stopped.output.contains(message), "\(stopped.output)") }
      #expect(stopped.ending != .exited(status: 0), "\(argument)")
    }

    let plain = package + "/plain"
    let sources = ["App/main.swift", "RNNModel/rnn.swift"].map { "\(package)/Sources/\($0)" }
    let compile = try Subprocess(
      compiler.path, sources + ["-D", "ONE_MODULE", "-o", plain], timeout: 300)
    #expect(compile.ending == .exited(status: 0), "\(compile.output)")
    let slow = try bits(Subprocess(plain, [], timeout: 60).output)
    try #require(slow.count == expected.count)
    for (a, b) in zip(slow, expected) {
      // Multiplication and addition are rounded apart there, over sums of 17 products below 1.
      #expect(abs(Float(bitPattern: a) - Float(bitPattern: b)) <= 1e-5)
    }
  }

  /// The bits of the numbers that a program printed.
  private func bits(_ output: String) throws -> [UInt32] {
    try output.split(separator: "\n").map { try #require(UInt32($0)) }
  }

  /// The value of element `i` of tensor `k`, in the programs and in the tests.
  private func value(_ i: Int, _ k: Int) -> Float {
    Float((i &* 7919 &+ k &* 104_729) % 1000) / 2000 - 0.25
  }

  /// Returns the bits of logits and state behind calls of `forward`, `step` and two of `train`, of
  /// the losses, and of the parameters behind these.
  private func results(
    of compilation: Compilation, library: String, _ compiler: SwiftCompiler
  ) throws -> [UInt32] {
    let folder = (library as NSString).deletingLastPathComponent
    let manifest = compilation.manifest(compiler: compiler.version)
    try? FileManager.default.copyItem(
      atPath: library, toPath: folder + "/" + manifest.library)
    let session = try Session(CompiledModel(manifest, folder: folder))
    var weights: [String: Tensor] = [:]
    for (k, p) in manifest.parameters.enumerated() {
      let count = p.shape.reduce(1, *)
      weights[p.name] = Tensor(shape: p.shape, (0..<count).map { value($0, k) })
    }
    try session.bind(parameters: weights)
    let tokens = Tensor(shape: [5, 3], .int64((0..<15).map { Int64($0 % 28) }))
    let first = try session.run(entry: "forward", inputs: ["tokens": tokens])
    let one = Tensor(shape: [3], .int64([1, 2, 3]))
    let second = try session.run(entry: "step", inputs: ["tokens": one])
    var losses: [Tensor?] = []
    for lr in [0.5, 0.25] as [Float] {
      let inputs = ["tokens": tokens, "next": tokens, "lr": Tensor(shape: [], [lr])]
      losses.append(try session.run(entry: "train", inputs: inputs)["loss"])
    }
    let trained = session.currentParameters()
    let tensors =
      [first["logits"], second["logits"]] + losses + [try session.state(named: "h")]
      + manifest.parameters.map { trained[$0.name] }
    return tensors.flatMap { tensor -> [UInt32] in
      guard case .float32(let elements) = tensor?.elements else { return [] }
      return elements.map(\.bitPattern)
    }
  }

  /// Writes a package whose program prints the bits that `results` returns.
  private func write(_ compilation: Compilation, to folder: String) throws {
    let sources = folder + "/Sources"
    for target in ["App", "RNNModel"] {
      try FileManager.default.createDirectory(
        atPath: "\(sources)/\(target)", withIntermediateDirectories: true)
    }
    let flags = compilation.file.compilerFlags.map { "\"\($0)\"" }.joined(separator: ", ")
    let manifest = """
      // swift-tools-version: 6.2
      import PackageDescription
      let package = Package(
        name: "App",
        targets: [
          .target(
            name: "RNNModel",
            swiftSettings: [.treatAllWarnings(as: .error), .unsafeFlags([\(flags)])]),
          .executableTarget(
            name: "App", dependencies: ["RNNModel"],
            swiftSettings: [.treatAllWarnings(as: .error)]),
        ],
        swiftLanguageModes: [.v6])
      """
    let main = """
      #if !ONE_MODULE
        import RNNModel
      #endif

      func values(_ count: Int, _ k: Int) -> [Float] {
        (0..<count).map { Float(($0 &* 7919 &+ k &* 104_729) % 1000) / 2000 - 0.25 }
      }

      let model = RNN(
        RNN.Weights(
          W_xh: values(28 * 17, 0), W_hh: values(17 * 17, 1), b_h: values(17, 2),
          W_hq: values(17 * 28, 3), b_q: values(28, 4)))
      let argument = CommandLine.arguments.dropFirst().first
      let prices = [1, 2, 3]
      if argument == "prices" { print(prices[CommandLine.arguments.count + 3]) }
      var state = RNN.State()
      var first = [Float](repeating: 0, count: 5 * 3 * 28)
      model.forward(tokens: (0..<15).map { Int32($0 % 28) }, state: &state, logits: &first)
      var second = [Float](repeating: 0, count: 3 * 28)
      let row: [Int32] = argument == "tokens" ? [1, 28, 3] : [1, 2, 3]
      model.step(tokens: row, state: &state, logits: &second)
      let tokens = (0..<15).map { Int32($0 % 28) }
      var losses: [Float] = []
      for lr in [0.5, 0.25] as [Float] {
        var (loss, norm) = ([0 as Float], [0 as Float])
        model.train(
          tokens: tokens, next: tokens, lr: lr, state: &state, loss: &loss, gradient_norm: &norm)
        losses += loss
      }
      let w = model.weights
      let trained = w.W_xh + w.W_hh + w.b_h + w.W_hq + w.b_q
      for x in first + second + losses + state.h + trained { print(x.bitPattern) }
      """
    try writeFile(Array(manifest.utf8), to: folder + "/Package.swift")
    try writeFile(Array(main.utf8), to: sources + "/App/main.swift")
    try writeFile(Array(compilation.file.text.utf8), to: sources + "/RNNModel/rnn.swift")
  }

}

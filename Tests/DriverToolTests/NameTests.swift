import CodeGen
import Foundation
import Graphs
import Tensors
import Testing

@testable import Driver

/// Every name that a graph may have works in every role: as Swift, the generated file is right.
///
/// The names mean something to Swift or to generated text: the words of the grammar, what the
/// standard library declares, and what emitters write.
@Suite struct NameTests {

  /// The words of the grammar, those that count in some places only among them, as the parser of
  /// Swift 6.3 has them.
  private static let keywords = """
    Any Protocol Self Sendable Type abi accesses actor addressWithNativeOwner addressWithOwner any \
    as assignment associatedtype associativity async attached autoclosure availability available \
    await backDeployed before block borrow borrowing break canImport case catch class compiler \
    consume consuming continue convenience convention copy default defer deinit deprecated \
    derivative didSet differentiable discard distributed do dynamic each else enum escaping \
    exported extension fallthrough false file fileprivate final for forward freestanding func get \
    guard higherThan if import in indirect infix init initializes inout internal introduced is \
    isolated kind lazy left let line linear lowerThan macro message metadata module \
    mutableAddressWithNativeOwner mutableAddressWithOwner mutating nil noDerivative noasync \
    noescape none nonisolated nonmutating nonsending objc obsoleted of open operator optional \
    override package postfix precedencegroup preconcurrency prefix private protocol public reasync \
    renamed repeat required rethrows retroactive return reverse right safe self sending set some \
    specialized spi spiModule static struct subscript super swift switch target then throw throws \
    transpose true try typealias unavailable unchecked unowned unsafe unsafeAddress \
    unsafeMutableAddress using var visibility weak where while willSet wrt yield _ __ main
    """.split(separator: " ").map(String.init)

  /// Returns the words that emitters write, as they record them for models of all kinds.
  private static func emitted() throws -> Set<String> {
    var words: Set<String> = []
    for name in [
      "rnn.graph", "names.graph", "lenet.graph", "seq2seq.graph", "concat_identity.graph",
    ] {
      let text = try #require(EmbeddedGraphs.text(named: name))
      var options = CompilationOptions(target: .native)
      options.dividesAll = true
      let source = Source(path: name, utf8: Array(text.utf8))
      words.formUnion(try Compilation(source, options: options).file.ownWords)
    }
    return words
  }

  /// Returns every name that the standard library declares, or `nil` where the tool that tells them
  /// is missing.
  private static func declared(_ compiler: SwiftCompiler, in folder: String) throws -> [String]? {
    let tool = (compiler.path as NSString).deletingLastPathComponent + "/swift-symbolgraph-extract"
    guard FileManager.default.isExecutableFile(atPath: tool) else { return nil }
    let info = try Subprocess(compiler.path, ["-print-target-info"], timeout: 60)
    let triple = try #require(
      JSON(parsing: Array(info.output.utf8))["target"]?["unversionedTriple"]?.text)
    let run = try Subprocess(
      tool, ["-module-name", "Swift", "-target", triple, "-output-dir", folder], timeout: 120)
    guard run.ending == .exited(status: 0) else { return nil }
    let bytes = try readFile("\(folder)/Swift.symbols.json", limit: 1 << 28)
    let text = String(decoding: bytes, as: UTF8.self)
    var names: Set<String> = []
    for part in text.split(separator: "\"pathComponents\":[").dropFirst() {
      let components = part.prefix { $0 != "]" }.split(separator: ",")
      for component in components { names.insert(component.filter { $0 != "\"" }) }
    }
    return Set(names.map { String($0.prefix { $0 != "(" }) }).sorted()
  }

  /// Returns the names that the tests use, in an order that `seed` decides.
  private static func names(
    _ compiler: SwiftCompiler, in folder: String, seed: UInt64
  ) throws -> [String] {
    let standard = try declared(compiler, in: folder)
    if standard == nil { print("note: the standard library's names are left out: no tool") }
    let step = 15
    let sample = (standard ?? []).enumerated()
      .filter { $0.offset % step == Int(seed % UInt64(step)) }.map(\.element)
    // Those that emitted text needs most of all.
    let fixed = ["Float", "Int32", "Swift", "Array", "max", "min", "precondition", "fatalError"]
    let all = Set(keywords).union(try emitted()).union(sample).union(fixed)
    // Names that the graphs below have for themselves.
    let own: Set<String> = ["loss", "gradient_norm", "lr", "bump", "Roles"]
    return all.subtracting(own).filter { name in
      !(name.first?.isNumber ?? true)
        && name.utf8.allSatisfy {
          $0 < 128
            && (Character(UnicodeScalar($0)).isLetter
              || Character(UnicodeScalar($0)).isNumber || $0 == UInt8(ascii: "_"))
        }
    }.sorted()
  }

  /// The number of roles in a model.
  private static let roleCount = 9

  /// Returns a model in which `names` have all roles, each one of them.
  private static func model(_ names: [String], rotation: Int) -> String {
    // One of them is trained, so that parameters have slots.
    let count = names.count / roleCount
    func name(_ role: Int, _ i: Int) -> String {
      names[(role + rotation) % roleCount * count + i]
    }
    var head: [String] = []
    var body: [String] = []
    for i in 0..<count {
      let dim = name(0, i)
      let (parameter, input, state) = (name(1, i), name(2, i), name(3, i))
      let (value, step, cell, constant, output) = (
        name(4, i), name(5, i), name(6, i), name(7, i), name(8, i)
      )
      head += [
        "dim \(dim) = 100", "input \(input) : f32[\(dim), 2]",
        "param \(parameter) : f32[2] = ones", "const \(constant) : f32[2] = [1, 3]",
        "state \(state) : f32[2] = zeros", "use \(cell) = bump",
      ]
      body += [
        "scan \(step) in \(dim) {",
        "  \(state) = tanh(\(state) + \(input)[\(step)] * \(parameter))",
        "  \(value)[\(step)] = \(state) + \(constant)", "}", "output \(value)",
        "output \(output) = \(cell)(\(parameter))",
      ]
    }
    let sum = (0..<count).map { name(8, $0) }.joined(separator: " + ")
    let train = [
      "train {", "  loss = mean(\(sum))", "  optimizer = sgd(lr: 1, momentum: 0.9)", "}",
    ]
    let cell = """
      cell bump {
        input v : f32[2]
        param w : f32[2] = ones
        output y = v * w
      }
      """
    return
      "model Roles {\n\((head + body + (rotation == 0 ? train : [])).joined(separator: "\n"))\n}\n\(cell)\n"
  }

  @Test func everyNameWorksInEveryRole() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/graphc-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let compiler = try SwiftCompiler.find(cache: CompileCache(folder: folder + "/cache"))
    let names = try Self.names(compiler, in: folder, seed: 1)
    #expect(names.count > 250)
    for rotation in 0..<Self.roleCount {
      let text = Self.model(names, rotation: rotation)
      let compilation = try Compilation(
        Source(path: "roles.graph", utf8: Array(text.utf8)),
        options: CompilationOptions(target: .native))
      try check([(compilation.file.name, compilation.file.text)], compiler, folder)
    }
  }

  /// Models of all names are in one module, and none hides what another needs.
  @Test func everyNameWorksForAModel() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/graphc-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let compiler = try SwiftCompiler.find(cache: CompileCache(folder: folder + "/cache"))
    var files: [String: String] = [:]
    let words = try Self.emitted()
    for name in try Self.names(compiler, in: folder, seed: 2) where name.utf8.count <= 100 {
      let text =
        "model \(name) {\n  input x : f32[2]\n  state h : f32[2] = ones\n  h = h + x\n"
        + "  output y = h\n}\n"
      let compilation = try Compilation(
        Source(path: "m.graph", utf8: Array(text.utf8)),
        options: CompilationOptions(target: .native))
      let file = compilation.file
      #expect(!words.contains(file.typeName), "\(name)")
      #expect(file.moduleName != file.typeName)
      #expect(file.text.contains(" \(file.moduleName)"))
      // Some names differ in the first letter's case only.
      if !files.values.contains(where: { $0.contains("public struct \(file.typeName) {") }) {
        files["\(files.count)_\(file.name)"] = file.text
      }
    }
    try check(files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, compiler, folder)
  }

  /// Has `compiler` check the types of `files`.
  private func check(
    _ files: [(name: String, text: String)], _ compiler: SwiftCompiler, _ folder: String
  ) throws {
    var paths: [String] = []
    for (name, text) in files {
      paths.append("\(folder)/\(name)")
      try writeFile(Array(text.utf8), to: "\(folder)/\(name)")
    }
    let flags = SwiftCompiler.flags(target: .native).filter { $0 != "-emit-library" }
    let run = try Subprocess(
      compiler.path, flags + ["-typecheck", "-module-name", "Names"] + paths, timeout: 300)
    let errors = run.output.split(separator: "\n").filter { $0.contains(" error: ") }
    #expect(run.ending == .exited(status: 0), "\(errors.prefix(20).joined(separator: "\n"))")
  }

}

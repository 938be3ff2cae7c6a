import CodeGen
import Diagnostics
import Driver
import Foundation
import IR
import Planning
import Runner

/// Many models in few calls of the Swift compiler.
///
/// Each generated file keeps its helpers to itself, and the names that it makes public start with
/// the name of its model, so that any number of models of different names fit into one library.
struct CompilerBatch {

  /// What became of a model.
  typealias Outcome = Result<CompiledModel, TestFailure>

  /// The name of the module.
  private let name: String

  private let target: TargetCPU
  private var compilations: [(name: String, compilation: Compilation)] = []

  /// The models that could not be written as Swift.
  private var failures: [String: TestFailure] = [:]

  /// Creates an empty batch, which becomes the module `name`; modules have different names.
  init(_ name: String, target: TargetCPU = .native) {
    self.name = name
    self.target = target
  }

  /// Adds `module` under `name`, an identifier that the batch does not have yet, unless `isWanted`
  /// is false for its plan.
  ///
  /// Returns `false` iff it is not wanted. What cannot be compiled is added: `outcomes` explains
  /// it.
  @discardableResult
  mutating func add(
    _ module: Module, as name: String, options: CompilationOptions,
    if isWanted: (Plan) -> Bool = { _ in true }
  ) -> Bool {
    var options = options
    options.target = target
    var module = module
    module.name = name
    do {
      let compilation = try Compilation(module, options: options)
      guard isWanted(compilation.plan) else { return false }
      compilations.append((name, compilation))
    } catch let error as CompilationError {
      let messages = error.diagnostics.sorted.map(\.message).joined(separator: "; ")
      failures[name] = TestFailure("\(name) is refused: \(messages)")
    } catch {
      failures[name] = TestFailure("\(name): \(error)")
    }
    return true
  }

  /// The most files of one call. All files of a module have functions of the same names, and
  /// resolving a name takes time in proportion to them: up to here it is small beside the rest.
  private static let callSize = 40

  /// Compiles all models and returns what became of each.
  func outcomes() throws -> [String: Outcome] {
    var results = failures.mapValues { Outcome.failure($0) }
    for start in stride(from: 0, to: compilations.count, by: Self.callSize) {
      let part = compilations[start..<min(start + Self.callSize, compilations.count)]
      results.merge(try outcomes(of: Array(part), part: start / Self.callSize)) { first, _ in first
      }
    }
    return results
  }

  /// Compiles `models`, part `part` of all, at once and returns what became of each.
  ///
  /// If the compiler complains about a file, it is called again without it, at most twice.
  private func outcomes(
    of models: [(name: String, compilation: Compilation)], part: Int
  ) throws -> [String: Outcome] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("graphc-tests-\(UUID().uuidString)").path
    let cache = try CompileCache(folder: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let compiler = try SwiftCompiler.find(cache: cache)
    var results: [String: Outcome] = [:]
    var left = models
    for round in (0..<3).map({ "\(part)_\($0)" }) where !left.isEmpty {
      do throws(EnvironmentError) {
        try compile(left, by: compiler, in: folder, round: round)
        for (name, compilation) in left {
          results[name] = Result { try load(compilation, from: folder, round: round) }
            .mapError { TestFailure("\(name): \($0)") }
        }
        return results
      } catch {
        let complaints = error.output.split(separator: "\n").filter { $0.contains(": error: ") }
        let refused = left.filter { item in
          complaints.contains { $0.contains("/\(item.name).swift:") }
        }
        guard error.kind == .failedCompile, !refused.isEmpty else {
          throw TestFailure(error.rendered)
        }
        for (name, _) in refused {
          results[name] = .failure(TestFailure("the compiler refuses \(name): \(error.rendered)"))
        }
        left.removeAll { item in refused.contains { $0.name == item.name } }
      }
    }
    for (name, _) in left where results[name] == nil {
      results[name] = .failure(TestFailure("\(name) was not compiled: too many files are refused"))
    }
    return results
  }

  private func compile(
    _ models: [(name: String, compilation: Compilation)], by compiler: SwiftCompiler,
    in folder: String, round: String
  ) throws(EnvironmentError) {
    var paths: [String] = []
    do {
      for (name, compilation) in models {
        paths.append("\(folder)/\(name).swift")
        try compilation.file.text.write(
          toFile: paths[paths.count - 1], atomically: false, encoding: .utf8)
      }
    } catch {
      throw EnvironmentError(.files, "cannot write '\(folder)': \(error)")
    }
    try compiler.compile(
      source: paths[0], to: "\(folder)/\(library(round))", moduleName: "\(name)\(round)",
      target: target, extraFlags: ["-warnings-as-errors"] + paths.dropFirst(), scratch: folder)
  }

  private func library(_ round: String) -> String { "\(name)\(round).library" }

  private func load(
    _ compilation: Compilation, from folder: String, round: String
  ) throws -> CompiledModel {
    let own = compilation.manifest(compiler: "")
    let shared = Manifest(
      model: own.model, symbolPrefix: own.symbolPrefix, library: library(round),
      source: own.source, target: own.target, compiler: own.compiler, dims: own.dims,
      parameters: own.parameters, slots: own.slots, states: own.states,
      weightBytes: own.weightBytes,
      bindWorkspaceBytes: own.bindWorkspaceBytes, entries: own.entries)
    return try CompiledModel(shared, folder: folder)
  }

}

import Foundation
import Testing

@testable import Runner

@Suite struct CompiledModelTests {

  @Test func reportsAMissingManifest() throws {
    let folder = try temporaryFolder()
    let error = runnerError { _ = try CompiledModel(folder: folder) }
    #expect(error?.kind == .input)
    #expect(error?.rendered.contains("\(folder)/manifest.json") == true)
  }

  @Test func reportsAMissingLibrary() throws {
    let folder = try temporaryFolder()
    let error = runnerError { _ = try CompiledModel(Toy.manifest, folder: folder) }
    #expect(
      error?.rendered
        == "\(folder)/toy.so: error: the library is missing; compile the model again\n")
  }

  @Test func reportsALibraryThatIsNone() throws {
    let folder = try temporaryFolder()
    try write("no library", to: "\(folder)/toy.so")
    let error = runnerError { _ = try CompiledModel(Toy.manifest, folder: folder) }
    #expect(error?.kind == .environment)
    #expect(error?.message.hasPrefix("cannot load the library: ") == true)
  }

  @Test func reportsAMissingFunction() throws {
    let folder = try Toy.folder.get()
    let m = Toy.manifest
    let other = Manifest(
      model: m.model, symbolPrefix: "other", library: m.library, source: m.source, target: m.target,
      compiler: m.compiler, dims: m.dims, parameters: m.parameters, states: m.states,
      weightBytes: m.weightBytes, bindWorkspaceBytes: m.bindWorkspaceBytes, entries: m.entries)
    let error = runnerError { _ = try CompiledModel(other, folder: folder) }
    #expect(error?.message == "the library has no function 'other_bind'; compile the model again")
  }

  @Test func checksAManifestThatWasNotRead() throws {
    let manifest = Manifest(
      model: "M", symbolPrefix: "m", library: "../l.so", source: "s.swift", target: .none,
      compiler: "", dims: [], parameters: [], states: [], weightBytes: 0, bindWorkspaceBytes: 0,
      entries: [])
    #expect(runnerError { _ = try CompiledModel(manifest, folder: ".") }?.kind == .input)
  }

  @Test func reportsMemoryThatIsNotThere() throws {
    let error = runnerError { _ = try AlignedMemory(byteCount: .max, for: "weights") }
    #expect(error?.message == "no memory for \(Int.max) bytes of weights")
    #expect(error?.exitStatus == 3)
  }

  /// Returns the toy's manifest for a CPU with `features`.
  private func manifest(
    _ features: [String], architecture: String = Processor.Architecture.own.rawValue
  ) -> Manifest {
    let m = Toy.manifest
    return Manifest(
      model: m.model, symbolPrefix: m.symbolPrefix, library: m.library, source: m.source,
      target: .init(name: "other", architecture: architecture, features: features),
      compiler: m.compiler, dims: m.dims, parameters: m.parameters, slots: m.slots,
      states: m.states, weightBytes: m.weightBytes, bindWorkspaceBytes: m.bindWorkspaceBytes,
      entries: m.entries)
  }

  @Test(arguments: [
    (["fma"], "this CPU lacks fma"), (["avx", "b", "fma"], "this CPU lacks b, fma"),
    (["a", "b", "c", "d"], "this CPU lacks a, b, c and 1 more feature"),
    (["e", "a", "b", "c", "d"], "this CPU lacks e, a, b and 2 more features"),
    (["a\u{1B}"], "this CPU lacks a\\u{1B}"),
  ])
  func refusesALibraryForFeaturesThatTheProcessorLacks(
    _ features: [String], _ reason: String
  ) throws {
    let folder = try Toy.folder.get()
    let host = Processor(architecture: .own, features: ["avx", "avx2"])
    let error = runnerError {
      _ = try CompiledModel(manifest(features), folder: folder, host: host)
    }
    #expect(error?.message == "the library was compiled for other; \(reason)")
    #expect(error?.exitStatus == 3)
    // It has what it is made of.
    _ = try CompiledModel(
      manifest(features), folder: folder, host: .init(architecture: .own, features: features))
  }

  @Test func refusesALibraryForAnotherArchitecture() throws {
    let folder = try Toy.folder.get()
    let error = runnerError {
      _ = try CompiledModel(manifest([], architecture: "riscv64"), folder: folder)
    }
    #expect(
      error?.message == "the library was compiled for other; "
        + "this machine is \(Processor.Architecture.own.rawValue), not riscv64")
  }

  /// What the command says of a folder whose manifest names a feature that no processor has.
  @Test func theCommandRefusesAFeatureThatNoProcessorHas() throws {
    let folder = try temporaryFolder()
    let file = "\(folder)/\(Manifest.fileName)"
    try FileManager.default.copyItem(
      atPath: "\(Toy.folder.get())/toy.so", toPath: "\(folder)/toy.so")
    try write(String(decoding: manifest(["avx9000"]).encoded(), as: UTF8.self), to: file)
    let run = RunnerCommand.run([folder])
    #expect(run.status == 3)
    #expect(
      run.errors == "\(folder)/toy.so: error: the library was compiled for other; "
        + "this CPU lacks avx9000\n")
  }

  @Test(arguments: [
    (1, "a pointer is null"), (2, "the count of steps is out of range"),
    (3, "an index is out of range"), (4, "the number of a worker is out of range"),
    (99, "status 99"),
  ])
  func reportsWhatTheLibraryRefuses(_ status: Int32, _ problem: String) throws {
    try CallStatus.check(0, of: "step")
    let error = runnerError { try CallStatus.check(status, of: "step") }
    #expect(error?.message == "'step' of the library refused the call: \(problem)")
  }

}

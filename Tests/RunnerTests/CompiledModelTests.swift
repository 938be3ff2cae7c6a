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
      model: "M", symbolPrefix: "m", library: "../l.so", source: "s.swift", target: "t",
      compiler: "", dims: [], parameters: [], states: [], weightBytes: 0, bindWorkspaceBytes: 0,
      entries: [])
    #expect(runnerError { _ = try CompiledModel(manifest, folder: ".") }?.kind == .input)
  }

  @Test func reportsMemoryThatIsNotThere() throws {
    let error = runnerError { _ = try AlignedMemory(byteCount: .max, for: "weights") }
    #expect(error?.message == "no memory for \(Int.max) bytes of weights")
    #expect(error?.exitStatus == 3)
  }

}

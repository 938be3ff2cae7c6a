import Diagnostics
import Foundation

/// A compiled model whose library is loaded.
///
/// A class, because the library is one thing however many sessions use it. It is never closed:
/// its code and the types of its module may be in use anywhere.
///
/// Safety of `@unchecked Sendable`: nothing changes after `init`, and the functions keep all that
/// they change in memory that their caller passes.
package final class CompiledModel: @unchecked Sendable {

  // Each function returns a status, see `CallStatus`.

  /// `P_bind(parameters, weights, workspace)`.
  typealias BindFunction =
    @convention(c) (
      UnsafePointer<UnsafeRawPointer?>, UnsafeMutableRawPointer, UnsafeMutableRawPointer
    ) -> Int32

  /// `P_<entry>(weights, workspace, states, inputs, outputs, steps)`.
  typealias EntryFunction =
    @convention(c) (
      UnsafeRawPointer, UnsafeMutableRawPointer, UnsafePointer<UnsafeMutableRawPointer?>,
      UnsafePointer<UnsafeRawPointer?>, UnsafePointer<UnsafeMutableRawPointer?>, Int
    ) -> Int32

  /// `P_<entry>(parameters, slots, weights, workspace, states, inputs, outputs, steps)` of an entry
  /// that updates parameters.
  ///
  /// Parameters and slots are changed in place; the new parameters are bound at the end.
  typealias UpdateFunction =
    @convention(c) (
      UnsafePointer<UnsafeMutableRawPointer?>, UnsafePointer<UnsafeMutableRawPointer?>,
      UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafePointer<UnsafeMutableRawPointer?>,
      UnsafePointer<UnsafeRawPointer?>, UnsafePointer<UnsafeMutableRawPointer?>, Int
    ) -> Int32

  /// Waits until all threads of the team that is its argument have called it.
  typealias Barrier = @convention(c) (UnsafeMutableRawPointer?) -> Void

  /// An entry that several threads call together; as `EntryFunction`, then the number of the
  /// thread, that of all, the team and what its threads meet at.
  typealias SharedEntryFunction =
    @convention(c) (
      UnsafeRawPointer, UnsafeMutableRawPointer, UnsafePointer<UnsafeMutableRawPointer?>,
      UnsafePointer<UnsafeRawPointer?>, UnsafePointer<UnsafeMutableRawPointer?>, Int, Int, Int,
      UnsafeMutableRawPointer?, Barrier?
    ) -> Int32

  /// As `UpdateFunction`, for several threads.
  typealias SharedUpdateFunction =
    @convention(c) (
      UnsafePointer<UnsafeMutableRawPointer?>, UnsafePointer<UnsafeMutableRawPointer?>,
      UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafePointer<UnsafeMutableRawPointer?>,
      UnsafePointer<UnsafeRawPointer?>, UnsafePointer<UnsafeMutableRawPointer?>, Int, Int, Int,
      UnsafeMutableRawPointer?, Barrier?
    ) -> Int32

  /// The function of an entry.
  enum Function {

    case reading(EntryFunction)
    case updating(UpdateFunction)
    case sharedReading(SharedEntryFunction)
    case sharedUpdating(SharedUpdateFunction)

    /// Creates the function at `address`, which belongs to `entry`.
    init(_ address: UnsafeMutableRawPointer, of entry: Manifest.Entry) {
      switch (entry.updatesParameters, entry.isParallel) {
      case (false, false): self = .reading(unsafeBitCast(address, to: EntryFunction.self))
      case (true, false): self = .updating(unsafeBitCast(address, to: UpdateFunction.self))
      case (false, true):
        self = .sharedReading(unsafeBitCast(address, to: SharedEntryFunction.self))
      case (true, true):
        self = .sharedUpdating(unsafeBitCast(address, to: SharedUpdateFunction.self))
      }
    }

  }

  package let manifest: Manifest

  let bind: BindFunction

  /// The functions of the entries, in the order of the manifest.
  let entries: [Function]

  /// Loads the model that `graphc compile` wrote into `folder`.
  package convenience init(folder: String) throws(RunnerError) {
    try self.init(Manifest(inFolder: folder), folder: folder)
  }

  /// Loads the library of `manifest` from `folder` if `host`, this machine's processor, runs it.
  package init(
    _ manifest: Manifest, folder: String, host: Processor = .host
  ) throws(RunnerError) {
    let problems = manifest.problems()
    guard problems.isEmpty else {
      throw RunnerError(.input, "the manifest is damaged", details: problems)
    }
    let file = "\(folder)/\(manifest.library)"
    guard FileManager.default.fileExists(atPath: file) else {
      throw RunnerError(.input, "the library is missing; compile the model again", file: file)
    }
    if let reason = manifest.target.obstacle(on: host) {
      throw RunnerError(
        .environment, "the library was compiled for \(manifest.target.name.printable); \(reason)",
        file: file)
    }
    // Local, so that the symbols of two models never meet. The path contains '/', so that no
    // search path is used.
    guard let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
      throw RunnerError(.environment, "cannot load the library\(loaderMessage())", file: file)
    }
    self.manifest = manifest
    self.bind = unsafeBitCast(
      try symbol("\(manifest.symbolPrefix)_bind", in: library, file: file),
      to: BindFunction.self)
    var entries: [Function] = []
    for entry in manifest.entries {
      let name = "\(manifest.symbolPrefix)_\(entry.name)"
      entries.append(Function(try symbol(name, in: library, file: file), of: entry))
    }
    self.entries = entries
  }

}

/// Returns the address of the function `name` of `library`, which was loaded from `file`.
private func symbol(
  _ name: String, in library: UnsafeMutableRawPointer, file: String
) throws(RunnerError) -> UnsafeMutableRawPointer {
  guard let address = dlsym(library, name) else {
    throw RunnerError(
      .input, "the library has no function '\(name)'; compile the model again", file: file)
  }
  return address
}

/// Returns what the loader says of its last failure, behind a colon.
private func loaderMessage() -> String {
  dlerror().map { ": \(String(cString: $0))" } ?? ""
}

import Foundation
import Tensors

/// A folder of libraries that were compiled before, shared by all runs of a user.
///
/// A library's file is named after its own content, a small record names it under the key of what
/// it was compiled from. Both are made elsewhere and moved to their names, the record last, so that
/// no reader ever sees a part of one and writers may race: whoever is second replaces bytes by
/// equal bytes. What a killed run leaves behind is a folder of temporary files without a name that
/// counts.
///
/// Rejected: a folder per entry, because a damaged one cannot be replaced in one step.
package struct CompileCache: Sendable {

  /// The version of the cache's layout and of what graphc emits, a part of every key.
  package static let formatVersion = 1

  /// The age at which temporary files are left-overs, in seconds.
  private static let staleAge = 86_400

  /// The most bytes that a library may have.
  private static let libraryLimit = 1 << 30

  /// The folder, which is private to the user.
  package let folder: String

  /// What `library` found or made.
  package typealias Library = (path: String, wasCached: Bool, seconds: Double)

  /// Opens the user's cache: `GRAPHC_CACHE`, or `graphc` in the folder of the user's caches.
  package init(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(EnvironmentError) {
    try self.init(folder: Self.userFolder(environment: environment))
  }

  /// Opens the cache at `folder`, which is made if it is missing.
  package init(folder: String) throws(EnvironmentError) {
    try makePrivateFolder(folder)
    // The compiler takes a relative name that begins with a dash, after './' as well, for an
    // option.
    self.folder = URL(fileURLWithPath: folder).path
  }

  /// Returns where `environment` has the user's cache.
  static func userFolder(environment: [String: String]) -> String {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    if let folder = value("GRAPHC_CACHE") { return folder }
    // The XDG specification has relative paths ignored.
    if let base = value("XDG_CACHE_HOME"), base.hasPrefix("/") { return "\(base)/graphc" }
    let home = value("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
    #if canImport(Darwin)
      return "\(home)/Library/Caches/graphc"
    #else
      return "\(home)/.cache/graphc"
    #endif
  }

  /// Returns the library that `compiler` makes of the Swift text `source`, from the cache if that
  /// has it, with the time that it took in seconds.
  ///
  /// The module's name is `moduleName` and a part of the key, so that any number of models can be
  /// loaded into one process.
  package func library(
    for source: String, moduleName: String, target: TargetCPU, compiler: SwiftCompiler,
    extraFlags: [String] = []
  ) throws(EnvironmentError) -> Library {
    let clock = ContinuousClock()
    let start = clock.now
    let key = Self.key(
      source: source, moduleName: moduleName, target: target, compiler: compiler,
      extraFlags: extraFlags)
    if let path = entry(key) { return (path, true, (clock.now - start).seconds) }

    try target.checkCompilable()
    removeLeftovers()
    let scratch = try makeScratchFolder()
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let output = "\(scratch)/library"
    do {
      try writeFile(Array(source.utf8), to: "\(scratch)/model.swift")
    } catch {
      throw EnvironmentError(error)
    }
    try compiler.compile(
      source: "\(scratch)/model.swift", to: output, moduleName: "\(moduleName)_\(key.prefix(16))",
      target: target, extraFlags: extraFlags, scratch: scratch)
    // Another run may have been faster: its library may be loaded already, so it stays.
    if let path = entry(key) { return (path, true, (clock.now - start).seconds) }
    let path = try store(output, key: key, scratch: scratch)
    return (path, false, (clock.now - start).seconds)
  }

  /// Returns the key of a library: a hash of everything that it depends on.
  static func key(
    source: String, moduleName: String, target: TargetCPU, compiler: SwiftCompiler,
    extraFlags: [String] = [], formatVersion: Int = Self.formatVersion
  ) -> String {
    let flags = SwiftCompiler.flags(target: target, extra: extraFlags)
    var hash = SHA256()
    hash.update(field: "graphc \(formatVersion)")
    hash.update(field: target.name)
    hash.update(field: compiler.identity)
    hash.update(field: moduleName)
    hash.update(field: String(flags.count))
    for flag in flags { hash.update(field: flag) }
    hash.update(field: source)
    return hash.hexadecimal()
  }

  /// Returns the path of the library under `key`, or `nil` if there is none or it is damaged.
  private func entry(_ key: String) -> String? {
    guard let text = try? readFile("\(folder)/\(key)", limit: 1 << 10) else { return nil }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    guard lines.count == 2, let size = Int(lines[0]), (0...Self.libraryLimit).contains(size) else {
      return nil
    }
    let path = libraryPath(hash: String(lines[1]))
    guard let bytes = try? readFile(path, limit: size), bytes.count == size,
      SHA256.hexadecimal(of: bytes) == lines[1]
    else { return nil }
    return path
  }

  /// Moves the file at `output` to its place, names it under `key`, and returns its new path.
  private func store(
    _ output: String, key: String, scratch: String
  ) throws(EnvironmentError) -> String {
    do {
      let bytes = try readFile(output, limit: Self.libraryLimit)
      let hash = SHA256.hexadecimal(of: bytes)
      let path = libraryPath(hash: hash)
      try move(output, to: path)
      try writeFile(Array("\(bytes.count)\n\(hash)\n".utf8), to: "\(scratch)/record")
      try move("\(scratch)/record", to: "\(folder)/\(key)")
      return path
    } catch let error as FileError {
      throw EnvironmentError(error)
    } catch let error as EnvironmentError {
      throw error
    } catch {
      preconditionFailure("storing an entry throws file errors and environment errors")
    }
  }

  private func libraryPath(hash: String) -> String {
    #if canImport(Darwin)
      "\(folder)/\(hash).dylib"
    #else
      "\(folder)/\(hash).so"
    #endif
  }

  /// Gives the file at `old` the name `new` in one step, readable by the user alone.
  private func move(_ old: String, to new: String) throws(EnvironmentError) {
    guard chmod(old, 0o600) == 0, rename(old, new) == 0 else {
      throw EnvironmentError(.files, "cannot write '\(new)': \(systemMessage())")
    }
  }

  /// Returns the version of the compiler at `path`, which `ask` finds out unless it is known for a
  /// compiler with the same `stamps`.
  func compilerVersion(
    path: String, stamps: String, ask: () throws(EnvironmentError) -> String
  ) throws(EnvironmentError) -> String {
    let file = "\(folder)/compiler-\(SHA256.hexadecimal(of: Array(path.utf8)).prefix(32))"
    let heading = "\(Self.formatVersion) \(stamps)\n"
    if let text = try? readFile(file, limit: 1 << 16) {
      let known = String(decoding: text, as: UTF8.self)
      if known.hasPrefix(heading), known.utf8.count > heading.utf8.count {
        return String(known.dropFirst(heading.count))
      }
    }
    let version = try ask()
    let scratch = try makeScratchFolder()
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    do {
      try writeFile(Array((heading + version).utf8), to: "\(scratch)/compiler")
    } catch {
      throw EnvironmentError(error)
    }
    try move("\(scratch)/compiler", to: file)
    return version
  }

  /// The start of the name of a folder of temporary files.
  private static let scratchPrefix = "tmp-"

  /// Returns the path of a new folder for the files of one compile, on the cache's own disk, so
  /// that they can be moved out of it.
  private func makeScratchFolder() throws(EnvironmentError) -> String {
    var path = Array("\(folder)/\(Self.scratchPrefix)XXXXXX".utf8CString)
    guard mkdtemp(&path) != nil else {
      throw EnvironmentError(.files, "cannot write to the cache '\(folder)': \(systemMessage())")
    }
    return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes the temporary files of runs that were killed.
  private func removeLeftovers() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(Self.scratchPrefix) {
      var status = stat()
      let path = "\(folder)/\(name)"
      guard lstat(path, &status) == 0 else { continue }
      #if canImport(Darwin)
        let changed = status.st_mtimespec.tv_sec
      #else
        let changed = status.st_mtim.tv_sec
      #endif
      if time(nil) - changed > Self.staleAge { try? FileManager.default.removeItem(atPath: path) }
    }
  }

}

extension Duration {

  /// The number of seconds.
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }

}

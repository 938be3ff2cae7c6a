import Foundation

/// A file that cannot be read or written.
package struct FileError: Error, Equatable, Sendable {

  /// Who has to mend it.
  package enum Cause: Sendable {

    /// What was named is not there, not a file, or too large.
    case input

    /// The system refuses: no permission, no space left, a fault of the disk.
    case environment

  }

  /// What is wrong, without a final period; names the file.
  package let message: String

  /// Who has to mend it.
  package let cause: Cause

  /// Creates an error that says `message`.
  package init(_ message: String, cause: Cause) {
    self.message = message
    self.cause = cause
  }

  /// Creates an error about a call of the system that failed with `code`.
  init(cannot action: String, _ path: String, _ code: Int32) {
    let reason = String(cString: strerror(code))
    message = "cannot \(action) '\(path)': \(reason.prefix(1).lowercased())\(reason.dropFirst())"
    let isAbsent = [ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP].contains(code)
    cause = action == "read" && isAbsent ? .input : .environment
  }

}

/// Returns the content of the regular file at `path`, which may have up to `limit` bytes.
///
/// Anything but a regular file is refused without waiting for it: a folder, a pipe, a device.
///
/// - Requires: `limit` is not negative.
/// - Complexity: O(*n*), where *n* is the size of the file.
package func readFile(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
  try checkPath(path, for: "read")
  // O_NONBLOCK: opening a pipe would wait for a writer.
  let file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
  guard file >= 0 else { throw FileError(cannot: "read", path, errno) }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0 else { throw FileError(cannot: "read", path, errno) }
  guard status.st_mode & S_IFMT != S_IFDIR else {
    throw FileError("cannot read '\(path)': found a folder, expected a file", cause: .input)
  }
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw FileError("cannot read '\(path)': it is not a regular file", cause: .input)
  }
  let tooLarge = FileError(
    "cannot read '\(path)': found more than \(limit) bytes, expected at most that", cause: .input)
  guard status.st_size <= limit else { throw tooLarge }

  var result: [UInt8] = []
  result.reserveCapacity(Int(status.st_size))
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  // Each round adds a byte or ends; the file may grow meanwhile, but not beyond the limit.
  while true {
    let count = read(file, &chunk, chunk.count)
    if count == 0 { return result }
    if count < 0 {
      if errno == EINTR { continue }
      throw FileError(cannot: "read", path, errno)
    }
    guard count <= limit - result.count else { throw tooLarge }
    result += chunk[..<count]
  }
}

/// Makes `bytes` the content of the file at `path`: either wholly, or not at all.
///
/// The content is written to a new file in the same folder, down to the disk, which then takes the
/// place of the old one and keeps its permissions. If that fails the old file is as before. A link
/// to a file stays one. Anything else but a regular file is left alone and reported.
///
/// - Complexity: O(*n*), where *n* is the length of `bytes`.
package func writeFile(_ bytes: [UInt8], to path: String) throws(FileError) {
  let (target, mode) = try writableTarget(path)
  func write(to file: NewFile) throws(FileError) -> Bool {
    do throws(FileError) {
      if let mode, fchmod(file.descriptor, mode) != 0 {
        throw FileError(cannot: "write", path, errno)
      }
      try append(bytes, to: file.descriptor, for: path)
      if fsync(file.descriptor) != 0 { throw FileError(cannot: "write", path, errno) }
      return try file.replace(target)
    } catch {
      file.discard()
      throw error
    }
  }
  let isWritten = try NewFile(unnamedBeside: target, for: path).map(write) ?? false
  if !isWritten { _ = try write(to: NewFile(beside: target, for: path)) }
  flushFolder(of: target)
}

/// Throws what `writeFile` would for `path` if nothing is wrong with the disk; leaves all as it is.
package func checkWritable(_ path: String) throws(FileError) {
  let target = try writableTarget(path).path
  let file =
    if let unnamed = NewFile(unnamedBeside: target, for: path) {
      unnamed
    } else {
      try NewFile(beside: target, for: path)
    }
  file.discard()
}

/// Adds `bytes` to the end of the regular file at `path`, which is made if it is missing.
///
/// A failure, or the end of the process, may leave a part of them there.
///
/// - Complexity: O(*n*), where *n* is the length of `bytes`.
package func appendToFile(_ bytes: [UInt8], at path: String) throws(FileError) {
  try checkPath(path, for: "write")
  let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o666)
  guard file >= 0 else { throw FileError(cannot: "write", path, errno) }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    throw FileError("cannot write '\(path)': it is not a regular file", cause: .input)
  }
  try append(bytes, to: file, for: path)
}

/// Does as `writeFile`, unless the file has that content already; returns `true` iff it was
/// written.
///
/// - Complexity: O(*n*), where *n* is the length of `bytes`.
@discardableResult
package func writeFileIfChanged(_ bytes: [UInt8], to path: String) throws(FileError) -> Bool {
  // A file that cannot be read has to be written, which then tells what is wrong.
  if let old = try? readFile(path, limit: bytes.count), old == bytes { return false }
  try writeFile(bytes, to: path)
  return true
}

/// Writes all of `text` to the open file `descriptor`, which messages call `name`.
///
/// - Complexity: O(*n*), where *n* is the length of `text`.
package func write(
  _ text: String, to descriptor: Int32, named name: String
) throws(FileError) {
  try append(Array(text.utf8), to: descriptor, for: name)
}

/// Makes the standard streams of this process such that a failure to write shows.
///
/// A file without content takes the place of each that is closed, so that no other file gets its
/// number; what is written to standard output still fails. If nobody reads a pipe any more, the
/// process ends without a word as that signal ends it, even where it was started with that signal
/// ignored.
package func prepareStandardStreams() {
  for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
  where fcntl(descriptor, F_GETFD) < 0 {
    // The lowest number that is free, which is `descriptor`.
    _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
  }
  signal(SIGPIPE, SIG_DFL)
}

/// Throws if `path` is not one that the system can be given.
private func checkPath(_ path: String, for action: String) throws(FileError) {
  if path.isEmpty {
    throw FileError("cannot \(action) a file: its name is empty", cause: .input)
  }
  if path.utf8.contains(0) {
    let shown = path.split(separator: "\0", omittingEmptySubsequences: false)
      .joined(separator: "\\0")
    throw FileError("cannot \(action) '\(shown)': its name has a zero byte", cause: .input)
  }
}

/// Returns the file that a new content for `path` has to replace, and its permissions if it exists.
private func writableTarget(
  _ path: String
) throws(FileError) -> (path: String, mode: mode_t?) {
  try checkPath(path, for: "write")
  var mode: mode_t?
  var status = stat()
  var target = path
  if stat(path, &status) == 0 {
    guard status.st_mode & S_IFMT != S_IFDIR, !path.hasSuffix("/") else {
      throw FileError("cannot write '\(path)': found a folder, expected a file", cause: .input)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError("cannot write '\(path)': it is not a regular file", cause: .input)
    }
    // A new name in the folder could replace a file that its owner has protected.
    guard access(path, W_OK) == 0 else { throw FileError(cannot: "write", path, errno) }
    mode = status.st_mode & 0o777
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
  }
  guard !target.hasSuffix("/") else { throw FileError(cannot: "write", path, ENOENT) }
  return (target, mode)
}

/// Writes the folder of the file at `path` to the disk, so that a new name in it survives a failure
/// of the power.
///
/// The content has its name whatever comes of this, and some file systems cannot do it: failures
/// are ignored.
private func flushFolder(of path: String) {
  let file = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard file >= 0 else { return }
  fsync(file)
  close(file)
}

/// Writes `bytes` to `file`.
private func append(_ bytes: [UInt8], to file: Int32, for path: String) throws(FileError) {
  var rest = bytes[...]
  // Each round writes at least a byte, or is repeated because a signal came first.
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
    if count > 0 {
      rest = rest.dropFirst(count)
    } else if count == 0 || errno != EINTR {
      throw FileError(cannot: "write", path, count == 0 ? EIO : errno)
    }
  }
}

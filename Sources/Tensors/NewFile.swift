import Foundation

/// A file that is written to take the place of another one in one step.
struct NewFile {

  /// The file, open for writing.
  let descriptor: Int32

  /// The name of the file, or the one that it gets for a moment.
  private let name: String

  /// `true` iff the file has its name.
  private let isNamed: Bool

  /// What messages call the file.
  private let path: String

  /// Creates an empty file with a name in the folder of `target`; messages call it `path`.
  init(beside target: String, for path: String) throws(FileError) {
    self.path = path
    isNamed = true
    var (file, name, code): (Int32, String, Int32) = (-1, "", EEXIST)
    // A name is taken with a chance of 2^-64, unless somebody else makes them: so few tries are
    // enough.
    for _ in 0..<8 where code == EEXIST {
      name = Self.name(beside: target)
      file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      code = file < 0 ? errno : 0
    }
    guard file >= 0 else { throw FileError(cannot: "write", path, code) }
    (descriptor, self.name) = (file, name)
  }

  /// Creates an empty file without a name on the disk of `target`, or `nil` if the system has no
  /// such files there; messages call it `path`.
  ///
  /// If the process is killed, nothing is left of it.
  init?(unnamedBeside target: String, for path: String) {
    #if os(Linux)
      // O_TMPFILE, which Swift does not import.
      let unnamed: Int32 = 0o20_000_000 | O_DIRECTORY
      let file = open(folder(of: target), unnamed | O_WRONLY | O_CLOEXEC, 0o666)
      guard file >= 0 else { return nil }
      (descriptor, name, isNamed, self.path) = (file, Self.name(beside: target), false, path)
    #else
      return nil
    #endif
  }

  private static func name(beside target: String) -> String {
    let folder = target.lastIndex(of: "/").map { target[...$0] } ?? ""
    return "\(folder).graphc-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
  }

  /// Closes the file, which then has the name `target`, in place of another file of that name.
  ///
  /// Returns `false`, and only closes it, if a file without a name cannot get one. If this throws,
  /// `discard` remains to be done.
  func replace(_ target: String) throws(FileError) -> Bool {
    #if os(Linux)
      let place = "/proc/self/fd/\(descriptor)"
      if !isNamed, linkat(AT_FDCWD, place, AT_FDCWD, name, AT_SYMLINK_FOLLOW) != 0 {
        close(descriptor)
        return false
      }
    #endif
    if rename(name, target) != 0 { throw FileError(cannot: "write", path, errno) }
    close(descriptor)
    return true
  }

  /// Closes and removes the file.
  func discard() {
    close(descriptor)
    unlink(name)
  }

}

/// Returns the folder of the file at `path`.
func folder(of path: String) -> String {
  path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
}

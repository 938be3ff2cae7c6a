import Foundation
import Testing

@testable import Tensors

@Suite struct FileAccessTests {

  @Test func readsWhatItWrites() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/a.bin"
      for count in [0, 1, 65_536, 200_001] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try writeFile(bytes, to: path)
        #expect(try readFile(path, limit: count) == bytes)
      }
      #expect(try contents(of: folder) == ["a.bin"])
    }
  }

  @Test func refusesToRead() throws {
    try inTemporaryFolder { folder throws in
      #expect(
        readError(folder + "/none")
          == FileError("cannot read '\(folder)/none': no such file or directory", cause: .input))
      #expect(
        readError(folder)
          == FileError("cannot read '\(folder)': found a folder, expected a file", cause: .input))
      #expect(readError("") == FileError("cannot read a file: its name is empty", cause: .input))
      #expect(
        readError("a\0b")
          == FileError("cannot read 'a\\0b': its name has a zero byte", cause: .input))
      #expect(readError("-")?.cause == .input)

      let path = folder + "/a.bin"
      try writeFile([1, 2, 3], to: path)
      #expect(
        readError(path, limit: 2)
          == FileError(
            "cannot read '\(path)': found more than 2 bytes, expected at most that", cause: .input))
      #expect(readError(path + "/b")?.cause == .input)
    }
  }

  /// Neither waits: nobody will ever write into the pipe.
  @Test func refusesPipesAndDevices() throws {
    try inTemporaryFolder { folder throws in
      let pipe = folder + "/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      for path in [pipe, "/dev/null"] {
        #expect(
          readError(path)
            == FileError("cannot read '\(path)': it is not a regular file", cause: .input))
        #expect(
          writeError([1], path)
            == FileError("cannot write '\(path)': it is not a regular file", cause: .input))
      }
      #expect(try contents(of: folder) == ["pipe"])
    }
  }

  @Test func refusesToWrite() throws {
    try inTemporaryFolder { folder throws in
      #expect(
        writeError([], folder)
          == FileError("cannot write '\(folder)': found a folder, expected a file", cause: .input))
      #expect(writeError([], folder + "/new/")?.cause == .environment)
      #expect(
        writeError([], folder + "/none/a")
          == FileError(
            "cannot write '\(folder)/none/a': no such file or directory", cause: .environment))
      #expect(writeError([], "")?.cause == .input)
      #expect(try contents(of: folder) == [])
    }
  }

  /// The new content cannot take the place of the old one, at the last step: a name too long for
  /// the system is noticed by the renaming alone, since the temporary name is short.
  @Test func removesTheTemporaryFileWhenRenamingFails() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/" + String(repeating: "a", count: 300)
      #expect(writeError([1, 2, 3], path)?.cause == .environment)
      #expect(try contents(of: folder) == [])
    }
  }

  @Test func keepsTheOldFileWhenTheFolderCannotBeWritten() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/a.bin"
      try writeFile([1], to: path)
      #expect(chmod(folder, 0o500) == 0)
      defer { chmod(folder, 0o700) }
      let error = writeError([2], path)
      // The superuser may write everywhere.
      if getuid() != 0 {
        #expect(
          error == FileError("cannot write '\(path)': permission denied", cause: .environment))
        #expect(try readFile(path, limit: 10) == [1])
      }
      #expect(try contents(of: folder) == ["a.bin"])
    }
  }

  /// A full disk is imitated by a limit on the size of files, in a process of its own.
  @Test func keepsTheOldFileWhenTheDiskIsFull() async {
    await #expect(processExitsWith: .success) {
      try FileAccessTests().inTemporaryFolder { folder throws in
        let path = folder + "/a.bin"
        try writeFile([1], to: path)
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
        #if canImport(Darwin)
          try #require(setrlimit(RLIMIT_FSIZE, &limit) == 0)
        #else
          try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        #endif
        let bytes = [UInt8](repeating: 2, count: 100_000)
        let error = FileAccessTests().writeError(bytes, path)
        try #require(
          error == FileError("cannot write '\(path)': file too large", cause: .environment))
        try #require(try readFile(path, limit: 10) == [1])
        try #require(try FileAccessTests().contents(of: folder) == ["a.bin"])
      }
    }
  }

  @Test func refusesToReplaceAProtectedFile() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/a.bin"
      try writeFile([1], to: path)
      #expect(chmod(path, 0o400) == 0)
      let error = writeError([2], path)
      // The superuser may write everywhere.
      if getuid() != 0 {
        #expect(
          error == FileError("cannot write '\(path)': permission denied", cause: .environment))
        #expect(try readFile(path, limit: 10) == [1])
      }
    }
  }

  @Test func checksWithoutWriting() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/a.bin"
      try checkWritable(path)
      #expect(try contents(of: folder) == [])
      try writeFile([1], to: path)
      try checkWritable(path)
      #expect(try readFile(path, limit: 10) == [1])
      for other in [folder, path + "/b", folder + "/none/b", "/dev/null", ""] {
        let found = #expect(throws: FileError.self) { try checkWritable(other) }
        #expect(found == writeError([1], other))
      }
      #expect(try contents(of: folder) == ["a.bin"])
    }
  }

  /// What a process that is killed before the end leaves: nothing, or a file of another name.
  @Test func leavesTheOldFileUntilTheNewOneIsComplete() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/a.bin"
      try writeFile([1], to: path)
      let named = try NewFile(beside: path, for: path)
      let unnamed = NewFile(unnamedBeside: path, for: path)
      #expect(try readFile(path, limit: 10) == [1])
      #expect(try contents(of: folder).count == 2)
      #expect(try unnamed?.replace(path) != false)
      #expect(try readFile(path, limit: 10) == (unnamed == nil ? [1] : []))
      #expect(write(named.descriptor, [7] as [UInt8], 1) == 1)
      #expect(try named.replace(path))
      #expect(try readFile(path, limit: 10) == [7])
      try NewFile(beside: path, for: path).discard()
      NewFile(unnamedBeside: path, for: path)?.discard()
      #expect(try contents(of: folder) == ["a.bin"])
    }
  }

  #if os(Linux)
    @Test func reportsOutputThatIsLost() throws {
      let full = open("/dev/full", O_WRONLY)
      defer { close(full) }
      func message(_ text: String) -> String? {
        do {
          try write(text, to: full, named: "standard output")
          return nil
        } catch {
          return error.cause == .environment ? error.message : "another cause"
        }
      }
      let lost = "cannot write 'standard output': no space left on device"
      #expect(message("a") == lost)
      #expect(message(String(repeating: "a line\n", count: 100_000)) == lost)
      #expect(message("") == nil)
    }
  #endif

  @Test func addsToTheEnd() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/a.bin"
      try appendToFile([1, 2], at: path)
      try appendToFile([], at: path)
      try appendToFile([3], at: path)
      #expect(try readFile(path, limit: 10) == [1, 2, 3])
      for other in [folder, folder + "/none/b", "/dev/null", ""] {
        #expect(throws: FileError.self) { try appendToFile([1], at: other) }
      }
    }
  }

  @Test func keepsPermissionsAndLinks() throws {
    try inTemporaryFolder { folder throws in
      let (path, link) = (folder + "/a.bin", folder + "/link")
      try writeFile([1], to: path)
      #expect(chmod(path, 0o640) == 0)
      #expect(symlink("a.bin", link) == 0)
      try writeFile([2], to: link)
      #expect(try readFile(path, limit: 10) == [2])
      var status = stat()
      #expect(stat(path, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o640)
      #expect(lstat(link, &status) == 0)
      #expect(status.st_mode & S_IFMT == S_IFLNK)
      #expect(try contents(of: folder) == ["a.bin", "link"])
    }
  }

  @Test func leavesAnUnchangedFileAlone() throws {
    try inTemporaryFolder { folder throws in
      let path = folder + "/a.bin"
      #expect(try writeFileIfChanged([1, 2], to: path))
      let before = try node(of: path)
      #expect(try !writeFileIfChanged([1, 2], to: path))
      #expect(try node(of: path) == before)
      for changed: [UInt8] in [[1, 3], [1], [1, 2, 3], []] {
        #expect(try writeFileIfChanged(changed, to: path))
        #expect(try readFile(path, limit: 10) == changed)
      }
    }
  }

  /// Runs `body` with a new folder, which is removed at the end.
  private func inTemporaryFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("graphc-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func contents(of folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  /// Returns the number by which the file system knows the file; a replaced file has another one.
  private func node(of path: String) throws -> UInt64 {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return UInt64(status.st_ino)
  }

  private func readError(_ path: String, limit: Int = 100) -> FileError? {
    do {
      _ = try readFile(path, limit: limit)
      return nil
    } catch {
      return error
    }
  }

  private func writeError(_ bytes: [UInt8], _ path: String) -> FileError? {
    do {
      try writeFile(bytes, to: path)
      return nil
    } catch {
      return error
    }
  }

}

import Foundation

/// Makes the folder `path` and those above it, private to the user, if they are missing.
///
/// One that others could put files into is refused: what lies there is loaded and run.
func makePrivateFolder(_ path: String) throws(EnvironmentError) {
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw EnvironmentError(.files, "the name of the cache folder is empty or has a zero byte")
  }
  let ancestors = URL(fileURLWithPath: path).pathComponents
  for count in ancestors.indices.dropFirst() {
    let ancestor = NSString.path(withComponents: Array(ancestors[...count]))
    var status = stat()
    if stat(ancestor, &status) == 0 { continue }
    // Another run may make it at the same time.
    if mkdir(ancestor, 0o700) != 0, errno != EEXIST {
      throw EnvironmentError(
        .files,
        "cannot make the cache folder '\(path)': \(systemMessage()); GRAPHC_CACHE can name "
          + "another")
    }
  }
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw EnvironmentError(
      .files, "the cache '\(path)' is not a folder; GRAPHC_CACHE can name another")
  }
  guard status.st_uid == geteuid() else {
    throw EnvironmentError(
      .files, "the cache folder '\(path)' belongs to another user; GRAPHC_CACHE can name another")
  }
  guard status.st_mode & 0o022 == 0 else {
    throw EnvironmentError(
      .files, "others can write to the cache folder '\(path)'; 'chmod go-w' on it mends that")
  }
}

/// Returns what the system says of its last failure, without a capital letter.
func systemMessage() -> String {
  let text = String(cString: strerror(errno))
  return text.prefix(1).lowercased() + text.dropFirst()
}

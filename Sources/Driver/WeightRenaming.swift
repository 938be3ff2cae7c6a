import Diagnostics

/// Another name for tensors in a file.
package struct WeightRenaming: Equatable, Sendable {

  /// The names in the file and in the model, each with one `*`, which is the same text in
  /// both, or with none: then they are a tensor, or a layer, what the names of its tensors begin
  /// with up to a dot.
  package let file: String
  package let model: String

  /// Creates a renaming.
  ///
  /// - Requires: both sides have one `*`, or neither has one.
  init(file: String, model: String) {
    self.file = file
    self.model = model
  }

  /// Reads `text`, of the form `FILE=MODEL`.
  ///
  /// Names in a model have no `=`, those in a file may.
  package init(_ text: String) throws(CommandLineError) {
    guard let sign = text.lastIndex(of: "="), sign != text.startIndex,
      text.index(after: sign) != text.endIndex
    else {
      throw CommandLineError("'--map' needs FILE=NAME, found '\(text.printable)'")
    }
    self.init(file: String(text[..<sign]), model: String(text[text.index(after: sign)...]))
    let stars = [file, model].map { side in side.count { $0 == "*" } }
    guard stars == [0, 0] || stars == [1, 1] else {
      throw CommandLineError(
        "'--map \(text.printable)' needs one '*' on both sides, or none on either")
    }
  }

  /// The renaming as a command line spells it.
  package var text: String { "\(file)=\(model)" }

  /// `true` iff the renaming is of whatever tensors of a file have such names, in addition to
  /// others: the prefix that a wrapper has put before all of them.
  var isUniversal: Bool { model == "*" }

  /// Returns the name in the file of what the model calls `name`, if the renaming applies to it.
  func fileName(of name: String) -> String? {
    let parts = model.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      if name == model { return file }
      return name.hasPrefix("\(model).") ? file + name.dropFirst(model.count) : nil
    }
    guard name.hasPrefix(parts[0]), name.dropFirst(parts[0].count).hasSuffix(parts[1]) else {
      return nil
    }
    return file.replacing("*", with: name.dropFirst(parts[0].count).dropLast(parts[1].count))
  }

}

extension String {

  /// `true` iff `self` is `pattern`, in which `*` matches any text.
  ///
  /// - Complexity: O(*n* · *m*), where these are the lengths of the two.
  func matches(_ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard let first = parts.first, let last = parts.last, parts.count > 1 else {
      return self == pattern
    }
    guard hasPrefix(first) else { return false }
    var rest = dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(last)
  }

}

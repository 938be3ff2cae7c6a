/// The identity of a file in the `SourceFiles` that own it.
package struct SourceFileID: Hashable, Sendable {

  package let rawValue: UInt16

}

/// A range of code units of a source file.
package struct SourceSpan: Hashable, Sendable {

  /// The file, or `nil` for what no text wrote.
  package let file: SourceFileID?

  private let lower: UInt32
  private let upper: UInt32

  /// Creates the span of the UTF-8 offsets in `range` of `file`.
  package init(_ file: SourceFileID?, _ range: Range<Int>) {
    self.file = file
    self.lower = UInt32(clamping: range.lowerBound)
    self.upper = UInt32(clamping: range.upperBound)
  }

  /// The span of what no text wrote.
  package static let none = SourceSpan(nil, 0..<0)

  /// The offsets of the first code unit and of the one after the last.
  package var range: Range<Int> { Int(lower)..<Int(upper) }

  /// Returns the smallest span that covers `self` and `other`, which lie in one file.
  package func joined(with other: SourceSpan) -> SourceSpan {
    guard file != nil else { return other }
    guard other.file == file else { return self }
    return SourceSpan(
      file,
      min(range.lowerBound, other.range.lowerBound)..<max(range.upperBound, other.range.upperBound))
  }

}

/// The files of one compilation.
package struct SourceFiles: Sendable {

  private var files: [SourceFile] = []

  /// Creates an empty collection.
  package init() {}

  /// Adds `file` and returns its identity.
  package mutating func add(_ file: SourceFile) -> SourceFileID {
    files.append(file)
    return SourceFileID(rawValue: UInt16(files.count - 1))
  }

  /// The file `id`.
  package subscript(_ id: SourceFileID) -> SourceFile { files[Int(id.rawValue)] }

}

import Tensors

/// Short texts of several classes, such as names and their languages, as indices.
///
/// A class is a file, a row is one of its lines without spaces and tabs at both ends. Lines without
/// anything else are no rows. Of rows of one class that have the same tokens only the first is
/// kept.
///
/// - Invariant: there is a row; no row is empty; labels are indices of `coding.classes`.
package struct LabelledRows: Equatable, Sendable {

  /// A file of a class.
  package struct File: Equatable, Sendable {

    /// The name of the class.
    package let name: ExactText

    /// What messages call the file.
    package let path: String

    package let text: String

    /// Creates the file of class `name`.
    package init(name: String, path: String, text: String) {
      self.name = ExactText(name)
      self.path = path
      self.text = text
    }

  }

  /// A row.
  package struct Row: Equatable, Sendable {

    /// The indices of the row's symbols.
    package let tokens: [Int32]

    /// The index of the class.
    package let label: Int32

    /// The file and the line, from one, that the row stands in.
    package let path: String
    package let line: Int

  }

  /// The way in which rows are cut, the numbering of the symbols, and the classes.
  package let coding: TextCoding

  /// The rows in the order of the files.
  package let rows: [Row]

  /// The number of rows that were left out because an earlier one is equal.
  package let repetitionCount: Int

  /// Creates the rows of `files`, which messages call `name`.
  ///
  /// The symbols and the classes are those of `coding` if that is given, and otherwise what
  /// `tokenizer` finds in all rows, and all files. Throws if there are no rows, a file has none, a
  /// row has no token, two files have one class, or one has a class that `coding` does not know.
  package init(
    _ files: [File], name: String, tokenizer: Tokenizer, coding: TextCoding? = nil
  ) throws(TextError) {
    guard !files.isEmpty else {
      throw TextError("'\(name)' has no files, expected one for each class")
    }
    let classes = coding?.classes ?? files.map(\.name)
    var seen: [ExactText: String] = [:]
    var rows: [(tokens: [ExactText], label: Int, path: String, line: Int)] = []
    var repetitions = 0
    for file in files {
      if let other = seen.updateValue(file.path, forKey: file.name) {
        throw TextError("'\(other)' and '\(file.path)' are both of class \(quoted(file.name))")
      }
      guard let label = classes.firstIndex(of: file.name) else {
        throw TextError("the weights know no class \(quoted(file.name)), that of '\(file.path)'")
      }
      var known: Set<[ExactText]> = []
      for (number, line) in Self.lines(of: file.text) {
        let tokens = tokenizer.tokens(of: line, knowing: coding?.vocabulary)
        guard !tokens.isEmpty else {
          throw TextError(
            "line \(number) of '\(file.path)' has no tokens under '\(tokenizer.rawValue)'")
        }
        if known.insert(tokens).inserted {
          rows.append((tokens, label, file.path, number))
        } else {
          repetitions += 1
        }
      }
      if known.isEmpty { throw TextError("'\(file.path)' has no rows, expected one a line") }
    }
    let vocabulary = coding?.vocabulary ?? Vocabulary(tokens: rows.flatMap(\.tokens))
    self.coding = TextCoding(tokenizer: tokenizer, vocabulary: vocabulary, classes: classes)
    self.rows = rows.map { row in
      Row(
        tokens: vocabulary.indices(of: row.tokens), label: Int32(row.label), path: row.path,
        line: row.line)
    }
    repetitionCount = repetitions
  }

  /// The number of tokens that are not in the vocabulary, all of which have index 0.
  package var unknownCount: Int { rows.reduce(0) { $0 + $1.tokens.count { $0 == 0 } } }

  /// The number of all tokens.
  package var tokenCount: Int { rows.reduce(0) { $0 + $1.tokens.count } }

  /// Returns the lines of `text` with something in them, and their numbers from one.
  ///
  /// A byte order mark before the first line is no part of it.
  private static func lines(of text: String) -> [(number: Int, line: String)] {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }
    var result: [(number: Int, line: String)] = []
    var rest = text.unicodeScalars[...]
    if rest.first == "\u{FEFF}" { rest.removeFirst() }
    // Each round takes at least one scalar.
    var number = 0
    while !rest.isEmpty {
      number += 1
      let line = rest.prefix { $0 != "\n" && $0 != "\r" }
      rest = rest[line.endIndex...]
      if rest.popFirst() == "\r", rest.first == "\n" { rest.removeFirst() }
      guard let start = line.firstIndex(where: { !isSpace($0) }),
        let end = line.lastIndex(where: { !isSpace($0) })
      else { continue }
      result.append((number, String(line[start...end])))
    }
    return result
  }

}

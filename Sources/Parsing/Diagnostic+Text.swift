import Diagnostics

extension String {

  /// `self`, shortened if it is long.
  var excerpt: String { utf8.count <= 64 ? self : prefix(60) + "..." }

}

/// Returns the phrase that offers `suggestion`, if there is one.
func didYouMean(_ suggestion: String?) -> String {
  suggestion.map { "; did you mean '\($0)'?" } ?? ""
}

extension Diagnostic {

  /// Returns an error reporting that a file is too large.
  static func fileTooLarge(_ count: Int, at span: SourceSpan) -> Diagnostic {
    .error(.fileTooLarge, "the file has \(count) bytes, expected at most \(16 << 20)", at: span)
  }

  /// Returns an error reporting that `byte` is not part of UTF-8 text.
  static func invalidEncoding(_ byte: UInt8, at span: SourceSpan) -> Diagnostic {
    let digits = String(byte, radix: 16, uppercase: true)
    return .error(.invalidEncoding, "found the byte 0x\(digits), expected UTF-8 text", at: span)
  }

  /// Returns an error reporting that `scalar` has no meaning.
  static func unexpectedCharacter(_ scalar: Unicode.Scalar, at span: SourceSpan) -> Diagnostic {
    let isVisible = scalar.value > 0x20 && !scalar.reordersText && scalar.value != 0x7F
    let shown =
      isVisible && !scalar.properties.isWhitespace
      ? "'\(scalar)' (\(scalar.codePoint))" : scalar.codePoint
    if let (text, _) = scalar.symbolLookAlike {
      return .error(
        .unexpectedCharacter, "found the character \(shown), expected '\(text)'", at: span,
        fixIts: [.init(message: "write", span: span, replacement: text)])
    }
    return .error(
      .unexpectedCharacter, "the character \(shown) has no meaning here", at: span)
  }

  /// Returns an error reporting that a name has the letter `scalar`; `mended` is the name with the
  /// letters that it resembles.
  static func foreignLetter(
    _ scalar: Unicode.Scalar, mended: String?, at span: SourceSpan
  ) -> Diagnostic {
    let isVisible = scalar.properties.generalCategory != .format
    let shown = isVisible ? "'\(scalar)' (\(scalar.codePoint))" : scalar.codePoint
    let resemblance: String =
      switch scalar.asciiLookAlike {
      case nil: "names are made of ASCII letters, digits and '_'"
      case "": "it is invisible"
      case let letter?: "it looks like the ASCII '\(letter)'"
      }
    return .error(
      .foreignLetter, "the name has the character \(shown); \(resemblance)", at: span,
      fixIts: mended.map { [.init(message: "write", span: span, replacement: $0)] } ?? [])
  }

  /// Returns an error reporting that a name has more than `limit` bytes.
  static func nameTooLong(at span: SourceSpan, limit: Int) -> Diagnostic {
    .error(
      .nameTooLong, "found a name of \(span.range.count) bytes, expected at most \(limit)", at: span
    )
  }

  /// Returns an error reporting that `text` is no number.
  static func invalidNumber(_ text: String, at span: SourceSpan) -> Diagnostic {
    .error(.invalidNumber, "'\(text.excerpt)' is not a number", at: span)
  }

  /// Returns an error reporting that `text` is too large a number.
  static func numberOutOfRange(_ text: String, at span: SourceSpan) -> Diagnostic {
    .error(.invalidNumber, "the number '\(text)' is out of range", at: span)
  }

  /// Returns an error reporting that something nests too deep.
  static func nestingTooDeep(at span: SourceSpan) -> Diagnostic {
    .error(.nestingTooDeep, "this nests deeper than \(Parser.deepestNesting)", at: span)
  }

  /// Returns an error reporting that `found` stands where `expectation` belongs; `partner` is what
  /// would be closed.
  static func unexpected(
    _ found: String, expecting expectation: String, at span: SourceSpan,
    closing partner: (text: String, span: SourceSpan)?
  ) -> Diagnostic {
    .error(
      .unexpectedToken, "found \(found), expected \(expectation)", at: span,
      notes: partner.map { [.init(message: "\($0.text) is opened here", span: $0.span)] } ?? [])
  }

  /// Returns an error reporting that there is nothing in brackets.
  static func emptyBrackets(at span: SourceSpan) -> Diagnostic {
    .error(
      .unexpectedToken, "found nothing in brackets, expected an axis", at: span)
  }

  /// Returns an error reporting a comparison of a comparison.
  static func chainedComparison(at span: SourceSpan) -> Diagnostic {
    .error(
      .unexpectedToken, "comparisons cannot be chained; write 'and(a < b, b < c)'", at: span)
  }

  /// Returns an error reporting that no statement begins with `word`.
  static func unknownStatement(
    _ word: String, at span: SourceSpan, suggestion: String?
  ) -> Diagnostic {
    .error(
      .unknownStatement, "no statement begins with '\(word)'\(didYouMean(suggestion))", at: span)
  }

  /// Returns an error reporting that a value is computed for nothing.
  static func unusedExpression(at span: SourceSpan) -> Diagnostic {
    .error(
      .unusedExpression, "the value of this line has no name; write 'name = ...'", at: span)
  }

  /// Returns an error reporting that a file does not begin with a model.
  static func missingModel(at span: SourceSpan) -> Diagnostic {
    .error(.missingModel, "expected 'model', a name and '{'", at: span)
  }

  /// Returns an error reporting that something follows the model.
  static func textBehindModel(at span: SourceSpan) -> Diagnostic {
    .error(
      .textBehindModel, "found text behind the model, expected the end of the file", at: span)
  }

  /// Returns an error reporting that `role` does not belong into `section`.
  static func misplacedStatement(
    _ role: String, at span: SourceSpan, section: String
  ) -> Diagnostic {
    .error(.misplacedStatement, "\(role) cannot stand in \(section)", at: span)
  }

  /// Returns an error reporting a state that is declared behind other lines of a scan.
  static func lateState(at span: SourceSpan) -> Diagnostic {
    .error(
      .misplacedStatement, "the states of a scan stand at the start of its first body", at: span)
  }

  /// Returns an error reporting that the bodies of a scan declare a state differently.
  static func changedState(_ name: Name, first: SourceSpan) -> Diagnostic {
    .error(
      .misplacedStatement, "state '\(name.text.excerpt)' differs from that of the first body",
      at: name.span, notes: [.init(message: "it is declared first here", span: first)])
  }

  /// Returns an error reporting a line that belongs into an entry.
  static func mixedForms(at span: SourceSpan, section: SourceSpan) -> Diagnostic {
    .error(
      .mixedForms, "this line belongs into an entry, because the model has sections", at: span,
      notes: [.init(message: "the first section is here", span: section)])
  }

  /// Returns an error reporting that a model has sections and no entry.
  static func missingEntry(at span: SourceSpan) -> Diagnostic {
    .error(.missingEntry, "the model has a section 'bind' and no entry", at: span)
  }

  /// Returns an error reporting that an entry cannot be called `name`.
  static func unknownEntry(_ name: Name, known: [String]) -> Diagnostic {
    let names = known.map { "'\($0)'" }.joined(separator: " or ")
    return .error(
      .unknownEntry, "found the entry '\(name.text.excerpt)', expected \(names)", at: name.span)
  }

  /// Returns an error reporting that no pass is called `name`.
  static func unknownPass(_ name: Name, known: [String], suggestion: String?) -> Diagnostic {
    let hint = suggestion.map { "did you mean '\($0)'?" }
    return .error(
      .unknownPass,
      "no pass is called '\(name.text.excerpt)'; "
        + (hint ?? "there are \(known.joined(separator: ", "))"), at: name.span)
  }

  /// Returns an error reporting that `section` stands twice.
  static func duplicateSection(
    _ section: String, at span: SourceSpan, first: SourceSpan
  ) -> Diagnostic {
    .error(
      .duplicateSection, "'\(section.excerpt)' stands twice", at: span,
      notes: [.init(message: "the first one is here", span: first)])
  }

  /// Returns an error reporting that `subject` gives nothing.
  static func noOutput(_ subject: String, at span: SourceSpan) -> Diagnostic {
    .error(.noOutput, "\(subject) has no output; write 'output name'", at: span)
  }

}

/// A message about a place in a text.
package struct Diagnostic: Hashable, Sendable {

  /// How grave a diagnostic is.
  package enum Severity: String, Sendable {

    /// The input cannot be used.
    case error

    /// The input can be used, but is perhaps not what was meant.
    case warning

  }

  /// A pointer to another place, which explains a diagnostic.
  package struct Note: Hashable, Sendable {

    package let message: String
    package let span: SourceSpan

    /// Creates a note that says `message` about `span`.
    package init(message: String, span: SourceSpan) {
      self.message = message
      self.span = span
    }

  }

  /// A replacement that makes the text right.
  package struct FixIt: Hashable, Sendable {

    package let message: String
    package let span: SourceSpan
    package let replacement: String

    /// Creates a fix that replaces the text at `span` by `replacement`.
    package init(message: String, span: SourceSpan, replacement: String) {
      self.message = message
      self.span = span
      self.replacement = replacement
    }

  }

  package let severity: Severity
  package let code: DiagnosticCode
  package let message: String
  package let span: SourceSpan
  package let notes: [Note]
  package let fixIts: [FixIt]

  /// Returns an error.
  package static func error(
    _ code: DiagnosticCode, _ message: String, at span: SourceSpan, notes: [Note] = [],
    fixIts: [FixIt] = []
  ) -> Diagnostic {
    Diagnostic(
      severity: .error, code: code, message: message, span: span, notes: notes, fixIts: fixIts)
  }

  /// Returns a warning.
  package static func warning(
    _ code: DiagnosticCode, _ message: String, at span: SourceSpan, notes: [Note] = [],
    fixIts: [FixIt] = []
  ) -> Diagnostic {
    Diagnostic(
      severity: .warning, code: code, message: message, span: span, notes: notes, fixIts: fixIts)
  }

}

/// An identifier of a kind of mistake, stable between releases.
///
/// The codes stand beside the code that reports them.
package struct DiagnosticCode: Hashable, Sendable {

  /// The name that is printed in brackets behind a message.
  package let name: String

  /// The mistake, as a phrase without a final period.
  package let summary: String

  /// A small graph, or a fragment of one, that shows the mistake.
  package let example: String

  /// Creates the code `name`.
  package init(_ name: String, _ summary: String, example: String) {
    self.name = name
    self.summary = summary
    self.example = example
  }

}

/// The diagnostics of one compilation, each once.
package struct DiagnosticSet: Sendable {

  /// The most errors that are kept; more help nobody.
  package static let limit = 100

  private var known: Set<Diagnostic> = []

  /// The diagnostics in the order in which they were found.
  package private(set) var elements: [Diagnostic] = []

  /// `true` iff an error was found.
  package private(set) var containsError = false

  /// Creates an empty set.
  package init() {}

  /// Adds `diagnostic` unless it is known already or the set is full.
  package mutating func insert(_ diagnostic: Diagnostic) {
    if diagnostic.severity == .error { containsError = true }
    guard elements.count < Self.limit, known.insert(diagnostic).inserted else { return }
    elements.append(diagnostic)
  }

  /// Adds all of `others`.
  package mutating func insert(contentsOf others: some Sequence<Diagnostic>) {
    for other in others { insert(other) }
  }

  /// The diagnostics ordered by position; those of one place in the order they were found.
  package var sorted: [Diagnostic] {
    elements.enumerated().sorted { a, b in
      let x = (a.element.span.file?.rawValue ?? 0, a.element.span.range.lowerBound, a.offset)
      let y = (b.element.span.file?.rawValue ?? 0, b.element.span.range.lowerBound, b.offset)
      return x < y
    }.map(\.element)
  }

}

/// The end of a compilation that found errors.
package struct CompilationError: Error, Sendable {

  /// What was found; at least one is an error.
  package let diagnostics: DiagnosticSet

  /// Creates the end of a compilation that found `diagnostics`.
  package init(_ diagnostics: DiagnosticSet) {
    self.diagnostics = diagnostics
  }

  /// Creates the end of a compilation that found `diagnostic`.
  package init(_ diagnostic: Diagnostic) {
    var diagnostics = DiagnosticSet()
    diagnostics.insert(diagnostic)
    self.diagnostics = diagnostics
  }

}

import Diagnostics

extension Diagnostic {

  /// Returns an error reporting that no cell is called `name`.
  static func unknownCell(_ name: Name, _ known: [String], _ suggestion: String?) -> Diagnostic {
    let rest = suggestion.map { "; did you mean '\($0)'?" } ?? "; \(listed(known))"
    return .error(
      .unknownCell, "no cell is called '\(name.text.excerpt)'\(known.isEmpty ? "" : rest)",
      at: name.span)
  }

  /// Returns an error reporting that no use in front of this one is called `name`.
  static func unknownUse(_ name: Name, known: [String]) -> Diagnostic {
    .error(
      .unknownCell,
      "no use above this one is called '\(name.text.excerpt)'; "
        + listed(known), at: name.span)
  }

  /// Returns an error reporting a size without its name.
  static func unlabelledSize(
    of cell: String, _ known: [String], at span: SourceSpan
  ) -> Diagnostic {
    let form = known.map { "\($0): ..." }.joined(separator: ", ")
    return .error(
      .missingLabel,
      known.isEmpty
        ? "cell '\(cell)' has no sizes" : "sizes are given by name; write '\(cell)(\(form))'",
      at: span)
  }

  /// Returns an error reporting that a state's first value has no name.
  static func unlabelledStart(
    of cell: String, _ known: [String], at span: SourceSpan
  ) -> Diagnostic {
    let form = known.map { "\($0): ..." }.joined(separator: ", ")
    return .error(
      .missingLabel,
      known.isEmpty
        ? "cell '\(cell)' has no states"
        : "first values are given by the names of states; write 'starting (\(form))'", at: span)
  }

  /// Returns an error reporting that `cell` has no state called `label`.
  static func unknownState(_ label: Name, of cell: String, _ known: [String]) -> Diagnostic {
    let hint =
      known.isEmpty
      ? "it has no states" : "its states are \(known.joined(separator: ", "))"
    return .error(
      .unknownLabel, "cell '\(cell)' has no state '\(label.text.excerpt)'; \(hint)", at: label.span)
  }

  /// Returns an error reporting that `use` shares the parameters of a use of another cell.
  static func foreignParameters(_ use: UseSyntax, _ other: UseSyntax) -> Diagnostic {
    .error(
      .foreignParameters,
      "'\(use.name.text)' uses cell '\(use.cell.text)' with parameters of '\(other.name.text)', "
        + "which uses cell '\(other.cell.text)'", at: use.source?.span ?? use.name.span,
      notes: [.init(message: "it is used here", span: other.name.span)])
  }

  /// Returns an error reporting that a size differs from that of the use with the parameters.
  static func foreignSize(
    _ name: String, _ own: String, _ expected: String, at span: SourceSpan, other: SourceSpan
  ) -> Diagnostic {
    .error(
      .foreignParameters,
      "size '\(name)' is \(own), expected \(expected), because parameters are shared", at: span,
      notes: [.init(message: "the other use gives it here", span: other)])
  }

  /// Returns an error reporting a statement of a kind that a cell cannot have.
  static func misplacedInCell(at span: SourceSpan) -> Diagnostic {
    .error(
      .misplacedStatement,
      "this cannot stand in a cell, which has inputs, parameters, constants, states, lines, outputs "
        + "and conventions", at: span)
  }

  /// Returns an error reporting a state of a cell that is declared as carried.
  static func carriedInCell(_ name: Name, at span: SourceSpan) -> Diagnostic {
    .error(
      .misplacedStatement,
      "whether '\(name.text.excerpt)' is carried is for a use to say: 'use a = ...(...) carried'",
      at: span)
  }

  /// Returns an error reporting an input of a cell with a default.
  static func defaultOfCell(_ name: Name, at span: SourceSpan) -> Diagnostic {
    .error(
      .misplacedStatement,
      "input '\(name.text.excerpt)' of a cell is given by every call and has no default", at: span)
  }

  /// Returns an error reporting a use that is carried and has nothing to carry.
  static func nothingCarried(_ cell: Name, at span: SourceSpan) -> Diagnostic {
    .error(
      .nothingCarried, "the use is 'carried', but cell '\(cell.text)' has no states", at: span)
  }

  /// Returns an error reporting that the states of a use would be assigned twice.
  static func calledTwice(_ name: Name, first: SourceSpan) -> Diagnostic {
    .error(
      .assignedTwice,
      "'\(name.text.excerpt)' has states and is called twice; make another use 'with parameters "
        + "of \(name.text.excerpt)'", at: name.span,
      notes: [.init(message: "it is called first here", span: first)])
  }

  /// Returns an error reporting that calls of uses make the model too long.
  static func expansionTooLong(at span: SourceSpan, limit: Int) -> Diagnostic {
    .error(
      .expansionTooLong, "the lines of cells become more than \(limit)", at: span)
  }

  /// Returns an error reporting a name that the expansion of a cell makes too long.
  static func nameTooLong(_ name: String, at span: SourceSpan, limit: Int) -> Diagnostic {
    .error(
      .nameTooLong,
      "the use of a cell makes a name of \(name.utf8.count) bytes, expected at most \(limit)",
      at: span)
  }

  /// Returns an error reporting that `cell` reads what it does not define.
  static func unknownInCell(_ name: String, _ cell: String, at span: SourceSpan) -> Diagnostic {
    .error(
      .unknownName,
      "cell '\(cell)' reads '\(name.excerpt)', which is neither its own nor a dimension of the "
        + "model", at: span)
  }

  /// Returns an error reporting that a call gives a value of another type than an input has.
  static func wrongArgument(
    _ name: String, _ found: String, _ expected: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(.typeMismatch, "found \(found) as '\(name.excerpt)', expected \(expected)", at: span)
  }

  /// Returns an error reporting a carried state that starts with a computed value.
  static func computedStart(_ name: Name, at span: SourceSpan) -> Diagnostic {
    .error(
      .computedStart,
      "'\(name.text.excerpt)' is carried from call to call, so lines cannot compute its first value",
      at: span)
  }

  /// Returns an error reporting the left side of an equation that is no sum of tensors.
  static func notASum(at span: SourceSpan) -> Diagnostic {
    .error(
      .invalidConvention,
      "expected a sum of tensors of a file, such as 'bias_ih + bias_hh' or 'bias[0, 0 ..< n]'",
      at: span)
  }

  /// Returns an error reporting the right side of an equation that cannot be solved.
  static func notATerm(at span: SourceSpan) -> Diagnostic {
    .error(
      .invalidConvention,
      "expected parameters, put together by 'transpose', 'concat' and 'reshape' of shapes that fit",
      at: span)
  }

  /// Returns an error reporting a concatenation along an axis that does not exist.
  static func termAxis(_ axis: Int, rank: Int, at span: SourceSpan) -> Diagnostic {
    .error(
      .invalidConvention, "this has \(rank) axes, there is no axis \(axis)", at: span)
  }

  /// Returns an error reporting that `subject` stands in two equations.
  static func solvedTwice(_ subject: String, at span: SourceSpan, first: SourceSpan) -> Diagnostic {
    .error(
      .invalidConvention, "\(subject) stands in two equations of the convention", at: span,
      notes: [.init(message: "the first one is here", span: first)])
  }

  /// Returns an error reporting that equations have `given` of the `count` numbers of `tensor`.
  static func incompleteTensor(
    _ tensor: String, _ given: Int, _ count: Int, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .invalidConvention,
      "the equations have \(given) of the numbers of '\(tensor.excerpt)', expected all \(count)",
      at: span)
  }

  /// Returns an error reporting parts of `tensor` with `rank` and with `expected` axes.
  static func partRank(
    _ tensor: String, _ rank: Int, _ expected: Int, at span: SourceSpan, first: SourceSpan
  ) -> Diagnostic {
    .error(
      .invalidConvention,
      "'\(tensor.excerpt)' has \(rank) axes here, expected \(expected) as elsewhere", at: span,
      notes: [.init(message: "the other equation is here", span: first)])
  }

  /// Returns an error reporting a tensor with too many parts.
  static func tooManyParts(
    _ tensor: String, _ count: Int, limit: Int, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .invalidConvention,
      "'\(tensor.excerpt)' is in \(count) equations, expected at most \(limit)", at: span)
  }

  /// Returns an error reporting a place of `tensor` that is below 0, or too large.
  static func impossiblePlace(
    _ tensor: String, _ place: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .invalidConvention, "'\(tensor.excerpt)' has no place \(place)", at: span)
  }

  /// Returns an error reporting a range of other size than axis `axis` of the term.
  static func wrongRange(
    _ tensor: String, _ axis: Int, _ shape: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .invalidConvention,
      "a range of '\(tensor.excerpt)' has another size than axis \(axis) of \(shape)", at: span)
  }

}

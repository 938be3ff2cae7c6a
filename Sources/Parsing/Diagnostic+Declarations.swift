import Diagnostics

extension Diagnostic {

  /// Returns an error reporting that `name` means nothing.
  static func unknownName(_ name: String, at span: SourceSpan, suggestion: String?) -> Diagnostic {
    .error(.unknownName, "'\(name.excerpt)' is not defined\(didYouMean(suggestion))", at: span)
  }

  /// Returns an error reporting that `name` is read too early.
  static func usedBeforeDefinition(
    _ name: String, at span: SourceSpan, definition: SourceSpan
  ) -> Diagnostic {
    .error(
      .usedBeforeDefinition, "'\(name.excerpt)' is read before it is defined", at: span,
      notes: [.init(message: "it is defined here", span: definition)])
  }

  /// Returns an error reporting that `name` is read where it is not visible.
  static func usedOutsideScope(
    _ name: String, at span: SourceSpan, definition: SourceSpan
  ) -> Diagnostic {
    .error(
      .usedOutsideScope, "'\(name.excerpt)' is not visible here", at: span,
      notes: [
        .init(
          message: "it is visible only in the section that defines it here", span: definition)
      ])
  }

  /// Returns an error reporting that `name` has a meaning already.
  static func duplicateName(_ name: Name, first: SourceSpan) -> Diagnostic {
    .error(
      .duplicateName, "'\(name.text.excerpt)' is defined twice", at: name.span,
      notes: [.init(message: "it is defined first here", span: first)])
  }

  /// Returns an error reporting that two outputs are called `name`.
  static func duplicateOutput(_ name: Name, first: SourceSpan) -> Diagnostic {
    .error(
      .duplicateName, "there are two outputs '\(name.text.excerpt)'", at: name.span,
      notes: [.init(message: "the first one is here", span: first)])
  }

  /// Returns an error reporting that `name`, which is `role`, is no value.
  static func notAValue(
    _ name: String, _ role: String, at span: SourceSpan, definition: SourceSpan
  ) -> Diagnostic {
    .error(
      .notAValue, "'\(name.excerpt)' is \(role), expected a value", at: span,
      notes: [.init(message: "it is declared here", span: definition)])
  }

  /// Returns an error reporting that a stacked value is read as a whole inside its scan.
  static func incompleteStack(
    _ name: String, at span: SourceSpan, definition: SourceSpan
  ) -> Diagnostic {
    .error(
      .notAValue, "'\(name.excerpt)' is complete only behind the scan that stacks it", at: span,
      notes: [.init(message: "it is stacked here", span: definition)])
  }

  /// Returns an error reporting that a list or a range stands where a value belongs.
  static func misplacedList(at span: SourceSpan) -> Diagnostic {
    .error(.notAValue, "found a list or a range, expected a value", at: span)
  }

  /// Returns an error reporting an element that is read before its line.
  static func elementBeforeDefinition(_ name: Name, at span: SourceSpan) -> Diagnostic {
    .error(
      .usedBeforeDefinition, "this element of '\(name.text.excerpt)' is not assigned yet",
      at: span, notes: [.init(message: "the stacked value begins here", span: name.span)])
  }

  /// Returns an error reporting that `name`, which is `role`, is assigned.
  static func notAssignable(_ name: Name, _ role: String, first: SourceSpan) -> Diagnostic {
    .error(
      .notAssignable, "'\(name.text.excerpt)' is \(role) and cannot be assigned", at: name.span,
      notes: [.init(message: "it is declared here", span: first)])
  }

  /// Returns an error reporting that elements are assigned to something else.
  static func notStackable(_ name: Name, first: SourceSpan) -> Diagnostic {
    .error(
      .notAssignable, "'\(name.text.excerpt)' has no elements that can be assigned",
      at: name.span, notes: [.init(message: "it is declared here", span: first)])
  }

  /// Returns an error reporting that `name` is assigned once more.
  static func assignedTwice(
    _ name: String, at span: SourceSpan, first: SourceSpan
  ) -> Diagnostic {
    .error(
      .assignedTwice, "'\(name.excerpt)' is assigned twice", at: span,
      notes: [.init(message: "it is assigned first here", span: first)])
  }

  /// Returns an error reporting that `old` is given something else than a state.
  static func notAState(
    _ name: String?, at span: SourceSpan, definition: SourceSpan?
  ) -> Diagnostic {
    .error(
      .notAState,
      name.map { "'\($0.excerpt)' is not a state that changes here" }
        ?? "found an expression, expected the name of a state",
      at: span, notes: definition.map { [.init(message: "it is declared here", span: $0)] } ?? [])
  }

  /// Returns an error reporting that a value has type `found` instead of `expected`.
  static func typeMismatch(
    _ found: String, _ expected: String, at span: SourceSpan, notes: [Note]
  ) -> Diagnostic {
    .error(.typeMismatch, "found \(found), expected \(expected)", at: span, notes: notes)
  }

  /// Returns an error reporting that there is no dimension `name`.
  static func unknownDimension(_ name: String, suggestion: String?) -> Diagnostic {
    .error(
      .unknownDimension, "there is no dimension '\(name.excerpt)'\(didYouMean(suggestion))",
      at: .none)
  }

  /// Returns an error reporting that `pass` has used `value`, which is to be replaced.
  static func fixedDimension(
    _ name: Name, _ value: Int, override: Int, pass: String
  ) -> Diagnostic {
    .error(
      .fixedDimension,
      "'\(name.text.excerpt)' cannot be \(override): the finished pass '\(pass.excerpt)' has used "
        + "\(value)",
      at: name.span)
  }

  /// Returns an error reporting that a dimension cannot have `value`.
  static func impossibleDimension(
    _ name: Name, _ value: Int, least: Int, at span: SourceSpan, isGiven: Bool
  ) -> Diagnostic {
    let limit = value < least ? "at least \(least)" : "at most \(Resolver.elementLimit - 1)"
    let origin = isGiven ? " from the command line" : ""
    return .error(
      .impossibleSize,
      "found \(value)\(origin) for dimension '\(name.text.excerpt)', expected \(limit)", at: span)
  }

  /// Returns an error reporting that an axis cannot have the size that `text` shows.
  static func impossibleSize(_ text: String, _ value: Int, at span: SourceSpan) -> Diagnostic {
    let limit = value < 1 ? "at least 1" : "at most \(Resolver.elementLimit - 1)"
    return .error(.impossibleSize, "found the size \(text), expected \(limit)", at: span)
  }

  /// Returns an error reporting that a size cannot be computed.
  static func sizeOverflow(at span: SourceSpan) -> Diagnostic {
    .error(.sizeOverflow, "the size does not fit into 64 bits, or has too many terms", at: span)
  }

  /// Returns an error reporting that a tensor of the type that `text` shows is too large.
  static func tensorTooLarge(_ text: String, _ count: Int, at span: SourceSpan) -> Diagnostic {
    .error(
      .tensorTooLarge,
      "\(text) has \(count) elements, expected at most \(Resolver.elementLimit)", at: span)
  }

  /// Returns an error reporting that an expression is no size.
  static func notASize(at span: SourceSpan) -> Diagnostic {
    .error(
      .notASize, "a size is made of integers, dimensions, '+', '-' and '*'", at: span)
  }

  /// Returns an error reporting that `name` is no dimension.
  static func notADimension(
    _ name: String, at span: SourceSpan, definition: SourceSpan
  ) -> Diagnostic {
    .error(
      .notASize, "'\(name.excerpt)' is not a dimension", at: span,
      notes: [.init(message: "it is declared here", span: definition)])
  }

  /// Returns an error reporting that an expression is no number.
  static func notAScalar(at span: SourceSpan) -> Diagnostic {
    .error(
      .notANumber,
      "a number is made of numbers, dimensions, '+', '-', '*', '/' and 'sqrt'", at: span)
  }

  /// Returns an error reporting that a number is infinite or undefined.
  static func notANumber(at span: SourceSpan) -> Diagnostic {
    .error(.notANumber, "the number is not finite", at: span)
  }

  /// Returns an error reporting that a tensor has too many axes.
  static func tooManyAxes(_ count: Int, at span: SourceSpan) -> Diagnostic {
    .error(
      .tooManyAxes, "found \(count) axes, expected at most \(Resolver.highestRank)", at: span)
  }

  /// Returns an error reporting that there is no type `name`.
  static func unknownType(_ name: Name, suggestion: String?) -> Diagnostic {
    .error(
      .invalidType,
      "found the type '\(name.text.excerpt)', expected 'f32', 'index<n>' or 'bool'"
        + didYouMean(suggestion), at: name.span)
  }

  /// Returns an error reporting that axes are left open by a type that has to say its sizes.
  static func openShape(at span: SourceSpan) -> Diagnostic {
    .error(
      .invalidType, "only the inputs of cells have axes of any number, '...'", at: span)
  }

  /// Returns an error reporting that type `name` has a range without need, or needs one.
  static func wrongClassCount(_ name: String, at span: SourceSpan) -> Diagnostic {
    let text =
      name == "index"
      ? "'index' needs the number of its values, as in 'index<28>'"
      : "'\(name)' has no number of values"
    return .error(.invalidType, text, at: span)
  }

  /// Returns an error reporting that parameters cannot have the type that `text` shows.
  static func wrongParameterType(_ text: String, at span: SourceSpan) -> Diagnostic {
    .error(.invalidType, "found \(text), expected a parameter of 'f32'", at: span)
  }

  /// Returns an error reporting that a literal has the shape `found`.
  static func literalShape(_ found: [Int], _ type: String, at span: SourceSpan) -> Diagnostic {
    let shown =
      found.isEmpty
      ? "a number; write 'constant(...)' to repeat it" : "a literal of shape \(found)"
    return .error(.literalShape, "found \(shown), expected \(type)", at: span)
  }

  /// Returns an error reporting that the items of a literal differ in shape.
  static func raggedLiteral(_ found: [Int], _ first: [Int], at span: SourceSpan) -> Diagnostic {
    let text = { (shape: [Int]) in shape.isEmpty ? "a number" : "an item of shape \(shape)" }
    return .error(
      .literalShape, "found \(text(found)), expected \(text(first)) like the first", at: span)
  }

  /// Returns an error reporting that an initial value is not known.
  static func unknownInitialiser(
    at span: SourceSpan, suggestion: String?, role: TensorRole
  ) -> Diagnostic {
    let kinds = "'zeros', 'ones', 'constant(...)', 'iota', "
    let rest =
      switch role {
      case .parameter: "'uniform(...)', 'normal(...)', 'xavier', 'kaiming' or a literal"
      case .constant, .slot: "or a literal"
      case .state: "'uniform(...)', 'normal(...)', a literal or a parameter"
      }
    return .error(
      .unknownInitialiser, "expected \(kinds)\(rest)\(didYouMean(suggestion))", at: span)
  }

  /// Returns an error reporting that `role` of the type that `type` shows cannot be random.
  static func randomInitialiser(
    _ role: TensorRole, _ type: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .invalidInitialiser, "\(role.rawValue) of type \(type) cannot be random", at: span)
  }

  /// Returns an error reporting that a distribution does not exist.
  static func impossibleDistribution(_ reason: String, at span: SourceSpan) -> Diagnostic {
    .error(.invalidInitialiser, "the distribution is impossible: \(reason)", at: span)
  }

  /// Returns an error reporting that `element` is no element of the type that `type` shows.
  static func impossibleElement(
    _ element: String, _ type: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(.invalidInitialiser, "\(element) is not an element of \(type)", at: span)
  }

}

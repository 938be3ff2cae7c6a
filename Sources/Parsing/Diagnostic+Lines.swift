import Diagnostics

extension Diagnostic {

  /// Returns an error reporting that there is no operation `name`.
  static func unknownOperation(_ name: Name, suggestion: String?) -> Diagnostic {
    .error(
      .unknownOperation,
      "there is no operation '\(name.text.excerpt)'\(didYouMean(suggestion))", at: name.span)
  }

  /// Returns an error reporting that `operation` has only the arguments `labels`.
  static func unknownLabel(
    _ label: Name, of operation: String, _ labels: [String], suggestion: String?
  ) -> Diagnostic {
    let known = labels.map { "'\($0)'" }.joined(separator: " and ")
    let rest = suggestion == nil && !labels.isEmpty ? "; it has \(known)" : didYouMean(suggestion)
    return .error(
      .unknownLabel, "'\(operation)' has no argument '\(label.text.excerpt)'\(rest)",
      at: label.span)
  }

  /// Returns an error reporting that `label` belongs to the other form of an operation.
  static func labelOfOtherForm(_ label: String, at span: SourceSpan) -> Diagnostic {
    .error(
      .unknownLabel, "'max' of two operands has no argument '\(label)'", at: span)
  }

  /// Returns an error reporting that `label` stands twice.
  static func duplicateLabel(_ label: Name, first: SourceSpan) -> Diagnostic {
    .error(
      .duplicateLabel, "the argument '\(label.text.excerpt)' is given twice", at: label.span,
      notes: [.init(message: "it is given first here", span: first)])
  }

  /// Returns an error reporting that `operation` needs an argument `label`.
  static func missingLabel(
    _ label: String, of operation: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(.missingLabel, "'\(operation)' needs the argument '\(label): ...'", at: span)
  }

  /// Returns an error reporting that `operation` is given `count` operands.
  static func operandCount(
    _ count: Int, expected: ClosedRange<Int>, of operation: String, at span: SourceSpan
  ) -> Diagnostic {
    let least = expected.lowerBound
    let wanted =
      switch expected.count {
      case 1: "\(least)"
      case 2: "\(least) or \(least + 1)"
      default: "\(least) to \(expected.upperBound)"
      }
    return .error(
      .wrongOperandCount,
      "found \(count) operand\(count == 1 ? "" : "s") of '\(operation)', expected \(wanted)",
      at: span)
  }

  /// Returns an error reporting that arguments of `name` are given by their places that have the
  /// names `labels`; `positional` others have none.
  static func unlabelledArguments(
    of name: Name, _ labels: [String], besides positional: Int
  ) -> Diagnostic {
    let operands = Array(repeating: "...", count: positional)
    let form = (operands + labels.map { "\($0): ..." }).joined(separator: ", ")
    return .error(
      .missingLabel, "'\(name.text)' takes its arguments by name: '\(name.text)(\(form))'",
      at: name.span)
  }

  /// Returns an error reporting that an argument is not `expectation`.
  static func wrongAttribute(_ expectation: String, at span: SourceSpan) -> Diagnostic {
    .error(.invalidAttribute, "expected \(expectation)", at: span)
  }

  /// Returns an error reporting that a line takes `taken` values where there are `given`.
  static func resultCount(_ taken: Int, _ given: Int?, at span: SourceSpan) -> Diagnostic {
    guard let given else {
      return .error(
        .resultCount, "'split' gives several values; write 'a, b = split(x, 2, axis: 0)'",
        at: span)
    }
    let (values, names) = (given == 1 ? "value" : "values", taken == 1 ? "name" : "names")
    return .error(.resultCount, "found \(given) \(values) for \(taken) \(names)", at: span)
  }

  /// Returns an error reporting that an axis of the size that `text` shows has no `count` equal
  /// parts.
  static func indivisible(_ text: String, _ count: Int, at span: SourceSpan) -> Diagnostic {
    .error(
      .indivisibleSplit, "an axis of \(text) cannot be split into \(count) equal parts", at: span)
  }

  /// Returns an error reporting that products have `found` weights.
  static func weightCount(_ found: Int, parts: Int, at span: SourceSpan) -> Diagnostic {
    .error(
      .wrongOperandCount,
      !(1...Operation.mostOperands).contains(parts)
        ? "found \(parts) parts to multiply, expected 1 to \(Operation.mostOperands)"
        : "found \(found) weight\(found == 1 ? "" : "s") for \(parts) part\(parts == 1 ? "" : "s")",
      at: span)
  }

  /// Returns an error reporting that indices are compared with something else.
  static func indexComparison(
    _ index: String, _ other: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .wrongElementType,
      "found \(other) compared with \(index), expected indices or an integer", at: span)
  }

  /// Returns an error reporting that a value of the type that `type` shows has fewer axes.
  static func tooManySubscripts(_ count: Int, _ type: String, at span: SourceSpan) -> Diagnostic {
    .error(.axisOutOfRange, "found \(count) subscripts of \(type)", at: span)
  }

  /// Returns an error reporting that a line that computes nothing has an origin.
  static func originWithoutNode(at span: SourceSpan) -> Diagnostic {
    .error(
      .originWithoutNode, "the line only gives a value another name, so it has no origin", at: span)
  }

  /// Returns an error reporting that an expression is no place.
  static func notAPlace(at span: SourceSpan) -> Diagnostic {
    .error(
      .invalidPlace, "expected a number or the step of a scan; 'gather' takes computed places",
      at: span)
  }

  /// Returns an error reporting that a place lies behind the steps that a body does at once.
  static func stepOutOfRange(
    _ name: String, factor: Int, isReversed: Bool, at span: SourceSpan
  ) -> Diagnostic {
    let sign = isReversed ? "-" : "+"
    let wanted =
      factor == 1 ? "'\(name)'" : "'\(name)' to '\(name) \(sign) \(factor - 1)'"
    return .error(.stepOutOfRange, "expected \(wanted) as the place", at: span)
  }

  /// Returns an error reporting that an element is at a step other than `step`.
  static func foreignStep(_ step: String, at span: SourceSpan) -> Diagnostic {
    .error(
      .stepOutOfRange, "expected the step '\(step.excerpt)' of the innermost scan", at: span)
  }

  /// Returns an error reporting that an element is assigned outside of scans.
  static func stackOutsideScan(_ name: String, at span: SourceSpan) -> Diagnostic {
    .error(
      .elementOutsideScan, "an element of '\(name.excerpt)' is assigned outside of a scan",
      at: span)
  }

  /// Returns an error reporting that a body does not assign element `j` of `name`.
  static func missingElement(_ name: Name, _ j: Int, factor: Int) -> Diagnostic {
    .error(
      .missingElement,
      "'\(name.text.excerpt)' has no element for step \(j + 1) of the \(factor) that the body does",
      at: name.span)
  }

  /// Returns an error reporting that only one of two bodies assigns `name`.
  static func missingInBody(_ name: String, at span: SourceSpan) -> Diagnostic {
    .error(
      .missingInBody, "'\(name.excerpt)' is assigned in one body of the scan only", at: span)
  }

  /// Returns an error reporting that a scan lacks its second body.
  static func missingRemainder(at span: SourceSpan) -> Diagnostic {
    .error(
      .remainder, "a scan by several steps needs a second body: '} remainder {'", at: span)
  }

  /// Returns an error reporting that a scan has a second body without need.
  static func needlessRemainder(at span: SourceSpan) -> Diagnostic {
    .error(.remainder, "a scan by single steps leaves no remainder", at: span)
  }

  /// Returns an error reporting that a scan cannot do so many steps at once.
  static func invalidFactor(at span: SourceSpan) -> Diagnostic {
    .error(.remainder, "expected an integer of at least 1 as the number of steps", at: span)
  }

  /// Returns an error reporting that a scan with `lengths` does several steps at once.
  static func lengthsBySteps(_ lengths: Expression, factor: Int) -> Diagnostic {
    var title = "lengths"
    if case .name(let name) = lengths.kind { title += " \(name.excerpt)" }
    return .error(
      .lengthsBySteps,
      "a scan with lengths does one step at a time; 'by \(factor)' and '\(title)' exclude each other",
      at: lengths.span)
  }

  /// Returns an error reporting that the lengths have the type that `found` shows.
  static func wrongLengths(
    _ found: String, expected: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(.wrongLengths, "found lengths of \(found), expected \(expected)", at: span)
  }

  /// Returns an error reporting that `name`, of type `type`, has other rows than the lengths.
  static func rowsWithoutLengths(
    _ name: String, _ type: String, lengths: String, at span: SourceSpan, _ definition: SourceSpan
  ) -> Diagnostic {
    .error(
      .wrongLengths, "found lengths of \(lengths) for '\(name.excerpt)' of \(type)", at: span,
      notes: [.init(message: "its first axis must be that of the lengths", span: definition)])
  }

  /// Returns a warning that nothing uses `name`, which is `role`.
  static func unused(_ code: DiagnosticCode, _ role: String, _ name: Name) -> Diagnostic {
    .warning(code, "\(role) '\(name.text.excerpt)' is never used", at: name.span)
  }

  /// Returns a warning that state `name` never changes.
  static func unassignedState(_ name: Name) -> Diagnostic {
    .warning(
      .unassignedState, "state '\(name.text.excerpt)' is never assigned", at: name.span)
  }

}

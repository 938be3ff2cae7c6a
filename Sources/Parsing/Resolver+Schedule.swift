import Diagnostics
import IR

/// A text that is no schedule.
package struct ScheduleError: Error, Equatable, Sendable {

  /// What is wrong, without a final period.
  package let message: String

}

extension LearningRateSchedule {

  /// The rules as a person writes them.
  package static let forms = [
    "constant", "step(every: 100, factor: 0.5)", "cosine(over: epochs(20), low: 0.01)",
  ]

  /// Reads a schedule as the field `schedule` of a graph has it.
  package init(parsing text: String) throws(ScheduleError) {
    let file = SourceFile(name: "schedule", utf8: Array(text.utf8))
    var sources = SourceFiles()
    let id = sources.add(file)
    var lexer = Lexer(file, Reporter(id))
    lexer.run()
    var parser = Parser(file, lexer.list, lexer.reporter)
    let e = parser.parseWhole()
    let empty = ModelSyntax(
      name: Name(text: "", span: .none), comments: StatementComments(), cells: [],
      block: BlockSyntax(), endComments: [], unreadNames: [], scannedNames: [])
    var resolver = Resolver(empty, [], knownPasses: nil, fixingPasses: [], parser.reporter)
    guard let e, let schedule = resolver.schedule(e) else {
      let fault: Diagnostic? =
        lexer.list.tokens.count == 1
        ? .unknownSchedule(nil, at: .none) : resolver.reporter.diagnostics.first
      throw ScheduleError(message: fault?.message ?? "")
    }
    self = schedule
  }

}

extension Resolver {

  /// Returns the schedule that `e` is.
  mutating func schedule(_ e: Expression) -> LearningRateSchedule? {
    let name: Name
    var arguments: [Argument] = []
    switch e.kind {
    case .call(let n, let a): (name, arguments) = (n, a)
    case .name(let text): name = Name(text: text, span: e.span)
    default: name = Name(text: "", span: e.span)
    }
    let labels: [String]
    switch name.text {
    case "constant": labels = []
    case "step": labels = ["every", "factor"]
    case "cosine": labels = ["over", "low"]
    default:
      report(
        .unknownSchedule(suggest(name.text, among: ["constant", "step", "cosine"]), at: e.span))
      return nil
    }
    // A number of updates is also called that.
    arguments = arguments.map { argument in
      guard name.text == "cosine", let label = argument.label, label.text == "updates",
        case .number = argument.value.kind
      else { return argument }
      return Argument(label: Name(text: "over", span: label.span), value: argument.value)
    }
    guard
      checkArguments(arguments, of: name, positional: 0, labels: labels + ["warmup"])
    else { return nil }
    var values: [String: Expression] = [:]
    for argument in arguments {
      if let label = argument.label { values[label.text] = argument.value }
    }
    guard let warmup = values["warmup"].map({ length($0, "warmup", from: 0) }) ?? .updates(0) else {
      return nil
    }
    switch name.text {
    case "step":
      for label in labels where values[label] == nil {
        report(.missingLabel(label, of: name.text, at: e.span))
        return nil
      }
      guard let every = values["every"].flatMap({ length($0, "every", from: 1) }),
        let factor = values["factor"].flatMap({ number($0, "factor") })
      else { return nil }
      return LearningRateSchedule(.step(every: every, factor: factor), warmup: warmup)
    case "cosine":
      guard let over = values["over"].map({ length($0, "over", from: 1) }) ?? .part(1),
        let low = values["low"].map({ number($0, "low") }) ?? 0
      else { return nil }
      return LearningRateSchedule(.cosine(over: over, low: low), warmup: warmup)
    default: return LearningRateSchedule(.constant, warmup: warmup)
    }
  }

  /// Returns the length that `e`, the argument `label` of a schedule, is: `least` updates or more,
  /// or epochs, or a part of the training.
  private mutating func length(
    _ e: Expression, _ label: String, from least: Int
  ) -> LearningRateSchedule.Length? {
    switch e.kind {
    case .number(_, let n?) where n >= least: return .updates(n)
    case .call(let name, let arguments) where ["epochs", "part"].contains(name.text):
      guard checkArguments(arguments, of: name, positional: 1, labels: []),
        let x = scalar(of: arguments[0].value)?.value(in: module.dimensions)
      else { return nil }
      let isPart = name.text == "part"
      guard x > 0, !isPart || x <= 1 else {
        report(
          .invalidField(
            name.text, isPart ? "a number above 0, at most 1" : "a number above 0",
            at: arguments[0].value.span))
        return nil
      }
      return isPart ? .part(x) : .epochs(x)
    default:
      report(
        .invalidField(
          label, "an integer of at least \(least), 'epochs(x)' or 'part(x)'", at: e.span))
      return nil
    }
  }

}

extension Diagnostic {

  /// Returns an error reporting what is no schedule.
  fileprivate static func unknownSchedule(_ suggestion: String?, at span: SourceSpan) -> Diagnostic
  {
    let forms = LearningRateSchedule.forms.map { "'\($0)'" }.joined(separator: " or ")
    return .invalidField(
      "schedule", suggestion.map { "'\($0)'" } ?? "one such as \(forms)", at: span)
  }

}

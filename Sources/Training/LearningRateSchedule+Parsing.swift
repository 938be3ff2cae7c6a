import Diagnostics

extension LearningRateSchedule {

  /// A text that is no schedule.
  package struct ParseError: Error, Equatable, Sendable {

    /// What is wrong, without a final period.
    package let message: String

  }

  /// The rules as a person writes them.
  package static let forms = [
    "constant", "step(every: 100, factor: 0.5)", "cosine(updates: 4000, low: 0.01)",
  ]

  /// The most updates that a schedule counts.
  private static let limit = 1 << 40

  /// Reads a schedule such as `constant`, `step(every: 100, factor: 0.5)` or
  /// `cosine(updates: 4000, low: 0.01)`, each perhaps with `warmup: 50` in its parentheses.
  package init(parsing text: String) throws(ParseError) {
    let (name, arguments) = try Self.call(text)
    let known = ["constant": [], "step": ["every", "factor"], "cosine": ["updates", "low"]]
    guard let labels = known[name] else {
      let near = suggestion(for: name, among: known.keys.sorted())
      throw ParseError(
        message: "unknown schedule '\(name.printable)'; "
          + (near.map { "did you mean '\($0)'?" }
            ?? "there are \(Self.forms.joined(separator: ", "))")
      )
    }
    for label in arguments.keys.sorted() where !labels.contains(label) && label != "warmup" {
      throw ParseError(message: "'\(name)' has no '\(label.printable)'; \(Self.example(name))")
    }
    for label in labels where arguments[label] == nil && label != "low" {
      throw ParseError(message: "'\(name)' needs '\(label)'; \(Self.example(name))")
    }
    func count(_ label: String, from least: Int) throws(ParseError) -> Int {
      guard let text = arguments[label] else { return 0 }
      guard let number = Int(text), (least...Self.limit).contains(number) else {
        throw ParseError(
          message: "'\(label)' needs a whole number of at least \(least), found '\(text.printable)'"
        )
      }
      return number
    }
    func number(_ label: String) throws(ParseError) -> Double {
      guard let text = arguments[label] else { return 0 }
      guard let number = Double(text), number.isFinite, number >= 0 else {
        throw ParseError(
          message: "'\(label)' needs a number of at least 0, found '\(text.printable)'")
      }
      return number
    }
    let warmup = try count("warmup", from: 0)
    switch name {
    case "step":
      self.init(
        .step(every: try count("every", from: 1), factor: try number("factor")), warmup: warmup)
    case "cosine":
      self.init(
        .cosine(updates: try count("updates", from: 1), low: try number("low")), warmup: warmup)
    default: self.init(.constant, warmup: warmup)
    }
  }

  private static func example(_ name: String) -> String {
    "for example \(forms.first { $0.hasPrefix(name) } ?? name)"
  }

  /// Returns the name in front of the parentheses of `text`, and what stands behind each label in
  /// them.
  private static func call(
    _ text: String
  ) throws(ParseError) -> (name: String, arguments: [String: String]) {
    let fault = ParseError(
      message: "expected a schedule such as \(forms[1]), found '\(text.printable)'")
    let text = text.trimmingSpaces
    guard let opening = text.firstIndex(of: "(") else { return (text, [:]) }
    guard text.hasSuffix(")") else { throw fault }
    var arguments: [String: String] = [:]
    let inner = text[text.index(after: opening)...].dropLast()
    for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: ":", omittingEmptySubsequences: false)
      guard words.count == 2 else { throw fault }
      let label = String(words[0]).trimmingSpaces
      guard arguments.updateValue(String(words[1]).trimmingSpaces, forKey: label) == nil else {
        throw ParseError(message: "'\(label.printable)' occurs twice in '\(text.printable)'")
      }
    }
    return (String(text[..<opening]).trimmingSpaces, arguments)
  }

}

extension String {

  /// `self` without spaces at both ends.
  fileprivate var trimmingSpaces: String {
    let start = drop { $0 == " " }
    return String(start.lastIndex { $0 != " " }.map { start[...$0] } ?? "")
  }

}

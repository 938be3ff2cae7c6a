/// An option of a command line.
package struct CommandLineOption: Sendable {

  /// The name with its dashes, such as `--weights`.
  package let name: String

  /// A shorter name with its dash, such as `-o`.
  package let shortName: String?

  /// What stands for the value in the help, such as `W.safetensors`; `nil` for a switch.
  package let placeholder: String?

  /// `true` iff the option may be given more than once.
  package let isRepeatable: Bool

  /// What the option does, as a phrase without a final period.
  package let summary: String

  /// Creates an option that takes a value iff `placeholder` is given.
  package init(
    _ name: String, short shortName: String? = nil, value placeholder: String? = nil,
    isRepeatable: Bool = false, _ summary: String
  ) {
    self.name = name
    self.shortName = shortName
    self.placeholder = placeholder
    self.isRepeatable = isRepeatable
    self.summary = summary
  }

  /// The switch that every command has.
  package static let help = CommandLineOption("--help", short: "-h", "print this text")

  /// Returns the lines of a help text for `options`, one each, the summaries aligned.
  package static func helpText(for options: [CommandLineOption]) -> String {
    let heads = options.map { option in
      let names = option.shortName.map { "\($0), \(option.name)" } ?? option.name
      let value = option.placeholder.map { " \($0)" } ?? ""
      return names + value + (option.isRepeatable ? " ..." : "")
    }
    let width = heads.map(\.count).max() ?? 0
    return zip(heads, options).map { head, option in
      "  \(head)\(String(repeating: " ", count: width - head.count))  \(option.summary)\n"
    }.joined()
  }

}

/// A command line that cannot be understood.
package struct CommandLineError: Error, Equatable, Sendable {

  /// What is wrong, without a final period.
  package let message: String

  /// Creates an error that says `message`.
  package init(_ message: String) {
    self.message = message
  }

}

/// The words of a command line, divided into options and operands.
///
/// An option's value follows it as the next word or behind `=`. Behind `--` every word is an
/// operand, and so is `-` anywhere.
package struct CommandLineArguments: Sendable {

  /// All words, in order.
  package let words: [String]

  /// The words that are neither options nor their values, in order.
  package private(set) var operands: [String] = []

  /// The values of each option that was given, by its long name; a switch has empty ones.
  private var values: [String: [String]] = [:]

  /// Reads `words`, which may use `options`.
  ///
  /// An unknown option, one without its value, a value that a switch does not take, and a second
  /// use of an option that is not repeatable are errors.
  package init(
    _ words: some Sequence<String>, options: [CommandLineOption]
  ) throws(CommandLineError) {
    self.words = Array(words)
    var rest = self.words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        break
      }
      // By bytes, because a mark after a dash or an equals sign makes one character with it.
      guard word.utf8.first == UInt8(ascii: "-"), word != "-" else {
        operands.append(word)
        continue
      }
      let parts = word.dividedAtEqualsSign
      let name = String(parts[0])
      let option = try Self.option(called: name, among: options)
      if option.placeholder == nil, parts.count > 1 {
        throw CommandLineError("'\(option.name)' takes no value")
      }
      if !option.isRepeatable, values[option.name] != nil {
        throw CommandLineError("'\(option.name)' is given twice")
      }
      let value: String
      if option.placeholder == nil {
        value = ""
      } else if parts.count > 1 {
        value = String(parts[1])
      } else {
        value = try Self.value(of: option, from: &rest)
      }
      values[option.name, default: []].append(value)
    }
  }

  /// `true` iff option `name` was given.
  package func contains(_ name: String) -> Bool {
    values[name] != nil
  }

  /// Returns the value of option `name`, or `nil` if it was not given.
  package func value(of name: String) -> String? {
    values[name]?.last
  }

  /// Returns the values of option `name` in the order in which they were given.
  package func values(of name: String) -> [String] {
    values[name] ?? []
  }

  /// Returns the value of option `name` as a number in `range`, or `nil` if it was not given.
  package func integer<N: FixedWidthInteger>(
    of name: String, in range: ClosedRange<N>
  ) throws(CommandLineError) -> N? {
    guard let text = value(of: name) else { return nil }
    guard let number = N(text), range.contains(number) else {
      throw CommandLineError(
        "'\(name)' needs a whole number from \(range.lowerBound) to \(range.upperBound), "
          + "found '\(text.printable)'")
    }
    return number
  }

  /// Returns the value of option `name` as a finite number, or `nil` if it was not given.
  package func number(of name: String) throws(CommandLineError) -> Double? {
    guard let text = value(of: name) else { return nil }
    guard let number = Double(text), number.isFinite else {
      throw CommandLineError("'\(name)' needs a number, found '\(text.printable)'")
    }
    return number
  }

  /// Returns the name and the value of each use of option `name`, which has the form `NAME=VALUE`.
  ///
  /// A name may be given once.
  package func assignments(
    of name: String
  ) throws(CommandLineError) -> [(name: String, value: String)] {
    var result: [(name: String, value: String)] = []
    for text in values(of: name) {
      let parts = text.dividedAtEqualsSign
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw CommandLineError("'\(name)' needs NAME=VALUE, found '\(text.printable)'")
      }
      let key = String(parts[0])
      if result.contains(where: { $0.name == key }) {
        throw CommandLineError("'\(name)' names '\(key.printable)' twice")
      }
      result.append((key, String(parts[1])))
    }
    return result
  }

  /// Returns the option of that long or short name.
  private static func option(
    called name: String, among options: [CommandLineOption]
  ) throws(CommandLineError) -> CommandLineOption {
    if let option = options.first(where: { $0.name == name || $0.shortName == name }) {
      return option
    }
    let near = suggestion(for: name, among: options.map(\.name))
    throw CommandLineError(
      "unknown option '\(name.printable)'" + (near.map { "; did you mean '\($0)'?" } ?? ""))
  }

  /// Returns the word behind `option`, which is not another option.
  private static func value(
    of option: CommandLineOption, from rest: inout ArraySlice<String>
  ) throws(CommandLineError) -> String {
    guard let word = rest.first, !word.utf8.starts(with: "--".utf8) else {
      throw CommandLineError("'\(option.name)' needs a value: \(option.placeholder ?? "")")
    }
    rest.removeFirst()
    return word
  }

}

extension String {

  /// `self` without its first equals sign: the texts before and after it; `self` alone if it has
  /// none.
  fileprivate var dividedAtEqualsSign: [Substring] {
    guard let sign = utf8.firstIndex(of: UInt8(ascii: "=")) else { return [self[...]] }
    return [self[..<sign], self[utf8.index(after: sign)...]]
  }

}

import Diagnostics
import Tensors

extension Manifest {

  /// The most elements that a tensor may have.
  private static let elementLimit = 1 << 31

  /// The most bytes that one block of memory may have.
  private static let byteLimit = 1 << 42

  /// Returns what is wrong with `self`, one phrase a mistake.
  ///
  /// A manifest comes from a file that anybody may have changed; whatever the runner computes
  /// from it must be safe once this returns nothing.
  func problems() -> [String] {
    var checker = Checker()
    if formatVersion != Self.currentFormatVersion {
      checker.report("format version \(formatVersion) is not \(Self.currentFormatVersion)")
    }
    checker.check(name: model, of: "the model")
    checker.check(name: symbolPrefix, of: "the symbol prefix")
    if symbolPrefix.contains(".") { checker.report("the symbol prefix contains '.'") }
    checker.check(fileName: library, of: "the library")
    checker.check(fileName: source, of: "the source")
    checker.check(bytes: weightBytes, "the weights take")
    checker.check(bytes: bindWorkspaceBytes, "the workspace of bind takes")
    checkDims(&checker)
    check(parameters, "parameter", &checker)
    check(slots, "slot", &checker)
    checkStates(&checker)
    checker.check(distinct: entries.map(\.name), of: "entry")
    for entry in entries { check(entry, &checker) }
    return checker.problems
  }

  private func checkDims(_ checker: inout Checker) {
    checker.check(distinct: dims.map(\.name), of: "dim")
    for dim in dims where !(0..<Self.elementLimit).contains(dim.size) {
      checker.report("dim '\(dim.name.printable)' has size \(dim.size)")
    }
  }

  /// Checks `parameters`, or slots, which are `kind`s.
  private func check(_ parameters: [Parameter], _ kind: String, _ checker: inout Checker) {
    checker.check(distinct: parameters.map(\.name), of: kind)
    for parameter in parameters {
      checker.check(
        parameter.initializer, shape: parameter.shape, of: "\(kind) '\(parameter.name.printable)'")
    }
  }

  private func checkStates(_ checker: inout Checker) {
    checker.check(distinct: states.map(\.name), of: "state")
    for state in states {
      let subject = "state '\(state.name.printable)'"
      checker.check(state.initializer, shape: state.shape, of: subject)
      checker.check(classes: state.classes, of: state.element, in: subject)
      if state.element != .f32, let rule = state.initializer {
        let limit = state.element == .bool ? 2 : state.classes ?? 0
        if !rule.isBelow(limit, count: state.shape.checkedElementCount(below: Self.elementLimit)) {
          checker.report("\(subject) has an impossible first value")
        }
      }
      guard let name = state.parameter else { continue }
      if state.initializer != nil { checker.report("\(subject) has two first values") }
      if state.element != .f32
        || parameters.first(where: { $0.name == name })?.shape != state.shape
      {
        checker.report("\(subject) starts at no parameter of its type")
      }
    }
  }

  private func check(_ entry: Entry, _ checker: inout Checker) {
    let subject = "entry '\(entry.name.printable)'"
    if entry.name == "bind" || entry.name.contains(".") {
      checker.report("\(subject) is not a name for an entry")
    }
    checker.check(bytes: entry.workspaceBytes, "the workspace of \(subject) takes")
    checker.check(
      distinct: entry.inputs.map(\.name) + states.map(\.name), of: "input or state of \(subject),")
    checker.check(distinct: entry.outputs.map(\.name), of: "output of \(subject),")
    if !(0..<Self.elementLimit).contains(entry.steps) {
      checker.report("\(subject) has \(entry.steps) steps")
    }
    if let name = entry.countedDim, dims.first(where: { $0.name == name })?.size != entry.steps {
      checker.report("\(subject) counts no dim of \(entry.steps) steps")
    }
    for value in entry.inputs + entry.outputs {
      let part = "'\(value.name.printable)' of \(subject)"
      checker.check(nil, shape: value.shape, of: part)
      if value.counted, entry.countedDim == nil || value.shape.first != entry.steps {
        checker.report("\(part) is counted, but its first axis is not")
      }
      checker.check(classes: value.classes, of: value.element, in: part)
    }
    for input in entry.inputs where input.defaultValue != nil {
      checker.check(defaultOf: input, in: subject)
    }
    for output in entry.outputs where output.defaultValue != nil {
      checker.report("'\(output.name.printable)' of \(subject) is an output, but has a default")
    }
  }

  /// Collects what is wrong.
  private struct Checker {

    private(set) var problems: [String] = []

    mutating func report(_ problem: String) {
      problems.append(problem)
    }

    mutating func check(name: String, of subject: String) {
      if !name.isIdentifier {
        report("the name of \(subject), '\(name.printable)', is not an identifier")
      }
    }

    mutating func check(distinct names: [String], of subject: String) {
      var seen: Set<String> = []
      for name in names {
        check(name: name, of: subject)
        if !seen.insert(name).inserted {
          report("\(subject) '\(name.printable)' occurs twice")
        }
      }
    }

    mutating func check(fileName name: String, of subject: String) {
      let letters = name.unicodeScalars
      if name.isEmpty || name.hasPrefix(".") || name.utf8.count > 255
        || letters.contains(where: { $0 == "/" || $0 == "\\" || $0.value < 32 })
      {
        report("the name of \(subject), '\(name.printable)', is not a plain file name")
      }
    }

    /// Reports an impossible count of bytes behind `phrase`, a subject and its verb.
    mutating func check(bytes count: Int, _ phrase: String) {
      if !(0..<Manifest.byteLimit).contains(count) { report("\(phrase) \(count) bytes") }
    }

    mutating func check(classes: Int?, of element: Manifest.Element, in subject: String) {
      switch (element, classes) {
      case (.index, let classes?) where (0...Manifest.elementLimit).contains(classes): break
      case (.f32, nil), (.bool, nil): break
      default: report("\(subject) has a wrong number of classes")
      }
    }

    /// Reports a default that `input` of `subject` cannot have.
    mutating func check(defaultOf input: Manifest.Value, in subject: String) {
      let part = "'\(input.name.printable)' of \(subject)"
      if input.element == .bool || !input.shape.isEmpty {
        report("\(part) has a default, but is no scalar")
      }
      guard let number = input.defaultValue else { return }
      if number.isNaN { report("\(part) has a default that is no number") }
      if let classes = input.classes,
        number != number.rounded() || number < 0
          || number >= Double(classes)
      {
        report("\(part) has a default that is out of range")
      }
    }

    mutating func check(_ initializer: Initializer?, shape: [Int], of subject: String) {
      guard let count = shape.checkedElementCount(below: Manifest.elementLimit) else {
        return report("\(subject) has the shape \(shape)")
      }
      if case .literal(let elements) = initializer, elements.count != count {
        report("\(subject) has \(elements.count) elements for \(count)")
      }
    }

  }

}

extension Array where Element == Int {

  /// Returns the product of all extents, or `nil` if one is negative or the product of the
  /// positive ones is not below `limit`.
  fileprivate func checkedElementCount(below limit: Int) -> Int? {
    var product = 1
    for extent in self {
      guard extent >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard !overflow, next < limit else { return nil }
      product = next
    }
    return contains(0) ? 0 : product
  }

}

extension Initializer {

  /// `true` iff all elements are whole numbers from 0 up to, but not including, `limit`; there are
  /// `count`, or too many if that is `nil`.
  fileprivate func isBelow(_ limit: Int, count: Int?) -> Bool {
    func isPossible(_ x: Double) -> Bool { x == x.rounded() && x >= 0 && x < Double(limit) }
    switch self {
    case .zeros: return isPossible(0)
    case .ones: return isPossible(1)
    case .constant(let x): return isPossible(x)
    case .iota: return count.map { $0 <= limit } ?? false
    case .uniform, .normal: return false
    case .literal(let elements): return elements.allSatisfy(isPossible)
    }
  }

}

extension String {

  /// `true` iff `self` is a letter or `_`, and then letters, digits, `_` and `.`, all ASCII.
  fileprivate var isIdentifier: Bool {
    guard let first = utf8.first, first.isLetter, utf8.count <= 1024 else { return false }
    return utf8.allSatisfy { $0.isLetter || (48...57).contains($0) || $0 == UInt8(ascii: ".") }
  }

}

extension UInt8 {

  /// `true` iff `self` is an ASCII letter or `_`.
  fileprivate var isLetter: Bool {
    (65...90).contains(self) || (97...122).contains(self) || self == UInt8(ascii: "_")
  }

}

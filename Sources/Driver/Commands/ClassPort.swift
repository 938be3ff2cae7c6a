import Diagnostics
import IR
import Runner
import Tensors
import Text
import Training

/// Where a model reads rows of text and says which class they are of.
struct ClassPort {

  let examples: ExamplePort

  /// The index input that reads tokens, one for each step and row, and the label, one for each row.
  private let tokens: Entry.Input
  private let label: Entry.Input

  /// The extent of the steps of the tokens.
  private let steps: Extent

  /// Finds the only index input of `module` over the steps of a scan and the rows, and the only
  /// label of classes for each row. Throws if there are none, or several.
  init(_ module: Module) throws(RunnerError) {
    examples = try ExamplePort(module)
    let port = examples
    let missing = RunnerError(
      .input,
      "the model reads no rows of text: it needs one index input over the steps of a scan and the "
        + "rows, and one index label with a place for each row")
    let tokens = port.inputs.filter { input in
      guard input.role == .input, case .index = input.type.element else { return false }
      return input.type.shape.count == 2 && port.axis(of: input) != nil
        && port.stepAxis(input) != nil
    }
    let labels = port.inputs.filter { input in
      guard input.role == .label, case .index = input.type.element else { return false }
      return input.type.shape.count == 1
    }
    guard tokens.count == 1, labels.count == 1, let axis = port.stepAxis(tokens[0]) else {
      throw missing
    }
    (self.tokens, label) = (tokens[0], labels[0])
    steps = tokens[0].type.shape[axis]
    let known = [tokens[0].name, labels[0].name, port.lengths?.input.name]
    let others = port.inputs.filter { !known.contains($0.name) }
    guard others.isEmpty else {
      throw RunnerError(
        .input, "the model needs more than rows of text",
        details: others.map { "it reads '\($0.name)', too" })
    }
  }

  /// How the model takes the examples.
  var roles: ExampleRoles {
    examples.roles(
      Set([tokens.name, label.name] + (examples.lengths.map { [$0.input.name] } ?? [])))
  }

  /// Returns the examples that `rows` are for the model, filled up with symbol 0.
  ///
  /// Throws if a row is longer than the steps of the model.
  func examples(_ rows: LabelledRows) throws(RunnerError) -> ExampleSet {
    let module = examples.module
    let limit = steps.value(in: module.dimensions) ?? 0
    if let long = rows.rows.first(where: { $0.tokens.count > limit }) {
      let longest = rows.rows.map(\.tokens.count).max() ?? 0
      let name = steps.dimension.map { module.dimensions[$0].name }
      throw RunnerError(
        .input,
        "line \(long.line) of '\(long.path.printable)' has \(long.tokens.count) tokens, but the model "
          + "reads at most \(limit)"
          + (name.map { "; --dim \($0)=\(longest) takes all rows" } ?? ""))
    }
    let count = rows.rows.count
    let isBatchFirst = examples.axis(of: tokens) == 0
    var elements = [Int32](repeating: 0, count: count * limit)
    for (row, content) in rows.rows.enumerated() {
      for (step, token) in content.tokens.enumerated() {
        elements[isBatchFirst ? row * limit + step : step * count + row] = token
      }
    }
    var columns = [
      RowTensor(
        name: tokens.name, shape: isBatchFirst ? [count, limit] : [limit, count],
        axis: isBatchFirst ? 0 : 1, .integers(elements)),
      RowTensor(
        name: label.name, shape: [count], axis: 0, .integers(rows.rows.map(\.label))),
    ]
    if let lengths = examples.lengths {
      columns.append(
        RowTensor(
          name: lengths.input.name, shape: [count], axis: 0,
          .integers(rows.rows.map { Int32($0.tokens.count) })))
    }
    return try ExampleSet(columns)
  }

  /// Sets the dims of the symbols and of the classes to the numbers that `coding` has, and says so.
  ///
  /// Throws if `dimensions` say otherwise, or if no dimension can be set.
  func fit(
    _ dimensions: inout [(name: String, value: Int)], to coding: TextCoding, from source: String,
    _ console: Console
  ) throws {
    guard case .index(let symbols) = tokens.type.element,
      case .index(let classes) = label.type.element
    else { preconditionFailure("tokens and labels are indices") }
    let module = examples.module
    try module.fit(
      &dimensions, symbols, of: tokens.name, to: coding.vocabulary.count, "symbols", from: source,
      console)
    try module.fit(
      &dimensions, classes, of: label.name, to: coding.classes?.count ?? 0, "classes", from: source,
      console)
  }

}

extension Module {

  /// Sets the dimension that `extent`, the number of classes of input `name`, is to `count`, the
  /// number of `things` of `source`, and says so.
  ///
  /// Throws if `dimensions` say otherwise, or if no dimension can be set.
  func fit(
    _ dimensions: inout [(name: String, value: Int)], _ extent: Extent, of name: String,
    to count: Int, _ things: String, from source: String, _ console: Console
  ) throws {
    guard let d = extent.dimension else {
      let value = extent.value(in: self.dimensions) ?? 0
      guard value == count else {
        throw RunnerError(
          .input,
          "\(source) has \(count) \(things), but '\(name)' is index<"
            + "\(extent.description(in: self.dimensions))>, which is \(value)")
      }
      return
    }
    let dimension = self.dimensions[d].name
    if let given = dimensions.first(where: { $0.name == dimension }) {
      guard given.value == count else {
        throw CommandLineError(
          "'--dim \(dimension)=\(given.value)' conflicts with \(source), which has \(count) \(things)"
        )
      }
    } else if self.dimensions[d].value != count {
      dimensions.append((dimension, count))
    }
    console.note("\(dimension) = \(count) from \(source)")
  }

}

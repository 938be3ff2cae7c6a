import Diagnostics
import IR
import Runner
import Text

/// Where a model reads a text and says what it expects next.
struct TextPort {

  /// The index input that reads tokens.
  let input: String

  /// The label that is the next token, if the model has one.
  let label: String?

  /// The output with a number for each class.
  let logits: String

  /// `true` iff the first axis of the input is that of the rows, not that of the steps.
  let isBatchFirst: Bool

  /// The classes of the input.
  private let classes: Extent

  /// The number of steps of the input.
  private let steps: Extent

  /// The number of rows of the input, if it has an axis of them.
  private let rows: Extent?

  private let module: Module

  /// The inputs that must be given besides `input` and `label`.
  private let otherInputs: [String]

  /// Finds the only index input of `module` over the steps of a scan, and what belongs to it;
  /// `nil` if there is none, or nothing fits it.
  init?(_ module: Module) {
    guard let (entry, scanned, found) = Self.reader(of: module),
      case .index(let classes) = found.type.element,
      let logits = entry.outputs.first(where: { output in
        let type = entry.graph.type(of: output.value).dense
        return type.element == .f32 && type.shape == found.type.shape + [classes]
      })
    else { return nil }
    // Of the entries that are written out, only some use the label.
    let label = ([entry] + module.entries).flatMap(\.inputs).first {
      $0.role == .label && $0.type == found.type
    }
    input = found.name
    self.label = label?.name
    self.logits = logits.name
    isBatchFirst = !(found.type.shape[0].dimension.map(scanned.contains) ?? false)
    self.classes = classes
    let shape = isBatchFirst ? found.type.shape.reversed() : found.type.shape
    steps = shape[0]
    rows = shape.dropFirst().first
    self.module = module
    otherInputs =
      entry.inputs.filter { $0.role == .input && $0.name != found.name }.map(\.name)
  }

  /// Returns the entry of `module` that could read a text, the dims that it scans, and its only
  /// index input over the steps of a scan, of at most two axes; `nil` if there is none.
  private static func reader(
    of module: Module
  ) -> (entry: Entry, scanned: Set<ID<Dimension>>, input: Entry.Input)? {
    guard
      let entry = module.entries.first(where: { module.form == .model || $0.name == "forward" })
    else { return nil }
    var scanned: Set<ID<Dimension>> = []
    for id in entry.graph.body.nodes {
      if case .scan(let scan) = entry.graph[id].op { scanned.formUnion(scan.count.dimensions) }
    }
    let found = entry.inputs.filter { input in
      guard input.role == .input, case .index = input.type.element else { return false }
      return input.type.shape.contains { $0.dimension.map(scanned.contains) ?? false }
    }
    return found.count == 1 && found[0].type.shape.count <= 2 ? (entry, scanned, found[0]) : nil
  }

  /// The number of symbols that the model knows.
  var classCount: Int? { classes.value(in: module.dimensions) }

  /// The number of steps and of rows of a window.
  var window: (steps: Int, batch: Int) {
    (
      steps.value(in: module.dimensions) ?? 0,
      rows.map { $0.value(in: module.dimensions) ?? 0 } ?? 1
    )
  }

  /// Returns `true` iff the input that reads tokens is the only one that `names` lack.
  func isOnlyMissing(from names: [String]) -> Bool {
    !names.contains(input) && otherInputs.allSatisfy(names.contains)
  }

  /// Throws if something is asked for that does not go with a text.
  func check(_ data: DataOptions, entry: String) throws(CommandLineError) {
    if entry != "forward" {
      throw CommandLineError("a text runs through entry 'forward', not through '\(entry)'")
    }
    if data.steps != nil {
      throw CommandLineError("'--steps' does not go with a text; '--dim' sets the size of a window")
    }
    for file in data.inputs where file.name == input || file.name == label {
      throw CommandLineError("'--input \(file.name)' does not go with a text, which gives it")
    }
    let states = module.states.map(\.name)
    for file in data.outputs where !states.contains(file.name) {
      throw CommandLineError(
        "'--output \(file.name.printable)' does not go with a text; only states can be saved"
          + (states.isEmpty
            ? ", and the model has none" : ": \(states.joined(separator: ", "))"))
    }
  }

  /// Sets the dimension of the classes to `count`, the number of symbols of `source`, and says so.
  ///
  /// Throws if `dimensions` say otherwise, or if no dimension can be set.
  func fit(
    _ dimensions: inout [(name: String, value: Int)], to count: Int, from source: String,
    _ console: Console
  ) throws {
    try module.fit(
      &dimensions, classes, of: input, to: count, "symbols", from: source, console)
  }

  /// Sets the dimension of the rows to one, unless `dimensions` say otherwise or no dimension can
  /// be set.
  func fitOneRow(_ dimensions: inout [(name: String, value: Int)]) {
    guard let d = rows?.dimension else { return }
    let name = module.dimensions[d].name
    if !dimensions.contains(where: { $0.name == name }) { dimensions.append((name, 1)) }
  }

  /// What `module` lacks, which has no port.
  static func absence(from module: Module) -> String {
    guard let (entry, _, input) = reader(of: module), case .index(let classes) = input.type.element
    else {
      return
        "the model reads no text: it needs one index input over the steps of a scan, of at most "
        + "two axes, and an output with an axis of its classes after the same axes"
    }
    let wanted = input.type.shape + [classes]
    let expected = TensorType(.f32, wanted).description(in: module.dimensions)
    // An output that has the axes in another order.
    for output in entry.outputs {
      let type = entry.graph.type(of: output.value).dense
      var rest = type.shape
      for extent in wanted {
        if let place = rest.firstIndex(of: extent) { rest.remove(at: place) }
      }
      guard type.element == .f32, type.shape.count == wanted.count, rest.isEmpty else { continue }
      return "the model reads no text: output '\(output.name)' is "
        + "\(type.description(in: module.dimensions)), expected \(expected), as '\(input.name)' has its "
        + "axes; 'transpose' changes their order"
    }
    return
      "the model reads no text: no output is \(expected), a number for each class at each place "
      + "of '\(input.name)'"
  }

}

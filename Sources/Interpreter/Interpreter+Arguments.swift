import IR

extension Interpreter {

  /// Throws one error that lists everything wrong with what `entry` is given.
  func check(
    _ entry: Entry, _ dimensions: [Dimension], parameters: [String: DenseArray],
    inputs: [String: DenseArray], states: [String: DenseArray]
  ) throws(InterpreterError) {
    var checker = ArgumentChecker(dimensions: module.dimensions)
    for p in module.parameters {
      let sizes = try p.type.denseShape.sizes(in: module.dimensions)
      checker.check(parameters[p.name], "parameter '\(p.name)'", p.type, sizes, isRequired: true)
    }
    checker.checkNames(parameters, of: "parameter", module.parameters.map(\.name))
    for (i, input) in entry.inputs.enumerated() {
      let sizes = try input.type.denseShape.sizes(in: dimensions)
      let kind = input.role == .label ? "label" : "input"
      checker.check(
        inputs[input.name], "\(kind) '\(input.name)'", input.type, sizes,
        isRequired: input.defaultValue == nil && (input.role == .input || entry.usesInput(i)))
    }
    checker.checkNames(inputs, of: "input", entry.inputs.map(\.name))
    for s in module.states {
      let sizes = try s.type.denseShape.sizes(in: dimensions)
      checker.check(states[s.name], "state '\(s.name)'", s.type, sizes, isRequired: false)
    }
    checker.checkNames(states, of: "state", module.states.map(\.name))
    if !checker.problems.isEmpty {
      throw InterpreterError(checker.problems.joined(separator: "; "))
    }
  }

  /// Returns the dimensions as `entry` sees them when its scans do `steps` steps.
  func dimensions(of entry: Entry, steps: Int?) throws(InterpreterError) -> [Dimension] {
    guard let steps else { return module.dimensions }
    guard let counted = entry.countedDimension else {
      throw InterpreterError("entry '\(entry.name)' has no dimension that counts steps")
    }
    var result = module.dimensions
    guard (0...result[counted].value).contains(steps) else {
      throw InterpreterError(
        "found \(steps) steps, expected at most \(result[counted].value), the value of "
          + "'\(result[counted].name)'")
    }
    result[counted].value = steps
    return result
  }

}

/// Collects what is wrong with the arrays that a caller gives.
private struct ArgumentChecker {

  /// The dimensions that the ranges of indices are meant in.
  let dimensions: [Dimension]

  private(set) var problems: [String] = []

  /// Creates a checker that has found nothing.
  init(dimensions: [Dimension]) {
    self.dimensions = dimensions
  }

  /// Notes what keeps `array` from being a value of `type` with extents `sizes`.
  mutating func check(
    _ array: DenseArray?, _ name: String, _ type: TensorType, _ sizes: [Int], isRequired: Bool
  ) {
    guard let array else {
      if isRequired { problems.append("\(name) is missing") }
      return
    }
    guard array.shape == sizes else {
      problems.append("\(name) has the shape \(array.shape), expected \(sizes)")
      return
    }
    switch type.element {
    case .f32, .oneHot: return
    case .bool: check(array, name, expected: "0 or 1") { $0 == 0 || $0 == 1 }
    case .index(let extent):
      let count = extent.value(in: dimensions) ?? 0
      check(array, name, expected: "an index below \(count)") {
        $0 >= 0 && $0 < Double(count) && $0 == $0.rounded()
      }
    }
  }

  private mutating func check(
    _ array: DenseArray, _ name: String, expected: String, _ isValid: (Double) -> Bool
  ) {
    guard let offset = array.elements.firstIndex(where: { !isValid($0) }) else { return }
    problems.append(
      "\(name) has \(numeral(array.elements[offset])) at \(array.place(ofElement: offset)), "
        + "expected \(expected)")
  }

  /// Notes what is given in `arrays` without being one of `names`.
  mutating func checkNames(
    _ arrays: [String: DenseArray], of kind: String, _ names: [String]
  ) {
    for name in arrays.keys.sorted() where !names.contains(name) {
      problems.append("no \(kind) is called '\(name)'")
    }
  }

}

extension Entry {

  /// The one dimension that the numbers of steps of the scans depend on, if there is just one.
  ///
  /// Scans inside of scans do not count.
  package var countedDimension: ID<Dimension>? {
    var counted: Set<ID<Dimension>> = []
    for id in graph.body.nodes {
      if case .scan(let scan) = graph[id].op { counted.formUnion(scan.count.dimensions) }
    }
    return counted.count == 1 ? counted.first : nil
  }

  /// Returns `true` iff a line, an output or an update uses the input at `position`.
  fileprivate func usesInput(_ position: Int) -> Bool {
    func uses(_ value: Value) -> Bool {
      let node = graph[value.node]
      if case .source(.input(position)) = node.op { return true }
      return node.isInline && node.operands.contains(where: uses)
    }
    func uses(_ block: Block) -> Bool {
      block.results.contains(where: uses)
        || block.nodes.contains { id in
          guard case .scan(let scan) = graph[id].op else {
            return graph[id].operands.contains(where: uses)
          }
          return graph[id].operands.contains(where: uses) || uses(scan.body)
            || scan.remainder.map(uses) ?? false
        }
    }
    return uses(graph.body) || outputs.contains { uses($0.value) }
      || updates.contains { uses($0.value) }
  }

}

import IR

extension GraphPlanner {

  /// Plans the elements that dropout keeps.
  mutating func planDropout(_ v: Value, _ node: Node, _ dropout: Dropout) {
    guard let site = dropout.site, let stepOperand = dropout.stepOperand else {
      preconditionFailure("entries have their dropout written out")
    }
    let counts = counts(node.results[0].type.shape)
    let source = denseRows(view(node.operands[0]), counts, name: "elements")
    let counters = node.operands[1..<stepOperand].map { counter($0) }
    planDense(v, node) { planner, output in
      planner.emit(
        .drop(
          Drop(
            rate: dropout.rate, site: site, count: planner.product(counts),
            step: planner.step(node.operands[stepOperand], dropout.offset), input: source.place,
            seed: counters[0], update: counters[1], output: output.place)))
    }
  }

  /// Returns the place of the integer that `v` is.
  private mutating func counter(_ v: Value) -> Place {
    guard case .number(let x) = held(v) else { return view(v).place }
    let view = newTensor("counter", shape: [], scalar: .integer)
    emit(
      .literal(
        Literal(contents: .constant(x), scalar: .integer, count: 1, output: view.place)))
    return view.place
  }

  /// Returns the step that is `offset` behind `v`, the step of a loop or a number in the text.
  private mutating func step(_ v: Value, _ offset: Int) -> Drop.Step {
    if let loop = loopOfStep[v] { return .loop(loop, offset: offset) }
    guard case .number(let x) = held(v) else {
      preconditionFailure("a step is that of a scan, or a number")
    }
    return .number(Int(x) + offset)
  }

}

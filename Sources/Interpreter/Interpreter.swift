import IR

/// The oracle: evaluates a model by definition, slowly and in double precision.
///
/// With fewer steps than a model is compiled for, an entry is evaluated as if the dimension that
/// its scans count were that small. What does not depend on the entry, such as parameters, is
/// computed for the full size and then cut to its first steps.
package struct Interpreter: Sendable {

  /// What an entry yields.
  package struct Results: Sendable {

    /// The outputs, in the order of the entry.
    package var outputs: [(name: String, value: DenseArray)]

    /// The values of all states at the end of the call, by name.
    package var states: [String: DenseArray]

    /// The values of all parameters and slots at the end of the call, by name.
    package var parameters: [String: DenseArray] = [:]
    package var slots: [String: DenseArray] = [:]

    /// The values of the applications of `detach`, in the order in which they are computed.
    package var detached: [DenseArray] = []

  }

  /// Returns what is read of the result of `node`, which has been applied to `operands` in
  /// `dimensions`.
  package typealias Reading = (
    _ node: Node, _ operands: [DenseArray], _ result: DenseArray, _ dimensions: [Dimension]
  ) -> DenseArray

  package let module: Module

  /// Creates an interpreter of `module`, which is well-formed.
  package init(_ module: Module) {
    self.module = module
  }

  /// Evaluates the entry called `name`.
  ///
  /// All parameters and inputs must be given, except for labels that the entry does not use and
  /// inputs with defaults. A state or slot that is missing starts as it is declared, with seed 0
  /// where that is random. What an entry says of training that is not written out yet is left out.
  ///
  /// - Parameters:
  ///   - steps: The number of steps that scans do; as many as their dimension says if `nil`.
  ///   - detached: The values of the applications of `detach`, from another evaluation of the
  ///     entry; they are those of their operands if `nil`.
  ///   - reading: What the entry reads of the result of each of its operations; the result itself
  ///     if `nil`.
  package func evaluate(
    entry name: String, parameters: [String: DenseArray] = [:],
    inputs: [String: DenseArray] = [:], states: [String: DenseArray] = [:],
    slots: [String: DenseArray] = [:], steps: Int? = nil,
    holding detached: [DenseArray]? = nil, reading: Reading? = nil
  ) throws(InterpreterError) -> Results {
    guard var entry = module.entries.first(where: { $0.name == name }) else {
      throw InterpreterError("no entry is called '\(name)'")
    }
    if entry.training != nil { entry.removeTraining() }
    let dimensions = try self.dimensions(of: entry, steps: steps)
    try check(entry, dimensions, parameters: parameters, inputs: inputs, states: states)
    var given = Evaluation.Given(constants: try constants())
    given.parameters = module.parameters.map { named($0.name, in: parameters) }
    given.bound = try bound(given)
    given.inputs = entry.inputs.map { inputs[$0.name] ?? $0.defaultValue.map { DenseArray($0) } }
    let initial = try initialStates(parameters: parameters)
    given.states = module.states.map { states[$0.name] ?? named($0.name, in: initial) }
    let initialSlots = try initialSlots()
    given.slots = module.slots.map { slots[$0.name] ?? named($0.name, in: initialSlots) }
    given = try cut(given, to: dimensions)

    var evaluation = Evaluation(
      of: entry.graph, in: dimensions, given: given, holding: detached, reading: reading)
    try evaluation.run(entry.graph.body)
    var results = Results(
      outputs: [], states: [:], parameters: parameters, slots: [:],
      detached: evaluation.detached)
    for output in entry.outputs {
      results.outputs.append((output.name, try evaluation.value(of: output.value)))
    }
    for (state, value) in zip(module.states, given.states) { results.states[state.name] = value }
    for (slot, value) in zip(module.slots, given.slots) { results.slots[slot.name] = value }
    for update in entry.updates {
      let value = try evaluation.value(of: update.value)
      switch update.target {
      case .state(let s):
        let state = module.states[s]
        let sizes = try state.type.denseShape.sizes(in: dimensions)
        results.states[state.name] = try value.broadcast(to: sizes)
      case .parameter(let p):
        let parameter = module.parameters[p]
        let sizes = try parameter.type.denseShape.sizes(in: dimensions)
        results.parameters[parameter.name] = try value.broadcast(to: sizes)
      case .slot(let s):
        let slot = module.slots[s]
        let sizes = try slot.type.denseShape.sizes(in: dimensions)
        results.slots[slot.name] = try value.broadcast(to: sizes)
      }
    }
    return results
  }

  /// Returns what the section `bind` computes, in its order.
  private func bound(_ given: Evaluation.Given) throws(InterpreterError) -> [DenseArray] {
    var evaluation = Evaluation(of: module.bind.graph, in: module.dimensions, given: given)
    try evaluation.run(module.bind.graph.body)
    var results: [DenseArray] = []
    for result in module.bind.results { results.append(try evaluation.value(of: result.value)) }
    return results
  }

  /// Returns `given` with everything that has more steps than `dimensions` say cut to the first
  /// ones.
  private func cut(
    _ given: Evaluation.Given, to dimensions: [Dimension]
  ) throws(InterpreterError) -> Evaluation.Given {
    func cut(_ arrays: inout [DenseArray], _ types: [TensorType]) throws(InterpreterError) {
      for (i, type) in types.enumerated() {
        let sizes = try type.denseShape.sizes(in: dimensions)
        if arrays[i].shape != sizes {
          arrays[i] = arrays[i].view(shape: sizes, strides: arrays[i].strides)
        }
      }
    }
    var result = given
    try cut(&result.parameters, module.parameters.map(\.type))
    try cut(&result.constants, module.constants.map(\.type))
    try cut(&result.states, module.states.map(\.type))
    try cut(&result.bound, module.bind.results.map { module.bind.graph.type(of: $0.value) })
    return result
  }

  /// Returns the array called `name`, which has been found to be there.
  private func named(_ name: String, in arrays: [String: DenseArray]) -> DenseArray {
    guard let array = arrays[name] else { preconditionFailure("what is declared has a value") }
    return array
  }

}

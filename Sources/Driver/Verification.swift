import Diagnostics
import IR
import Planning
import Runner
import Tensors

/// A comparison of a compiled model with the interpreter on random numbers.
struct Verification {

  /// The model as it was written, with its entries.
  let expected: Module

  let compiled: CompiledModel
  let seed: UInt64

  /// The most threads that do a call together; `nil` for one a core.
  let threads: Int?

  /// How often each entry is called.
  let calls: Int

  /// The count of steps of each call of an entry that counts them, or `nil` for all.
  let steps: Int?

  /// Throws unless the count of steps, if there is one, is possible in `entries` and applies to
  /// one.
  func checkSteps(of entries: [String]) throws(CommandLineError) {
    guard let steps else { return }
    let counting = compiled.manifest.entries.filter { entries.contains($0.name) && counts($0) }
    if counting.isEmpty {
      let names = entries.map { "'\($0)'" }.joined(separator: " or ")
      throw CommandLineError("'--steps' has no use: no call of \(names) counts steps")
    }
    for entry in counting where steps > entry.steps {
      throw CommandLineError(
        "'--steps' is \(steps), but entry '\(entry.name)' runs at most \(entry.steps), the size of "
          + "'\(entry.countedDim ?? "")'")
    }
  }

  /// `true` iff calls of `entry` can have a count of steps, of the compiled model and of the
  /// interpreter.
  private func counts(_ entry: Manifest.Entry) -> Bool {
    entry.countedDim != nil
      && expected.entries.contains {
        $0.name == entry.name && $0.countedDimension(in: expected) != nil
      }
  }

  /// Calls entry `name` of both and returns a comparison for each output, then for each state.
  func compare(entry name: String) throws(RunnerError) -> [Comparison] {
    let manifest = compiled.manifest
    guard let entry = manifest.entries.first(where: { $0.name == name }) else {
      preconditionFailure("the compiled model has the entry")
    }
    let steps = counts(entry) ? self.steps : nil
    let numbers = RandomNumbers(seed: seed)
    let parameters = numbers.parameters(of: manifest)
    let oracle = InterpretedSession(expected)
    let session = try Session(compiled, threads: threads)
    try oracle.bind(parameters: parameters, seed: seed)
    try session.bind(parameters: parameters, seed: seed)

    var outputs = entry.outputs.map { Comparison(entry: name, value: $0.name, kind: .output) }
    // The inputs of the last call, and the states before it.
    var given: [String: Tensor] = [:]
    for call in 0..<calls {
      let inputs = numbers.inputs(of: entry, call: call)
      given = inputs
      for state in manifest.states { given[state.name] = try oracle.state(named: state.name) }
      let expected = try oracle.run(entry: name, inputs: inputs, steps: steps)
      let found = try session.run(entry: name, inputs: inputs, steps: steps)
      for i in outputs.indices {
        guard let x = expected[outputs[i].value], let y = found[outputs[i].value] else {
          preconditionFailure("every output has a value")
        }
        let value = outputs[i].value
        try outputs[i].add(x, y, call: call) { () throws(RunnerError) in
          try alternatives(of: name, steps, parameters, given) { answers, _ in answers[value] }
        }
      }
    }
    var states = manifest.states.map { Comparison(entry: name, value: $0.name, kind: .state) }
    for i in states.indices {
      let state = states[i].value
      try states[i].add(
        oracle.state(named: state), session.state(named: state), call: calls - 1
      ) { () throws(RunnerError) in
        try alternatives(of: name, steps, parameters, given) { _, session throws(RunnerError) in
          try session.state(named: state)
        }
      }
    }
    return try outputs + states + updated(oracle, session, entry, call: calls - 1)
  }

  /// Returns comparisons of the parameters and slots that call `call`, the last, has left.
  private func updated(
    _ oracle: InterpretedSession, _ session: Session, _ entry: Manifest.Entry, call: Int
  ) throws(RunnerError) -> [Comparison] {
    guard entry.updatesParameters else { return [] }
    var result: [Comparison] = []
    let manifest = compiled.manifest
    let kinds: [(Comparison.Kind, [Manifest.Parameter], [String: Tensor], [String: Tensor])] = [
      (.parameter, manifest.parameters, oracle.currentParameters(), session.currentParameters()),
      (.slot, manifest.slots, oracle.currentSlots(), session.currentSlots()),
    ]
    for (kind, declared, expected, found) in kinds {
      for tensor in declared {
        guard let x = expected[tensor.name], let y = found[tensor.name] else {
          preconditionFailure("every parameter and slot has a value")
        }
        var comparison = Comparison(entry: entry.name, value: tensor.name, kind: kind)
        try comparison.add(x, y, call: call) { () throws(RunnerError) in [] }
        result.append(comparison)
      }
    }
    return result
  }

  /// Returns what `value` finds in the answers of the interpreter for entry `name`, or in its
  /// session behind the call, when all numbers that it is given are changed by about as much as
  /// single precision would.
  private func alternatives(
    of name: String, _ steps: Int?, _ parameters: [String: Tensor], _ inputs: [String: Tensor],
    value: ([String: Tensor], InterpretedSession) throws(RunnerError) -> Tensor?
  ) throws(RunnerError) -> [Tensor] {
    var result: [Tensor] = []
    for attempt in 0..<8 {
      let noise = RandomNumbers(seed: seed &+ UInt64(attempt) &+ 1)
      let session = InterpretedSession(expected)
      try session.bind(parameters: parameters.changed(by: noise), seed: seed)
      let answers = try session.run(
        entry: name, inputs: inputs.changed(by: noise), steps: steps)
      if let answer = try value(answers, session) { result.append(answer) }
    }
    return result
  }

}

/// Random numbers that depend on a seed and on names alone.
struct RandomNumbers {

  let seed: UInt64

  /// Returns parameters that keep the numbers of a recurrent model in bounds.
  func parameters(of manifest: Manifest) -> [String: Tensor] {
    Dictionary(
      uniqueKeysWithValues: manifest.parameters.map { parameter in
        let shape = parameter.shape
        let width = shape.count > 1 ? shape[shape.count - 2] : shape.first ?? 1
        let bound = 1 / Double(max(width, 1)).squareRoot()
        let elements = uniform(shape.reduce(1, *), within: bound, name: parameter.name)
        return (parameter.name, Tensor(shape: shape, elements))
      })
  }

  /// Returns the inputs of a call of `entry`, without those that have a default.
  func inputs(of entry: Manifest.Entry, call: Int) -> [String: Tensor] {
    Dictionary(
      uniqueKeysWithValues: entry.inputs.filter { $0.defaultValue == nil }.map { value in
        let numbers = uniform(
          value.shape.reduce(1, *), within: 1, name: "\(value.name) \(call)")
        // From -1..<1 to 0..<1.
        let fractions = numbers.map { (Double($0) + 1) / 2 }
        switch value.element {
        case .f32: return (value.name, Tensor(shape: value.shape, numbers))
        case .bool:
          return (value.name, Tensor(shape: value.shape, .bool(fractions.map { $0 < 0.5 })))
        case .index:
          let classes = value.classes ?? 1
          let indices = fractions.map { Int64(min(Int($0 * Double(classes)), classes - 1)) }
          return (value.name, Tensor(shape: value.shape, .int64(indices)))
        }
      })
  }

  /// Returns `count` numbers from minus `bound` up to `bound`.
  func uniform(_ count: Int, within bound: Double, name: String) -> [Float] {
    Initializer.uniform(low: -bound, high: bound).values(count: count, seed: seed, name: name)
  }

}

extension [String: Tensor] {

  /// Returns the tensors with about the last three bits of each 32-bit number changed.
  fileprivate func changed(by noise: RandomNumbers) -> [String: Tensor] {
    var result = self
    for (name, tensor) in self {
      guard case .float32(let elements) = tensor.elements else { continue }
      let factors = noise.uniform(elements.count, within: 1e-6, name: name)
      result[name] = Tensor(
        shape: tensor.shape, zip(elements, factors).map { $0 + Swift.max(1, abs($0)) * $1 })
    }
    return result
  }

}

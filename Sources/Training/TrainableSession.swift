import Runner
import Tensors
import Text

/// The values of a model by which it reads a text.
package struct TextRoles: Equatable, Sendable {

  /// The input that reads tokens.
  package let input: String

  /// The input of the tokens one place later.
  package let label: String

  /// The output of `forward` with a number for each token that there can be.
  package let logits: String

  /// `true` iff the first axis of the inputs is that of the rows, not that of the steps.
  package let isBatchFirst: Bool

  /// Creates the roles.
  package init(input: String, label: String, logits: String, isBatchFirst: Bool) {
    self.input = input
    self.label = label
    self.logits = logits
    self.isBatchFirst = isBatchFirst
  }

}

/// A compiled model with an entry `train` that updates its parameters.
///
/// `train` gives the scalar `loss`, and perhaps the scalar `gradient_norm`. An input of it, if
/// there is one, is the learning rate; indices `seed` and `update` with defaults, which dropout
/// reads, are those of the training. The call is prepared once; each update only overwrites the
/// memory of inputs. A class, as every `TrainableModel`.
package final class TrainableSession: TrainableModel {

  package let batch: Int
  package let steps: Int
  package let classes: Int

  /// The learning rate that was given, or the default of the model; `nil` if it has none.
  package let learningRate: Double?

  private let session: Session
  private let train: TextCall

  /// The examples, if the model is trained on such.
  private let examples: ExampleFeed?

  private let loss: Int
  private let norm: Int?

  /// The place of the learning rate among the inputs.
  private let rate: Int?

  /// The places of the seed and of the number of the update among the inputs, by which elements are
  /// dropped.
  private let seed: Int?
  private let updateNumber: Int?

  /// The entry `forward`, if it is used.
  private let forward: TextCall?

  package var manifest: Manifest { session.manifest }

  /// Creates a model of `session`, whose weights are bound.
  ///
  /// `rate` is the input that is the learning rate. Each update is given `inputs`, and a window by
  /// the names in `text`, or some of `examples`, unless these are `nil`. `forward` is called only
  /// if `evaluates` is true. Inputs that are missing, left over or misshapen are listed in one
  /// error.
  ///
  /// - Requires: not both of `text` and `examples` are given.
  package init(
    _ session: Session, rate rateName: String = "lr", text: TextRoles?,
    examples: ExampleFeed? = nil, inputs: [String: Tensor], evaluates: Bool
  ) throws(RunnerError) {
    self.session = session
    self.examples = examples
    func call(_ entry: String) throws(RunnerError) -> TextCall {
      let inputs = try Self.inputs(of: entry, session.manifest, text, examples, inputs)
      return try TextCall(session, entry: entry, text, inputs)
    }
    train = try call("train")
    let entry = train.call.entry
    guard entry.updatesParameters, let loss = entry.scalarOutput("loss") else {
      throw RunnerError(.input, "entry 'train' updates no parameters, or has no scalar 'loss'")
    }
    self.loss = loss
    norm = entry.scalarOutput("gradient_norm")
    rate = entry.inputs.firstIndex {
      $0.name == rateName && $0.element == .f32 && $0.shape.isEmpty
    }
    learningRate = rate.flatMap { inputs[rateName]?.scalar ?? entry.inputs[$0].defaultValue }
    seed = inputs["seed"] == nil ? entry.counter("seed") : nil
    updateNumber = inputs["update"] == nil ? entry.counter("update") : nil
    forward = evaluates ? try call("forward") : nil
    (steps, batch, classes) = (train.steps, examples?.roles.batch ?? train.batch, train.classes)
  }

  /// Throws what the initializer would for a model that `manifest` describes.
  package static func check(
    _ manifest: Manifest, text: TextRoles?, examples: ExampleFeed?, inputs: [String: Tensor],
    evaluates: Bool
  ) throws(RunnerError) {
    for entry in evaluates ? ["train", "forward"] : ["train"] {
      let inputs = try Self.inputs(of: entry, manifest, text, examples, inputs)
      _ = try manifest.arguments(of: entry, inputs, steps: nil)
    }
  }

  /// Returns what a call of entry `name` is given: of `inputs`, which are all for `train`, those
  /// that it has, the first of `examples`, and zeros for what a text gives.
  private static func inputs(
    of name: String, _ manifest: Manifest, _ text: TextRoles?, _ examples: ExampleFeed?,
    _ inputs: [String: Tensor]
  ) throws(RunnerError) -> [String: Tensor] {
    guard let entry = manifest.entries.first(where: { $0.name == name }) else {
      throw RunnerError(.input, "the model has no entry '\(name)'")
    }
    if let state = manifest.states.map(\.name).first(where: { inputs[$0] != nil }) {
      throw RunnerError(.input, "the state '\(state)' starts as declared where a model is trained")
    }
    if let text, !entry.inputs.contains(where: { $0.name == text.input }) {
      throw RunnerError(.input, "entry '\(name)' does not read '\(text.input)'")
    }
    let names = Set(entry.inputs.map(\.name))
    // Labels, and what only the loss reads, are no inputs of every entry.
    var result = name == "train" ? inputs : inputs.filter { names.contains($0.key) }
    for (input, tensor) in examples?.firstBatch ?? [:] where names.contains(input) {
      if result[input] == nil { result[input] = tensor }
    }
    for value in entry.inputs where value.name == text?.input || value.name == text?.label {
      result[value.name] = value.zeros
    }
    return result
  }

  package func currentStates() throws(RunnerError) -> [String: Tensor] {
    var states: [String: Tensor] = [:]
    for state in manifest.savedStates { states[state.name] = try session.state(named: state.name) }
    return states
  }

  package func currentValues() throws(RunnerError) -> ModelValues {
    ModelValues(
      parameters: session.currentParameters(), slots: session.currentSlots(),
      states: try currentStates())
  }

  package func restore(_ values: ModelValues) throws(RunnerError) {
    try session.bind(parameters: values.parameters)
    for (name, value) in values.slots.sorted(by: { $0.key < $1.key }) {
      try session.setSlot(name, to: value)
    }
    try restoreStates(values.states)
  }

  package func restoreStates(_ states: [String: Tensor]) throws(RunnerError) {
    for (name, value) in states.sorted(by: { $0.key < $1.key }) {
      try session.setState(name, to: value)
    }
  }

  package func restart() {
    session.reset()
  }

  package func setLearningRate(_ rate: Double) {
    guard let index = self.rate else { preconditionFailure("the model has a learning rate") }
    train.call.setInput(index, to: [Float(rate)])
  }

  package func setCounters(seed: UInt64, update: Int) {
    // Every bit of the seed counts.
    let folded = seed ^ seed >> 31 ^ seed >> 62
    if let index = self.seed { train.call.setInput(index, to: [Int32(folded & 0x7fff_ffff)]) }
    if let index = updateNumber {
      train.call.setInput(index, to: [Int32(truncatingIfNeeded: update & 0x7fff_ffff)])
    }
  }

  package func update(
    inputs: [Int32], labels: [Int32]
  ) throws(RunnerError) -> (loss: Float, gradientNorm: Float?) {
    try train.run(session, inputs, labels)
    return (train.call.scalar(ofOutput: loss), norm.map(train.call.scalar))
  }

  package func evaluate(
    inputs: [Int32], labels: [Int32], _ perplexity: inout Perplexity
  ) throws(RunnerError) {
    guard let forward, let logits = forward.logits else {
      preconditionFailure("the model was made to evaluate")
    }
    try forward.run(session, inputs, labels)
    perplexity.add(
      logits: forward.call.floats(ofOutput: logits), classes: classes,
      labels: forward.laidOut(labels))
  }

  package func update(
    rows: [Int]
  ) throws(RunnerError) -> (loss: Float, gradientNorm: Float?) {
    guard let examples else { preconditionFailure("the model was given examples") }
    let call = try train.run(session, rows, of: examples)
    return (call.scalar(ofOutput: loss), norm.map(call.scalar))
  }

  package func evaluate(rows: [Int], _ evaluation: inout Evaluation?) throws(RunnerError) {
    guard let forward, let examples, let goal = examples.roles.goal,
      let output = forward.call.entry.outputs.firstIndex(where: { $0.name == goal.output })
    else { preconditionFailure("the model was made to evaluate") }
    let filled = examples.roles.filled(rows)
    let call = try forward.run(session, filled, of: examples)
    var result = evaluation ?? Evaluation(goal.task)
    result.add(
      call.floats(ofOutput: output), for: filled, count: rows.count, of: examples.set, goal)
    evaluation = result
  }

}

/// A call of an entry whose inputs are windows of a text.
private struct TextCall {

  let call: PreparedCall
  let steps: Int
  let batch: Int
  let classes: Int

  /// The places of the tokens and of the labels among the inputs.
  private let places: (input: Int, label: Int?)?

  /// The place of the logits among the outputs.
  let logits: Int?

  private let isBatchFirst: Bool

  /// Prepares entry `name` of `session` with `inputs`, of which a text replaces those in `text`.
  ///
  /// - Requires: the entry exists, and has the input of the text.
  init(
    _ session: Session, entry name: String, _ text: TextRoles?, _ inputs: [String: Tensor]
  ) throws(RunnerError) {
    call = try session.prepare(entry: name, inputs: inputs)
    let entry = call.entry
    var places: (input: Int, label: Int?)?
    var (extents, classes) = ([1, 1], 1)
    if let text, let input = entry.inputs.firstIndex(where: { $0.name == text.input }) {
      places = (input, entry.inputs.firstIndex { $0.name == text.label })
      let shape = entry.inputs[input].shape
      extents = text.isBatchFirst ? shape.reversed() : shape
      classes = entry.inputs[input].classes ?? 1
    }
    self.places = places
    logits = entry.outputs.firstIndex { $0.name == text?.logits }
    isBatchFirst = text?.isBatchFirst ?? false
    (steps, batch) = (extents[0], extents.count > 1 ? extents[1] : 1)
    self.classes = classes
  }

  /// Runs the entry on a window, time outermost.
  func run(_ session: Session, _ inputs: [Int32], _ labels: [Int32]) throws(RunnerError) {
    if let places {
      call.setInput(places.input, to: laidOut(inputs))
      if let label = places.label { call.setInput(label, to: laidOut(labels)) }
    }
    session.resetUncarriedStates()
    try session.runPrepared(call)
  }

  /// Runs the entry on the examples `rows` of `examples`, and returns the call.
  func run(
    _ session: Session, _ rows: [Int], of examples: ExampleFeed
  ) throws(RunnerError) -> PreparedCall {
    var call = call
    for (index, input) in call.entry.inputs.enumerated() {
      guard let column = examples.set.column(input.name) else { continue }
      call.setInput(index, to: column.elements(of: rows))
    }
    if let steps = examples.steps(of: rows, in: call.entry) { call.setSteps(steps) }
    session.resetUncarriedStates()
    try session.runPrepared(call)
    return call
  }

  /// Returns `tokens`, time outermost, in the order of the entry's inputs.
  func laidOut(_ tokens: [Int32]) -> [Int32] {
    guard isBatchFirst else { return tokens }
    return (0..<tokens.count).map { i in tokens[i % steps * batch + i / steps] }
  }

}

extension Tensor {

  /// The number, if this is a single one of a float type.
  fileprivate var scalar: Double? {
    switch elements {
    case .float32(let e): e.count == 1 ? Double(e[0]) : nil
    case .float64(let e): e.count == 1 ? e[0] : nil
    case .int64, .bool: nil
    }
  }

}

extension Manifest.Entry {

  /// Returns the place of the input that the pass `entries` has called `stem`, with underscores
  /// behind it where another one has that name: an index that any 31 bits are.
  fileprivate func counter(_ stem: String) -> Int? {
    inputs.firstIndex { input in
      input.name.hasPrefix(stem) && input.name.dropFirst(stem.count).allSatisfy { $0 == "_" }
        && input.classes == 1 << 31 && input.shape.isEmpty && input.defaultValue != nil
    }
  }

  /// Returns the place of output `name` if it is a scalar of `f32`.
  fileprivate func scalarOutput(_ name: String) -> Int? {
    outputs.firstIndex { $0.name == name && $0.element == .f32 && $0.shape.isEmpty }
  }

}

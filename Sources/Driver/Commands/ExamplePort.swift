import Diagnostics
import IR
import Runner
import Tensors
import Text
import Training

/// Where a model takes examples that do not depend on each other, and what tells how it does on
/// them.
struct ExamplePort {

  let module: Module

  /// The entry with the lines of the model, and the one with the loss.
  private let forward: Entry
  private let train: Entry?

  /// The inputs and labels of both, each once, but for numbers that have a default.
  let inputs: [Entry.Input]

  /// The dims over whose steps a scan goes.
  private let scanned: Set<ID<Dimension>>

  /// The dim of the examples.
  let rows: ID<Dimension>

  /// Finds the dim of the examples of `module`.
  ///
  /// It is one that is an axis of every label, of an input, and of no scan; of several the one that
  /// is called `batch`. A model without labels has it in every input with axes. Throws if there is
  /// none, or several.
  init(_ module: Module) throws(RunnerError) {
    guard
      let forward = module.entries.first(where: { module.form == .model || $0.name == "forward" })
    else { throw RunnerError(.input, "the model has no entry 'forward'") }
    self.module = module
    self.forward = forward
    train = module.form == .model ? forward : module.entries.first { $0.name == "train" }
    var inputs: [Entry.Input] = []
    for input in forward.inputs + (train?.inputs ?? []) where input.defaultValue == nil {
      if !inputs.contains(where: { $0.name == input.name }) { inputs.append(input) }
    }
    self.inputs = inputs
    scanned = forward.scannedDimensions
    rows = try Self.rows(inputs, scanned, in: module)
  }

  private static func rows(
    _ inputs: [Entry.Input], _ scanned: Set<ID<Dimension>>, in module: Module
  ) throws(RunnerError) -> ID<Dimension> {
    func axes(_ input: Entry.Input) -> Set<ID<Dimension>> {
      Set(input.type.shape.compactMap(\.dimension)).subtracting(scanned)
    }
    let labels = inputs.filter { $0.role == .label && !$0.type.shape.isEmpty }
    let others = inputs.filter { $0.role == .input && !$0.type.shape.isEmpty }
    let all = module.dimensions.ids.filter { d in
      labels.isEmpty
        ? !others.isEmpty && others.allSatisfy { axes($0).contains(d) }
        : labels.allSatisfy { axes($0).contains(d) } && others.contains { axes($0).contains(d) }
    }
    if let named = all.first(where: { module.dimensions[$0].name == "batch" }) { return named }
    if all.count == 1 { return all[0] }
    let names = all.map { "'\(module.dimensions[$0].name)'" }.joined(separator: ", ")
    throw RunnerError(
      .input,
      all.isEmpty
        ? "the model has no dim of examples: one that is an axis of every label and of an input, and "
          + "over which no scan goes"
        : "\(names) could each be the dim of the examples; call one of them 'batch'")
  }

  /// The number of examples of a call.
  var batch: Int { module.dimensions[rows].value }

  /// Returns the axis of the examples of `input`, or `nil` if it is the same for all of them.
  func axis(of input: Entry.Input) -> Int? { axis(of: input.type) }

  /// Returns the axis of the examples of a value of `type`, or `nil` if it has none.
  func axis(of type: TensorType) -> Int? {
    type.shape.firstIndex { $0.dimension == rows }
  }

  /// Returns `true` iff `forward` computes nothing of `input`, and only a loss does.
  func isOfLossOnly(_ input: Entry.Input) -> Bool {
    guard input.role == .label else { return false }
    guard module.form == .model else { return !forward.inputs.contains { $0.name == input.name } }
    return !forward.needs(input.name)
  }

  /// Returns `input` as a call takes it.
  func value(_ input: Entry.Input) -> Manifest.Value { value(input.name, input.type) }

  /// Returns the value called `name`, of `type`, as a call takes it.
  func value(_ name: String, _ type: TensorType) -> Manifest.Value {
    let dimensions = module.dimensions
    let shape = type.shape.map { $0.value(in: dimensions) ?? 0 }
    switch type.element {
    case .f32, .oneHot: return Manifest.Value(name: name, element: .f32, shape: shape)
    case .bool: return Manifest.Value(name: name, element: .bool, shape: shape)
    case .index(let n):
      return Manifest.Value(
        name: name, element: .index, classes: n.value(in: dimensions), shape: shape)
    }
  }

  /// Returns how the model takes the examples of columns called `names`.
  func roles(_ names: Set<String>) -> ExampleRoles {
    var axes: [String: Int] = [:]
    for input in inputs where names.contains(input.name) { axes[input.name] = axis(of: input) }
    let lengths = lengths.flatMap { names.contains($0.input.name) ? $0 : nil }
    return ExampleRoles(
      batch: batch, axes: axes,
      lengths: lengths.map { ($0.input.name, module.dimensions[$0.steps].name) },
      goal: goal(names))
  }

  /// The axis of the examples, by the names of outputs and states that have one.
  var resultAxes: [String: Int] {
    var result: [String: Int] = [:]
    for state in module.states { result[state.name] = axis(of: state.type) }
    for output in forward.outputs {
      result[output.name] = axis(of: forward.graph.type(of: output.value).dense)
    }
    return result
  }

  /// The input that says how many steps an example has, an index up to a scanned dim, and that dim;
  /// `nil` if there is none, or several.
  var lengths: (input: Entry.Input, steps: ID<Dimension>)? {
    let found = inputs.compactMap { input -> (input: Entry.Input, steps: ID<Dimension>)? in
      guard input.role == .input, case .index(let count) = input.type.element,
        input.type.shape.count == 1, axis(of: input) == 0,
        let steps = count.subtracting(Extent(1))?.dimension, scanned.contains(steps)
      else { return nil }
      return (input, steps)
    }
    return found.count == 1 ? found[0] : nil
  }

  /// Returns what the model is measured by where examples have columns called `names`.
  private func goal(_ names: Set<String>) -> ExampleRoles.Goal? {
    let labels = inputs.filter { $0.role == .label && names.contains($0.name) }
    let candidates = labels.compactMap { label in
      classification(label, names) ?? regression(label, names)
    }
    return candidates.count == 1 ? candidates[0] : nil
  }

  /// The goal of a classifier: a label of classes, and logits for it whose cross entropy the model
  /// is trained for.
  private func classification(_ label: Entry.Input, _ names: Set<String>) -> ExampleRoles.Goal? {
    guard case .index(let classes) = label.type.element else { return nil }
    let losses = (train ?? forward).crossEntropies.filter { $0.label == label.name }
    guard let loss = losses.first else { return nil }
    let shape = label.type.shape + [classes]
    let outputs = forward.outputs.filter {
      let type = forward.graph.type(of: $0.value).dense
      return type.element == .f32 && type.shape == shape
    }
    // Where the text is not written out, the loss is computed of the very output.
    let same = outputs.first { module.form == .model && $0.value == loss.logits }
    guard let output = same ?? outputs.first else { return nil }
    let mask: ExampleRoles.Mask?
    switch loss.mask {
    case .none: mask = nil
    case .lengths(let name)? where names.contains(name): mask = .lengths(name)
    case .input(let name)? where names.contains(name): mask = .places(name)
    default: return nil
    }
    return ExampleRoles.Goal(
      task: .classes(classes.value(in: module.dimensions) ?? 0), output: output.name,
      label: value(label), stepAxis: stepAxis(label), mask: mask)
  }

  /// The goal of a regression: a label of numbers and the output of its shape, of several the one
  /// whose difference from the label the loss takes. Steps behind the end of an example do not
  /// count.
  private func regression(_ label: Entry.Input, _ names: Set<String>) -> ExampleRoles.Goal? {
    guard label.type.element == .f32 else { return nil }
    let outputs = forward.outputs.filter { forward.graph.type(of: $0.value) == label.type }
    let same = outputs.first { output in
      module.form == .model && forward.subtracts(output.value, label.name)
    }
    guard let output = same ?? (outputs.count == 1 ? outputs[0] : nil) else { return nil }
    let axis = stepAxis(label)
    let lengths = lengths.flatMap { found in
      axis != nil && names.contains(found.input.name) ? found.input.name : nil
    }
    return ExampleRoles.Goal(
      task: .numbers, output: output.name, label: value(label), stepAxis: axis,
      mask: lengths.map { .lengths($0) })
  }

  /// Returns the axis of the steps of `input`, if it has one.
  func stepAxis(_ input: Entry.Input) -> Int? {
    input.type.shape.firstIndex { $0.dimension.map(scanned.contains) ?? false }
  }

}

import Diagnostics
import IR

/// An entry that computes gradients, and what it keeps for that from step to step.
package struct Gradient: Sendable {

  /// A value of each step that the forward scan keeps for the sweep back.
  package struct Kept: Sendable {

    package let name: String

    /// The type of the values of all steps.
    package let type: TensorType

  }

  package var entry: Entry
  package var kept: [Kept]

  /// For each output that is differentiated the input that is its seed gradient, if it has one.
  package var seeds: [String?]

}

/// Returns the entry `gradient` of the module: `entry`, one of its entries, with the gradients of
/// `outputs` by the parameters, inputs and states called `names`.
///
/// The gradient of several outputs is that of the sum of their products with the seed gradients,
/// inputs `d_<output>`. A single number needs none: unless `isSeeded`, its own gradient is 1. The
/// results are outputs `d_<name>`, behind `outputs` themselves. States go on as in `entry`; their
/// gradients stop at the start of the call, unless a state starts at a parameter at each call.
///
/// - Requires: `entries` and `lengths` have run on `module`.
package func gradientEntry(
  of entry: Entry, in module: Module, outputs: [String], by names: [String], isSeeded: Bool = false
) throws(CompilationError) -> Gradient {
  let allowed = [Pass.writeEntries.name, Pass.maskLengths.name, Pass.differentiate.name]
  if let pass = module.finishedPasses.first(where: { !allowed.contains($0) }) {
    throw CompilationError(
      .noGradient("pass '\(pass)' has run; gradients are taken before", at: module.nameSpan))
  }
  var writer = try GradientWriter(entry, module, outputs, names, isSeeded: isSeeded)
  return try writer.gradient()
}

extension Diagnostic {

  /// Returns an error reporting that there is no gradient, for `reason`.
  static func noGradient(_ reason: String, at span: SourceSpan) -> Diagnostic {
    .error(.noGradient, "there is no such gradient: \(reason)", at: span)
  }

}

/// The making of an entry that computes gradients.
private struct GradientWriter {

  /// What a gradient is asked for.
  private struct Leaf {

    let name: String
    let type: TensorType

    /// The sources that are the leaf: a parameter is also a state that starts at it.
    let sources: [Source]

  }

  private let module: Module
  private var entry: Entry
  private let isSeeded: Bool

  /// The positions of the outputs.
  private var positions: [Int] = []

  private var leaves: [Leaf] = []

  init(
    _ entry: Entry, _ module: Module, _ outputs: [String], _ names: [String], isSeeded: Bool
  ) throws(CompilationError) {
    self.entry = entry
    self.module = module
    self.isSeeded = isSeeded
    for name in outputs { positions.append(try position(ofOutput: name)) }
    let known = knownLeaves()
    for name in names { leaves.append(try leaf(name, of: known)) }
    if let refusal = refusal(of: entry.graph.body) { throw CompilationError(refusal) }
  }

  private func position(ofOutput name: String) throws(CompilationError) -> Int {
    guard let i = entry.outputs.firstIndex(where: { $0.name == name }) else {
      throw error("no output", name, among: entry.outputs.map(\.name), at: entry.span)
    }
    let type = entry.graph.type(of: entry.outputs[i].value)
    guard type.element == .f32 else {
      throw noNumbers("output '\(name)'", type, at: entry.outputs[i].span)
    }
    return i
  }

  /// Returns all that a gradient can be asked for, with the places of the declarations.
  private func knownLeaves() -> [(leaf: Leaf, span: SourceSpan)] {
    var known: [(leaf: Leaf, span: SourceSpan)] = []
    for (id, parameter) in zip(module.parameters.ids, module.parameters) {
      let leaf = Leaf(
        name: parameter.name, type: parameter.type, sources: module.sources(of: id))
      known.append((leaf, parameter.span))
    }
    for (i, input) in entry.inputs.enumerated() {
      known.append((Leaf(name: input.name, type: input.type, sources: [.input(i)]), input.span))
    }
    for (id, state) in zip(module.states.ids, module.states) {
      known.append((Leaf(name: state.name, type: state.type, sources: [.state(id)]), state.span))
    }
    return known
  }

  /// Returns the first of `known` that is called `name`.
  private func leaf(
    _ name: String, of known: [(leaf: Leaf, span: SourceSpan)]
  ) throws(CompilationError) -> Leaf {
    guard let (leaf, span) = known.first(where: { $0.leaf.name == name }) else {
      if let constant = module.constants.first(where: { $0.name == name }) {
        throw CompilationError(
          .noGradient("'\(name)' is a constant, which has no gradient", at: constant.span))
      }
      throw error(
        "no parameter, input or state", name, among: known.map(\.leaf.name), at: module.nameSpan)
    }
    guard leaf.type.element == .f32 else { throw noNumbers("'\(name)'", leaf.type, at: span) }
    return leaf
  }

  private func error(
    _ what: String, _ name: String, among known: [String], at span: SourceSpan
  ) -> CompilationError {
    CompilationError(
      .noGradient(
        "\(what) is called '\(name)'; \(alternatives(to: name, among: known))", at: span))
  }

  private func noNumbers(
    _ what: String, _ type: TensorType, at span: SourceSpan
  ) -> CompilationError {
    CompilationError(
      .noGradient("\(what) is '\(type.description(in: module.dimensions))', not 'f32'", at: span))
  }

  /// Returns why `block` cannot be differentiated, if that is so.
  private func refusal(of block: Block) -> Diagnostic? {
    for id in block.nodes {
      guard case .scan(let scan) = entry.graph[id].op else { continue }
      if scan.factor > 1 {
        return .noGradient(
          "the scan over '\(scan.variable)' does several steps at once", at: entry.graph[id].span)
      }
      if let refusal = refusal(of: scan.body) { return refusal }
    }
    return nil
  }

  mutating func gradient() throws(CompilationError) -> Gradient {
    entry.name = "gradient"
    entry.comments = Comments()
    entry.inline(module.bind)
    entry.hoistInvariants()
    let active = ActiveValues(
      of: entry.graph, dependingOn: Set(leaves.flatMap(\.sources)))
    let values = positions.map { entry.outputs[$0].value }
    var sweep = Differentiation(entry, module, active, from: values)
    var seeds: [String?] = []
    for (i, value) in zip(positions, values) {
      let seed = seed(ofOutput: i)
      seeds.append(seed.name)
      sweep.accumulate(value, sweep.value(of: seed.source, type: seed.type))
    }
    sweep.sweep()
    var outputs = positions.map { entry.outputs[$0] }
    let taken = Set(outputs.map(\.name) + entry.inputs.map(\.name))
    for leaf in leaves {
      let name = "d_\(leaf.name)"
      outputs.append(
        Entry.Output(
          name: taken.contains(name) ? "\(name)_initial" : name,
          value: sweep.gradient(of: leaf.sources, leaf.type, name: name)))
    }
    entry.graph = sweep.finishedGraph()
    entry.outputs = outputs
    for kept in sweep.kept { try check(kept) }
    return Gradient(entry: entry, kept: sweep.kept, seeds: seeds)
  }

  /// Throws if the values of all steps are more than a tensor may have.
  private func check(_ kept: Gradient.Kept) throws(CompilationError) {
    let sizes = kept.type.sizes(in: module.dimensions) ?? [.max]
    let count = sizes.reduce(1.0) { $0 * Double($1) }
    if sizes.count > 8 || count > Double(1 << 31) {
      let text = kept.type.description(in: module.dimensions)
      throw CompilationError(
        .noGradient(
          "the values of '\(kept.name)' at all steps, '\(text)', are too large for a tensor",
          at: entry.span))
    }
  }

  /// Returns the gradient of output `i`, after declaring it as an input unless it is 1.
  private mutating func seed(
    ofOutput i: Int
  ) -> (source: Source, type: TensorType, name: String?) {
    let output = entry.outputs[i]
    let type = entry.graph.type(of: output.value)
    if type.shape.isEmpty, !isSeeded { return (.number(1), type, nil) }
    var name = "d_\(output.name)"
    // The entry may be a gradient itself, with such an input. Names are finite in number.
    while entry.inputs.contains(where: { $0.name == name }) { name += "_seed" }
    entry.inputs.append(Entry.Input(name: name, type: type))
    return (.input(entry.inputs.count - 1), type, name)
  }

}

extension Module {

  /// Returns the module with the entry of `gradient` alone, without what that does not need.
  package func with(_ gradient: Gradient, for machine: Machine) -> Module {
    var result = self
    result.entries = [gradient.entry]
    var context = PassContext(machine: machine)
    result.settle()
    Pass.removeDeadNodes.run(&result, &context)
    result.entries[0].removeUnusedInputs()
    result.settle()
    return result
  }

}

extension Entry {

  /// Removes the inputs that no line uses.
  fileprivate mutating func removeUnusedInputs() {
    rewrite { _, _ in false }
    var used = Set<Int>()
    for node in graph.nodes {
      if case .source(.input(let i)) = node.op { used.insert(i) }
    }
    let kept = inputs.indices.filter { used.contains($0) }
    if kept.count == inputs.count { return }
    replaceSources { source in
      guard case .input(let i) = source, let new = kept.firstIndex(of: i) else { return source }
      return .input(new)
    }
    inputs = kept.map { inputs[$0] }
  }

}

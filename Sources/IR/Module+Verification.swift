extension Module {

  /// What is wrong with the module, one sentence each; empty iff it is well-formed.
  ///
  /// A module is well-formed iff:
  ///
  /// - **Declarations.** Sizes fit; numbers are finite; a literal has as many elements as its type;
  ///   only states start at parameters.
  /// - **Form.** A module of form `.model` has one entry and nothing in `bind`.
  /// - **Sources.** Each refers to a declaration of the module, or an input of its entry, and has
  ///   its type; `bind` refers to parameters, constants and numbers alone.
  /// - **Placement.** Each node that is not inline stands in one block, once; each argument belongs
  ///   to one block; what a node uses is computed before it in its block or an enclosing one.
  /// - **Types.** Each node has the results that the signature of its operation gives.
  /// - **Scans.** There is an initial value, an argument and a result of one type for each carried
  ///   state, where a number stands for any tensor of it; there is an element for each stacked
  ///   value and each step that a body does; there is a remainder iff the body does several steps.
  /// - **Updates and outputs.** Each state, parameter and slot is updated at most once, by a value
  ///   of its type; the names of outputs differ; a loss, and an input with a default, have no axes.
  /// - **Groups.** The nodes of a group are neighbours.
  /// - **Names and order.** Settling changes nothing.
  package func verificationErrors() -> [String] {
    let errors = structuralErrors()
    // A module that is ill-formed otherwise cannot be settled.
    return errors.isEmpty ? settlingErrors() : errors
  }

  /// What is wrong with the module apart from names and order, which settling gives; empty iff it
  /// can be settled.
  package func structuralErrors() -> [String] {
    var verifier = ModuleVerifier(module: self)
    verifier.verify()
    return verifier.errors
  }

  /// What settling would change; empty iff it changes nothing.
  ///
  /// - Requires: there are no structural errors.
  package func settlingErrors() -> [String] {
    var verifier = ModuleVerifier(module: self)
    verifier.verifySettled()
    return verifier.errors
  }

}

/// The search for what is wrong with a module as a whole.
struct ModuleVerifier {

  let module: Module
  private(set) var errors: [String] = []

  init(module: Module) {
    self.module = module
  }

  mutating func verify() {
    verifyDeclarations()
    if module.form == .model, module.entries.count != 1 || !module.bind.graph.body.nodes.isEmpty {
      errors.append("the form 'model' has one entry and no section 'bind'")
    }
    if Set(module.entries.map(\.name)).count != module.entries.count {
      errors.append("two entries have the same name")
    }
    // What follows reads what has been found to be there.
    if !errors.isEmpty { return }
    verify(module.bind.graph, "bind", entry: nil, roots: module.bind.results.map(\.value))
    if !errors.isEmpty { return }
    for entry in module.entries {
      verify(entry.graph, "entry '\(entry.name)'", entry: entry, roots: entry.roots)
    }
    if !errors.isEmpty { return }
    for entry in module.entries { verifyResults(of: entry) }
  }

  private mutating func verify(
    _ graph: Graph, _ place: String, entry: Entry?, roots: [Value]
  ) {
    var verifier = GraphVerifier(graph: graph, module: module, entry: entry)
    verifier.verify(roots: roots)
    errors += verifier.errors.map { "\(place): \($0)" }
  }

  private mutating func verifyDeclarations() {
    for d in module.dimensions where d.value < 0 {
      errors.append("the dimension '\(d.name)' is negative")
    }
    for p in module.parameters { verify(p.initial, of: p.name, p.type, isState: false) }
    for c in module.constants { verify(c.initial, of: c.name, c.type, isState: false) }
    for s in module.states { verify(s.initial, of: s.name, s.type, isState: true) }
    for s in module.slots { verify(s.initial, of: s.name, s.type, isState: false) }
  }

  private mutating func verify(
    _ initial: InitialValue, of name: String, _ type: TensorType, isState: Bool
  ) {
    guard let sizes = type.sizes(in: module.dimensions) else {
      errors.append("the type of '\(name)' overflows")
      return
    }
    switch initial {
    case .zeros, .ones, .iota: break
    case .constant(let x): verifyFinite([x], name)
    case .uniform(let x, let y), .normal(let x, let y): verifyFinite([x, y], name)
    case .scaled(let scaled):
      verifyFinite(scaled.gain.map { [$0] } ?? [], name)
      if ![2, 4].contains(sizes.count) { errors.append("'\(name)' has no inputs and outputs") }
    case .literal(let elements):
      if elements.count != sizes.reduce(1, *) {
        errors.append("'\(name)' has \(elements.count) elements for the shape \(sizes)")
      }
      if !elements.allSatisfy(\.value.isFinite) {
        errors.append("an element of '\(name)' is not finite")
      }
    case .parameter(let p):
      if !isState || !module.parameters.indices.contains(p.position) {
        errors.append("'\(name)' starts at a parameter that it cannot start at")
      }
    }
  }

  private mutating func verifyFinite(_ numbers: [Scalar], _ name: String) {
    for x in numbers where !x.value(in: module.dimensions).isFinite {
      errors.append("'\(name)' starts at a number that is not finite")
    }
  }

  private mutating func verifyResults(of entry: Entry) {
    if Set(entry.updates.map(\.target)).count != entry.updates.count {
      errors.append("entry '\(entry.name)': something is updated twice")
    }
    for update in entry.updates {
      guard let type = type(of: update.target) else {
        errors.append("entry '\(entry.name)': what is updated does not exist")
        continue
      }
      if !entry.graph.fits(update.value, type, in: module.dimensions) {
        errors.append("entry '\(entry.name)': the update of '\(update.target)' has another type")
      }
    }
    if let training = entry.training, entry.graph.type(of: training.loss) != .scalar {
      errors.append("entry '\(entry.name)': the loss is not a number without axes")
    }
    for input in entry.inputs where input.defaultValue != nil {
      if !input.type.shape.isEmpty || input.type.element == .bool {
        errors.append("entry '\(entry.name)': '\(input.name)' cannot have a default")
      }
    }
    if Set(entry.outputs.map(\.name)).count != entry.outputs.count {
      errors.append("entry '\(entry.name)': two outputs have the same name")
    }
    if Set(entry.inputs.map(\.name)).count != entry.inputs.count {
      errors.append("entry '\(entry.name)': two inputs have the same name")
    }
  }

  /// Returns the type of what `target` is, if it exists.
  private func type(of target: Entry.Update.Target) -> TensorType? {
    switch target {
    case .state(let s): module.states.element(s.position)?.type
    case .parameter(let p): module.parameters.element(p.position)?.type
    case .slot(let s): module.slots.element(s.position)?.type
    }
  }

  /// Compares the module with what settling makes of it, and shows the line that it would change.
  mutating func verifySettled() {
    var settled = module
    settled.settle()
    if module.hasSameNodes(as: settled) { return }
    let (found, expected) = (module.description, settled.description)
    if found == expected { return }
    let lines = zip(found.split(separator: "\n"), expected.split(separator: "\n"))
    guard let (a, b) = lines.first(where: { $0 != $1 }) else {
      errors.append("settling changes the number of lines")
      return
    }
    errors.append("settling changes '\(a)' to '\(b)'")
  }

}

extension Module {

  /// Returns `true` if settling `self` has changed nothing to make `settled`.
  ///
  /// The converse does not hold: the nodes may be numbered otherwise.
  fileprivate func hasSameNodes(as settled: Module) -> Bool {
    constants.map(\.name) == settled.constants.map(\.name)
      && bind.graph.hasSameNodes(as: settled.bind.graph)
      && bind.results.elementsEqual(settled.bind.results) {
        $0.name == $1.name && $0.value == $1.value
      }
      && entries.elementsEqual(settled.entries) {
        $0.graph.hasSameNodes(as: $1.graph) && $0.roots == $1.roots
          && $0.updates.map(\.target) == $1.updates.map(\.target)
      }
  }

}

extension Graph {

  fileprivate func hasSameNodes(as other: Graph) -> Bool {
    body == other.body && nodes == other.nodes
  }

}

extension Graph {

  /// Returns `true` iff `value` can stand where a value of `type` is asked for: it has that type,
  /// for the present dimensions and when it is written out, or is a number in the text.
  func fits(_ value: Value, _ type: TensorType, in dimensions: [Dimension]) -> Bool {
    if case .source(.number) = op(of: value) { return type.isNumeric }
    return self.type(of: value).coincides(with: type, in: dimensions)
  }

}

extension TensorType {

  /// Returns `true` iff `self` and `other` have, for the present dimensions and when they are
  /// written out, elements of one kind and the same sizes.
  func coincides(with other: TensorType, in dimensions: [Dimension]) -> Bool {
    guard sizes(in: dimensions) == other.sizes(in: dimensions) else { return false }
    switch (dense.element, other.dense.element) {
    case (.f32, .f32), (.bool, .bool): return true
    case (.index(let m), .index(let n)): return m.value(in: dimensions) == n.value(in: dimensions)
    default: return false
    }
  }

}

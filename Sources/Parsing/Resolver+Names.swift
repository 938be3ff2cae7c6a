import Diagnostics
import IR

extension Resolver {

  /// Makes `name` mean `kind`; reports that it is taken, and poisons it, if it is visible already.
  @discardableResult
  mutating func define(_ name: Name, as kind: Definition.Kind) -> Int? {
    if name.text.isEmpty { return nil }
    guard let first = scopes.position(of: name.text), !scopes[first].isReplaceable else {
      return scopes.define(name, as: kind)
    }
    if case .poisoned = scopes[first].kind {
      // The first one has been reported; so has perhaps this one.
    } else if scopes[first].name.span != name.span {
      report(.duplicateName(name, first: scopes[first].name.span))
    }
    scopes.define(name, as: .poisoned)
    return nil
  }

  /// Returns the position of the definition that `name` means and marks it as read; reports that
  /// there is none, if that is so.
  mutating func lookUp(_ name: String, at span: SourceSpan) -> Int? {
    if let position = scopes.position(of: name) {
      scopes[position].isUsed = true
      return position
    }
    if isSilenced(name) || name.isEmpty || reporter.isFull { return nil }
    if let later = laterDefinition(of: name) {
      report(.usedBeforeDefinition(name, at: span, definition: later))
    } else if let inner = scopes.closed[name] {
      report(.usedOutsideScope(name, at: span, definition: inner))
    } else {
      let suggestion = suggest(name, among: scopes.visibleNames(limit: 2_000))
      report(.unknownName(name, at: span, suggestion: suggestion))
    }
    return nil
  }

  /// `true` iff nothing is said about `name`, because its definition failed.
  func isSilenced(_ name: String) -> Bool {
    syntax.unreadNames.contains(name) || failedNames.contains(name)
  }

  /// Returns where a line of the sections around the present one defines `name`.
  mutating func laterDefinition(of name: String) -> SourceSpan? {
    for i in enclosing.indices {
      if let span = enclosing[i].definitions[name] { return span }
    }
    return nil
  }

  /// Returns the value that `name` means.
  mutating func value(named name: String, at span: SourceSpan) -> Value? {
    guard let position = lookUp(name, at: span) else { return nil }
    let definition = scopes[position]
    switch definition.kind {
    case .poisoned: return nil
    case .dimension:
      report(.notAValue(name, "a dimension", at: span, definition: definition.name.span))
      return nil
    case .use:
      report(
        .notAValue(name, "the use of a cell", at: span, definition: definition.name.span))
      return nil
    case .stack:
      report(.incompleteStack(name, at: span, definition: definition.name.span))
      return nil
    case .parameter(let p):
      return graph.value(of: .parameter(p), type: module.parameters[p].type)
    case .constant(let c):
      return graph.value(of: .constant(c), type: module.constants[c].type)
    case .slot(let s):
      guard section != .bind, entryName == "train" else {
        report(
          .notAValue(
            name, "a slot outside of entry 'train'", at: span, definition: definition.name.span))
        return nil
      }
      return graph.value(of: .slot(s), type: module.slots[s].type)
    case .input(let i): return graph.value(of: .input(i), type: inputs[i].type)
    case .state(let i):
      guard section != .bind else {
        report(.notAValue(name, "a state", at: span, definition: definition.name.span))
        return nil
      }
      return currentValue(ofState: i)
    case .step(let i): return steps[i].argument
    case .value(let value): return value
    case .bound(let value): return imported(value)
    }
  }

  /// Returns `value` of `bind` as a value of the present graph.
  private mutating func imported(_ value: Value) -> Value {
    let node = module.bind.graph[value.node]
    switch node.op {
    case .source(let source):
      return graph.value(of: source, type: node.results[0].type)
    case .at(let axis, let offset):
      let x = imported(node.operands[0])
      return graph.element(of: x, axis: axis, step: nil, offset: offset)
    default:
      guard let position = boundPositions[value] else {
        preconditionFailure("what entries read of bind was collected")
      }
      return graph.value(of: .bound(position), type: module.bind.graph.type(of: value))
    }
  }

  /// Returns the value that state `i` has now.
  mutating func currentValue(ofState i: Int) -> Value? {
    guard let frame = states[i].frames.last else { return nil }
    return frame.isAssigned ? frame.new : oldValue(ofState: i)
  }

  /// Returns the value that state `i` had before the innermost body that carries it, or the entry,
  /// assigned it.
  mutating func oldValue(ofState i: Int) -> Value? {
    guard let frame = states[i].frames.last else { return nil }
    if let old = frame.old { return old }
    if let id = states[i].id { return graph.value(of: .state(id), type: states[i].type) }
    return startValue(ofState: i)
  }

  /// Returns the value that state `i` starts with, which lines of the entry compute.
  private mutating func startValue(ofState i: Int) -> Value? {
    guard let start = states[i].start else { return nil }
    if states[i].isStarting {
      report(
        .usedBeforeDefinition(
          states[i].name.text, at: start.span, definition: states[i].name.span))
      return nil
    }
    states[i].isStarting = true
    let operand = value(of: start)
    states[i].isStarting = false
    guard let value = operand?.value else { return nil }
    let found = graph.type(of: value)
    guard unify(found, states[i].type, at: start.span) else {
      report(.typeMismatch(text(found), text(states[i].type), at: start.span, notes: []))
      return nil
    }
    // What is computed inside of a loop is not there outside of it.
    if blocks.count == 1, states[i].frames.count == 1 { states[i].frames[0].old = value }
    return value
  }

  /// Returns a note that points at the declaration of the definition at `position`, if its type is
  /// known.
  func note(about position: Int) -> Diagnostic.Note? {
    let definition = scopes[position]
    let type: TensorType
    var verb = "declared"
    switch definition.kind {
    case .parameter(let p): type = module.parameters[p].type
    case .constant(let c): type = module.constants[c].type
    case .slot(let s): type = module.slots[s].type
    case .input(let i): type = inputs[i].type
    case .state(let i): type = states[i].type
    case .value(let value):
      type = graph.type(of: value)
      verb = "defined"
    case .bound(let value):
      type = module.bind.graph.type(of: value)
      verb = "defined"
    case .dimension, .step, .stack, .use, .poisoned: return nil
    }
    return .init(
      message: "'\(definition.name.text)' has type \(text(type)) and is \(verb) here"
        + sizes(in: type),
      span: definition.name.span)
  }

  /// Returns the text of `type` for a message.
  func text(_ type: TensorType) -> String { "'\(type.description(in: module.dimensions))'" }

  /// Returns the text of `extent` and, if it mentions dimensions, its number.
  func text(_ extent: Extent) -> String {
    let written = "'\(extent.description(in: module.dimensions))'"
    guard extent.constant == nil, let n = extent.value(in: module.dimensions) else {
      return written
    }
    return "\(written) (\(n))"
  }

  /// Returns the values of the dimensions in `type` in parentheses, or nothing if there are none.
  func sizes(in type: TensorType) -> String {
    var seen: [ID<Dimension>] = []
    var extents = type.shape
    switch type.element {
    case .index(let n), .oneHot(let n): extents.append(n)
    case .f32, .bool: break
    }
    for d in extents.flatMap(\.dimensions) where !seen.contains(d) { seen.append(d) }
    if seen.isEmpty { return "" }
    let dimensions = module.dimensions
    let texts = seen.map { "\(dimensions[$0].name) = \(dimensions[$0].value)" }
    return " (\(texts.joined(separator: ", ")))"
  }

}

extension Graph {

  /// Returns the value that a node on a line of its own computes and that `value` is, or is a place
  /// of.
  func computedRoot(of value: Value) -> Value? {
    var value = value
    // Operands precede their users, so this ends.
    while case .at = op(of: value) { value = self[value.node].operands[0] }
    return self[value.node].isInline ? nil : value
  }

}

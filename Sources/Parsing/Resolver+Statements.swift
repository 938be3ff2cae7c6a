import Diagnostics
import IR

extension Resolver {

  /// Reads the lines of `block` into the innermost open block.
  mutating func readStatements(_ block: BlockSyntax, skipping count: Int = 0) {
    enclosing.append(Surroundings(block.statements))
    for statement in block.statements.dropFirst(count) {
      if reporter.isFull { break }
      read(statement)
    }
    enclosing.removeLast()
  }

  mutating func read(_ statement: Statement) {
    switch statement.kind {
    case .dimensions(let list):
      if section != .model { misplace(statement, "a dimension", list.map(\.name)) }
    case .parameter(let d):
      if section != .model { misplace(statement, "a parameter", [d.name]) }
    case .constant(let d):
      if section != .model { misplace(statement, "a constant", [d.name]) }
    case .state(let d, _):
      if section != .model || group != nil { misplaceState(statement, d.name) }
    case .input(let d, let isLabel):
      let isDeclared = section == .model || section == .entry
      if !isDeclared || group != nil {
        misplace(statement, isLabel ? "a label" : "an input", [d.name])
      }
    case .slot(let d):
      if section != .model { misplace(statement, "a slot", [d.name]) }
    case .run: if section != .model { misplace(statement, "'run'", []) }
    case .train(let block):
      if section == .entry, entryName != "train" {
        report(
          .misplacedStatement("'train'", at: statement.span, section: "entry '\(entryName)'"))
      } else if section == .model || section == .entry, group == nil {
        if let first = training?.span {
          report(.duplicateSection("train", at: statement.span, first: first))
        } else {
          readTrain(block, statement)
        }
      } else {
        misplace(statement, "'train'", [])
      }
    case .update(let name, let e, let origins): readUpdate(name, e, origins, statement)
    case .passes: if section != .model { misplace(statement, "'passes'", []) }
    case .bind: if section != .model { misplace(statement, "'bind'", []) }
    case .entry: if section != .model { misplace(statement, "an entry", []) }
    case .assignment(let targets, let e, let origins):
      readAssignment(targets, e, origins, statement)
    case .output, .outputDefinition: readOutput(statement)
    case .scan(let scan):
      if section == .bind || group != nil {
        misplace(statement, "a scan", [])
      } else {
        readScan(scan, statement)
      }
    case .fused(let block): readFused(block, statement)
    case .argument(let d, let e): readArgument(d, e, statement)
    case .cell: misplace(statement, "a cell", [])
    case .use(let use):
      if section != .model { misplace(statement, "the use of a cell", [use.name]) }
    case .convention: if section != .model { misplace(statement, "a convention", []) }
    case .equation: break
    }
  }

  /// Reports that `statement`, which declares `names` as `role`, does not belong where it stands.
  private mutating func misplace(_ statement: Statement, _ role: String, _ names: [Name]) {
    report(.misplacedStatement(role, at: statement.span, section: sectionText))
    for name in names where scopes.position(of: name.text) == nil {
      define(name, as: .poisoned)
    }
  }

  private mutating func misplaceState(_ statement: Statement, _ name: Name) {
    if section == .body, group == nil {
      report(.lateState(at: statement.span))
      if scopes.position(of: name.text) == nil { define(name, as: .poisoned) }
    } else {
      misplace(statement, "a state", [name])
    }
  }

  private var sectionText: String {
    if group != nil { return "'fused'" }
    return switch section {
    case .model: "the model"
    case .entry: "an entry"
    case .bind: "'bind'"
    case .body: "a scan"
    case .train: "'train'"
    case .run: "'run'"
    }
  }

  private mutating func readFused(_ block: BlockSyntax, _ statement: Statement) {
    if group != nil {
      misplace(statement, "'fused'", [])
      return
    }
    pendingComments += statement.comments.all
    group = groupCount
    groupCount += 1
    readStatements(block)
    group = nil
    pendingComments += block.closingComments
  }

  /// Reads what the call of a use gives as input `d` of its cell.
  private mutating func readArgument(_ d: Declaration, _ e: Expression, _ statement: Statement) {
    let first = graph.nodes.count
    let operand = value(of: e)
    finish(operand, named: d.name.text, [], at: statement.span, first: first)
    attach(statement.comments, to: operand?.node)
    let expected =
      operand.map { graph.type(of: $0.value) }.flatMap { type(ofArgument: d.type, for: $0) }
    let target = Target(name: d.name, place: nil, span: d.name.span)
    guard let operand, let (type, wanted) = expected,
      !failedUses.contains(where: { d.name.text.hasPrefix($0) })
    else {
      assign(nil, to: target)
      return
    }
    let found = graph.type(of: operand.value)
    let fits: Bool
    if case .oneHot = found.element, type.element == .f32 {
      fits = unify(TensorType(.f32, found.denseShape), type, at: e.span)
    } else {
      fits = unify(found, type, at: e.span)
    }
    if !fits { report(.wrongArgument(d.name.text, text(found), wanted, at: e.span)) }
    assign(fits ? operand.value : nil, to: target)
  }

  /// Reads `update W = expression`.
  private mutating func readUpdate(
    _ name: Name, _ e: Expression, _ origins: [String], _ statement: Statement
  ) {
    let first = graph.nodes.count
    let operand = value(of: e)
    finish(operand, named: name.text, origins, at: statement.span, first: first)
    attach(statement.comments, to: operand?.node)
    guard section == .entry, group == nil else {
      misplace(statement, "an update", [])
      return
    }
    guard entryName == "train" else {
      report(
        .misplacedStatement("an update", at: statement.span, section: "entry '\(entryName)'"))
      return
    }
    guard let position = lookUp(name.text, at: name.span) else { return }
    let target: Entry.Update.Target
    let type: TensorType
    switch scopes[position].kind {
    case .parameter(let p): (target, type) = (.parameter(p), module.parameters[p].type)
    case .slot(let s): (target, type) = (.slot(s), module.slots[s].type)
    case .poisoned: return
    default:
      report(.notUpdatable(name, definition: scopes[position].name.span))
      return
    }
    if let first = updateSpans[name.text] {
      report(.assignedTwice(name.text, at: name.span, first: first))
      return
    }
    updateSpans[name.text] = name.span
    guard let operand else { return }
    let found = graph.type(of: operand.value)
    guard unify(found, type, at: e.span) else {
      report(
        .typeMismatch(
          text(found), text(type), at: e.span, notes: note(about: position).map { [$0] } ?? []))
      return
    }
    updates.append(Entry.Update(target, value: operand.value))
  }

  private mutating func readOutput(_ statement: Statement) {
    guard section == .model || section == .entry, group == nil else {
      misplace(statement, "an output", [])
      return
    }
    switch statement.kind {
    case .output(let names):
      for (i, name) in names.enumerated() {
        let value = value(named: name.text, at: name.span)
        let comments = takeComments(
          StatementComments(
            leading: i == 0 ? statement.comments.leading : [],
            trailing: i == names.count - 1 ? statement.comments.trailing : nil))
        addOutput(name, value, comments)
      }
    case .outputDefinition(let name, let e, let origins):
      let first = graph.nodes.count
      let operand = value(of: e)
      finish(operand, named: name.text, origins, at: statement.span, first: first)
      if scopes.position(of: name.text) == nil {
        // The name may be read by later lines, but need not be.
        let kind: Definition.Kind = operand.map { .value($0.value) } ?? .poisoned
        if let position = define(name, as: kind) { scopes[position].isUsed = true }
      }
      if let node = operand?.node {
        attach(statement.comments, to: node)
        addOutput(name, operand?.value, Comments())
      } else {
        addOutput(name, operand?.value, takeComments(statement.comments))
      }
    default: break
    }
  }

  private mutating func addOutput(_ name: Name, _ value: Value?, _ comments: Comments) {
    if let first = outputSpans[name.text] {
      report(.duplicateOutput(name, first: first))
      return
    }
    outputSpans[name.text] = name.span
    guard let value else { return }
    outputs.append(
      Entry.Output(name: name.text, value: value, span: name.span, comments: comments))
  }

  private mutating func readAssignment(
    _ targets: [Target], _ e: Expression, _ origins: [String], _ statement: Statement
  ) {
    if case .call(let name, let arguments) = e.kind, name.text == "split" {
      readSplit(targets, name, arguments, e.span, origins, statement)
      return
    }
    let first = graph.nodes.count
    let operand = value(of: e)
    finish(operand, named: targets[0].name.text, origins, at: statement.span, first: first)
    attach(statement.comments, to: operand?.node)
    if targets.count > 1 {
      if operand != nil { report(.resultCount(targets.count, 1, at: e.span)) }
      for target in targets { assign(nil, to: target) }
    } else {
      assign(operand?.value, to: targets[0])
    }
  }

  /// Gives the node of a line its name and its origins.
  ///
  /// The other nodes of the line, which are those from position `first` on, have no name in the
  /// source: they come from what the line defines.
  mutating func finish(
    _ operand: Operand?, named name: String, _ origins: [String], at span: SourceSpan, first: Int
  ) {
    for id in (first..<graph.nodes.count).map({ ID<Node>($0) }) where !graph[id].isInline {
      graph[id].origins = [name]
    }
    guard let operand else { return }
    guard let node = operand.node else {
      if !origins.isEmpty { report(.originWithoutNode(at: span)) }
      return
    }
    graph[node].results[0].name = name
    graph[node].origins = origins
  }

  /// Reads `a, b = split(x, 2, axis: n)` as slices.
  private mutating func readSplit(
    _ targets: [Target], _ name: Name, _ arguments: [Argument], _ span: SourceSpan,
    _ origins: [String], _ statement: Statement
  ) {
    let first = graph.nodes.count
    let slices = split(arguments, name, into: targets.count, at: span)
    attach(statement.comments, to: slices?.first?.node)
    for (i, target) in targets.enumerated() {
      let start = i == 0 ? first : graph.nodes.count
      finish(slices?[i], named: target.name.text, origins, at: statement.span, first: start)
      assign(slices?[i].value, to: target)
    }
  }

  /// Makes `target` mean `value`, which is `nil` if it could not be computed.
  private mutating func assign(_ value: Value?, to target: Target) {
    let name = target.name
    if let place = target.place {
      assignElement(value, to: target, at: place)
      return
    }
    guard let position = scopes.position(of: name.text), !scopes[position].isReplaceable else {
      define(name, as: value.map { .value($0) } ?? .poisoned)
      return
    }
    let first = scopes[position].name.span
    switch scopes[position].kind {
    case .poisoned: break
    case .state(let i) where section != .bind: assign(value, toState: i, at: name.span)
    case .value, .stack, .bound: define(name, as: .poisoned)
    case .dimension: report(.notAssignable(name, "a dimension", first: first))
    case .parameter: report(.notAssignable(name, "a parameter", first: first))
    case .slot: report(.notAssignable(name, "a slot", first: first))
    case .constant: report(.notAssignable(name, "a constant", first: first))
    case .input: report(.notAssignable(name, "an input", first: first))
    case .use: report(.notAssignable(name, "the use of a cell", first: first))
    case .step: report(.notAssignable(name, "the step of a scan", first: first))
    case .state: report(.notAssignable(name, "a state", first: first))
    }
  }

  private mutating func assign(_ value: Value?, toState i: Int, at span: SourceSpan) {
    let frame = states[i].frames.count - 1
    guard frame >= 0 else { return }
    if let first = states[i].frames[frame].assignment {
      report(.assignedTwice(states[i].name.text, at: span, first: first))
      return
    }
    var value = value
    if let found = value.map({ graph.type(of: $0) }), !unify(found, states[i].type, at: span) {
      report(
        .typeMismatch(
          text(found), text(states[i].type), at: span,
          notes: [
            .init(
              message: "state '\(states[i].name.text)' is declared here"
                + sizes(in: states[i].type), span: states[i].name.span)
          ]))
      value = nil
    }
    states[i].frames[frame].isAssigned = true
    states[i].frames[frame].assignment = span
    states[i].frames[frame].new = value
    states[i].isAssigned = true
  }

  /// Makes the element of a stacked value at `place` mean `value`.
  private mutating func assignElement(
    _ value: Value?, to target: Target, at place: Expression
  ) {
    let name = target.name
    guard section == .body, let step = bodySteps.last else {
      report(.stackOutsideScan(name.text, at: target.span))
      failedNames.insert(name.text)
      return
    }
    guard let j = element(at: place, ofStep: step) else {
      failedNames.insert(name.text)
      return
    }
    let stack: Int
    if let position = scopes.position(of: name.text), !scopes[position].isReplaceable {
      switch scopes[position].kind {
      case .stack(let i) where stacks[i].step == step: stack = i
      case .poisoned: return
      case .value, .stack, .bound:
        define(name, as: .poisoned)
        return
      default:
        report(.notStackable(name, first: scopes[position].name.span))
        return
      }
    } else {
      stack = stacks.count
      stacks.append(
        StackRecord(
          name: name, step: step, definition: scopes.define(name, as: .stack(stack))))
    }
    if let first = stacks[stack].elements[j] {
      report(.assignedTwice(name.text, at: target.span, first: first.span))
      return
    }
    stacks[stack].elements[j] = (target.span, value)
  }

  /// Returns which of the steps that a body does at once `place` is, of those of `step`.
  mutating func element(at place: Expression, ofStep step: Int) -> Int? {
    guard let found = self.place(place) else { return nil }
    guard case .step(step, let offset) = found else {
      report(.foreignStep(steps[step].name.text, at: place.span))
      return nil
    }
    return abs(offset)
  }

}

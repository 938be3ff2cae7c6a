import Diagnostics
import IR

extension Resolver {

  /// A state that a loop carries.
  private struct CarriedState {

    /// The position of the state in the resolver.
    let state: Int

    let initial: Value?

  }

  /// What the body of a loop gives.
  private struct Body {

    let block: Block

    /// The positions of its stacked values, in the order of their first elements.
    let stacks: [Int]

    /// The names of the states and the stacked values that its lines assign.
    let assigned: Set<String>

    /// `true` iff every result is known.
    let isComplete: Bool

  }

  /// Reads a loop and adds its node.
  mutating func readScan(_ scan: ScanSyntax, _ statement: Statement) {
    let count = scan.count.flatMap { countOfSteps($0) }
    let lengths = scan.lengths.map { ($0, value(of: $0)) }
    let factor = scan.factor?.value ?? 1
    if factor > 1, let lengths = scan.lengths {
      report(.lengthsBySteps(lengths, factor: factor))
    } else if factor > 1, scan.remainder == nil, let span = scan.factor?.span {
      report(.missingRemainder(at: span))
    } else if factor == 1, scan.remainder != nil {
      report(.needlessRemainder(at: statement.span))
    }
    let comments = takeComments(statement.comments)
    let outer = carriedStates(of: scan)
    let locals = scan.body.statements.prefix { $0.isState }
    let initials = locals.map { initialOperand(of: $0) }
    let repeated = scan.remainder?.statements.prefix { $0.isState } ?? []
    let repeatedInitials = repeated.map { initialOperand(of: $0) }
    scopes.open()
    let carried = outer + zip(locals, initials).compactMap { declareLocal($0, $1) }
    let saved = section
    section = .body
    let body = readBody(
      scan, scan.body, skipping: locals.count, count: count, factor: factor, carried)
    var remainder: Body?
    if let syntax = scan.remainder, factor > 1 {
      for (local, initial) in zip(repeated, repeatedInitials) {
        checkRepeated(local, initial, carried.dropFirst(outer.count))
      }
      remainder = readBody(scan, syntax, skipping: repeated.count, count: count, factor: 1, carried)
      checkAgreement(of: body, remainder, carried)
    }
    section = saved
    for c in carried.dropFirst(outer.count) where !states[c.state].isAssigned {
      report(.unassignedState(states[c.state].name))
    }
    scopes.close()
    let types = stackTypes(body, count: count)
    if let lengths, let count { check(lengths, count: count, carried, body) }
    let operands = (lengths.map { [$0.1?.value] } ?? []) + carried.map(\.initial)
    let known = operands.compactMap { $0 }
    var results: [Node.Result] = carried.map {
      .init(name: states[$0.state].name.text, type: states[$0.state].type)
    }
    for (i, type) in zip(body.stacks, types) {
      results.append(.init(name: stacks[i].name.text, type: type ?? .scalar))
    }
    // If something is missing, the node stands for what is known; the module is dropped anyway.
    let isComplete =
      known.count == operands.count && body.isComplete && count != nil
      && remainder?.isComplete != false && types.allSatisfy { $0 != nil }
    let op = Op.scan(
      Scan(
        variable: scan.variable.text, count: count ?? Extent(0), factor: factor,
        isReversed: scan.isReversed, hasLengths: scan.lengths != nil,
        carried: carried.map {
          .init(name: states[$0.state].name.text, state: states[$0.state].id)
        },
        stacked: body.stacks.map { stacks[$0].name.text }, body: body.block,
        remainder: remainder.map { ordered($0, like: body, carriedCount: carried.count) }))
    let node = graph.add(
      Node(
        op: isComplete ? op : .argument, operands: isComplete ? known : [], results: results,
        span: statement.span, origins: scan.origins, comments: comments))
    blocks[blocks.count - 1].nodes.append(node)
    let read = (body.stacks + (remainder?.stacks ?? [])).filter {
      scopes[stacks[$0].definition].isUsed
    }
    finishScan(node, carried, body.stacks, types, read: Set(read.map { stacks[$0].name.text }))
  }

  /// Makes the names that a loop leaves behind mean its results.
  private mutating func finishScan(
    _ node: ID<Node>, _ carried: [CarriedState], _ stacked: [Int],
    _ types: [TensorType?], read: Set<String>
  ) {
    for (i, c) in carried.enumerated() {
      let frame = states[c.state].frames.count - 1
      if frame >= 0 {
        states[c.state].frames[frame].isAssigned = true
        states[c.state].frames[frame].new = Value(node, i)
      } else if let position = define(states[c.state].name, as: .value(Value(node, i))) {
        // A state of the loop itself: whoever wants to may read where it ended.
        scopes[position].isUsed = true
        scopes[position].isReplaceable = true
      }
    }
    let offset = carried.count
    for (i, stack) in stacked.enumerated() {
      let kind: Definition.Kind =
        types[i] == nil ? .poisoned : .value(Value(node, offset + i))
      let position = define(stacks[stack].name, as: kind)
      if let position, read.contains(stacks[stack].name.text) {
        scopes[position].isUsed = true
      }
    }
  }

  /// Returns the number of steps that `e` is.
  private mutating func countOfSteps(_ e: Expression) -> Extent? {
    guard let count = extent(of: e) else { return nil }
    guard isPossible(count, at: e.span), let n = count.value(in: module.dimensions) else {
      return nil
    }
    guard n < Self.elementLimit else {
      report(.impossibleSize(text(count), n, at: e.span))
      return nil
    }
    return count
  }

  /// Returns the states from outside that `scan` assigns, in the order of their declarations.
  private mutating func carriedStates(of scan: ScanSyntax) -> [CarriedState] {
    let names = scan.body.assignedStates.union(scan.remainder?.assignedStates ?? [])
    var found: [Int] = []
    for name in names {
      guard let position = scopes.position(of: name) else { continue }
      if case .state(let i) = scopes[position].kind { found.append(i) }
    }
    return found.sorted().map { CarriedState(state: $0, initial: currentValue(ofState: $0)) }
  }

  /// Declares a state of a loop, which starts at `initial`; `nil` if its type is not known.
  private mutating func declareLocal(
    _ statement: Statement, _ initial: (type: TensorType?, value: Value?)
  ) -> CarriedState? {
    guard case .state(let d, let isCarried) = statement.kind else { return nil }
    pendingComments += statement.comments.all
    if isCarried {
      report(.misplacedStatement("a carried state", at: statement.span, section: "a scan"))
    }
    guard let type = initial.type else {
      define(d.name, as: .poisoned)
      return nil
    }
    states.append(StateRecord(name: d.name, type: type, id: nil))
    define(d.name, as: .state(states.count - 1))
    return CarriedState(state: states.count - 1, initial: initial.value)
  }

  /// Reports that a state of the second body of a loop is not one of the first, if that is so.
  private mutating func checkRepeated(
    _ statement: Statement, _ initial: (type: TensorType?, value: Value?),
    _ locals: some Sequence<CarriedState>
  ) {
    guard case .state(let d, _) = statement.kind else { return }
    pendingComments += statement.comments.all
    guard let local = locals.first(where: { states[$0.state].name.text == d.name.text }) else {
      report(.lateState(at: statement.span))
      failedNames.insert(d.name.text)
      return
    }
    guard let type = initial.type, let value = initial.value else { return }
    if type != states[local.state].type || value != local.initial {
      report(.changedState(d.name, first: states[local.state].name.span))
    }
  }

  /// Returns the type of a state of a loop and the value that it starts with, which is computed in
  /// front of the loop.
  private mutating func initialOperand(
    of statement: Statement
  ) -> (type: TensorType?, value: Value?) {
    guard case .state(let d, _) = statement.kind, let type = type(of: d.type) else {
      return (nil, nil)
    }
    guard case .expression(let e)? = d.initial else {
      report(.unknownInitialiser(at: d.initial?.span ?? d.name.span, suggestion: nil, role: .state))
      return (type, nil)
    }
    if e.isInitialiser {
      switch initialValue(.expression(e), type, role: .constant) {
      case .zeros?: return (type, graph.value(of: .number(0), type: .scalar))
      case .ones?: return (type, graph.value(of: .number(1), type: .scalar))
      case .constant(let c)?:
        let x = c.value(in: module.dimensions)
        return (type, graph.value(of: .number(Number(x)), type: .scalar))
      default: return (type, nil)
      }
    }
    guard let value = value(of: e)?.value else { return (type, nil) }
    let found = graph.type(of: value)
    guard unify(found, type, at: e.span) else {
      report(.typeMismatch(text(found), text(type), at: e.span, notes: []))
      return (type, nil)
    }
    return (type, value)
  }

  /// Reads a body of `scan`, which does `factor` steps at once.
  private mutating func readBody(
    _ scan: ScanSyntax, _ block: BlockSyntax, skipping count: Int, count steps: Extent?,
    factor: Int, _ carried: [CarriedState]
  ) -> Body {
    scopes.open()
    let firstStack = stacks.count
    let step = openStep(scan, count: steps, factor: factor)
    var arguments = [self.steps[step].argument]
    for c in carried {
      let state = states[c.state]
      let argument = Value(
        graph.add(
          Node(
            op: .argument, operands: [],
            results: [.init(name: state.name.text, type: state.type)], span: state.name.span)))
      arguments.append(argument)
      states[c.state].frames.append(.init(old: argument))
    }
    blocks.append(Block(arguments: arguments))
    bodySteps.append(step)
    readStatements(block, skipping: count)
    bodySteps.removeLast()
    var result = blocks.removeLast()
    result.closingComments = pendingComments + block.closingComments
    pendingComments = []
    var isComplete = true
    var assigned: Set<String> = []
    for c in carried {
      let value = currentValue(ofState: c.state)
      let frame = states[c.state].frames.removeLast()
      if frame.isAssigned { assigned.insert(states[c.state].name.text) }
      isComplete = isComplete && value != nil
      if let value { result.results.append(value) }
    }
    // Stacks of loops inside this one lie between those of this one.
    let own = (firstStack..<stacks.count).filter { stacks[$0].step == step }
    for i in own {
      assigned.insert(stacks[i].name.text)
      for j in 0..<factor {
        guard let element = stacks[i].elements[j] else {
          report(.missingElement(stacks[i].name, j, factor: factor))
          isComplete = false
          break
        }
        isComplete = isComplete && element.value != nil
        if let value = element.value { result.results.append(value) }
      }
    }
    scopes.close()
    return Body(block: result, stacks: own, assigned: assigned, isComplete: isComplete)
  }

  /// Declares the step of a body.
  private mutating func openStep(_ scan: ScanSyntax, count: Extent?, factor: Int) -> Int {
    let type = TensorType(.index(count ?? Extent(1)), [])
    let argument = Value(
      graph.add(
        Node(
          op: .argument, operands: [], results: [.init(name: scan.variable.text, type: type)],
          span: scan.variable.span)))
    steps.append(
      StepRecord(
        name: scan.variable, argument: argument, count: count, factor: factor,
        isReversed: scan.isReversed))
    define(scan.variable, as: .step(steps.count - 1))
    return steps.count - 1
  }

  /// Reports where the two bodies of a loop do not give the same.
  private mutating func checkAgreement(
    of body: Body, _ remainder: Body?, _ carried: [CarriedState]
  ) {
    guard let remainder else { return }
    let stacked = (body.stacks + remainder.stacks).map { stacks[$0].name }
    for name in carried.map({ states[$0.state].name }) + stacked {
      let isInBoth = body.assigned.contains(name.text) == remainder.assigned.contains(name.text)
      if !isInBoth, !isSilenced(name.text) {
        report(.missingInBody(name.text, at: name.span))
      }
    }
    var types: [String: TensorType] = [:]
    for i in body.stacks { types[stacks[i].name.text] = elementType(ofStack: i) }
    for i in remainder.stacks {
      let name = stacks[i].name
      guard let type = elementType(ofStack: i), let other = types[name.text] else { continue }
      if !unify(type, other, at: name.span) {
        report(.typeMismatch(text(type), text(other), at: name.span, notes: []))
      }
    }
  }

  /// Returns the block of `remainder` with its stacked values in the order of those of `body`.
  private func ordered(_ remainder: Body, like body: Body, carriedCount: Int) -> Block {
    guard remainder.isComplete, remainder.stacks.count == body.stacks.count else {
      return remainder.block
    }
    let names = remainder.stacks.map { stacks[$0].name.text }
    let order = body.stacks.compactMap { names.firstIndex(of: stacks[$0].name.text) }
    var result = remainder.block
    result.results.removeSubrange(carriedCount...)
    result.results += order.map { remainder.block.results[carriedCount + $0] }
    return result
  }

  /// Returns the type of the first element of stack `i` that is known.
  private func elementType(ofStack i: Int) -> TensorType? {
    stacks[i].elements.sorted { $0.key < $1.key }.lazy.compactMap(\.value.value).first.map {
      graph.type(of: $0)
    }
  }

  /// Returns the types of the stacked values of `body`.
  private mutating func stackTypes(_ body: Body, count: Extent?) -> [TensorType?] {
    var result: [TensorType?] = []
    for i in body.stacks {
      guard let first = elementType(ofStack: i), let count else {
        result.append(nil)
        continue
      }
      for (_, (span, value)) in stacks[i].elements.sorted(by: { $0.key < $1.key }) {
        guard let value else { continue }
        let type = graph.type(of: value)
        if !unify(type, first, at: span) {
          report(.typeMismatch(text(type), text(first), at: span, notes: []))
        }
      }
      let type = TensorType(first.element, [count] + first.shape)
      result.append(checkSize(of: type, at: stacks[i].name.span) ? type : nil)
    }
    return result
  }

  /// Reports that `lengths` cannot be those of the rows of what a loop carries and stacks.
  private mutating func check(
    _ lengths: (Expression, Operand?), count: Extent, _ carried: [CarriedState], _ body: Body
  ) {
    guard let value = lengths.1?.value else { return }
    let type = graph.type(of: value)
    let span = lengths.0.span
    guard case .index(let n) = type.element, type.shape.count == 1,
      let limit = count.adding(Extent(1)), unify(n, limit, at: span)
    else {
      report(
        .wrongLengths(
          text(type), expected: "'index<\(count.description(in: module.dimensions)) + 1>[rows]'",
          at: span))
      return
    }
    var rows: [(name: Name, type: TensorType)] = carried.map {
      (states[$0.state].name, states[$0.state].type)
    }
    for i in body.stacks { elementType(ofStack: i).map { rows.append((stacks[i].name, $0)) } }
    for (name, found) in rows {
      guard let first = found.shape.first, unify(first, type.shape[0], at: name.span) else {
        report(
          .rowsWithoutLengths(name.text, text(found), lengths: text(type), at: span, name.span))
        continue
      }
    }
  }

}

extension Statement {

  /// `true` iff the statement declares a state.
  fileprivate var isState: Bool {
    if case .state = kind { return true }
    return false
  }

}

extension Expression {

  /// `true` iff the expression is an initial value, not a value.
  var isInitialiser: Bool {
    switch kind {
    case .name(let name): ["zeros", "ones", "iota"].contains(name)
    case .call(let name, _): ["constant", "uniform", "normal"].contains(name.text)
    default: false
    }
  }

}

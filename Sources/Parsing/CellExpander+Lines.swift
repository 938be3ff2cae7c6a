import Diagnostics

extension CellExpander {

  /// What the calls in a block have assigned.
  struct Surroundings {

    /// Where uses with states are called.
    var calls: [String: SourceSpan] = [:]

    var assignedStates: Set<String> = []

  }

  /// The names that the lines of one copy of a cell have.
  private struct Naming {

    let cell: String
    let sizes: [String: Expression]

    /// What stands in front of the names of parameters and constants, of states, and of the values
    /// of one call.
    let tensors: String
    let states: String
    let values: String

  }

  /// Returns `block` with the lines of cells in place of their uses and calls.
  mutating func expand(
    _ block: BlockSyntax, isModel: Bool = false, isEntry: Bool = false
  ) -> BlockSyntax {
    var block = block
    var result = block
    result.statements = []
    var surroundings = Surroundings()
    if isModel { expandStarts(in: &block, &surroundings) }
    var waiting = isModel || isEntry ? startLines : []
    for statement in block.statements where !reporter.isFull && !isTooLong {
      var lines: [Statement] = []
      var statement = statement
      switch statement.kind {
      case .cell where isModel: continue
      case .use(let use) where isModel:
        declared[use.name.text] = declarations(of: use)
        statement.kind = .use(sharing(use))
      case .assignment(let targets, let e, let origins):
        if targets.count > 1, case .call(let name, let arguments) = e.kind,
          instances[name.text] != nil
        {
          let own = assignments(targets, name, arguments, statement, &surroundings)
          result.statements += takeStartLines(neededBy: own, &waiting) + own
          continue
        }
        statement.kind = .assignment(
          targets, expand(e, &lines, &surroundings), origins: origins)
      case .outputDefinition(let name, let e, let origins):
        statement.kind = .outputDefinition(
          name, expand(e, &lines, &surroundings), origins: origins)
      case .update(let name, let e, let origins):
        statement.kind = .update(name, expand(e, &lines, &surroundings), origins: origins)
      case .scan(var scan):
        expandStarts(ofLocal: &scan.body, &lines, &surroundings)
        scan.lengths = scan.lengths.map { expand($0, &lines, &surroundings) }
        scan.body = expand(scan.body)
        scan.remainder = scan.remainder.map { expand($0) }
        surroundings.assignedStates.formUnion(scan.body.assignedStates)
        surroundings.assignedStates.formUnion(scan.remainder?.assignedStates ?? [])
        statement.kind = .scan(scan)
      case .bind(let inner): statement.kind = .bind(expand(inner))
      case .entry(let name, let inner): statement.kind = .entry(name, expand(inner, isEntry: true))
      case .train(let inner): statement.kind = .train(expand(inner))
      case .fused(let inner): statement.kind = .fused(expand(inner))
      case .dimensions, .input, .parameter, .constant, .state, .slot, .passes, .run, .output, .cell,
        .use,
        .convention, .equation, .argument:
        break
      }
      lines.append(statement)
      if statement.hasLines { result.statements += takeStartLines(neededBy: lines, &waiting) }
      result.statements += lines
    }
    result.assignedStates.formUnion(surroundings.assignedStates)
    return result
  }

  /// Returns `use` with the sizes of the use that it shares parameters with.
  private func sharing(_ use: UseSyntax) -> UseSyntax {
    guard let source = use.source, let other = instances[source.text],
      let instance = instances[use.name.text]
    else { return use }
    var result = use
    result.shared = instance.cell.sizes.compactMap { size in
      guard let a = instance.sizes[size.text], let b = other.sizes[size.text] else { return nil }
      return (name: size, own: a, other: b)
    }
    return result
  }

  /// Returns the declarations that `use` makes.
  private mutating func declarations(of use: UseSyntax) -> [Statement] {
    guard let instance = instances[use.name.text], instance.use.name.span == use.name.span else {
      return []
    }
    var result: [Statement] = []
    let naming = naming(of: instance, values: use.name.text)
    for line in instance.cell.block.statements {
      let kind: Statement.Kind
      switch line.kind {
      case .parameter(let d) where use.source == nil: kind = .parameter(rename(d, naming))
      case .constant(let d) where use.source == nil: kind = .constant(rename(d, naming))
      case .state(let d, _):
        var renamed = rename(d, naming)
        if let start = use.starts.first(where: { $0.label?.text == d.name.text }) {
          renamed = Declaration(
            name: renamed.name, type: renamed.type, initial: .expression(start.value))
        }
        kind = .state(renamed, isCarried: use.isCarried)
      case .convention(let name, let block) where use.source == nil:
        kind = .convention(name, rename(block, of: use.name.text, naming))
      default: continue
      }
      result.append(
        Statement(kind: kind, span: line.span, comments: StatementComments()))
    }
    return result
  }

  private func naming(of instance: Instance, values: String) -> Naming {
    Naming(
      cell: instance.cell.name.text, sizes: instance.sizes, tensors: instance.owner,
      states: instance.use.name.text, values: values)
  }

  /// Returns the equations in `block` with the tensors of a use called `use`.
  private mutating func rename(
    _ block: BlockSyntax, of use: String, _ naming: Naming
  ) -> BlockSyntax {
    var result = block
    for (i, line) in block.statements.enumerated() {
      guard case .equation(let sum, let term) = line.kind else { continue }
      result.statements[i].kind = .equation(
        renameTensors(in: sum, of: use, naming), rename(term, naming))
    }
    return result
  }

  /// Returns the left side of an equation with the tensors of a use called `use`, which are no
  /// names of the cell.
  private mutating func renameTensors(
    in e: Expression, of use: String, _ naming: Naming
  ) -> Expression {
    switch e.kind {
    case .name(let name): Expression(kind: .name("\(use).\(name)"), span: e.span)
    case .subscripted(let base, let places):
      Expression(
        kind: .subscripted(
          renameTensors(in: base, of: use, naming),
          places.map { $0.mapped { rename($0, naming) } }), span: e.span)
    default: e.mapped { renameTensors(in: $0, of: use, naming) }
    }
  }

  /// Returns the lines of `a, b = use(x)`.
  private mutating func assignments(
    _ targets: [Target], _ name: Name, _ arguments: [Argument], _ statement: Statement,
    _ surroundings: inout Surroundings
  ) -> [Statement] {
    var lines: [Statement] = []
    var outputs =
      call(name, arguments, at: statement.span, &lines, &surroundings)
      ?? targets.map { _ in "" }
    if outputs.count != targets.count {
      reporter.report(.resultCount(targets.count, outputs.count, at: name.span))
      outputs = targets.map { _ in "" }
    }
    for (i, (target, output)) in zip(targets, outputs).enumerated() {
      lines.append(
        Statement(
          kind: .assignment(
            [target], Expression(kind: .name(output), span: name.span), origins: []),
          span: statement.span, comments: i == 0 ? statement.comments : StatementComments()))
    }
    return lines
  }

  /// Returns `e` with the outputs of uses in place of calls, whose lines go to `lines`.
  ///
  /// The depth is bounded because the parser bounds nesting.
  mutating func expand(
    _ e: Expression, _ lines: inout [Statement], _ surroundings: inout Surroundings
  ) -> Expression {
    if case .call(let name, let arguments) = e.kind, instances[name.text] != nil {
      let outputs = call(name, arguments, at: e.span, &lines, &surroundings)
      if let outputs, outputs.count != 1 {
        reporter.report(.resultCount(1, outputs.count, at: e.span))
      }
      return Expression(kind: .name(outputs?.first ?? ""), span: e.span)
    }
    if case .call(let name, _) = e.kind, failedUses.contains(name.text) {
      return Expression(kind: .name(""), span: e.span)
    }
    return e.mapped { expand($0, &lines, &surroundings) }
  }

  /// Adds the lines of a call of the use `name` to `lines` and returns the names of its outputs.
  private mutating func call(
    _ name: Name, _ written: [Argument], at span: SourceSpan, _ lines: inout [Statement],
    _ surroundings: inout Surroundings
  ) -> [String]? {
    let arguments = written.map {
      Argument(label: $0.label, value: expand($0.value, &lines, &surroundings))
    }
    guard var instance = instances[name.text] else { return nil }
    used.insert(name.text)
    instance.calls += 1
    instances[name.text] = instance
    let cell = instance.cell
    let naming = naming(
      of: instance, values: name.text + (instance.calls == 1 ? "" : "_\(instance.calls)"))
    guard let values = inputs(of: cell, name, arguments, at: span) else { return nil }
    lineCount += cell.block.statements.count
    if isTooLong {
      reporter.report(.expansionTooLong(at: span, limit: Self.longestExpansion))
      return nil
    }
    var outputs: [String] = []
    for case .input(let d, _) in cell.block.statements.map(\.kind) {
      guard let value = values[d.name.text] else { continue }
      lines.append(
        Statement(
          kind: .argument(rename(d, naming), value), span: span, comments: StatementComments()))
    }
    for line in cell.block.statements {
      switch line.kind {
      case .assignment(let targets, let e, let origins):
        let renamed = targets.map {
          Target(name: rename($0.name, naming), place: $0.place, span: $0.span)
        }
        for target in targets where roles[cell.name.text]?[target.name.text] == .state {
          let state = "\(name.text).\(target.name.text)"
          if surroundings.assignedStates.contains(state), let first = surroundings.calls[name.text]
          {
            reporter.report(.calledTwice(name, first: first))
            return nil
          }
          surroundings.assignedStates.insert(state)
        }
        lines.append(
          Statement(
            kind: .assignment(renamed, rename(e, naming), origins: origins), span: line.span,
            comments: StatementComments()))
      case .outputDefinition(let output, let e, let origins):
        let renamed = rename(output, naming)
        outputs.append(renamed.text)
        lines.append(
          Statement(
            kind: .assignment(
              [Target(name: renamed, place: nil, span: output.span)], rename(e, naming),
              origins: origins), span: line.span, comments: StatementComments()))
      case .output(let names): outputs += names.map { rename($0, naming).text }
      default: break
      }
    }
    if surroundings.calls[name.text] == nil { surroundings.calls[name.text] = name.span }
    return outputs
  }

  /// Returns what `arguments` give as each input of `cell`.
  private mutating func inputs(
    of cell: CellSyntax, _ name: Name, _ arguments: [Argument], at span: SourceSpan
  ) -> [String: Expression]? {
    let inputs = cell.block.statements.compactMap { statement -> String? in
      if case .input(let d, _) = statement.kind { return d.name.text }
      return nil
    }
    guard arguments.count == inputs.count else {
      reporter.report(
        .operandCount(
          arguments.count, expected: inputs.count...inputs.count, of: name.text, at: span))
      return nil
    }
    var result: [String: Expression] = [:]
    for argument in arguments {
      guard let label = argument.label else { continue }
      guard inputs.contains(label.text) else {
        reporter.report(
          .unknownLabel(
            label, of: name.text, inputs, suggestion: suggestion(for: label.text, among: inputs)))
        return nil
      }
      if result.updateValue(argument.value, forKey: label.text) != nil {
        reporter.report(.duplicateLabel(label, first: span))
        return nil
      }
    }
    // The others are given in the order of the declarations.
    for (argument, input) in zip(
      arguments.filter { $0.label == nil }, inputs.filter { result[$0] == nil })
    {
      result[input] = argument.value
    }
    return result
  }

  private mutating func rename(_ d: Declaration, _ naming: Naming) -> Declaration {
    let type = TypeSyntax(
      name: d.type.name, classes: d.type.classes.map { rename($0, naming) },
      shape: d.type.shape.map { rename($0, naming) }, leading: d.type.leading, span: d.type.span)
    var initial = d.initial
    if case .expression(let e)? = initial, !e.isPlainInitialiser {
      initial = .expression(rename(e, naming))
    }
    return Declaration(name: rename(d.name, naming), type: type, initial: initial)
  }

  private mutating func rename(_ name: Name, _ naming: Naming) -> Name {
    let prefix =
      switch roles[naming.cell]?[name.text] {
      case .tensor?: naming.tensors
      case .state?: naming.states
      case .value?, nil: naming.values
      }
    let text = "\(prefix).\(name.text)"
    if text.utf8.count > Lexer.longestName {
      reporter.report(.nameTooLong(text, at: name.span, limit: Lexer.longestName))
    }
    return Name(text: text, span: name.span)
  }

  /// Returns `e`, an expression of a cell, with the names of a copy.
  private mutating func rename(_ e: Expression, _ naming: Naming) -> Expression {
    if case .call(let initialiser, let arguments) = e.kind, arguments.contains(where: \.isWord) {
      // Words that say how something is drawn are no names.
      let renamed = arguments.map { argument in
        argument.isWord
          ? argument : Argument(label: argument.label, value: rename(argument.value, naming))
      }
      return Expression(kind: .call(initialiser, renamed), span: e.span)
    }
    guard case .name(let name) = e.kind else { return e.mapped { rename($0, naming) } }
    if let size = naming.sizes[name] { return size }
    if roles[naming.cell]?[name] != nil {
      return Expression(
        kind: .name(rename(Name(text: name, span: e.span), naming).text), span: e.span)
    }
    if !dimensionNames.contains(name), !["true", "false"].contains(name),
      unknownNames.insert("\(naming.cell).\(name)").inserted
    {
      reporter.report(.unknownInCell(name, naming.cell, at: e.span))
    }
    return e
  }

}

extension Expression {

  /// `true` iff the expression is the name of an initial value.
  fileprivate var isPlainInitialiser: Bool {
    if case .name(let name) = kind {
      return ["zeros", "ones", "iota", "xavier", "kaiming"].contains(name)
    }
    return false
  }

  /// Returns `self` with `change` applied to the expressions that it consists of.
  fileprivate func mapped(_ change: (Expression) -> Expression) -> Expression {
    let new: Kind
    switch kind {
    case .number, .name: new = kind
    case .call(let name, let arguments):
      new = .call(name, arguments.map { Argument(label: $0.label, value: change($0.value)) })
    case .negated(let x): new = .negated(change(x))
    case .chain(let first, let links):
      new = .chain(change(first), links.map { Link(op: $0.op, operand: change($0.operand)) })
    case .comparison(let op, let a, let b): new = .comparison(op, change(a), change(b))
    case .subscripted(let base, let subscripts):
      new = .subscripted(change(base), subscripts.map { $0.mapped(change) })
    case .list(let items): new = .list(items.map(change))
    case .range(let a, let b): new = .range(change(a), change(b))
    case .gathered(let x): new = .gathered(change(x))
    case .columns(let part, let lower, let upper):
      new = .columns(change(part), lower: change(lower), upper: change(upper))
    }
    return Expression(kind: new, span: span)
  }

}

extension Statement {

  /// `true` iff the statement computes something at its place.
  fileprivate var hasLines: Bool {
    switch kind {
    case .assignment, .outputDefinition, .update, .scan, .fused, .train, .output, .argument: true
    case .dimensions, .input, .parameter, .constant, .state, .slot, .passes, .run, .bind, .entry,
      .cell, .use, .convention, .equation:
      false
    }
  }

}

extension Argument {

  /// `true` iff the argument is a word, not a value: `fan: out`.
  fileprivate var isWord: Bool { ["fan", "distribution"].contains(label?.text) }

}

extension Subscript {

  /// Returns `self` with `change` applied to its places.
  fileprivate func mapped(_ change: (Expression) -> Expression) -> Subscript {
    let items = items.map { (item) -> Item in
      switch item {
      case .all: .all
      case .place(let e): .place(change(e))
      case .range(let a, let b, let span): .range(change(a), change(b), span)
      }
    }
    return Subscript(items: items, span: span)
  }

}

import Diagnostics

extension Expression {

  /// Calls `visit` for each name that stands in `self`, of operations too.
  ///
  /// The depth is bounded because the parser bounds nesting.
  func forEachName(_ visit: (String) -> Void) {
    switch kind {
    case .number: break
    case .name(let name): visit(name)
    case .call(_, let arguments): for argument in arguments { argument.value.forEachName(visit) }
    case .negated(let x), .gathered(let x): x.forEachName(visit)
    case .chain(let first, let links):
      first.forEachName(visit)
      for link in links { link.operand.forEachName(visit) }
    case .comparison(_, let a, let b), .range(let a, let b):
      a.forEachName(visit)
      b.forEachName(visit)
    case .subscripted(let base, let subscripts):
      base.forEachName(visit)
      for item in subscripts.flatMap(\.items) {
        switch item {
        case .all: break
        case .place(let e): e.forEachName(visit)
        case .range(let a, let b, _):
          a.forEachName(visit)
          b.forEachName(visit)
        }
      }
    case .list(let items): for item in items { item.forEachName(visit) }
    case .columns(let part, let lower, let upper):
      part.forEachName(visit)
      lower.forEachName(visit)
      upper.forEachName(visit)
    }
  }

}

extension BlockSyntax {

  /// Calls `visit` for each name that a line of the block reads.
  func forEachName(_ visit: (String) -> Void) {
    for statement in statements {
      switch statement.kind {
      case .dimensions, .input, .parameter, .constant, .slot, .passes, .run, .cell, .use,
        .convention, .equation:
        break
      case .state(let declaration, _):
        if case .expression(let e)? = declaration.initial { e.forEachName(visit) }
      case .bind(let block), .entry(_, let block), .fused(let block), .train(let block):
        block.forEachName(visit)
      case .assignment(_, let e, _), .outputDefinition(_, let e, _), .update(_, let e, _),
        .argument(_, let e):
        e.forEachName(visit)
      case .output(let names): for name in names { visit(name.text) }
      case .scan(let scan):
        scan.lengths?.forEachName(visit)
        scan.body.forEachName(visit)
        scan.remainder?.forEachName(visit)
      }
    }
  }

  /// Calls `visit` for each name that a line of the block assigns.
  func forEachTarget(_ visit: (String) -> Void) {
    for statement in statements {
      switch statement.kind {
      case .assignment(let targets, _, _): for target in targets { visit(target.name.text) }
      case .outputDefinition(let name, _, _): visit(name.text)
      case .argument(let d, _): visit(d.name.text)
      case .bind(let block), .entry(_, let block), .fused(let block), .train(let block):
        block.forEachTarget(visit)
      case .scan(let scan):
        scan.body.forEachTarget(visit)
        scan.remainder?.forEachTarget(visit)
      case .dimensions, .input, .parameter, .constant, .state, .slot, .passes, .run, .output,
        .update, .cell, .use, .convention, .equation:
        break
      }
    }
  }

}

extension ModelSyntax {

  /// `true` iff a line outside of declarations, in any section, defines `name`.
  func definesValue(_ name: String) -> Bool {
    block.statements.definitions[name] != nil
      || block.statements.contains { statement in
        if case .entry(_, let inner) = statement.kind {
          return inner.statements.definitions[name] != nil
        }
        return false
      }
  }

}

extension [Statement] {

  /// Where the statements define names for lines behind them at the same depth; of two places of
  /// one name the first.
  var definitions: [String: SourceSpan] {
    var result: [String: SourceSpan] = [:]
    for name in definedNames where result[name.text] == nil { result[name.text] = name.span }
    return result
  }

  private var definedNames: [Name] {
    flatMap { (statement) -> [Name] in
      switch statement.kind {
      case .dimensions(let list): list.map(\.name)
      case .input(let d, _), .parameter(let d), .constant(let d), .state(let d, _), .slot(let d),
        .argument(let d, _):
        [d.name]
      case .use(let use): [use.name]
      case .assignment(let targets, _, _): targets.map(\.name)
      case .outputDefinition(let name, _, _): [name]
      case .scan(let scan): scan.body.statements.stackedNames
      case .bind(let block), .fused(let block): block.statements.definedNames
      case .passes, .run, .entry, .output, .update, .train, .cell, .convention, .equation: []
      }
    }
  }

  /// The names of the values that the statements, a body of a loop, stack.
  private var stackedNames: [Name] {
    flatMap { (statement) -> [Name] in
      switch statement.kind {
      case .assignment(let targets, _, _): targets.filter { $0.place != nil }.map(\.name)
      case .fused(let block): block.statements.stackedNames
      default: []
      }
    }
  }

}

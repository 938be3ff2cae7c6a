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
      case .dimensions, .input, .parameter, .constant, .passes: break
      case .state(let declaration, _):
        if case .expression(let e)? = declaration.initial { e.forEachName(visit) }
      case .bind(let block), .entry(_, let block), .fused(let block): block.forEachName(visit)
      case .assignment(_, let e, _), .outputDefinition(_, let e, _): e.forEachName(visit)
      case .output(let names): for name in names { visit(name.text) }
      case .scan(let scan):
        scan.lengths?.forEachName(visit)
        scan.body.forEachName(visit)
        scan.remainder?.forEachName(visit)
      }
    }
  }

}

extension [Statement] {

  /// Returns where one of the statements defines `name`, for lines behind it at the same depth.
  func definition(of name: String) -> SourceSpan? {
    for statement in self {
      switch statement.kind {
      case .dimensions(let list):
        for d in list where d.name.text == name { return d.name.span }
      case .input(let d, _), .parameter(let d), .constant(let d), .state(let d, _):
        if d.name.text == name { return d.name.span }
      case .assignment(let targets, _, _):
        for target in targets where target.name.text == name { return target.name.span }
      case .outputDefinition(let n, _, _): if n.text == name { return n.span }
      case .scan(let scan):
        for inner in scan.body.statements {
          guard case .assignment(let targets, _, _) = inner.kind else { continue }
          for target in targets where target.name.text == name && target.place != nil {
            return target.name.span
          }
        }
      case .bind(let block), .fused(let block):
        if let span = block.statements.definition(of: name) { return span }
      case .passes, .entry, .output: break
      }
    }
    return nil
  }

}

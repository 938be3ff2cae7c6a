// The values that states start with may call uses. Such a value is computed before the first line
// that needs the state, because the lines that it reads may stand between there and the
// declaration.

extension CellExpander {

  /// Expands the calls in what states of the model, and of its uses, start with; their lines wait
  /// in `startLines`.
  mutating func expandStarts(in block: inout BlockSyntax, _ surroundings: inout Surroundings) {
    for i in block.statements.indices where !reporter.isFull && !isTooLong {
      var lines: [Statement] = []
      switch block.statements[i].kind {
      case .use(var use):
        use.starts = use.starts.map {
          Argument(label: $0.label, value: expand($0.value, &lines, &surroundings))
        }
        block.statements[i].kind = .use(use)
        if !lines.isEmpty { startLines.append(StartLines(subject: use.name.text, lines: lines)) }
      case .state(let d, let isCarried):
        block.statements[i].kind = .state(
          expandingStart(of: d, &lines, &surroundings), isCarried: isCarried)
        if !lines.isEmpty { startLines.append(StartLines(subject: d.name.text, lines: lines)) }
      default: break
      }
    }
  }

  /// Expands the calls in what the local states of `body` start with; their lines go to `lines`,
  /// before the scan.
  mutating func expandStarts(
    ofLocal body: inout BlockSyntax, _ lines: inout [Statement], _ surroundings: inout Surroundings
  ) {
    for i in body.statements.indices {
      guard case .state(let d, let isCarried) = body.statements[i].kind else { continue }
      body.statements[i].kind = .state(
        expandingStart(of: d, &lines, &surroundings), isCarried: isCarried)
    }
  }

  private mutating func expandingStart(
    of d: Declaration, _ lines: inout [Statement], _ surroundings: inout Surroundings
  ) -> Declaration {
    guard case .expression(let e)? = d.initial else { return d }
    return Declaration(
      name: d.name, type: d.type, initial: .expression(expand(e, &lines, &surroundings)))
  }

  /// Returns the lines among `waiting` that `statements` need before them, which wait no longer.
  ///
  /// Each round of the recursion takes an element of `waiting`.
  func takeStartLines(
    neededBy statements: [Statement], _ waiting: inout [StartLines]
  ) -> [Statement] {
    if waiting.isEmpty { return [] }
    var names: Set<String> = []
    BlockSyntax(statements: statements).forEachName { names.insert($0) }
    BlockSyntax(statements: statements).forEachTarget { names.insert($0) }
    let needed = waiting.filter { start in
      names.contains(start.subject) || names.contains { $0.hasPrefix("\(start.subject).") }
    }
    if needed.isEmpty { return [] }
    waiting.removeAll { start in needed.contains { $0.subject == start.subject } }
    let lines = needed.flatMap(\.lines)
    return takeStartLines(neededBy: lines, &waiting) + lines
  }

}

import Diagnostics

// Cells are expanded as text is read, not by a pass over the graph. A pass needs calls as an
// operation at every level: a signature, a meaning in the interpreter, adjoints, a way to print
// states that a line assigns without naming them. All of that would be gone after the second pass,
// and none of it makes a better kernel. Expanded, a use is what a person would have written by
// hand: `layer0.W_xi` is a parameter and `layer0.i` a value like any other, each stage prints and
// reads them, and no part of the compiler knows that there are cells.

/// Writes the lines of cells into a model that uses them, under the names of the uses.
struct CellExpander {

  /// The most lines that calls may become.
  static let longestExpansion = 200_000

  /// A copy of a cell.
  struct Instance {

    let use: UseSyntax
    let cell: CellSyntax
    let sizes: [String: Expression]

    /// The use that declares the parameters.
    let owner: String

    /// The number of calls so far.
    var calls = 0

  }

  /// The lines that compute what the state `subject`, or states of the use `subject`, start with.
  struct StartLines {

    let subject: String
    let lines: [Statement]

  }

  /// What a name of a cell is.
  enum Role {

    case tensor, state, value

  }

  let syntax: ModelSyntax
  let library: [(name: String, text: String)]
  var reporter: Reporter

  var cells: [String: CellSyntax] = [:]

  /// The roles of the names of each cell that is used.
  var roles: [String: [String: Role]] = [:]

  var instances: [String: Instance] = [:]
  var dimensionNames: Set<String> = []

  /// The lines that each use declares.
  var declared: [String: [Statement]] = [:]

  /// The lines that what states start with has become, in the order of the declarations.
  var startLines: [StartLines] = []

  /// The uses that are wrong.
  var failedUses: Set<String> = []

  private var usedCells: Set<String> = []

  /// The uses that are called, or whose parameters are shared.
  var used: Set<String> = []

  /// What was reported of names in cells.
  var unknownNames: Set<String> = []

  /// The cells that are wrong.
  private var failedCells: Set<String> = []

  var lineCount = 0

  /// `true` iff calls became more lines than are read.
  var isTooLong: Bool { lineCount > Self.longestExpansion }

  /// Creates what expands the cells of `syntax` and those of `library`, texts of one cell each.
  init(
    _ syntax: ModelSyntax, library: [(name: String, text: String)], _ reporter: Reporter
  ) {
    self.syntax = syntax
    self.library = library
    self.reporter = reporter
  }

  /// Returns the model without definitions of cells and without calls.
  mutating func run() -> ModelSyntax {
    let own = collectCells()
    let uses = syntax.block.statements.contains { if case .use = $0.kind { true } else { false } }
    var result = syntax
    result.cells = []
    if !own.isEmpty || uses {
      for statement in syntax.block.statements {
        if case .dimensions(let list) = statement.kind {
          dimensionNames.formUnion(list.map(\.name.text))
        }
      }
      declareUses()
      result.block = expand(syntax.block, isModel: true)
      var names: Set<String> = []
      result.block.forEachName { names.insert($0) }
      // States, which lines declare, may start with parameters, too.
      BlockSyntax(statements: declared.values.flatMap { $0 }).forEachName { names.insert($0) }
      result.block.statements = result.block.statements.flatMap {
        withDeclarations($0, reading: names)
      }
    }
    for cell in own where !usedCells.contains(cell.name.text) && !reporter.containsError {
      reporter.report(.unused(.unusedCell, "cell", cell.name))
    }
    return result
  }

  /// Returns `statement`, followed by what it declares if it is a use that something calls, or the
  /// parameters and constants if `names`, which lines read, are of them alone.
  private mutating func withDeclarations(
    _ statement: Statement, reading names: Set<String>
  ) -> [Statement] {
    guard case .use(let use) = statement.kind else { return [statement] }
    let declared = declared[use.name.text] ?? []
    if used.contains(use.name.text) { return [statement] + declared }
    let tensors = (roles[use.cell.text] ?? [:]).filter { $0.value == .tensor }.keys
    if tensors.contains(where: { names.contains("\(use.name.text).\($0)") }) {
      return [statement]
        + declared.filter { line in
          if case .state = line.kind { false } else { true }
        }
    }
    if !reporter.containsError {
      reporter.report(.unused(.unusedCell, "the use", use.name))
    }
    return [statement]
  }

  private mutating func collectCells() -> [CellSyntax] {
    var own = syntax.cells
    for case .cell(let cell) in syntax.block.statements.map(\.kind) { own.append(cell) }
    for cell in own {
      if let first = cells[cell.name.text] {
        reporter.report(.duplicateName(cell.name, first: first.name.span))
      } else {
        cells[cell.name.text] = cell
      }
    }
    return own
  }

  private mutating func declareUses() {
    for case .use(let use) in syntax.block.statements.map(\.kind) where !reporter.isFull {
      if let first = instances[use.name.text] {
        reporter.report(.duplicateName(use.name, first: first.use.name.span))
        continue
      }
      failedUses.insert(use.name.text)
      guard let cell = cell(named: use.cell) else { continue }
      usedCells.insert(use.cell.text)
      check(cell)
      guard !failedCells.contains(use.cell.text), let sizes = sizes(of: use, cell),
        let owner = owner(of: use)
      else { continue }
      failedUses.remove(use.name.text)
      checkStarts(of: use, cell)
      instances[use.name.text] = Instance(use: use, cell: cell, sizes: sizes, owner: owner)
    }
  }

  /// Returns the cell called `name`: one of the model's, or one of the library.
  private mutating func cell(named name: Name) -> CellSyntax? {
    if let cell = cells[name.text] { return cell }
    guard let entry = library.first(where: { $0.name == name.text }) else {
      let known = library.map(\.name) + cells.keys.sorted()
      if !syntax.unreadNames.contains(name.text) {
        reporter.report(.unknownCell(name, known, suggestion(for: name.text, among: known)))
      }
      return nil
    }
    let file = SourceFile(name: entry.name, utf8: Array(entry.text.utf8))
    // What a person can see of the cell is where it is used.
    var lexer = Lexer(file, Reporter(reporter.file, place: name.span))
    lexer.run()
    var parser = Parser(file, lexer.list, lexer.reporter)
    guard let cell = parser.parseCells().first, !parser.reporter.containsError else {
      preconditionFailure("cells of the library are well-formed")
    }
    return cell
  }

  /// Finds the roles of the names in `cell`, and reports lines that do not belong there.
  private mutating func check(_ cell: CellSyntax) {
    guard roles[cell.name.text] == nil else { return }
    var roles: [String: Role] = [:]
    func add(_ name: Name, _ role: Role) {
      if roles[name.text] == nil { roles[name.text] = role }
    }
    var hasOutput = false
    // Declarations may stand below the lines that use them.
    for statement in cell.block.statements {
      switch statement.kind {
      case .parameter(let d), .constant(let d): add(d.name, .tensor)
      case .state(let d, isCarried: false): add(d.name, .state)
      default: break
      }
    }
    for statement in cell.block.statements {
      switch statement.kind {
      case .input(let d, isLabel: false):
        add(d.name, .value)
        if let initial = d.initial {
          reporter.report(.defaultOfCell(d.name, at: initial.span))
          failedCells.insert(cell.name.text)
        }
      case .parameter, .constant, .state(_, isCarried: false): break
      case .state(let d, isCarried: true):
        reporter.report(.carriedInCell(d.name, at: statement.span))
        failedCells.insert(cell.name.text)
      case .assignment(let targets, _, _): for target in targets { add(target.name, .value) }
      case .outputDefinition(let name, _, _):
        add(name, .value)
        hasOutput = true
      case .output: hasOutput = true
      case .convention: break
      default:
        reporter.report(.misplacedInCell(at: statement.span))
        failedCells.insert(cell.name.text)
      }
    }
    if !hasOutput, failedCells.insert(cell.name.text).inserted {
      reporter.report(.noOutput("cell '\(cell.name.text)'", at: cell.name.span))
    }
    var sizes: [String: SourceSpan] = [:]
    for size in cell.sizes {
      let first = sizes.updateValue(size.span, forKey: size.text)
      guard let first = first ?? roles[size.text].map({ _ in cell.name.span }) else { continue }
      reporter.report(.duplicateName(size, first: first))
      failedCells.insert(cell.name.text)
    }
    self.roles[cell.name.text] = roles
  }

  /// Returns what the sizes of `cell` are in `use`.
  private mutating func sizes(of use: UseSyntax, _ cell: CellSyntax) -> [String: Expression]? {
    var result: [String: Expression] = [:]
    let known = cell.sizes.map(\.text)
    for argument in use.sizes {
      guard let label = argument.label else {
        reporter.report(.unlabelledSize(of: cell.name.text, known, at: argument.value.span))
        return nil
      }
      guard known.contains(label.text) else {
        reporter.report(
          .unknownLabel(
            label, of: cell.name.text, known, suggestion: suggestion(for: label.text, among: known))
        )
        return nil
      }
      if result.updateValue(argument.value, forKey: label.text) != nil {
        reporter.report(.duplicateLabel(label, first: use.sizes[0].value.span))
        return nil
      }
    }
    for name in known where result[name] == nil {
      reporter.report(.missingLabel(name, of: cell.name.text, at: use.cell.span))
      return nil
    }
    return result
  }

  /// Returns the name of the use that declares the parameters of `use`.
  private mutating func owner(of use: UseSyntax) -> String? {
    guard let source = use.source else { return use.name.text }
    guard let other = instances[source.text] else {
      reporter.report(.unknownUse(source, known: instances.keys.sorted()))
      return nil
    }
    guard other.use.cell.text == use.cell.text else {
      reporter.report(.foreignParameters(use, other.use))
      return nil
    }
    used.insert(source.text)
    return other.owner
  }

  private mutating func checkStarts(of use: UseSyntax, _ cell: CellSyntax) {
    let names = cell.block.statements.compactMap { statement -> String? in
      if case .state(let d, _) = statement.kind { return d.name.text }
      return nil
    }
    var seen: [String: SourceSpan] = [:]
    for start in use.starts {
      guard let label = start.label else {
        reporter.report(.unlabelledStart(of: cell.name.text, names, at: start.value.span))
        continue
      }
      if !names.contains(label.text) {
        reporter.report(.unknownState(label, of: cell.name.text, names))
      } else if let first = seen.updateValue(label.span, forKey: label.text) {
        reporter.report(.duplicateLabel(label, first: first))
      }
    }
    if use.isCarried, names.isEmpty {
      reporter.report(.nothingCarried(use.cell, at: use.name.span))
    }
  }

}

import Diagnostics
import IR

extension Resolver {

  /// The ways in which a model can be called.
  private static let entryNames = Entry.Kind.allCases.map(\.rawValue)

  /// Reads the whole model.
  mutating func resolve() {
    let statements = syntax.block.statements
    module.comments = Comments(
      leading: syntax.comments.leading, trailing: syntax.comments.trailing)
    module.endComments = syntax.endComments
    enclosing = [Surroundings(statements)]
    readPasses(statements)
    declareDimensions(statements)
    declareTensors(statements)
    declareStates(statements)
    readConventions(statements)
    let entries = statements.filter(\.isEntry)
    let sections = statements.filter(\.isEntrySection)
    if let section = entries.first ?? sections.first {
      module.form = .entries
      for statement in statements where statement.belongsToEntry {
        report(.mixedForms(at: statement.span, section: section.span))
      }
      if entries.isEmpty { report(.missingEntry(at: section.span)) }
      readRun(statements)
      readBind(sections)
      for statement in entries {
        guard case .entry(let name, let block) = statement.kind, !reporter.isFull else { continue }
        checkEntry(name)
        readEntry(name, statement.comments, block, section: .entry)
      }
    } else {
      for statement in statements {
        guard case .run = statement.kind else { continue }
        report(.misplacedStatement("'run'", at: statement.span, section: "a model without entries"))
      }
      let name = Name(text: "model", span: syntax.name.span)
      readEntry(name, StatementComments(), syntax.block, section: .model)
    }
    module.closingComments = pendingComments + syntax.block.closingComments
    warnAboutUnused()
    warnAboutRepeats()
  }

  private mutating func readPasses(_ statements: [Statement]) {
    var first: SourceSpan?
    for statement in statements where !reporter.isFull {
      guard case .passes(let names) = statement.kind else { continue }
      if let first {
        report(.duplicateSection("passes", at: statement.span, first: first))
        continue
      }
      first = statement.span
      module.finishedPasses = names.map(\.text)
      for name in names { check(pass: name) }
      pendingComments += statement.comments.all
    }
  }

  /// Reports that no pass is called `name`, if that is known.
  private mutating func check(pass name: Name) {
    guard let knownPasses, !knownPasses.contains(name.text), !reporter.isFull else { return }
    let near = suggest(name.text, among: knownPasses)
    report(.unknownPass(name, known: knownPasses, suggestion: near))
  }

  /// The last finished pass that used the values of dimensions.
  var fixingPass: String? {
    module.finishedPasses.last { fixingPasses.contains($0) }
  }

  private mutating func checkEntry(_ name: Name) {
    if !Self.entryNames.contains(name.text) {
      report(.unknownEntry(name, known: Self.entryNames))
    }
    if let first = module.entries.first(where: { $0.name == name.text }) {
      report(.duplicateSection("entry \(name.text)", at: name.span, first: first.span))
    }
  }

  private mutating func readRun(_ statements: [Statement]) {
    var first: SourceSpan?
    for statement in statements {
      guard case .run(let block) = statement.kind else { continue }
      if let first {
        report(.duplicateSection("run", at: statement.span, first: first))
        continue
      }
      first = statement.span
      readRun(block, statement)
    }
  }

  private mutating func readBind(_ sections: [Statement]) {
    var first: SourceSpan?
    for statement in sections {
      guard case .bind(let block) = statement.kind else { continue }
      if let first {
        report(.duplicateSection("bind", at: statement.span, first: first))
        continue
      }
      first = statement.span
      pendingComments += statement.comments.all
      section = .bind
      blocks = [Block()]
      let start = scopes.definitions.count
      readStatements(block)
      graph.body = blocks.removeLast()
      graph.body.closingComments = pendingComments + block.closingComments
      pendingComments = []
      module.bind.graph = graph
      finishBind(definedFrom: start)
    }
  }

  /// Makes values of `bind` readable by entries, and collects those that entries read.
  private mutating func finishBind(definedFrom start: Int) {
    var read: Set<String> = []
    for statement in syntax.block.statements {
      if case .entry(_, let block) = statement.kind {
        block.forEachName { read.insert($0) }
      }
    }
    var values: [Value] = []
    for i in scopes.definitions.indices.dropFirst(start) {
      guard case .value(let value) = scopes[i].kind else { continue }
      scopes[i].kind = .bound(value)
      if read.contains(scopes[i].name.text), let root = module.bind.graph.computedRoot(of: value) {
        values.append(root)
      }
    }
    for value in Set(values).sorted() {
      let name = module.bind.graph.name(of: value)
      boundPositions[value] = module.bind.results.count
      module.bind.results.append(Bind.Result(name: name, value: value))
    }
  }

  /// Reads an entry, or the model as one.
  private mutating func readEntry(
    _ name: Name, _ comments: StatementComments, _ block: BlockSyntax, section: Section
  ) {
    self.section = section
    entryName = name.text
    graph = Graph()
    blocks = [Block()]
    (inputs, outputs, outputSpans, groupCount) = ([], [], [:], 0)
    (updates, updateSpans, training) = ([], [:], nil)
    var entry = Entry(name: name.text, span: name.span)
    if section == .entry {
      entry.comments = takeComments(comments)
      scopes.open()
    }
    for i in states.indices { states[i].frames = [.init()] }
    declareInputs(block.statements)
    readStatements(block)
    graph.body = blocks.removeLast()
    if section == .entry {
      graph.body.closingComments = pendingComments + block.closingComments
      pendingComments = []
      scopes.close()
    }
    for state in states {
      guard let id = state.id, let frame = state.frames.first, frame.isAssigned,
        let value = frame.new
      else { continue }
      entry.updates.append(Entry.Update(.state(id), value: value))
    }
    entry.updates += updates
    entry.training = training
    if section == .entry, name.text == "train" { checkTraining(name, block) }
    let isTraining = section == .entry && training != nil
    if !isTraining, !block.statements.contains(where: \.isOutput), !reporter.containsError {
      report(.noOutput(section == .entry ? "entry '\(name.text)'" : "the model", at: name.span))
    }
    entry.inputs = inputs
    entry.graph = graph
    entry.outputs = outputs
    module.entries.append(entry)
  }

  /// Reports if the entry `train`, called `name`, does not say in one way how it trains.
  private mutating func checkTraining(_ name: Name, _ block: BlockSyntax) {
    let update = block.statements.first { $0.isUpdate }
    if let update, training != nil {
      report(
        .misplacedStatement(
          "an update", at: update.span, section: "an entry with a section 'train'"))
    } else if update == nil, training == nil, !reporter.containsError {
      report(.nothingTrained(at: name.span))
    }
  }

  /// Declares the inputs and labels among `statements`.
  private mutating func declareInputs(_ statements: [Statement]) {
    for statement in statements where !reporter.isFull {
      guard case .input(let declaration, let isLabel) = statement.kind else { continue }
      guard let type = type(of: declaration.type) else {
        define(declaration.name, as: .poisoned)
        continue
      }
      let number = declaration.initial.map { defaultValue($0, type, isLabel: isLabel) }
      inputs.append(
        Entry.Input(
          name: declaration.name.text, role: isLabel ? .label : .input, type: type,
          defaultValue: number ?? nil, span: declaration.name.span,
          comments: Comments(
            leading: statement.comments.leading, trailing: statement.comments.trailing)))
      define(declaration.name, as: .input(inputs.count - 1))
    }
  }

  /// Returns the number that an input of `type` has where a caller gives none.
  private mutating func defaultValue(
    _ initial: Initial, _ type: TensorType, isLabel: Bool
  ) -> Double? {
    guard case .expression(let e) = initial, type.shape.isEmpty, type.element != .bool, !isLabel
    else {
      report(.invalidDefault(at: initial.span))
      return nil
    }
    guard let number = scalar(of: e)?.value(in: module.dimensions),
      check([number], type, at: e.span)
    else { return nil }
    return number
  }

}

extension Statement {

  fileprivate var isEntry: Bool {
    if case .entry = kind { return true }
    return false
  }

  fileprivate var isEntrySection: Bool {
    switch kind {
    case .entry, .bind: true
    default: false
    }
  }

  fileprivate var isUpdate: Bool {
    if case .update = kind { return true }
    return false
  }

  fileprivate var isOutput: Bool {
    switch kind {
    case .output, .outputDefinition: true
    default: false
    }
  }

  /// `true` iff the statement says what an entry takes, computes or gives.
  fileprivate var belongsToEntry: Bool {
    switch kind {
    case .input, .assignment, .output, .outputDefinition, .scan, .fused, .update, .train, .argument:
      true
    case .dimensions, .parameter, .constant, .state, .slot, .passes, .run, .bind, .entry, .cell,
      .use, .convention, .equation:
      false
    }
  }

}

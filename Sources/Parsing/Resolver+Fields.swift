import Diagnostics
import IR

// The fields of the sections 'train' and 'run'.
extension Resolver {

  /// The fields that say what training does; others say how long and on what.
  private static let trainingFields = ["loss", "clip", "optimizer", "freeze"]
  private static let runFields = ["epochs", "partition", "seed", "schedule"]

  /// What has been read of a section.
  private struct Fields {

    var loss: Value?
    var clip: Training.Clip?
    var optimizer: OptimizerChoice?
    var frozen: [ID<Parameter>] = []

    /// Where each field is given.
    var spans: [String: SourceSpan] = [:]

    var comments: [String: Comments] = [:]

    /// `true` iff a field is wrong.
    var isBroken = false

  }

  /// Reads the section `train`: fields, and the lines that compute the loss.
  mutating func readTrain(_ block: BlockSyntax, _ statement: Statement) {
    let outer = section
    let allowed = Self.trainingFields + (outer == .model ? Self.runFields : [])
    let comments = takeComments(statement.comments)
    section = .train
    scopes.open()
    var fields = Fields()
    readLines(of: block, allowed, &fields)
    scopes.close()
    section = outer
    pendingComments += block.closingComments
    for name in ["loss", "optimizer"] where fields.spans[name] == nil && !reporter.isFull {
      report(.missingField(name, at: statement.span))
    }
    guard let loss = fields.loss, let optimizer = fields.optimizer, !fields.isBroken else { return }
    training = Training(
      loss: loss, clip: fields.clip, optimizer: optimizer, frozen: fields.frozen.sorted(),
      span: statement.span, comments: comments,
      fieldComments: fields.comments.filter { Self.trainingFields.contains($0.key) })
    if outer == .model {
      module.run.fieldComments = fields.comments.filter { Self.runFields.contains($0.key) }
    }
  }

  /// Reads the section `run`.
  mutating func readRun(_ block: BlockSyntax, _ statement: Statement) {
    pendingComments += statement.comments.all
    var fields = Fields()
    section = .run
    readLines(of: block, Self.runFields, &fields)
    section = .model
    pendingComments += block.closingComments
    module.run.fieldComments = fields.comments
  }

  private mutating func readLines(
    of block: BlockSyntax, _ allowed: [String], _ fields: inout Fields
  ) {
    enclosing.append(Surroundings(block.statements))
    for statement in block.statements where !reporter.isFull {
      guard case .assignment(let targets, let e, let origins) = statement.kind,
        targets.count == 1, targets[0].place == nil, isField(targets[0].name.text)
      else {
        readOther(statement, allowed)
        continue
      }
      let name = targets[0].name
      if !allowed.contains(name.text) {
        report(
          .misplacedField(
            name, isOfTraining: Self.trainingFields.contains(name.text), at: statement.span))
      } else if let first = fields.spans[name.text] {
        report(.assignedTwice(name.text, at: name.span, first: first))
      } else {
        fields.spans[name.text] = name.span
        if name.text == "loss" {
          readLoss(e, origins, statement, &fields)
        } else {
          fields.comments[name.text] = takeComments(statement.comments)
          if !read(name.text, e, &fields) { fields.isBroken = true }
        }
      }
    }
    enclosing.removeLast()
  }

  private func isField(_ name: String) -> Bool {
    Self.trainingFields.contains(name) || Self.runFields.contains(name)
  }

  private mutating func readOther(_ statement: Statement, _ allowed: [String]) {
    if section == .train {
      if case .assignment(let targets, let e, _) = statement.kind, case .number = e.kind {
        // A line that only names a number is a field that does not exist.
        let name = targets[0].name
        report(
          .unknownField(
            name, of: "train", allowed, suggestion: suggest(name.text, among: allowed)))
      } else {
        read(statement)
      }
    } else if case .assignment(let targets, _, _) = statement.kind {
      report(
        .unknownField(
          targets[0].name, of: "run", allowed,
          suggestion: suggest(targets[0].name.text, among: allowed)))
    } else {
      report(.misplacedStatement("this statement", at: statement.span, section: "'run'"))
    }
  }

  private mutating func readLoss(
    _ e: Expression, _ origins: [String], _ statement: Statement, _ fields: inout Fields
  ) {
    let first = graph.nodes.count
    let operand = value(of: e)
    finish(operand, named: "loss", origins, at: statement.span, first: first)
    let comments = takeComments(statement.comments)
    guard let operand else { return }
    let type = graph.type(of: operand.value)
    guard type == .scalar else {
      report(.invalidField("loss", "a number without axes", found: text(type), at: e.span))
      return
    }
    if let node = operand.node {
      graph[node].comments = comments
    } else {
      fields.comments["loss"] = comments
    }
    fields.loss = operand.value
  }

  /// Reads the value of field `name`; `false` if it is wrong.
  private mutating func read(_ name: String, _ e: Expression, _ fields: inout Fields) -> Bool {
    switch name {
    case "clip":
      fields.clip = clip(e)
      return fields.clip != nil
    case "optimizer":
      fields.optimizer = optimizer(e)
      return fields.optimizer != nil
    case "freeze": return readFrozen(e, &fields)
    case "epochs":
      module.run.epochs = integer(e, "epochs", from: 1)
      return module.run.epochs != nil
    case "seed":
      module.run.seed = integer(e, "seed", from: 0)
      return module.run.seed != nil
    case "partition":
      if case .name(let text) = e.kind {
        module.run.partition = RunSettings.Partition(rawValue: text)
      }
      if module.run.partition == nil {
        report(.invalidField(name, "'sequential' or 'random'", at: e.span))
      }
      return module.run.partition != nil
    default:
      module.run.schedule = schedule(e)
      return module.run.schedule != nil
    }
  }

  mutating func integer(_ e: Expression, _ name: String, from least: Int) -> Int? {
    if case .number(_, let n?) = e.kind, n >= least { return n }
    report(.invalidField(name, "an integer of at least \(least)", at: e.span))
    return nil
  }

  private mutating func clip(_ e: Expression) -> Training.Clip? {
    let expectation = "'global_norm(x)' or 'value(x)'"
    guard case .call(let name, let arguments) = e.kind,
      ["global_norm", "value"].contains(name.text)
    else {
      report(.invalidField("clip", expectation, at: e.span))
      return nil
    }
    guard checkArguments(arguments, of: name, positional: 1, labels: []),
      let x = scalar(of: arguments[0].value)?.value(in: module.dimensions)
    else { return nil }
    guard x > 0 else {
      report(.invalidField("clip", "a number above 0", at: arguments[0].value.span))
      return nil
    }
    return name.text == "value" ? .value(x) : .globalNorm(x)
  }

  private mutating func optimizer(_ e: Expression) -> OptimizerChoice? {
    let rules = OptimizerChoice.Rule.allCases.map(\.rawValue)
    let (name, arguments): (Name, [Argument])
    switch e.kind {
    case .call(let n, let a): (name, arguments) = (n, a)
    case .name(let text): (name, arguments) = (Name(text: text, span: e.span), [])
    default: (name, arguments) = (Name(text: "", span: e.span), [])
    }
    guard let rule = OptimizerChoice.Rule(rawValue: name.text) else {
      let near = suggest(name.text, among: rules)
      let expectation =
        near.map { "'\($0)(...)'" }
        ?? "one of \(rules.map { "'\($0)(...)'" }.joined(separator: ", "))"
      report(.invalidField("optimizer", expectation, at: e.span))
      return nil
    }
    let labels = rule.numbers.map(\.name) + (rule == .sgd ? ["nesterov"] : [])
    guard checkArguments(arguments, of: name, positional: 0, labels: labels) else { return nil }
    var choice = OptimizerChoice(rule)
    for argument in arguments {
      guard let label = argument.label else { continue }
      if label.text == "nesterov" {
        guard case .name(let word) = argument.value.kind, ["true", "false"].contains(word) else {
          report(.invalidField("nesterov", "'true' or 'false'", at: argument.value.span))
          return nil
        }
        choice.isNesterov = word == "true"
      } else {
        guard let x = number(argument.value, label.text) else { return nil }
        choice.given[label.text] = x
      }
    }
    if choice.isNesterov, (choice["momentum"] ?? 0) == 0 {
      report(.invalidField("nesterov", "a 'momentum' above 0 beside it", at: e.span))
      return nil
    }
    return choice
  }

  /// Returns the number that `e`, the argument `label` of an optimiser, is.
  mutating func number(_ e: Expression, _ label: String) -> Double? {
    guard let x = scalar(of: e)?.value(in: module.dimensions) else { return nil }
    guard OptimizerChoice.permits(x, for: label) else {
      report(
        .invalidField(label, "a number \(OptimizerChoice.range(of: label))", at: e.span))
      return nil
    }
    return x
  }

  private mutating func readFrozen(_ e: Expression, _ fields: inout Fields) -> Bool {
    guard case .list(let items) = e.kind, !items.isEmpty else {
      report(.invalidField("freeze", "parameters in brackets, such as '[W, b]'", at: e.span))
      return false
    }
    for item in items {
      guard case .name(let name) = item.kind else {
        report(.invalidField("freeze", "the name of a parameter", at: item.span))
        return false
      }
      guard let position = lookUp(name, at: item.span) else { return false }
      guard case .parameter(let p) = scopes[position].kind else {
        report(.invalidField("freeze", "the name of a parameter", at: item.span))
        return false
      }
      if !fields.frozen.contains(p) { fields.frozen.append(p) }
    }
    return true
  }

}

extension Diagnostic {

  /// Returns an error reporting that a section lacks field `name`.
  static func missingField(_ name: String, at span: SourceSpan) -> Diagnostic {
    .error(.missingField, "'train' needs a line '\(name) = ...'", at: span)
  }

  /// Returns an error reporting that an entry `train` does not train.
  static func nothingTrained(at span: SourceSpan) -> Diagnostic {
    .error(
      .missingField, "entry 'train' needs a section 'train', or lines 'update name = ...'", at: span
    )
  }

  /// Returns an error reporting that a field, or an argument of one, is not `expectation`.
  static func invalidField(
    _ name: String, _ expectation: String, found: String? = nil, at span: SourceSpan
  ) -> Diagnostic {
    let start = found.map { "found \($0), expected" } ?? "expected"
    return .error(.invalidField, "\(start) \(expectation) for '\(name)'", at: span)
  }

  /// Returns an error reporting that a section has only the fields `known`.
  static func unknownField(
    _ name: Name, of section: String, _ known: [String], suggestion: String?
  ) -> Diagnostic {
    let rest =
      suggestion.map { "; did you mean '\($0)'?" }
      ?? "; it has \(known.map { "'\($0)'" }.joined(separator: ", "))"
    return .error(
      .invalidField, "'\(section)' has no field '\(name.text.excerpt)'\(rest)", at: name.span)
  }

  /// Returns an error reporting a field that belongs to the other of two sections.
  static func misplacedField(
    _ name: Name, isOfTraining: Bool, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .invalidField,
      "'\(name.text)' stands in '\(isOfTraining ? "train" : "run")' where there are entries",
      at: span)
  }

  /// Returns an error reporting that an update is of something else than a parameter or a slot.
  static func notUpdatable(_ name: Name, definition: SourceSpan) -> Diagnostic {
    .error(
      .notAssignable, "'\(name.text.excerpt)' is not a parameter or a slot, so it has no update",
      at: name.span, notes: [.init(message: "it is declared here", span: definition)])
  }

  /// Returns an error reporting that something cannot have a default.
  static func invalidDefault(at span: SourceSpan) -> Diagnostic {
    .error(
      .invalidInitialiser,
      "only an 'f32' or an index without axes, and no label, can have a default", at: span)
  }

}

import Diagnostics
import IR

extension Resolver {

  /// Declares the parameters, slots and constants among `statements`.
  mutating func declareTensors(_ statements: [Statement]) {
    for statement in statements where !reporter.isFull {
      let comments = Comments(
        leading: statement.comments.leading, trailing: statement.comments.trailing)
      switch statement.kind {
      case .parameter(let d):
        guard let (type, initial) = tensor(d, role: .parameter) else {
          define(d.name, as: .poisoned)
          continue
        }
        let id = module.parameters.add(
          Parameter(
            name: d.name.text, type: type, initial: initial, span: d.name.span,
            comments: comments))
        define(d.name, as: .parameter(id))
      case .slot(let d):
        guard let (type, initial) = tensor(d, role: .slot) else {
          define(d.name, as: .poisoned)
          continue
        }
        let id = module.slots.add(
          Slot(
            name: d.name.text, type: type, initial: initial, span: d.name.span, comments: comments))
        define(d.name, as: .slot(id))
      case .constant(let d):
        guard let (type, initial) = tensor(d, role: .constant) else {
          define(d.name, as: .poisoned)
          continue
        }
        let id = module.constants.add(
          Constant(
            name: d.name.text, type: type, initial: initial, span: d.name.span,
            comments: comments))
        define(d.name, as: .constant(id))
      case .use(let use):
        define(use.name, as: .use)
        checkShared(use)
        pendingComments += statement.comments.all
      default: break
      }
    }
  }

  /// Reports sizes of `use` that are not those of the use whose parameters it has.
  private mutating func checkShared(_ use: UseSyntax) {
    for (name, own, other) in use.shared {
      guard let a = extent(of: own), let b = extent(of: other) else { continue }
      if !unify(a, b, at: own.span) {
        report(.foreignSize(name.text, text(a), text(b), at: own.span, other: other.span))
        failedUses.insert("\(use.name.text).")
      }
    }
  }

  /// Declares the states of the model among `statements`.
  mutating func declareStates(_ statements: [Statement]) {
    for statement in statements where !reporter.isFull {
      guard case .state(let d, let isCarried) = statement.kind else { continue }
      if case .expression(let start)? = d.initial, isComputed(start) {
        declareComputed(d, start, isCarried: isCarried)
        pendingComments += statement.comments.all
        continue
      }
      guard let (type, initial) = tensor(d, role: .state) else {
        define(d.name, as: .poisoned)
        continue
      }
      let id = module.states.add(
        State(
          name: d.name.text, type: type, initial: initial, isCarried: isCarried,
          span: d.name.span,
          comments: Comments(
            leading: statement.comments.leading, trailing: statement.comments.trailing)))
      states.append(StateRecord(name: d.name, type: type, id: id))
      define(d.name, as: .state(states.count - 1))
    }
  }

  /// `true` iff a state that starts with `e` starts with a value that lines compute.
  private func isComputed(_ e: Expression) -> Bool {
    if e.isInitialiser { return false }
    switch e.kind {
    case .number: return false
    case .name(let name):
      if let position = scopes.position(of: name) {
        if case .state = scopes[position].kind { return true }
        return false
      }
      return syntax.definesValue(name)
    case .call(let name, _): return Operation(name.text) != nil
    default: return true
    }
  }

  /// Declares a state that starts with the value of `start` whenever the model is called.
  private mutating func declareComputed(
    _ d: Declaration, _ start: Expression, isCarried: Bool
  ) {
    if isCarried { report(.computedStart(d.name, at: start.span)) }
    guard let type = type(of: d.type) else {
      define(d.name, as: .poisoned)
      return
    }
    var record = StateRecord(name: d.name, type: type, id: nil)
    record.start = start
    states.append(record)
    define(d.name, as: .state(states.count - 1))
  }

  /// Returns the type and the initial value of `d`.
  private mutating func tensor(
    _ d: Declaration, role: TensorRole
  ) -> (TensorType, InitialValue)? {
    guard let type = type(of: d.type), let initial = d.initial else { return nil }
    if role == .parameter || role == .slot, type.element != .f32 {
      report(.wrongParameterType(text(type), at: d.type.span))
      return nil
    }
    return initialValue(initial, type, role: role).map { (type, $0) }
  }

  /// Returns the type that `syntax` is, if a tensor of that type can exist.
  mutating func type(of syntax: TypeSyntax) -> TensorType? {
    if let leading = syntax.leading {
      report(.openShape(at: leading))
      return nil
    }
    return typeOfSizes(syntax)
  }

  /// Returns the type that `syntax`, of an input of a cell, is for a value of type `found`: axes
  /// that are open are those of `found`.
  ///
  /// The text of the type leaves them open.
  mutating func type(
    ofArgument syntax: TypeSyntax, for found: TensorType
  ) -> (type: TensorType, text: String)? {
    guard let sizes = typeOfSizes(syntax) else { return nil }
    let text = text(sizes)
    guard syntax.leading != nil else { return (sizes, text) }
    let shape = found.denseShape
    let open = shape.prefix(max(shape.count - sizes.shape.count, 0))
    let openText =
      sizes.shape.isEmpty
      ? "\(text.dropLast())[...]'" : text.replacing("[", with: "[..., ", maxReplacements: 1)
    return (TensorType(sizes.element, open + sizes.shape), openText)
  }

  /// Returns the type that the name and the sizes of `syntax` make.
  private mutating func typeOfSizes(_ syntax: TypeSyntax) -> TensorType? {
    let classes = syntax.classes.map { ($0.span, extent(of: $0)) }
    let shape = syntax.shape.map { ($0.span, extent(of: $0)) }
    let element: ElementType
    switch (syntax.name.text, classes) {
    case ("f32", nil): element = .f32
    case ("bool", nil): element = .bool
    case ("index", let (span, n)?):
      guard let n, isPossible(n, at: span) else { return nil }
      guard let value = n.value(in: module.dimensions), value <= Self.elementLimit else {
        report(.sizeOverflow(at: span))
        return nil
      }
      element = .index(n)
    case ("f32", _), ("bool", _), ("index", _):
      report(.wrongClassCount(syntax.name.text, at: syntax.span))
      return nil
    default:
      let known = ["f32", "index", "bool"]
      report(.unknownType(syntax.name, suggestion: suggest(syntax.name.text, among: known)))
      return nil
    }
    var extents: [Extent] = []
    var isComplete = true
    for (span, extent) in shape {
      if let extent, isPossible(extent, at: span) {
        extents.append(extent)
      } else {
        isComplete = false
      }
    }
    guard isComplete else { return nil }
    let type = TensorType(element, extents)
    return checkSize(of: type, at: syntax.span) ? type : nil
  }

  /// Returns `true` iff an axis can have the size `extent`; reports it if not.
  mutating func isPossible(_ extent: Extent, at span: SourceSpan) -> Bool {
    let dimensions = module.dimensions
    guard let n = extent.value(in: dimensions) else {
      report(.sizeOverflow(at: span))
      return false
    }
    if n > 0 { return true }
    if n == 0, extent.dimensions.contains(where: { dimensions[$0].value == 0 }) { return true }
    report(.impossibleSize(text(extent), n, at: span))
    return false
  }

  /// Reports that a tensor of `type` is too large, if that is so.
  mutating func checkSize(of type: TensorType, at span: SourceSpan) -> Bool {
    if type.shape.count > Self.highestRank {
      report(.tooManyAxes(type.shape.count, at: span))
      return false
    }
    var product = 1
    for extent in type.shape {
      guard let n = extent.value(in: module.dimensions) else {
        report(.sizeOverflow(at: span))
        return false
      }
      let (p, overflow) = product.multipliedReportingOverflow(by: n)
      if overflow {
        report(.sizeOverflow(at: span))
        return false
      }
      product = p
    }
    if product > Self.elementLimit {
      report(.tensorTooLarge(text(type) + sizes(in: type), product, at: span))
      return false
    }
    return true
  }

}

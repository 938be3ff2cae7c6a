import Diagnostics
import IR

extension Resolver {

  /// The most terms of a size.
  private static let longestExtent = 64

  /// Declares the dimensions among `statements`, each with its value or the one that replaces it.
  mutating func declareDimensions(_ statements: [Statement]) {
    var declared: [String] = []
    for case .dimensions(let list) in statements.map(\.kind) {
      dimensionNames.formUnion(list.map(\.name.text))
    }
    for statement in statements where !reporter.isFull {
      guard case .dimensions(let list) = statement.kind else { continue }
      for (i, (name, expression)) in list.enumerated() {
        declared.append(name.text)
        let comments = Comments(
          leading: i == 0 ? statement.comments.leading : [],
          trailing: i == list.count - 1 ? statement.comments.trailing : nil)
        guard let (value, definition) = size(ofDimension: name, expression) else {
          define(name, as: .poisoned)
          continue
        }
        let id = module.dimensions.add(
          Dimension(
            name: name.text, value: value, definition: definition,
            expansion: definition?.expanded(in: module.dimensions), span: name.span,
            comments: comments))
        define(name, as: .dimension(id))
      }
    }
    for (name, _) in overrides where !declared.contains(name) {
      report(.unknownDimension(name, suggestion: suggest(name, among: declared)))
    }
  }

  /// Returns the value of dimension `name`, which `expression` gives, if it is possible, and what
  /// it is computed from.
  private mutating func size(
    ofDimension name: Name, _ expression: Expression
  ) -> (value: Int, definition: Extent?)? {
    guard let extent = extent(of: expression) else { return nil }
    guard var value = extent.value(in: module.dimensions) else {
      report(.sizeOverflow(at: expression.span))
      return nil
    }
    var isGiven = false
    if let override = overrides.last(where: { $0.name == name.text }) {
      if override.value != value, let pass = fixingPass {
        report(.fixedDimension(name, value, override: override.value, pass: pass))
      }
      isGiven = override.value != value
      value = override.value
    }
    let least = syntax.scannedNames.contains(name.text) ? 0 : 1
    guard value >= least, value < Self.elementLimit else {
      report(
        .impossibleDimension(
          name, value, least: least, at: isGiven ? name.span : expression.span,
          isGiven: isGiven))
      return nil
    }
    return (value, isGiven || extent.constant != nil ? nil : extent)
  }

  /// Returns the position of the definition of `name`, which should be a dimension.
  private mutating func lookUpDimension(_ name: String, at span: SourceSpan) -> Int? {
    if scopes.position(of: name) == nil, !dimensionNames.contains(name), !isSilenced(name),
      !reporter.isFull, let other = laterDefinition(of: name)
    {
      report(.notADimension(name, at: span, definition: other))
      return nil
    }
    return lookUp(name, at: span)
  }

  /// Returns the size that `expression` is.
  mutating func extent(of expression: Expression) -> Extent? {
    switch expression.kind {
    case .number(_, let n?): return Extent(n)
    case .name(let name):
      guard let position = lookUpDimension(name, at: expression.span) else { return nil }
      switch scopes[position].kind {
      case .dimension(let d): return Extent(d)
      case .poisoned: return nil
      default:
        report(
          .notADimension(name, at: expression.span, definition: scopes[position].name.span))
        return nil
      }
    case .negated(let x):
      return combine(.mul, Extent(-1), extent(of: x), at: expression.span)
    case .chain(let first, let links):
      var result = extent(of: first)
      for link in links {
        result = combine(link.op, result, extent(of: link.operand), at: expression.span)
      }
      return result
    case .number, .call, .comparison, .subscripted, .list, .range, .gathered, .columns:
      report(.notASize(at: expression.span))
      return nil
    }
  }

  /// Returns the result of `op` on two sizes, unless one is missing or it does not fit.
  private mutating func combine(
    _ op: InfixOperator, _ a: Extent?, _ b: Extent?, at span: SourceSpan
  ) -> Extent? {
    guard let a, let b else { return nil }
    let result: Extent?
    switch op {
    case .add: result = a.adding(b)
    case .sub: result = a.subtracting(b)
    case .mul where a.terms.count * b.terms.count <= Self.longestExtent:
      result = a.multiplied(by: b)
    case .mul: result = nil
    default:
      report(.notASize(at: span))
      return nil
    }
    guard let result, result.terms.count <= Self.longestExtent else {
      report(.sizeOverflow(at: span))
      return nil
    }
    return result
  }

  /// Returns the number that `expression` is, and how deep its text nests.
  mutating func scalar(of expression: Expression) -> Scalar? {
    guard let (scalar, _) = scalarAndDepth(of: expression) else { return nil }
    let x = scalar.value(in: module.dimensions)
    guard Float(x).isFinite else {
      report(.notANumber(at: expression.span))
      return nil
    }
    return scalar
  }

  private mutating func scalarAndDepth(of e: Expression) -> (Scalar, depth: Int)? {
    switch e.kind {
    case .number(let x, _): return (.number(Number(x)), 1)
    case .name(let name):
      guard let position = lookUpDimension(name, at: e.span) else { return nil }
      switch scopes[position].kind {
      case .dimension(let d): return (.dimension(d), 1)
      case .poisoned: return nil
      default:
        report(.notADimension(name, at: e.span, definition: scopes[position].name.span))
        return nil
      }
    case .negated(let x):
      return scalarAndDepth(of: x).map { (.negated($0.0), $0.depth + 1) }
    case .call(let name, let arguments)
    where name.text == "sqrt" && arguments.count == 1 && arguments[0].label == nil:
      return scalarAndDepth(of: arguments[0].value).map { (.squareRoot($0.0), $0.depth + 1) }
    case .chain(let first, let links):
      var result = scalarAndDepth(of: first)
      for link in links {
        let right = scalarAndDepth(of: link.operand)
        guard let op = Scalar.Operator(rawValue: link.op.rawValue) else {
          report(.notAScalar(at: e.span))
          return nil
        }
        guard let (a, m) = result, let (b, n) = right else {
          result = nil
          continue
        }
        // Whoever walks over the number recurses as deep as it nests.
        guard max(m, n) < Parser.deepestNesting else {
          report(.nestingTooDeep(at: e.span))
          return nil
        }
        result = (.binary(op, a, b), max(m, n) + 1)
      }
      return result
    case .call, .comparison, .subscripted, .list, .range, .gathered, .columns:
      report(.notAScalar(at: e.span))
      return nil
    }
  }

  /// Returns `true` iff `a` and `b` are one size; reports a coincidence if that is so only for the
  /// present dimensions.
  mutating func unify(_ a: Extent, _ b: Extent, at span: SourceSpan) -> Bool {
    if a == b { return true }
    let dimensions = module.dimensions
    guard let n = a.value(in: dimensions), n == b.value(in: dimensions) else { return false }
    if a.constant == nil, b.constant == nil, !a.isAlways(b, in: dimensions) {
      report(
        .warning(
          .coincidentalSize,
          "\(text(a)) and \(text(b)) are equal only because of the values of their dimensions",
          at: span))
    }
    return true
  }

  /// Returns `true` iff a value of type `a` can stand for one of type `b`.
  mutating func unify(_ a: TensorType, _ b: TensorType, at span: SourceSpan) -> Bool {
    guard a.shape.count == b.shape.count else { return false }
    switch (a.element, b.element) {
    case (.index(let m), .index(let n)), (.oneHot(let m), .oneHot(let n)):
      guard unify(m, n, at: span) else { return false }
    case (let x, let y): guard x == y else { return false }
    }
    for (x, y) in zip(a.shape, b.shape) where !unify(x, y, at: span) { return false }
    return true
  }

}

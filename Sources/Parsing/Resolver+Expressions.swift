import Diagnostics
import IR

extension Resolver {

  /// Returns the value of `e`, adding the nodes that compute it; `nil` if something is wrong.
  ///
  /// The depth of the recursion is bounded because the parser bounds nesting.
  mutating func value(of e: Expression) -> Operand? {
    switch e.kind {
    case .number(let x, _):
      return Operand(value: graph.value(of: .number(Number(x)), type: .scalar))
    case .name(let name): return value(named: name, at: e.span).map { Operand(value: $0) }
    case .call(let name, let arguments): return call(name, arguments, at: e.span)
    case .negated(let x):
      guard let operand = value(of: x) else { return nil }
      return emit(.unary(.neg), [operand], [x], "neg", at: e.span)
    case .chain(let first, let links): return chain(first, links)
    case .comparison(let op, let a, let b):
      return apply(op, value(of: a), a, value(of: b), b, at: e.span)
    case .subscripted(let base, let subscripts): return element(of: base, subscripts, at: e.span)
    case .list, .range, .gathered, .columns:
      report(.misplacedList(at: e.span))
      return nil
    }
  }

  /// Returns the result of operations from left to right.
  private mutating func chain(_ first: Expression, _ links: [Link]) -> Operand? {
    var result = value(of: first)
    var left = first
    for link in links {
      let span = first.span.joined(with: link.operand.span)
      result = apply(link.op, result, left, value(of: link.operand), link.operand, at: span)
      left = Expression(kind: .list([]), span: span)
    }
    return result
  }

  private mutating func apply(
    _ op: InfixOperator, _ a: Operand?, _ left: Expression, _ b: Operand?, _ right: Expression,
    at span: SourceSpan
  ) -> Operand? {
    guard let a, let b else { return nil }
    let function: Op
    switch op {
    case .add: function = .binary(.add)
    case .sub: function = .binary(.sub)
    case .mul: function = .binary(.mul)
    case .div: function = .binary(.div)
    case .matmul: function = .matmul(transposingLeft: false, transposingRight: false)
    case .equal: return compare(.equal, a, left, b, right, at: span)
    case .notEqual: return compare(.notEqual, a, left, b, right, at: span)
    case .less: return compare(.less, a, left, b, right, at: span)
    case .lessEqual: return compare(.lessEqual, a, left, b, right, at: span)
    case .greater: return compare(.greater, a, left, b, right, at: span)
    case .greaterEqual: return compare(.greaterEqual, a, left, b, right, at: span)
    }
    return emit(function, [a, b], [left, right], op.operationName, at: span)
  }

  /// Adds a comparison; an index compares with another one, or with an integer in the text.
  mutating func compare(
    _ f: Comparison, _ a: Operand, _ left: Expression, _ b: Operand, _ right: Expression,
    at span: SourceSpan
  ) -> Operand? {
    for (x, y, e) in [(a, b, right), (b, a, left)] where isIndex(x) && !isIndex(y) {
      if case .source(.number(let n)) = graph.op(of: y.value), n.value == n.value.rounded() {
        continue
      }
      report(
        .indexComparison(
          text(graph.type(of: x.value)), text(graph.type(of: y.value)), at: e.span))
      return nil
    }
    return emit(.compare(f), [a, b], [left, right], f.rawValue, at: span)
  }

  private func isIndex(_ x: Operand) -> Bool {
    if case .index = graph.type(of: x.value).element { return true }
    return false
  }

  /// Adds the node of `op`, whose operands are written as `written`.
  mutating func emit(
    _ op: Op, _ operands: [Operand], _ written: [Expression], _ name: String,
    at span: SourceSpan
  ) -> Operand? {
    let types = operands.map { graph.type(of: $0.value) }
    let signature: Signature
    do throws(SignatureError) {
      signature = try op.signature(of: types, in: module.dimensions)
    } catch {
      let notes = notes(about: error, written, types, within: span)
      report(.error(error.code, error.message, at: span, notes: notes))
      return nil
    }
    for coincidence in signature.coincidences {
      let notes = notes(about: coincidence, written, types, within: span)
      report(.warning(coincidence.code, coincidence.message, at: span, notes: notes))
    }
    if let type = signature.results.first(where: { $0.shape.count > Self.highestRank }) {
      report(.tooManyAxes(type.shape.count, at: span))
      return nil
    }
    for extent in signature.results.flatMap(\.shape) where !isPossible(extent, at: span) {
      return nil
    }
    let node = graph.add(
      Node(
        op: op, operands: operands.map(\.value),
        results: signature.results.map { .init(name: name, type: $0) }, span: span,
        group: group))
    blocks[blocks.count - 1].nodes.append(node)
    return Operand(value: Value(node), node: node)
  }

  /// Returns a note that says what type the operand that `error` is about has, and where that is
  /// written.
  private func notes(
    about error: SignatureError, _ written: [Expression], _ types: [TensorType],
    within span: SourceSpan
  ) -> [Diagnostic.Note] {
    guard let i = error.operand else { return [] }
    var base = written[i]
    if case .subscripted(let inner, _) = base.kind { base = inner }
    if case .name(let name) = base.kind, let position = scopes.position(of: name),
      let note = note(about: position)
    {
      return [note]
    }
    if written[i].span == span { return [] }
    let message = "this operand has type \(text(types[i]))\(sizes(in: types[i]))"
    return [.init(message: message, span: written[i].span)]
  }

}

extension InfixOperator {

  /// The name by which the operation is called.
  var operationName: String {
    switch self {
    case .add: "add"
    case .sub: "sub"
    case .mul: "mul"
    case .div: "div"
    case .matmul: "matmul"
    case .equal: Comparison.equal.rawValue
    case .notEqual: Comparison.notEqual.rawValue
    case .less: Comparison.less.rawValue
    case .lessEqual: Comparison.lessEqual.rawValue
    case .greater: Comparison.greater.rawValue
    case .greaterEqual: Comparison.greaterEqual.rawValue
    }
  }

}

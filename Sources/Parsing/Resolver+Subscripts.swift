import Diagnostics
import IR

extension Resolver {

  /// A place on an axis.
  enum Place {

    /// The place `offset` behind a step, which is known by its position.
    case step(Int, offset: Int)

    case constant(Int)

  }

  /// Returns the part of `base` at `subscripts`.
  mutating func element(
    of base: Expression, _ subscripts: [Subscript], at span: SourceSpan
  ) -> Operand? {
    var subscripts = subscripts[...]
    var result: Operand?
    if case .name(let name) = base.kind, let position = scopes.position(of: name),
      case .stack(let stack) = scopes[position].kind
    {
      let first = subscripts.removeFirst()
      scopes[position].isUsed = true
      result = element(ofStack: stack, first).flatMap { element in
        apply(Array(first.items.dropFirst()), to: element, at: first.span)
      }
    } else {
      result = value(of: base)
    }
    for s in subscripts {
      guard let operand = result else { return nil }
      result = apply(s.items, to: operand, at: s.span)
    }
    return result
  }

  /// Returns the element that a line before has given a stacked value.
  private mutating func element(ofStack i: Int, _ subscript: Subscript) -> Operand? {
    guard case .place(let e)? = `subscript`.items.first else {
      report(
        .incompleteStack(
          stacks[i].name.text, at: `subscript`.span, definition: stacks[i].name.span))
      return nil
    }
    guard let j = element(at: e, ofStep: stacks[i].step) else { return nil }
    guard let element = stacks[i].elements[j] else {
      report(.elementBeforeDefinition(stacks[i].name, at: e.span))
      return nil
    }
    return element.value.map { Operand(value: $0) }
  }

  /// Returns the part of `x` that `items` say, each about an axis.
  private mutating func apply(
    _ items: [Subscript.Item], to x: Operand, at span: SourceSpan
  ) -> Operand? {
    let type = graph.type(of: x.value)
    guard items.count <= type.shape.count else {
      report(.tooManySubscripts(items.count, text(type), at: span))
      return nil
    }
    var result = x
    var axis = 0
    for item in items {
      switch item {
      case .all: axis += 1
      case .place(let e):
        guard let place = place(e), let value = element(of: result.value, axis, place, at: e.span)
        else { return nil }
        result = Operand(value: value)
      case .range(let lower, let upper, let span):
        let (from, to) = (extent(of: lower), extent(of: upper))
        guard let from, let to,
          let slice = emit(
            .slice(axis: axis, lower: from, upper: to), [result],
            [Expression(kind: .list([]), span: span)], "slice", at: span)
        else { return nil }
        result = slice
        axis += 1
      }
    }
    return result
  }

  /// Returns the part of `x` at `place` of `axis`.
  private mutating func element(
    of x: Value, _ axis: Int, _ place: Place, at span: SourceSpan
  ) -> Value? {
    let extent = graph.type(of: x).shape[axis]
    let size = extent.value(in: module.dimensions) ?? 0
    switch place {
    case .constant(let n):
      guard (0..<size).contains(n) else {
        report(
          .error(
            .rangeOutOfBounds, "place \(n) is out of range for an axis of \(text(extent))",
            at: span))
        return nil
      }
      return graph.element(of: x, axis: axis, step: nil, offset: n)
    case .step(let i, let offset):
      guard let count = steps[i].count else { return nil }
      guard unify(extent, count, at: span) else {
        report(
          .error(
            .rangeOutOfBounds,
            "'\(steps[i].name.text)' runs over \(text(count)), but the axis has \(text(extent))",
            at: span,
            notes: [.init(message: "the scan begins here", span: steps[i].name.span)]))
        return nil
      }
      return graph.element(of: x, axis: axis, step: steps[i].argument, offset: offset)
    }
  }

  /// Returns the place that `e` is: a number, or a step with one that stays within the body.
  mutating func place(_ e: Expression) -> Place? {
    switch e.kind {
    case .number(_, let n?): return .constant(n)
    case .name(let name): return step(name, offset: 0, e)
    case .chain(let first, let links):
      guard links.count == 1, case .name(let name) = first.kind,
        case .number(_, let n?) = links[0].operand.kind, n >= 0
      else { break }
      switch links[0].op {
      case .add: return step(name, offset: n, e)
      case .sub: return step(name, offset: -n, e)
      default: break
      }
    default: break
    }
    report(.notAPlace(at: e.span))
    return nil
  }

  private mutating func step(_ name: String, offset: Int, _ e: Expression) -> Place? {
    guard let position = lookUp(name, at: e.span) else { return nil }
    switch scopes[position].kind {
    case .step(let i):
      let step = steps[i]
      let distance = step.isReversed ? -offset : offset
      guard (0..<step.factor).contains(distance) else {
        report(
          .stepOutOfRange(
            name, factor: step.factor, isReversed: step.isReversed, at: e.span))
        return nil
      }
      return .step(i, offset: offset)
    case .poisoned: return nil
    default:
      report(.notAPlace(at: e.span))
      return nil
    }
  }

}

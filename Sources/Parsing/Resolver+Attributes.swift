import Diagnostics
import IR

extension Resolver {

  /// Returns the axis that `list` names, the last of `rank` if it names none.
  ///
  /// A negative one counts from the end; one that does not exist is left to the signature.
  mutating func axis(_ list: ArgumentList, _ rank: Int) -> Int? {
    guard let e = list.labelled["axis"] else { return rank - 1 }
    return axis(e, rank)
  }

  private mutating func axis(_ e: Expression, _ rank: Int) -> Int? {
    guard case .number(_, let n?) = e.kind else {
      report(.wrongAttribute("an axis, which is an integer", at: e.span))
      return nil
    }
    guard -rank <= n, n < rank else {
      report(
        .error(
          .axisOutOfRange,
          rank == 0
            ? "axis \(n) is out of range for a value without axes"
            : "axis \(n) is out of range for a value with \(rank) ax\(rank == 1 ? "is" : "es")",
          at: e.span))
      return nil
    }
    return n < 0 ? n + rank : n
  }

  /// Returns the value of `true` or `false` behind `label`, which may be missing.
  mutating func flag(_ label: String, _ list: ArgumentList) -> Bool? {
    guard let e = list.labelled[label] else { return false }
    switch e.kind {
    case .name("true"): return true
    case .name("false"): return false
    default:
      report(.wrongAttribute("'true' or 'false'", at: e.span))
      return nil
    }
  }

  mutating func binaryMax(_ list: ArgumentList) -> Op? {
    for label in ["axis", "keepdims"] {
      guard let e = list.labelled[label] else { continue }
      report(.labelOfOtherForm(label, at: e.span))
      return nil
    }
    return .binary(.max)
  }

  mutating func reduction(_ f: Reduction, _ list: ArgumentList, _ rank: Int) -> Op? {
    guard let isKeeping = flag("keepdims", list) else { return nil }
    var axes = Array(0..<rank)
    if let e = list.labelled["axis"] {
      let items: [Expression]
      if case .list(let list) = e.kind { items = list } else { items = [e] }
      let known = items.compactMap { axis($0, rank) }
      guard known.count == items.count else { return nil }
      axes = Set(known).sorted()
      guard axes.count == known.count, !axes.isEmpty else {
        report(.wrongAttribute("axes, each of them once", at: e.span))
        return nil
      }
    }
    return .reduce(f, axes: axes, keepingAxes: isKeeping)
  }

  mutating func transposition(_ list: ArgumentList, _ rank: Int) -> Op? {
    guard let e = list.labelled["axes"] else {
      return .transpose(permutation: (0..<rank).reversed())
    }
    guard case .list(let items) = e.kind else {
      report(.wrongAttribute("a list of axes", at: e.span))
      return nil
    }
    let known = items.compactMap { axis($0, rank) }
    return known.count == items.count ? .transpose(permutation: known) : nil
  }

  mutating func slice(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    guard case .range(let lower, let upper) = list.operands[1].kind else {
      report(.wrongAttribute("a range, such as '0 ..< 4'", at: list.operands[1].span))
      return nil
    }
    let x = value(of: list.operands[0])
    let (from, to) = (extent(of: lower), extent(of: upper))
    guard let x, let from, let to,
      let axis = axis(list, graph.type(of: x.value).denseShape.count)
    else { return nil }
    return emit(
      .slice(axis: axis, lower: from, upper: to), [x], [list.operands[0]], name.text, at: span)
  }

  mutating func reshape(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    guard case .list(let items) = list.operands[1].kind else {
      report(.wrongAttribute("a shape, such as '[4, 8]'", at: list.operands[1].span))
      return nil
    }
    let x = value(of: list.operands[0])
    let shape = items.compactMap { extent(of: $0) }
    guard let x, shape.count == items.count else { return nil }
    return emit(.reshape(shape), [x], [list.operands[0]], name.text, at: span)
  }

  mutating func mask(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    let x = value(of: list.operands[0])
    guard let steps = extent(of: list.operands[1]), let x else { return nil }
    return emit(.mask(steps: steps), [x], [list.operands[0]], name.text, at: span)
  }

  /// Returns `count` slices of equal size for `split(x, count, axis: n)`.
  mutating func split(
    _ arguments: [Argument], _ name: Name, into count: Int, at span: SourceSpan
  ) -> [Operand]? {
    guard let list = sort(arguments, of: name, .split, at: span) else { return nil }
    guard let x = value(of: list.operands[0]) else { return nil }
    guard case .number(_, let n?) = list.operands[1].kind, n > 0 else {
      report(.wrongAttribute("a number of parts", at: list.operands[1].span))
      return nil
    }
    guard n == count else {
      report(.resultCount(count, n, at: span))
      return nil
    }
    let type = graph.type(of: x.value)
    guard let axis = axis(list, type.denseShape.count) else { return nil }
    let extent = type.denseShape[axis]
    guard let part = quotient(extent, n) else {
      report(.indivisible(text(extent), n, at: span))
      return nil
    }
    var result: [Operand] = []
    for i in 0..<n {
      guard let lower = part.multiplied(by: Extent(i)),
        let upper = part.multiplied(by: Extent(i + 1)),
        let slice = emit(
          .slice(axis: axis, lower: lower, upper: upper), [x], [list.operands[0]], "slice",
          at: span)
      else { return nil }
      result.append(slice)
    }
    return result
  }

  /// Returns an `n`-th of `extent`, if that is a whole number: as a polynomial if all coefficients
  /// are divisible, else as the present number.
  private func quotient(_ extent: Extent, _ n: Int) -> Extent? {
    if extent.terms.allSatisfy({ $0.coefficient % n == 0 }) {
      var sum = Extent(0)
      for term in extent.terms {
        var product = Extent(term.coefficient / n)
        for factor in term.factors {
          guard let next = product.multiplied(by: Extent(factor)) else { return nil }
          product = next
        }
        guard let next = sum.adding(product) else { return nil }
        sum = next
      }
      return sum
    }
    guard let value = extent.value(in: module.dimensions), value % n == 0 else { return nil }
    return Extent(value / n)
  }

}

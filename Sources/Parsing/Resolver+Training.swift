import Diagnostics
import IR

// What losses and gradients are made of.
extension Resolver {

  mutating func broadcast(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    guard case .list(let items) = list.operands[1].kind else {
      report(.wrongAttribute("a shape, such as '[4, 8]'", at: list.operands[1].span))
      return nil
    }
    let x = value(of: list.operands[0])
    let shape = items.compactMap { extent(of: $0) }
    guard let x, shape.count == items.count else { return nil }
    return emit(.broadcast(shape), [x], [list.operands[0]], name.text, at: span)
  }

  /// Returns the value of `cross_entropy(logits, labels, mask: m)`, or of its gradient.
  mutating func crossEntropy(
    _ list: ArgumentList, _ name: Name, isGradient: Bool, at span: SourceSpan
  ) -> Operand? {
    let mask = list.labelled["mask"]
    let written = list.operands + (mask.map { [$0] } ?? [])
    let operands = written.map { value(of: $0) }
    let known = operands.compactMap { $0 }
    guard known.count == operands.count else { return nil }
    let op: Op =
      isGradient
      ? .crossEntropyGradient(hasMask: mask != nil) : .crossEntropy(hasMask: mask != nil)
    return emit(op, known, written, name.text, at: span)
  }

  mutating func scatterAdd(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    let written = Array(list.operands.prefix(2))
    let (x, indices) = (value(of: written[0]), value(of: written[1]))
    guard let rows = extent(of: list.operands[2]), let x, let indices else { return nil }
    return emit(.scatterAdd(rows: rows), [x, indices], written, name.text, at: span)
  }

  /// Returns the value of `mse(a, b)`: the mean of `(a - b) * (a - b)`.
  mutating func squaredError(
    _ list: ArgumentList, _ name: Name, at span: SourceSpan
  ) -> Operand? {
    let (a, b) = (value(of: list.operands[0]), value(of: list.operands[1]))
    squaredErrors.insert(span)
    guard let a, let b,
      let difference = emit(.binary(.sub), [a, b], list.operands, "difference", at: span)
    else { return nil }
    let whole = Expression(kind: .list([]), span: span)
    guard
      let square = emit(
        .binary(.mul), [difference, difference], [whole, whole], "square", at: span)
    else { return nil }
    let axes = Array(graph.type(of: square.value).shape.indices)
    return emit(
      .reduce(.mean, axes: axes, keepingAxes: false), [square], [whole], name.text, at: span)
  }

}

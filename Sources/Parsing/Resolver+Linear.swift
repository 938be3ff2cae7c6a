import Diagnostics
import IR

extension Resolver {

  /// Returns the value of `linear(parts, weights, bias, start: s)`.
  mutating func linear(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    let parts = list.operands[0].items
    let weights = list.operands[1].items
    var written: [Expression] = []
    var attributes: [Linear.Part] = []
    var isRight = true
    for part in parts {
      guard let (x, attribute) = self.part(part) else {
        isRight = false
        continue
      }
      written.append(x)
      attributes.append(attribute)
    }
    written += weights
    let hasBias = list.operands.count > 2
    if hasBias { written.append(list.operands[2]) }
    let start = list.labelled["start"]
    if let start { written.append(start) }
    let operands = written.map { value(of: $0) }
    let known = operands.compactMap { $0 }
    guard isRight, known.count == operands.count else { return nil }
    let isListOfWeights = list.operands[1].isList
    guard 1...Operation.mostOperands ~= parts.count,
      !isListOfWeights || weights.count == parts.count
    else {
      report(.weightCount(weights.count, parts: parts.count, at: list.operands[1].span))
      return nil
    }
    let linear = Linear(
      parts: attributes, hasWeightPerPart: isListOfWeights, hasBias: hasBias,
      hasStart: start != nil)
    return emit(.linear(linear), known, written, name.text, at: span)
  }

  /// Returns the value that `e`, a part of a product, multiplies, and how it takes part.
  private mutating func part(_ e: Expression) -> (Expression, Linear.Part)? {
    switch e.kind {
    case .gathered(let x): return (x, Linear.Part(isGathered: true))
    case .columns(let x, let lower, let upper):
      let (from, to) = (extent(of: lower), extent(of: upper))
      guard let (value, part) = self.part(x), let from, let to else { return nil }
      return (
        value,
        Linear.Part(isGathered: part.isGathered, columns: .init(lower: from, upper: to))
      )
    default: return (e, Linear.Part())
    }
  }

}

extension Expression {

  /// `true` iff the expression is a list in brackets.
  fileprivate var isList: Bool {
    if case .list = kind { return true }
    return false
  }

  /// The items of a list; of another expression, itself.
  fileprivate var items: [Expression] {
    if case .list(let items) = kind { return items }
    return [self]
  }

}

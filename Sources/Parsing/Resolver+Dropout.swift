import Diagnostics
import IR

extension Resolver {

  /// The labels of what the pass `entries` writes.
  private static let counters = ["site", "seed", "update", "step"]

  /// Returns the value of `dropout(x, rate: p)`, or of the call that the pass `entries` makes of
  /// it.
  ///
  /// In a file of entries all is written out: there an entry says itself whether it drops.
  mutating func dropout(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    let x = value(of: list.operands[0])
    guard let rate = rate(list), let x else { return nil }
    if module.form == .model, Self.counters.allSatisfy({ list.labelled[$0] == nil }) {
      return emit(.dropout(Dropout(rate: rate)), [x], list.operands, name.text, at: span)
    }
    var written = list.operands
    for label in Self.counters {
      guard let e = list.labelled[label] else {
        report(.missingLabel(label, of: name.text, at: span))
        return nil
      }
      if label != "site" { written.append(e) }
    }
    guard let site = site(list), let seed = counter(written[1]), let update = counter(written[2]),
      let place = place(written[3])
    else { return nil }
    var dropout = Dropout(rate: rate, site: site)
    let step: Value
    switch place {
    case .constant(let n):
      guard (0..<Dropout.counterLimit).contains(n) else {
        report(
          .wrongAttribute(
            "a step, or an integer from 0 to 2147483647", at: written[3].span))
        return nil
      }
      step = graph.value(of: .number(Number(Double(n))), type: .scalar)
    case .step(let i, let offset): (step, dropout.offset) = (steps[i].argument, offset)
    }
    return emit(
      .dropout(dropout), [x, seed, update, Operand(value: step)], written, name.text, at: span)
  }

  private mutating func rate(_ list: ArgumentList) -> Double? {
    guard let e = list.labelled["rate"] else { return nil }
    // As kernels see it, in single precision.
    guard case .number(let x, _) = e.kind, 0 <= x, Float(x) < 1 else {
      report(.wrongAttribute("a rate, which is a number of at least 0 and less than 1", at: e.span))
      return nil
    }
    return x
  }

  private mutating func site(_ list: ArgumentList) -> Int? {
    guard let e = list.labelled["site"] else { return nil }
    guard case .number(_, let n?) = e.kind, (0..<Dropout.counterLimit).contains(n) else {
      report(.wrongAttribute("the number of a site, an integer from 0 to 2147483647", at: e.span))
      return nil
    }
    return n
  }

  /// Returns the value of `e`, an index or an integer in the text.
  private mutating func counter(_ e: Expression) -> Operand? {
    guard let x = value(of: e) else { return nil }
    switch graph.op(of: x.value) {
    case .source(.number(let n)):
      let (n, limit) = (n.value, Double(Dropout.counterLimit))
      if n == n.rounded(), n >= 0, n < limit { return x }
    default:
      if case .index = graph.type(of: x.value).element { return x }
    }
    report(.wrongAttribute("an index, or an integer from 0 to 2147483647", at: e.span))
    return nil
  }

}

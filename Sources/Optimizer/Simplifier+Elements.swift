import IR

extension Simplifier {

  /// Returns what can stand for `f` of `x`.
  func simplified(_ f: Unary, _ x: Value) -> Term? {
    switch f {
    case .neg, .not:
      // -(-x) = x
      guard graph.op(of: x) == .unary(f) else { return nil }
      return .value(graph[x.node].operands[0])
    case .flush:
      // flush(flush(x)) = flush(x)
      return graph.op(of: x) == .unary(f) ? .value(x) : nil
    case .exp, .log, .sqrt, .abs, .tanh, .sigmoid, .relu:
      return nil
    }
  }

  /// Returns what can stand for `f` of `x` and `y`.
  func simplified(_ f: Binary, _ x: Value, _ y: Value) -> Term? {
    switch f {
    case .add:
      // x + -0 = x, but -0 + 0 = 0
      if isFilled(y, with: -0.0) { return .value(x) }
      return isFilled(x, with: -0.0) ? .value(y) : nil
    case .sub:
      // x - 0 = x and -0 - x = -x, but 0 - 0 = 0
      if isFilled(y, with: 0) { return .value(x) }
      return isFilled(x, with: -0.0) ? .apply(.unary(.neg), [.value(y)]) : nil
    case .mul:
      if isFilled(y, with: 1) { return .value(x) }
      return isFilled(x, with: 1) ? .value(y) : nil
    case .div:
      return isFilled(y, with: 1) ? .value(x) : nil
    case .max:
      if isFilled(y, with: 0) { return .apply(.unary(.relu), [.value(x)]) }
      return isFilled(x, with: 0) ? .apply(.unary(.relu), [.value(y)]) : nil
    case .min, .and, .or:
      return nil
    }
  }

  /// `true` iff every element of `value` is known to have the bits of `number`.
  private func isFilled(_ value: Value, with number: Number) -> Bool {
    graph.number(value, constants).map { Number($0) } == number
  }

}

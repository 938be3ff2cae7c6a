import Diagnostics
import IR

extension Resolver {

  /// Returns the initial value of `rule` with `arguments`; `name` is that in front of them, if
  /// there are parentheses.
  mutating func scaled(
    _ rule: ScaledInitial.Rule, _ name: Name?, _ arguments: [Argument], _ type: TensorType,
    role: TensorRole, at span: SourceSpan
  ) -> InitialValue? {
    let labels = ["gain", "distribution"] + (rule == .kaiming ? ["fan"] : [])
    if let name, !checkArguments(arguments, of: name, positional: 0, labels: labels) { return nil }
    guard role == .parameter, [2, 4].contains(type.shape.count) else {
      report(
        .impossibleDistribution(
          "'\(rule.rawValue)' is for parameters 'f32[in, out]' and "
            + "'f32[out, in, height, width]', not for \(text(type))", at: span))
      return nil
    }
    var result = ScaledInitial(rule)
    for argument in arguments {
      switch argument.label?.text {
      case "gain":
        guard let gain = scalar(of: argument.value) else { return nil }
        result.gain = gain
        if gain.value(in: module.dimensions) < 0 {
          report(.impossibleDistribution("'gain' is negative", at: span))
          return nil
        }
      case "distribution":
        guard let isNormal = choice(argument.value, "uniform", "normal") else { return nil }
        result.isNormal = isNormal
      default:
        guard let countsOutputs = choice(argument.value, "in", "out") else { return nil }
        result.countsOutputs = countsOutputs
      }
    }
    return .scaled(result)
  }

  /// Returns `false` if `e` is `first`, `true` if it is `second`.
  private mutating func choice(_ e: Expression, _ first: String, _ second: String) -> Bool? {
    switch e.kind {
    case .name(first): return false
    case .name(second): return true
    default:
      report(.wrongAttribute("'\(first)' or '\(second)'", at: e.span))
      return nil
    }
  }

}

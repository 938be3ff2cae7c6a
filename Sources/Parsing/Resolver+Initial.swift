import Diagnostics
import IR

/// What a tensor is declared as.
enum TensorRole: String {

  case parameter = "a parameter"
  case constant = "a constant"
  case state = "a state"
  case slot = "a slot"

}

extension Resolver {

  /// The words that an initial value begins with.
  private static let initialisers = [
    "zeros", "ones", "constant", "iota", "uniform", "normal", "xavier", "kaiming",
  ]

  /// Returns the initial value of something of `type`, which is `role`.
  mutating func initialValue(
    _ initial: Initial, _ type: TensorType, role: TensorRole
  ) -> InitialValue? {
    switch initial {
    case .literal(let literal, let span): return self.literal(literal, type, at: span)
    case .expression(let e):
      switch e.kind {
      case .number(let x, _):
        return literal(Literal(elements: [x], shape: []), type, at: e.span)
      case .name("zeros"): return .zeros
      case .name("ones"): return check([1], type, at: e.span) ? .ones : nil
      case .name("iota"): return checkIota(type, at: e.span) ? .iota : nil
      case .name("xavier"): return scaled(.xavier, nil, [], type, role: role, at: e.span)
      case .name("kaiming"): return scaled(.kaiming, nil, [], type, role: role, at: e.span)
      case .name(let name): return parameter(name, type, role: role, at: e.span)
      case .call(let name, let arguments):
        return initialiser(name, arguments, type, role: role, at: e.span)
      default:
        report(.unknownInitialiser(at: e.span, suggestion: nil, role: role))
        return nil
      }
    }
  }

  /// Returns the initial value that is the value of parameter `name`.
  private mutating func parameter(
    _ name: String, _ type: TensorType, role: TensorRole, at span: SourceSpan
  ) -> InitialValue? {
    guard role == .state, scopes.position(of: name) != nil else {
      if isSilenced(name) { return nil }
      report(
        .unknownInitialiser(
          at: span, suggestion: suggest(name, among: Self.initialisers), role: role))
      return nil
    }
    guard let position = lookUp(name, at: span) else { return nil }
    switch scopes[position].kind {
    case .parameter(let p):
      let found = module.parameters[p].type
      guard unify(found, type, at: span) else {
        report(
          .typeMismatch(
            text(found), text(type), at: span, notes: note(about: position).map { [$0] } ?? []))
        return nil
      }
      return .parameter(p)
    case .poisoned: return nil
    default:
      report(.unknownInitialiser(at: span, suggestion: nil, role: role))
      return nil
    }
  }

  private mutating func initialiser(
    _ name: Name, _ arguments: [Argument], _ type: TensorType, role: TensorRole, at span: SourceSpan
  ) -> InitialValue? {
    switch name.text {
    case "constant":
      guard checkArguments(arguments, of: name, positional: 1, labels: []),
        let x = scalar(of: arguments[0].value)
      else { return nil }
      return check([x.value(in: module.dimensions)], type, at: span) ? .constant(x) : nil
    case "xavier": return scaled(.xavier, name, arguments, type, role: role, at: span)
    case "kaiming": return scaled(.kaiming, name, arguments, type, role: role, at: span)
    case "uniform", "normal":
      guard role == .parameter || role == .state && type.element == .f32 else {
        report(.randomInitialiser(role, text(type), at: span))
        return nil
      }
      return random(name, arguments, at: span)
    default:
      report(
        .unknownInitialiser(
          at: name.span, suggestion: suggest(name.text, among: Self.initialisers), role: role))
      return nil
    }
  }

  private mutating func random(
    _ name: Name, _ arguments: [Argument], at span: SourceSpan
  ) -> InitialValue? {
    let isUniform = name.text == "uniform"
    let labels = isUniform ? ["low", "high"] : ["mean", "std"]
    guard checkArguments(arguments, of: name, positional: 0, labels: labels) else { return nil }
    var values: [String: Scalar] = isUniform ? [:] : ["mean": .number(0)]
    var isComplete = true
    for argument in arguments {
      guard let label = argument.label else { continue }
      if let x = scalar(of: argument.value) {
        values[label.text] = x
      } else {
        isComplete = false
      }
    }
    guard isComplete else { return nil }
    guard let first = values[labels[0]], let second = values[labels[1]] else {
      let missing = values[labels[0]] == nil ? labels[0] : labels[1]
      report(.missingLabel(missing, of: name.text, at: span))
      return nil
    }
    let (x, y) = (first.value(in: module.dimensions), second.value(in: module.dimensions))
    if isUniform ? x > y : y < 0 {
      let reason = isUniform ? "'low' is above 'high'" : "'std' is negative"
      report(.impossibleDistribution(reason, at: span))
      return nil
    }
    return isUniform ? .uniform(low: first, high: second) : .normal(mean: first, std: second)
  }

  private mutating func literal(
    _ literal: Literal, _ type: TensorType, at span: SourceSpan
  ) -> InitialValue? {
    guard let sizes = type.sizes(in: module.dimensions), sizes == literal.shape else {
      report(.literalShape(literal.shape, text(type) + self.sizes(in: type), at: span))
      return nil
    }
    guard check(literal.elements, type, at: span) else { return nil }
    return .literal(literal.elements.map { Number($0) })
  }

  /// Reports that `elements` cannot be those of a tensor of `type`, if that is so.
  mutating func check(
    _ elements: [Double], _ type: TensorType, at span: SourceSpan
  ) -> Bool {
    let limit: Int
    switch type.element {
    case .f32, .oneHot: return true
    case .bool: limit = 2
    case .index(let n): limit = n.value(in: module.dimensions) ?? 0
    }
    for x in elements where x != x.rounded() || x < 0 || x >= Double(limit) {
      report(.impossibleElement(numberText(x), text(type) + sizes(in: type), at: span))
      return false
    }
    return true
  }

  private mutating func checkIota(_ type: TensorType, at span: SourceSpan) -> Bool {
    guard let sizes = type.sizes(in: module.dimensions) else { return false }
    let count = sizes.reduce(1, &*)
    return count == 0 || check([Double(count - 1)], type, at: span)
  }

}

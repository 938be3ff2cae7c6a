import IR
import Tensors

extension InitialValue {

  /// Returns the rule for something of `type` with its arguments evaluated, or `nil` for the value
  /// of a parameter.
  package func evaluated(for type: TensorType, in dimensions: [Dimension]) -> Initializer? {
    switch self {
    case .zeros: return .zeros
    case .ones: return .ones
    case .constant(let x): return .constant(x.value(in: dimensions))
    case .iota: return .iota
    case .uniform(let low, let high):
      return .uniform(low: low.value(in: dimensions), high: high.value(in: dimensions))
    case .normal(let mean, let std):
      return .normal(mean: mean.value(in: dimensions), std: std.value(in: dimensions))
    case .scaled(let scaled):
      let variance = scaled.variance(sizes: type.sizes(in: dimensions) ?? [], in: dimensions)
      if scaled.isNormal { return .normal(mean: 0, std: variance.squareRoot()) }
      // Numbers between -a and a have the variance a² / 3.
      let bound = (3 * variance).squareRoot()
      return .uniform(low: -bound, high: bound)
    case .literal(let elements): return .literal(elements.map(\.value))
    case .parameter: return nil
    }
  }

}

extension Interpreter {

  /// Returns the initial values of all parameters, by name, rounded to single precision.
  package func parameters(seed: UInt64) throws(InterpreterError) -> [String: DenseArray] {
    var result: [String: DenseArray] = [:]
    for p in module.parameters {
      result[p.name] = try array(p.initial, p.type, name: p.name, seed: seed).rounded(for: p.type)
    }
    return result
  }

  /// Returns the values that all states start with, by name, rounded to single precision where they
  /// are declared by a rule.
  package func initialStates(
    parameters: [String: DenseArray], seed: UInt64 = 0
  ) throws(InterpreterError) -> [String: DenseArray] {
    var result: [String: DenseArray] = [:]
    for s in module.states {
      if case .parameter(let id) = s.initial {
        guard let parameter = parameters[module.parameters[id].name] else {
          throw InterpreterError("parameter '\(module.parameters[id].name)' is missing")
        }
        result[s.name] = try parameter.broadcast(to: s.type.denseShape.sizes(in: module.dimensions))
      } else {
        result[s.name] = try array(s.initial, s.type, name: s.name, seed: seed).rounded(for: s.type)
      }
    }
    return result
  }

  /// Returns the values that all slots start with, by name.
  package func initialSlots() throws(InterpreterError) -> [String: DenseArray] {
    var result: [String: DenseArray] = [:]
    for s in module.slots {
      result[s.name] = try array(s.initial, s.type, name: s.name, seed: 0).rounded(for: s.type)
    }
    return result
  }

  /// Returns the constants, in the order of their declarations.
  func constants() throws(InterpreterError) -> [DenseArray] {
    var result: [DenseArray] = []
    for c in module.constants {
      result.append(try array(c.initial, c.type, name: c.name, seed: 0).rounded(for: c.type))
    }
    return result
  }

  /// Returns the array of `type` that `initial` describes, in double precision.
  ///
  /// - Requires: `initial` is not the value of a parameter.
  private func array(
    _ initial: InitialValue, _ type: TensorType, name: String, seed: UInt64
  ) throws(InterpreterError) -> DenseArray {
    let shape = try type.denseShape.sizes(in: module.dimensions)
    let count = shape.reduce(1, *)
    guard let initializer = initial.evaluated(for: type, in: module.dimensions) else {
      preconditionFailure("only a state starts with the value of a parameter")
    }
    switch initializer {
    case .zeros: return DenseArray(shape: shape, repeating: 0)
    case .ones: return DenseArray(shape: shape, repeating: 1)
    case .constant(let x): return DenseArray(shape: shape, repeating: x)
    case .iota: return DenseArray(shape: shape, (0..<count).map(Double.init))
    case .literal(let elements): return DenseArray(shape: shape, elements)
    case .uniform, .normal:
      let elements = initializer.values(count: count, seed: seed, name: name)
      return DenseArray(shape: shape, elements.map(Double.init))
    }
  }

}

extension DenseArray {

  /// Returns the elements as a compiled model has them: rounded where `type` is of 32-bit numbers.
  fileprivate func rounded(for type: TensorType) -> DenseArray {
    switch type.element {
    case .f32: map { Double(Float($0)) }
    case .bool, .index, .oneHot: self
    }
  }

}

import IR

extension GraphRewriter {

  /// Appends the application of `op` to `operands`, values of the new graph, and returns its
  /// result, whose type follows.
  ///
  /// - Requires: `op` is applicable to `operands`.
  mutating func apply(
    _ op: Op, _ operands: [Value], name: String, origins: [String] = [], like model: Node? = nil,
    in dimensions: [Dimension]
  ) -> Value {
    append(
      op, operands, type: type(of: op, operands, in: dimensions), name: name, origins: origins,
      like: model)
  }

  /// Appends node `id` of the old graph with another operation and operands, values of the new
  /// graph, and lets its result stand for the old one.
  ///
  /// - Requires: `op` is applicable to `operands`.
  mutating func copy(
    _ id: ID<Node>, as op: Op, _ operands: [Value], in dimensions: [Dimension]
  ) {
    var node = old[id]
    node.op = op
    node.operands = operands
    node.results[0].type = type(of: op, operands, in: dimensions)
    replace(Value(id), by: append(node))
  }

  /// Returns the type of `op` applied to `operands` of the new graph.
  func type(of op: Op, _ operands: [Value], in dimensions: [Dimension]) -> TensorType {
    let types = operands.map { new.type(of: $0) }
    guard let signature = try? op.signature(of: types, in: dimensions) else {
      preconditionFailure("a pass applies operations to operands that they take")
    }
    return signature.results[0]
  }

}

extension Graph {

  /// The number, if `value` is one in the text.
  func number(_ value: Value) -> Double? {
    if case .source(.number(let x)) = op(of: value) { return x.value }
    return nil
  }

  /// The number that every element of `value` is, if it is one in the text or declared so among
  /// `constants`.
  func number(_ value: Value, _ constants: [Constant]) -> Double? {
    guard case .source(.constant(let c)) = op(of: value) else { return number(value) }
    switch constants[c].initial {
    case .zeros: return 0
    case .ones: return 1
    case .constant(.number(let x)): return x.value
    case .literal(let elements):
      guard let first = elements.first, elements.allSatisfy({ $0 == first }) else { return nil }
      return first.value
    case .constant, .iota, .uniform, .normal, .scaled, .parameter: return nil
    }
  }

}

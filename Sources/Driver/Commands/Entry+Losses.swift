import IR

extension Entry {

  /// A mean cross entropy in an entry.
  struct CrossEntropy {

    /// What says which places count.
    enum Mask {

      /// The steps below the lengths in the input of this name.
      case lengths(String)

      /// The truth values in the input of this name.
      case input(String)

      /// Something else.
      case computed

    }

    let logits: Value

    /// The name of the label.
    let label: String

    let mask: Mask?

  }

  /// The cross entropies of labels that are given.
  var crossEntropies: [CrossEntropy] {
    graph.nodes.compactMap { node in
      let hasMask: Bool
      if case .crossEntropy(let mask) = node.op {
        hasMask = mask
      } else if case .crossEntropyGradient(let mask) = node.op {
        hasMask = mask
      } else {
        return nil
      }
      guard let label = inputName(of: node.operands[1]) else { return nil }
      return CrossEntropy(
        logits: node.operands[0], label: label, mask: hasMask ? mask(node.operands[2]) : nil)
    }
  }

  private func mask(_ value: Value) -> CrossEntropy.Mask {
    if let name = inputName(of: value) { return .input(name) }
    if case .mask = graph.op(of: value), let name = inputName(of: graph[value.node].operands[0]) {
      return .lengths(name)
    }
    return .computed
  }

  /// Returns the name of the input that `value` is, if it is one.
  private func inputName(of value: Value) -> String? {
    if case .source(.input(let i)) = graph.op(of: value) { return inputs[i].name }
    return nil
  }

  /// Returns `true` iff an output or a state needs input `name`.
  func needs(_ name: String) -> Bool {
    var entry = self
    entry.removeTraining()
    return entry.graph.nodes.contains { node in
      node.operands.contains { entry.inputName(of: $0) == name }
    }
  }

  /// Returns `true` iff a difference of `value` and the input `name` is taken.
  func subtracts(_ value: Value, _ name: String) -> Bool {
    graph.nodes.contains { node in
      guard case .binary(.sub) = node.op else { return false }
      let (a, b) = (node.operands[0], node.operands[1])
      return a == value && inputName(of: b) == name || b == value && inputName(of: a) == name
    }
  }

  /// The dims over whose steps a scan outside of others goes.
  var scannedDimensions: Set<ID<Dimension>> {
    var result: Set<ID<Dimension>> = []
    for id in graph.body.nodes {
      if case .scan(let scan) = graph[id].op { result.formUnion(scan.count.dimensions) }
    }
    return result
  }

}

import IR

extension Entry {

  /// Returns the dimension whose steps a call may count itself, or `nil` if calls always do all.
  ///
  /// There is one if the entry scans along exactly one dimension and everything outside of scans
  /// that has such an axis has it first and treats each step alike: then a prefix of the steps is
  /// a prefix of the memory.
  package func countedDimension(in module: Module) -> ID<Dimension>? {
    var scanned: Set<ID<Dimension>> = []
    for id in graph.body.nodes {
      guard case .scan(let scan) = graph[id].op else { continue }
      guard let d = scan.count.dimension else { return nil }
      scanned.insert(d)
    }
    guard scanned.count == 1, let d = scanned.first else { return nil }
    func isFirstOnly(_ type: TensorType) -> Bool {
      type.denseShape.dropFirst().allSatisfy { !$0.dimensions.contains(d) }
        && (type.denseShape.first.map { $0.dimension == d || !$0.dimensions.contains(d) } ?? true)
    }
    func isSequence(_ v: Value) -> Bool { graph.type(of: v).denseShape.first?.dimension == d }
    for input in inputs where !isFirstOnly(input.type) { return nil }
    for state in module.states
    where !isFirstOnly(state.type) || state.type.shape.first?.dimension == d {
      return nil
    }
    for id in graph.body.nodes {
      let node = graph[id]
      for result in node.results where !isFirstOnly(result.type) { return nil }
      if !node.operands.contains(where: isSequence) {
        if case .scan = node.op { continue }
        if node.results.contains(where: { $0.type.denseShape.first?.dimension == d }) { return nil }
        continue
      }
      if !treatsStepsAlike(node, isSequence) || isFittedByChance(node, d) { return nil }
    }
    return hasNestedUse(of: d) ? nil : d
  }

  /// `true` iff an operand of `node` has a first axis that is as long as `d` only at its full size.
  private func isFittedByChance(_ node: Node, _ d: ID<Dimension>) -> Bool {
    let rank = node.results[0].type.denseShape.count
    var operands = node.operands
    if case .linear(let linear) = node.op { operands.removeSubrange(linear.weightOperands) }
    if case .scan = node.op { return false }
    return operands.contains { v in
      let shape = graph.type(of: v).denseShape
      return shape.count == rank && rank > 0 && shape[0].dimension != d && shape[0].constant != 1
    }
  }

  /// `true` iff `node` does the same for every place of the first axis of its sequences.
  private func treatsStepsAlike(_ node: Node, _ isSequence: (Value) -> Bool) -> Bool {
    let rank = node.results[0].type.denseShape.count
    switch node.op {
    case .source, .argument, .at, .stack, .mask, .reshape, .crossEntropy, .crossEntropyGradient,
      .weightGradient, .scatterAdd, .convolution, .pool:
      return false
    case .scan: return true
    case .linear(let linear):
      return linear.weightOperands.allSatisfy { !isSequence(node.operands[$0]) }
        && linear.partOperands.allSatisfy {
          graph.type(of: node.operands[$0]).denseShape.count > 1
        }
    case .unary, .binary, .compare, .select:
      return node.operands.filter(isSequence).allSatisfy {
        graph.type(of: $0).denseShape.count == rank
      }
    case .oneHot, .convert, .detach, .dropout: return true
    case .broadcast: return graph.type(of: node.operands[0]).denseShape.count == rank
    case .softmax(let axis, _): return axis > 0
    case .concat(let axis): return axis > 0
    case .slice(let axis, _, _): return axis > 0
    case .argmax(let axis): return axis > 0
    case .reduce(_, let axes, _): return !axes.contains(0)
    case .transpose(let permutation): return permutation[0] == 0
    case .gather: return !isSequence(node.operands[0])
    case .matmul:
      return rank > 2
        && node.operands.filter(isSequence).allSatisfy {
          graph.type(of: $0).denseShape.count == rank
        }
    }
  }

  /// `true` iff something other than the step of an outermost scan depends on dimension `d`: a
  /// fixed place of a sequence, or a value in the body of a scan with such an axis.
  private func hasNestedUse(of d: ID<Dimension>) -> Bool {
    let hasFixedPlace = graph.nodes.contains { node in
      guard case .at(let axis, _) = node.op, node.operands.count == 1 else { return false }
      return graph.type(of: node.operands[0]).shape[axis].dimension == d
    }
    return hasFixedPlace
      || graph.body.nodes.contains { id in
        guard case .scan(let scan) = graph[id].op else { return false }
        return has(axisOf: d, in: scan.body)
      }
  }

  /// `true` iff a node of `block`, or of a block in it, yields a value with an axis of `d`.
  private func has(axisOf d: ID<Dimension>, in block: Block) -> Bool {
    block.nodes.contains { id in
      if case .scan(let scan) = graph[id].op, has(axisOf: d, in: scan.body) { return true }
      return graph[id].results.contains { result in
        result.type.denseShape.contains { $0.dimensions.contains(d) }
      }
    }
  }

}

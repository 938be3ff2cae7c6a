import IR

extension Graph {

  /// Returns the operation that does, for all steps at once, what node `id` does in one; `nil` if
  /// there is none.
  ///
  /// Operands for which `varies` is `true` have the steps along a new first axis, as the result
  /// does; the others are the same in every step. Each row of the result is computed from one row
  /// of such an operand, so that any number of steps may be left out at the end.
  func liftedOp(of id: ID<Node>, over count: Extent, varying varies: (Value) -> Bool) -> Op? {
    let node = self[id]
    let varying = node.operands.map(varies)
    guard varying.contains(true) else { return nil }
    switch node.op {
    case .source, .argument, .at, .mask, .scan, .crossEntropy, .crossEntropyGradient,
      .weightGradient, .scatterAdd, .convolution, .pool, .dropout:
      return nil
    case .broadcast(let shape):
      let rank = type(of: node.operands[0]).denseShape.count
      return rank == shape.count ? .broadcast([count] + shape) : nil
    case .linear(let linear):
      let start = linear.startOperand.map { [$0] } ?? []
      let isRowWise =
        linear.partOperands.allSatisfy { varying[$0] } && start.allSatisfy { varying[$0] }
        && !varying[linear.weightOperands].contains(true)
        && linear.biasOperand.map { !varying[$0] } ?? true
      return isRowWise ? node.op : nil
    case .unary, .binary, .compare, .select, .matmul:
      // The axes are aligned at the end: what varies must have all of those of the result, or its
      // steps would be taken for another axis.
      let rank = node.results[0].type.denseShape.count
      let isAligned = node.operands.indices.allSatisfy { i in
        !varying[i] || type(of: node.operands[i]).denseShape.count == rank
      }
      return isAligned ? node.op : nil
    case .oneHot, .convert, .detach: return node.op
    case .gather: return varying[0] ? nil : node.op
    case .concat(let axis): return varying.contains(false) ? nil : .concat(axis: axis + 1)
    case .stack(let axis): return varying.contains(false) ? nil : .stack(axis: axis + 1)
    case .slice(let axis, let lower, let upper):
      return .slice(axis: axis + 1, lower: lower, upper: upper)
    case .transpose(let permutation):
      return .transpose(permutation: [0] + permutation.map { $0 + 1 })
    case .reshape(let shape): return .reshape([count] + shape)
    case .softmax(let axis, let logarithmic):
      return .softmax(axis: axis + 1, logarithmic: logarithmic)
    case .reduce(let f, let axes, let keepingAxes):
      return .reduce(f, axes: axes.map { $0 + 1 }, keepingAxes: keepingAxes)
    case .argmax(let axis): return .argmax(axis: axis + 1)
    }
  }

}

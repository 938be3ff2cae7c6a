import IR

extension Graph {

  /// Returns the floating-point operations that running `block` once takes, where every function of
  /// a number counts as one.
  func work(of block: Block, in dimensions: [Dimension]) -> Double {
    block.nodes.reduce(0) { $0 + work(of: $1, in: dimensions) }
  }

  /// Returns the floating-point operations that node `id` takes.
  private func work(of id: ID<Node>, in dimensions: [Dimension]) -> Double {
    let node = self[id]
    func size(_ type: TensorType) -> Double {
      type.denseShape.reduce(1) { $0 * Double($1.value(in: dimensions) ?? 0) }
    }
    func size(_ extent: Extent?) -> Double { Double(extent?.value(in: dimensions) ?? 0) }
    let types = node.operands.map { type(of: $0) }
    let result = node.results.first.map { size($0.type) } ?? 0
    switch node.op {
    case .source, .argument, .at, .oneHot, .concat, .slice, .transpose, .reshape, .stack, .gather,
      .detach, .broadcast:
      return 0
    case .linear(let linear):
      let columns = size(node.results[0].type.shape.last)
      let rows = columns == 0 ? 0 : result / columns
      let ownParts = linear.partOperands.filter { !linear.parts[$0].isGathered }
      if linear.hasWeightPerPart {
        return ownParts.reduce(0) { $0 + 2 * rows * size(types[linear.parts.count + $1]) }
      }
      return ownParts.reduce(0) { $0 + 2 * size(types[$1]) * columns }
    case .matmul(let left, _):
      let shape = types[0].denseShape
      return 2 * result * size(shape[left ? shape.count - 2 : shape.count - 1])
    case .unary, .binary, .compare, .select, .convert, .mask, .dropout:
      return result
    case .softmax:
      return 4 * result
    case .crossEntropy, .crossEntropyGradient:
      return 4 * size(types[0])
    case .weightGradient:
      if case .oneHot = types[0].element { return size(types[1]) }
      return 2 * size(types[0]) * size(types[1].denseShape.last)
    case .convolution(let convolution): return convolution.work(types, node.results[0].type, size)
    case .reduce, .argmax, .scatterAdd, .pool:
      return types.first.map { size($0) } ?? 0
    case .scan(let scan):
      return size(scan.count) / Double(scan.factor) * work(of: scan.body, in: dimensions)
    }
  }

}

/// Returns `count` as a number of floating-point operations.
func operationsText(_ count: Double) -> String {
  for (unit, name) in [(1e9, "GFLOP"), (1e6, "MFLOP"), (1e3, "kFLOP")] where count >= unit {
    let tenths = (count / unit * 10).rounded()
    return "\(tenths >= 100 ? "\(Int(tenths / 10))" : "\(tenths / 10)") \(name)"
  }
  return "\(Int(count)) FLOP"
}

extension Convolution {

  /// Returns the floating-point operations of a convolution of operands of `types` with a result of
  /// type `result`, where `size` gives the number of elements of a type: a multiply-add for each place
  /// of the result and element of the kernel behind its channel.
  func work(
    _ types: [TensorType], _ result: TensorType, _ size: (TensorType) -> Double
  ) -> Double {
    let (places, kernel) =
      switch role {
      case .result: (result, types[1])
      case .imageGradient: (types[0], types[1])
      case .kernelGradient: (types[1], result)
      }
    return 2 * size(places) * size(TensorType(.f32, Array(kernel.shape.dropFirst())))
  }

}

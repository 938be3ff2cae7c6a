import IR

extension Graph {

  /// Returns the floating-point operations that running `block` once takes, where every function of
  /// a number counts as one and a multiply-add as two.
  func work(of block: Block, in dimensions: [Dimension]) -> Double {
    block.nodes.reduce(0) { sum, id in
      guard case .scan(let scan) = self[id].op else {
        return sum + work(of: self[id], in: dimensions)
      }
      let count = Double(scan.count.value(in: dimensions) ?? 0)
      let rounds = (count / Double(scan.factor)).rounded(.down)
      let rest = scan.remainder.map { work(of: $0, in: dimensions) } ?? 0
      return sum + rounds * work(of: scan.body, in: dimensions)
        + (count - rounds * Double(scan.factor)) * rest
    }
  }

  /// Returns the floating-point operations that `node`, which is not a scan, takes.
  func work(of node: Node, in dimensions: [Dimension]) -> Double {
    func extent(_ extent: Extent?) -> Double { Double(extent?.value(in: dimensions) ?? 0) }
    func size(_ type: TensorType) -> Double { type.denseShape.reduce(1) { $0 * extent($1) } }
    let types = node.operands.map { type(of: $0) }
    let result = node.results.first.map { size($0.type) } ?? 0
    switch node.op {
    case .source, .argument, .at, .oneHot, .concat, .slice, .transpose, .reshape, .stack, .gather,
      .detach, .broadcast, .scan:
      return 0
    case .linear(let linear): return linear.work(types, node.results[0].type, extent)
    case .matmul(let transposingLeft, _):
      let shape = types[0].denseShape
      return 2 * result * extent(shape[shape.count - (transposingLeft ? 2 : 1)])
    case .unary, .binary, .compare, .select, .convert, .mask, .dropout: return result
    // The largest, the differences, the exponentials, their sum, and the quotients or differences.
    case .softmax: return 5 * result
    case .crossEntropy, .crossEntropyGradient: return 5 * size(types[0])
    // A one-hot row adds a row to a row of the result.
    case .weightGradient:
      if case .oneHot = types[0].element { return size(types[1]) }
      return 2 * size(types[0]) * extent(types[1].denseShape.last)
    case .convolution(let convolution): return convolution.work(types, node.results[0].type, size)
    case .reduce, .argmax, .scatterAdd, .pool: return size(types[0])
    }
  }

}

extension Linear {

  /// Returns the floating-point operations of a product of operands of `types` with a result of
  /// type `result`, where `extent` gives the number that an extent is: a one-hot row to gather by
  /// adds a row of the weight.
  fileprivate func work(
    _ types: [TensorType], _ result: TensorType, _ extent: (Extent?) -> Double
  ) -> Double {
    let rows = result.shape.dropLast().reduce(1) { $0 * extent($1) }
    let columns = extent(result.shape.last)
    var sum = ((hasBias ? 1 : 0) + (hasStart ? 1 : 0)) * rows * columns
    for (i, part) in parts.enumerated() {
      let fed = part.columns.map { extent($0.upper) - extent($0.lower) } ?? columns
      sum += rows * fed * (part.isGathered ? 1 : 2 * extent(types[i].denseShape.last))
    }
    return sum
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
  /// type `result`, where `size` gives the number of elements of a type: a multiply-add for each
  /// place of the result and element of the kernel behind its channel.
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

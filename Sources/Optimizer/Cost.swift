import IR

/// What one call of an entry costs, whatever machine it runs on.
package struct Cost: Hashable, Sendable {

  /// The lines of the entry; those of a scan count once.
  package var nodes = 0

  /// The additions, multiplications and other functions of numbers; a multiply-add is two.
  package var flops = 0.0

  /// The bytes that kernels read and write: what only a group reads is not written.
  package var bytes = 0.0

  /// Adds what `other` costs when it happens `times` times.
  mutating func add(_ other: Cost, times: Double) {
    nodes += other.nodes
    flops += other.flops * times
    bytes += other.bytes * times
  }

}

extension Module {

  /// Returns what a call of the entry at `index` costs with all steps.
  package func cost(ofEntry index: Int) -> Cost {
    let entry = entries[index]
    let counter = CostCounter(graph: entry.graph, dimensions: dimensions)
    return counter.cost(of: entry.graph.body, results: entry.roots)
  }

}

/// The sum of what the nodes of a graph cost.
private struct CostCounter {

  let graph: Graph
  let dimensions: [Dimension]

  func cost(of block: Block, results: [Value]) -> Cost {
    var cost = Cost()
    var readers: [Value: Set<Int?>] = [:]
    for id in block.nodes {
      for v in graph.computedValues(readBy: id) {
        readers[v, default: []].insert(graph[id].group)
      }
    }
    for v in results.flatMap({ graph.computedValues(behind: $0) }) {
      readers[v, default: []].insert(nil)
    }

    // The values that each group has read already.
    var known: [Int: Set<Value>] = [:]
    for id in block.nodes {
      let node = graph[id]
      cost.nodes += 1
      if case .scan(let scan) = node.op {
        add(scan, to: &cost)
        continue
      }
      cost.flops += graph.work(of: node, in: dimensions)
      for (i, v) in node.operands.enumerated() where !node.operands[..<i].contains(v) {
        if let group = node.group {
          let isInside = graph[v.node].group == group
          if isInside || !known[group, default: []].insert(v).inserted { continue }
        }
        cost.bytes += bytes(reading: v, by: node)
      }
      let isStored = node.group == nil || readers[Value(id)] != [node.group]
      if isStored, !isView(node) { cost.bytes += bytes(of: node.results[0].type) }
    }
    return cost
  }

  private func add(_ scan: Scan, to cost: inout Cost) {
    let count = extent(scan.count)
    let factor = Double(scan.factor)
    let rounds = (count / factor).rounded(.down)
    cost.add(self.cost(of: scan.body, results: scan.body.results), times: rounds)
    if let remainder = scan.remainder {
      cost.add(
        self.cost(of: remainder, results: remainder.results), times: count - rounds * factor)
    }
  }

  private func extent(_ extent: Extent) -> Double {
    Double(extent.value(in: dimensions) ?? 0)
  }

  /// Returns the number of elements of a value of `type`, as it is stored.
  private func size(of type: TensorType) -> Double {
    type.shape.reduce(1) { $0 * extent($1) }
  }

  private func bytes(of type: TensorType) -> Double {
    switch type.element {
    case .f32, .index, .oneHot: 4 * size(of: type)
    case .bool: size(of: type)
    }
  }

  /// Returns `true` iff the result of `node` is another way to look at its operand.
  private func isView(_ node: Node) -> Bool {
    switch node.op {
    case .oneHot, .slice, .reshape, .detach: true
    case .source, .argument, .at, .linear, .matmul, .concat, .transpose, .stack, .unary, .binary,
      .compare, .select, .softmax, .reduce, .argmax, .gather, .convert, .mask, .broadcast,
      .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .convolution, .pool,
      .dropout, .scan:
      false
    }
  }

  /// Returns the bytes that `node` reads of `v`.
  private func bytes(reading v: Value, by node: Node) -> Double {
    if case .source(.number) = graph.op(of: v) { return 0 }
    if isView(node) { return 0 }
    let result = node.results[0].type
    if node.op == .gather, v == node.operands[0] { return bytes(of: result) }
    guard case .linear(let linear) = node.op, !linear.hasWeightPerPart,
      v == node.operands[linear.parts.count]
    else { return bytes(of: graph.type(of: v)) }
    return linear.partOperands.reduce(0) { $0 + bytesOfRows(forPart: $1, of: node, linear) }
  }

  /// Returns the bytes of those rows of the one weight of `node` that part `i` needs.
  private func bytesOfRows(forPart i: Int, of node: Node, _ linear: Linear) -> Double {
    let part = graph.type(of: node.operands[i])
    let result = node.results[0].type
    if linear.parts[i].isGathered { return bytes(of: result) }
    return 4 * extent(part.denseShape.last ?? Extent(1)) * extent(result.shape.last ?? Extent(1))
  }

}

import IR

extension Pass {

  /// Reads rows of a weight instead of multiplying one-hot rows by it.
  ///
  ///     x = one_hot(tokens[t])            x = one_hot(tokens[t])
  ///     z = linear([x, h], W, b)     =>   z = linear([gather x, h], W, b)
  ///
  /// A `matmul` of a one-hot value and a matrix becomes such a product.
  package static let gatherOneHot = Pass(
    "gather-one-hot", "read rows of a weight instead of multiplying one-hot rows by it"
  ) { module, context in
    for i in module.entries.indices {
      let graph = module.entries[i].graph
      module.entries[i].rewrite { rewriter, id in
        guard let op = graph.gathering(id), context.permitsRewrite() else { return false }
        var node = graph[id]
        node.op = op
        node.operands = node.operands.map { rewriter.mapped($0) }
        rewriter.replace(Value(id), by: rewriter.append(node))
        return true
      }
    }
  }

}

extension Graph {

  /// Returns the operation of node `id` with gathered instead of multiplied parts, or `nil` if
  /// there are none.
  fileprivate func gathering(_ id: ID<Node>) -> Op? {
    let operands = self[id].operands
    switch self[id].op {
    case .linear(var linear):
      let found = linear.partOperands.filter { i in
        type(of: operands[i]).isOneHot && !linear.parts[i].isGathered
      }
      for i in found { linear.parts[i].isGathered = true }
      return found.isEmpty ? nil : .linear(linear)
    case .matmul(transposingLeft: false, transposingRight: false)
    where type(of: operands[0]).isOneHot && type(of: operands[1]) == type(of: operands[1]).dense
      && type(of: operands[1]).shape.count == 2:
      return .linear(Linear(parts: [Linear.Part(isGathered: true)]))
    default:
      return nil
    }
  }

}

import IR

extension Entry {

  /// Computes in the entry itself what it reads of `bind`, a section of the same module.
  mutating func inline(_ bind: Bind) {
    let old = graph
    let used = old.nodes.ids.filter { id in
      if case .source(.bound) = old[id].op { return true }
      return false
    }
    if used.isEmpty { return }
    rewrite(starting: { rewriter in
      var copies: [Value: Value] = [:]
      func copy(_ v: Value) -> Value {
        if let known = copies[v] { return known }
        guard case .source(let source) = bind.graph.op(of: v) else {
          preconditionFailure("values of 'bind' are computed in order")
        }
        return rewriter.value(of: source, type: bind.graph.type(of: v))
      }
      for id in bind.graph.body.nodes {
        var node = bind.graph[id]
        node.operands = node.operands.map { operand in
          guard case .at(let axis, let offset) = bind.graph.op(of: operand) else {
            return copy(operand)
          }
          let base = copy(bind.graph[operand.node].operands[0])
          return rewriter.element(of: base, axis: axis, step: nil, offset: offset)
        }
        copies[Value(id)] = rewriter.append(node)
      }
      for id in used {
        guard case .source(.bound(let i)) = old[id].op else { continue }
        rewriter.replace(Value(id), by: copy(bind.results[i].value))
      }
    }) { _, _ in false }
  }

  /// Moves what is the same at each step out of the bodies of scans.
  ///
  /// Whether a weight is computed from others inside or before a loop then makes no
  /// difference.
  mutating func hoistInvariants() {
    var depths: [ID<Node>: Int] = [:]
    graph.body = hoisted(graph.body, depth: 0, &depths).block
  }

  /// Returns `block` without the nodes that can stand outside, and these.
  private mutating func hoisted(
    _ block: Block, depth: Int, _ depths: inout [ID<Node>: Int]
  ) -> (block: Block, outer: [ID<Node>]) {
    var (result, outer) = (block, [ID<Node>]())
    result.nodes = []
    for argument in block.arguments { depths[argument.node] = depth }
    for id in block.nodes {
      depths[id] = depth
      if case .scan(var scan) = graph[id].op {
        // The body of a scan that does several steps is left alone: it has no gradient.
        if scan.factor == 1 {
          let (body, moved) = hoisted(scan.body, depth: depth + 1, &depths)
          scan.body = body
          graph[id].op = .scan(scan)
          for inner in moved { place(inner) }
        }
        result.nodes.append(id)
      } else {
        place(id)
      }
    }
    return (result, outer)

    func place(_ id: ID<Node>) {
      let needed = graph[id].operands.map { graph.depth(of: $0, depths) }.max() ?? 0
      depths[id] = min(needed, depth)
      if needed < depth {
        graph[id].group = nil
        outer.append(id)
      } else {
        result.nodes.append(id)
      }
    }
  }

}

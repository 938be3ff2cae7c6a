extension Module {

  /// Puts the states that scans carry, the values that they stack and the updates of entries into
  /// the order in which reading the printed text finds them.
  ///
  /// - Requires: names are settled.
  mutating func settleOrderOfResults() {
    for i in entries.indices {
      entries[i].updates.sort { $0.target.order < $1.target.order }
      let graph = entries[i].graph
      if graph.hasOrderedResults(in: graph.body) { continue }
      entries[i].rewrite { rewriter, id in rewriter.copyOrderingResults(of: id) }
    }
  }

}

extension Entry.Update.Target {

  /// The place in the order of the text: states, parameters, slots.
  fileprivate var order: (Int, Int) {
    switch self {
    case .state(let s): (0, s.position)
    case .parameter(let p): (1, p.position)
    case .slot(let s): (2, s.position)
    }
  }

}

extension Graph {

  /// `true` iff the results of all scans in `block` are in order.
  fileprivate func hasOrderedResults(in block: Block) -> Bool {
    block.nodes.allSatisfy { id in
      guard case .scan(let scan) = self[id].op else { return true }
      let order = scan.resultOrder(in: self)
      return order == order.sorted() && hasOrderedResults(in: scan.body)
        && (scan.remainder.map { hasOrderedResults(in: $0) } ?? true)
    }
  }

}

extension GraphRewriter {

  /// Copies node `id` with its results in order and returns `true`, if it is a scan.
  fileprivate mutating func copyOrderingResults(of id: ID<Node>) -> Bool {
    var node = old[id]
    guard case .scan(let scan) = node.op else { return false }
    let order = scan.resultOrder(in: old)
    let carried = order.prefix(scan.carried.count)
    let leading = scan.hasLengths ? 1 : 0
    let operands = node.operands.map { mapped($0) }
    let results = node.results
    node.operands = operands.prefix(leading) + carried.map { operands[leading + $0] }
    node.results = order.map { results[$0] }
    var new = scan
    new.carried = carried.map { scan.carried[$0] }
    new.stacked = order.dropFirst(carried.count).map { scan.stacked[$0 - carried.count] }
    new.body = copied(scan.body.reordered(scan, order, steps: scan.factor)) {
      $0.copyOrderingResults(of: $1)
    }
    new.remainder = scan.remainder.map { remainder in
      copied(remainder.reordered(scan, order, steps: 1)) { $0.copyOrderingResults(of: $1) }
    }
    node.op = .scan(new)
    let copy = append(node)
    for (i, old) in order.enumerated() { replace(Value(id, old), by: Value(copy.node, i)) }
    return true
  }

}

extension Block {

  /// Returns `self`, a body of `scan` that does `steps` steps, with what it takes and gives in
  /// `order`.
  fileprivate func reordered(_ scan: Scan, _ order: [Int], steps: Int) -> Block {
    var result = self
    let carried = scan.carried.count
    result.arguments = [arguments[0]] + order.prefix(carried).map { arguments[$0 + 1] }
    result.results = order.flatMap { i in
      let first = i < carried ? i : carried + (i - carried) * steps
      return results[first..<first + (i < carried ? 1 : steps)]
    }
    return result
  }

}

extension Scan {

  /// The positions of the results in the order in which reading the text finds them: states of the
  /// model as they are declared, local states as they stand, stacked values as their first elements
  /// do.
  fileprivate func resultOrder(in graph: Graph) -> [Int] {
    let states = carried.indices.sorted { i, j in
      let (a, b) = (carried[i].state?.position ?? Int.max, carried[j].state?.position ?? Int.max)
      return (a, i) < (b, j)
    }
    let places = stacked.indices.map { placeOfFirstElement(ofStack: $0, in: graph) }
    let stacks = stacked.indices.sorted { i, j in
      (places[i].line, places[i].alias, i) < (places[j].line, places[j].alias, j)
    }
    return states + stacks.map { carried.count + $0 }
  }

  /// Returns where the first element of stacked value `i` is defined: on the line of a node, on one
  /// that gives a node another name, or behind all nodes.
  private func placeOfFirstElement(
    ofStack i: Int, in graph: Graph
  ) -> (line: Int, alias: Int) {
    let first = carried.count + i * factor
    var result = (line: body.nodes.count, alias: 0)
    for value in body.results[first..<first + factor] {
      guard let line = body.nodes.firstIndex(of: value.node), line <= result.line else { continue }
      let isOwnLine = graph.name(of: value) == stacked[i] && value.result == 0
      let alias = isOwnLine ? 0 : 1
      result = line < result.line ? (line, alias) : (line, min(alias, result.alias))
    }
    return result
  }

}

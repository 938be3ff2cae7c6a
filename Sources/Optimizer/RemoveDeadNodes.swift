import IR

extension Pass {

  /// Removes what no output, no update of a state and nothing that is needed uses.
  ///
  /// Of a scan go the local states that only feed themselves and the stacked values that nobody
  /// reads; states of the model stay, and so does a scan without steps, because only a scan gives a
  /// dimension of no places a meaning. What nobody uses any more of `bind`, and of constants, goes
  /// too; inputs and parameters stay, because callers know them.
  ///
  ///     u = exp(x)                     y = tanh(x)
  ///     y = tanh(x)            =>      output y
  ///     output y
  package static let removeDeadNodes = Pass("dead", "remove what nothing uses") {
    (module, context) in
    for i in module.entries.indices {
      let entry = module.entries[i]
      let roots = entry.roots + entry.graph.resultsOfEmptyScans(in: module.dimensions)
      let removal = Removal(entry.graph, roots: roots, &context)
      module.entries[i].rewrite { rewriter, id in removal.rewrite(id, &rewriter) }
    }
    let used = module.usedBindResults
    let removal = Removal(module.bind.graph, roots: used, &context)
    if !removal.isEmpty {
      module.keepBindResults(used)
      module.bind.rewrite { rewriter, id in removal.rewrite(id, &rewriter) }
    }
    module.removeUnusedConstants(&context)
  }

}

/// The nodes of a graph that can go.
private struct Removal {

  /// The values that something needs.
  private var live: Set<Value> = []

  /// The lines outside of scans that go, and the scans whose dead parts go.
  private var permitted: Set<ID<Node>> = []

  private let graph: Graph

  /// The scan that each argument of a body belongs to, and its position there.
  private var owners: [Value: (scan: ID<Node>, position: Int)] = [:]

  /// `true` iff everything stays.
  var isEmpty: Bool { permitted.isEmpty }

  /// Finds what of `graph`, whose results are `roots`, is dead and may be removed.
  init(_ graph: Graph, roots: [Value], _ context: inout PassContext) {
    self.graph = graph
    recordOwners(in: graph.body)
    markLive(roots)
    // From the last line to the first: when the limit is reached, whatever the remaining lines use
    // is still there.
    for id in graph.body.nodes.reversed() where hasDeadPart(id) {
      guard context.permitsRewrite() else { break }
      permitted.insert(id)
    }
  }

  private mutating func recordOwners(in block: Block) {
    for id in block.nodes {
      guard case .scan(let scan) = graph[id].op else { continue }
      for body in scan.blocks {
        for (i, argument) in body.arguments.enumerated() { owners[argument] = (id, i) }
        recordOwners(in: body)
      }
    }
  }

  /// Marks `roots` and what they need. Each value is entered once, so this ends.
  private mutating func markLive(_ roots: [Value]) {
    var pending = roots
    while let value = pending.popLast() {
      guard live.insert(value).inserted else { continue }
      let node = graph[value.node]
      switch node.op {
      case .scan(let scan): pending += needs(of: scan, node, value)
      case .argument:
        guard let owner = owners[value] else { continue }
        if owner.position > 0 { pending.append(Value(owner.scan, owner.position - 1)) }
      default: pending += node.operands
      }
    }
  }

  /// Returns what `value`, a result of `node`, an application of `scan`, needs.
  private func needs(of scan: Scan, _ node: Node, _ value: Value) -> [Value] {
    let leading = scan.hasLengths ? 1 : 0
    var result = Array(node.operands.prefix(leading))
    for (i, carried) in scan.carried.enumerated() where carried.state != nil {
      result.append(Value(value.node, i))
    }
    if value.result < scan.carried.count { result.append(node.operands[leading + value.result]) }
    for (block, steps) in zip(scan.blocks, [scan.factor, 1]) {
      result += block.results[scan.results(value.result, steps: steps)]
    }
    return result
  }

  /// `true` iff node `id` is dead or has a part that is.
  private func hasDeadPart(_ id: ID<Node>) -> Bool {
    let node = graph[id]
    let results = node.results.indices.map { live.contains(Value(id, $0)) }
    guard case .scan(let scan) = node.op, results.contains(true) else {
      return !results.contains(true)
    }
    if results.contains(false) { return true }
    return scan.blocks.contains { $0.nodes.contains { hasDeadPart($0) } }
  }

  /// Leaves out what of node `id` is dead and returns `true`, if that is permitted.
  func rewrite(_ id: ID<Node>, _ rewriter: inout GraphRewriter) -> Bool {
    guard permitted.contains(id) else { return false }
    rewriteLine(id, &rewriter)
    return true
  }

  private func rewriteLine(_ id: ID<Node>, _ rewriter: inout GraphRewriter) {
    let node = graph[id]
    let kept = node.results.indices.filter { live.contains(Value(id, $0)) }
    if kept.isEmpty { return }
    guard case .scan(let scan) = node.op else {
      rewriter.copy(id) { _, _ in false }
      return
    }
    var (new, copy) = (scan, node)
    let leading = scan.hasLengths ? 1 : 0
    let carried = kept.filter { $0 < scan.carried.count }
    let operands = Array(0..<leading) + carried.map { leading + $0 }
    copy.operands = operands.map { rewriter.mapped(node.operands[$0]) }
    copy.results = kept.map { node.results[$0] }
    new.carried = carried.map { scan.carried[$0] }
    new.stacked = kept.dropFirst(carried.count).map { scan.stacked[$0 - scan.carried.count] }
    let blocks = zip(scan.blocks, [scan.factor, 1]).map { block, steps in
      var block = block
      block.arguments = [block.arguments[0]] + carried.map { block.arguments[$0 + 1] }
      block.results = kept.flatMap { block.results[scan.results($0, steps: steps)] }
      return rewriter.copied(block) { rewriter, inner in
        rewriteLine(inner, &rewriter)
        return true
      }
    }
    new.body = blocks[0]
    new.remainder = blocks.count > 1 ? blocks[1] : nil
    copy.op = .scan(new)
    let value = rewriter.append(copy)
    for (i, old) in kept.enumerated() { rewriter.replace(Value(id, old), by: Value(value.node, i)) }
  }

}

extension Scan {

  /// Returns the positions, in a body that does `steps` steps, of what makes result `i`.
  fileprivate func results(_ i: Int, steps: Int) -> Range<Int> {
    if i < carried.count { return i..<i + 1 }
    let first = carried.count + (i - carried.count) * steps
    return first..<first + steps
  }

}

extension Graph {

  /// Returns the results of scans that do no step.
  fileprivate func resultsOfEmptyScans(in dimensions: [Dimension]) -> [Value] {
    allBlocks.flatMap(\.nodes).flatMap { id -> [Value] in
      guard case .scan(let scan) = self[id].op, scan.count.value(in: dimensions) == 0 else {
        return []
      }
      return self[id].results.indices.map { Value(id, $0) }
    }
  }

}

extension Module {

  /// The results of `bind` that entries use, each once, in the order in which they are computed.
  fileprivate var usedBindResults: [Value] {
    var used = Set<Value>()
    for entry in entries {
      for node in entry.graph.nodes {
        if case .source(.bound(let i)) = node.op { used.insert(bind.results[i].value) }
      }
    }
    return used.sorted()
  }

  /// Lets `bind` give `values` alone, which are all that entries use.
  fileprivate mutating func keepBindResults(_ values: [Value]) {
    let old = bind.results
    bind.results = values.map { .init(name: bind.graph.name(of: $0), value: $0) }
    for i in entries.indices {
      entries[i].replaceSources { source in
        guard case .bound(let k) = source else { return source }
        return .bound(values.firstIndex(of: old[k].value) ?? k)
      }
    }
  }

  /// Removes the constants that no graph uses.
  fileprivate mutating func removeUnusedConstants(_ context: inout PassContext) {
    var used = Set<ID<Constant>>()
    for graph in [bind.graph] + entries.map(\.graph) {
      for node in graph.nodes {
        if case .source(.constant(let c)) = node.op { used.insert(c) }
      }
    }
    var kept: [ID<Constant>] = []
    for id in constants.ids where used.contains(id) || !context.permitsRewrite() { kept.append(id) }
    if kept.count == constants.count { return }
    constants = kept.map { constants[$0] }
    let replacement = { (source: Source) -> Source in
      guard case .constant(let c) = source, let i = kept.firstIndex(of: c) else { return source }
      return .constant(ID(i))
    }
    bind.replaceSources(replacement)
    for i in entries.indices { entries[i].replaceSources(replacement) }
  }

}

import IR

extension Scan {

  /// The blocks that `self` runs.
  var blocks: [Block] { remainder.map { [body, $0] } ?? [body] }

}

extension Graph {

  /// All blocks, each in front of those in it.
  var allBlocks: [Block] {
    var result = [body]
    var next = 0
    while next < result.count {
      for id in result[next].nodes {
        if case .scan(let scan) = self[id].op { result += scan.blocks }
      }
      next += 1
    }
    return result
  }

  /// Returns the values that `v` reads itself, or `v` where it is computed: looks through places of
  /// sequences and drops sources.
  func computedValues(behind v: Value) -> [Value] {
    switch op(of: v) {
    case .source: []
    case .at: self[v.node].operands.flatMap { computedValues(behind: $0) }
    default: [v]
    }
  }

  /// Returns the values that node `id` needs, those in its blocks included.
  func computedValues(readBy id: ID<Node>) -> [Value] {
    var result = self[id].operands.flatMap { computedValues(behind: $0) }
    if case .scan(let scan) = self[id].op {
      for block in scan.blocks {
        for inner in block.nodes { result += computedValues(readBy: inner) }
        for v in block.results { result += computedValues(behind: v) }
      }
    }
    return result
  }

  /// Returns the nodes of `block` that `values` depend on, themselves included.
  func ancestors(of values: some Sequence<Value>, in block: Block) -> Set<ID<Node>> {
    var result = Set(values.flatMap { computedValues(behind: $0) }.map(\.node))
    for id in block.nodes.reversed() where result.contains(id) {
      for v in computedValues(readBy: id) { result.insert(v.node) }
    }
    return result.intersection(block.nodes)
  }

  /// Returns the nodes of `block` that depend on `nodes`, themselves included.
  func descendants(of nodes: Set<ID<Node>>, in block: Block) -> Set<ID<Node>> {
    var result = nodes
    for id in block.nodes where !result.contains(id) {
      if computedValues(readBy: id).contains(where: { result.contains($0.node) }) {
        result.insert(id)
      }
    }
    return result
  }

  /// Returns the names of the values of the source that `ids` were made from, in order.
  func origins(of ids: some Sequence<ID<Node>>) -> [String] {
    var result: [String] = []
    for id in ids {
      let node = self[id]
      for name in node.origins.isEmpty ? node.results.map(\.name) : node.origins
      where !result.contains(name) {
        result.append(name)
      }
    }
    return result
  }

  /// Returns the comments of `ids`, as those of one line.
  func comments(of ids: some Sequence<ID<Node>>) -> Comments {
    var result = Comments()
    for id in ids {
      let comments = self[id].comments
      result.leading += comments.leading
      guard let trailing = comments.trailing else { continue }
      if result.trailing == nil {
        result.trailing = trailing
      } else {
        result.leading.append(trailing)
      }
    }
    return result
  }

}

extension Graph {

  /// The number of scans around each node of a block and each argument.
  var depths: [ID<Node>: Int] {
    var result: [ID<Node>: Int] = [:]
    var blocks = [(body, 0)]
    while let (block, depth) = blocks.popLast() {
      for argument in block.arguments { result[argument.node] = depth }
      for id in block.nodes {
        result[id] = depth
        if case .scan(let scan) = self[id].op { blocks += scan.blocks.map { ($0, depth + 1) } }
      }
    }
    return result
  }

  /// Returns the number of scans that must stand around whoever reads `v`, given those around
  /// nodes.
  func depth(of v: Value, _ depths: [ID<Node>: Int]) -> Int {
    switch op(of: v) {
    case .source: 0
    case .at: self[v.node].operands.map { depth(of: $0, depths) }.max() ?? 0
    default: depths[v.node] ?? 0
    }
  }

}

/// How often each value of a graph is read.
struct ReadCounts {

  private var counts: [Value: Int] = [:]

  /// Counts the reads in the lines of `graph`, of which `roots` are the results.
  init(of graph: Graph, roots: [Value]) {
    for block in graph.allBlocks {
      for id in block.nodes { count(graph[id].operands, in: graph) }
      count(block.results, in: graph)
    }
    count(roots, in: graph)
  }

  private mutating func count(_ values: [Value], in graph: Graph) {
    for v in values {
      counts[v, default: 0] += 1
      // What a place reads is read once, however often the place is.
      if case .at = graph.op(of: v), counts[v] == 1 { count(graph[v.node].operands, in: graph) }
    }
  }

  /// The number of reads of `v`.
  subscript(v: Value) -> Int { counts[v] ?? 0 }

}

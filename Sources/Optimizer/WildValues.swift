import IR

/// The values of a graph that may be infinite or not a number, though parameters and states are
/// finite: what depends on numbers of inputs, and functions that do not have a value everywhere.
struct WildValues {

  private let graph: Graph

  /// The results of nodes, and the arguments of bodies, that are wild.
  private var values: Set<Value> = []

  /// Finds the wild values of `graph`.
  init(of graph: Graph) {
    self.graph = graph
    // Each turn marks at least one value more, until one marks none.
    var count = -1
    while count != values.count {
      count = values.count
      mark(graph.body)
    }
  }

  private mutating func mark(_ block: Block) {
    for id in block.nodes {
      if case .scan(let scan) = graph[id].op {
        mark(scan, id)
      } else if graph.type(of: Value(id)).element == .f32, isWild(graph[id]) {
        values.insert(Value(id))
      }
    }
  }

  private mutating func mark(_ scan: Scan, _ id: ID<Node>) {
    mark(scan.body)
    let initials = graph[id].operands.dropFirst(scan.hasLengths ? 1 : 0)
    // What is wild beyond the length of a row is left out.
    let results = scan.body.results.map { !scan.hasLengths && contains($0) }
    for (i, initial) in initials.enumerated() where contains(initial) || results[i] {
      values.insert(Value(id, i))
      values.insert(scan.body.arguments[i + 1])
    }
    for i in results.indices.dropFirst(scan.carried.count) where results[i] {
      values.insert(Value(id, i))
    }
  }

  private func isWild(_ node: Node) -> Bool {
    let x = node.operands
    switch node.op {
    case .unary(.exp), .unary(.log), .unary(.sqrt): return true
    case .binary(.div):
      let divisor = graph.number(x[1]) ?? 0
      return divisor == 0 || contains(x[0])
    case .convert: return false
    case .select where isEndOfRows(x[0]):
      // What is wild beyond the length of a row is left out here.
      return contains(x[2])
    default: return x.contains { contains($0) }
    }
  }

  /// `true` iff `condition` compares a step with lengths.
  private func isEndOfRows(_ condition: Value) -> Bool {
    let node = graph[condition.node]
    guard node.op == .compare(.less), case .index = graph.type(of: node.operands[1]).element
    else { return false }
    return true
  }

  /// Returns `true` iff `v` is wild.
  func contains(_ v: Value) -> Bool {
    switch graph.op(of: v) {
    case .source(.input): graph.type(of: v).element == .f32
    case .source: false
    case .at: contains(graph[v.node].operands[0])
    default: values.contains(v)
    }
  }

}

import IR

/// The values of a graph that depend on certain sources in a way that has a derivative.
struct ActiveValues {

  private let graph: Graph
  private let sources: Set<Source>

  /// The results of nodes, and the arguments of bodies, that are active.
  private var values: Set<Value> = []

  /// Finds what of `graph` depends on `sources`.
  init(of graph: Graph, dependingOn sources: Set<Source>) {
    self.graph = graph
    self.sources = sources
    // Each turn marks at least one value more, until one marks none.
    var count = -1
    while count != values.count {
      count = values.count
      mark(graph.body)
    }
  }

  private mutating func mark(_ block: Block) {
    for id in block.nodes {
      let node = graph[id]
      switch node.op {
      case .scan(let scan): mark(scan, id)
      case .detach: continue
      default:
        if graph.type(of: Value(id)).element == .f32, node.operands.contains(where: contains) {
          values.insert(Value(id))
        }
      }
    }
  }

  private mutating func mark(_ scan: Scan, _ id: ID<Node>) {
    mark(scan.body)
    let initials = graph[id].operands.dropFirst(scan.hasLengths ? 1 : 0)
    for (i, initial) in initials.enumerated() where graph.type(of: Value(id, i)).element == .f32 {
      if contains(initial) || contains(scan.body.results[i]) {
        values.insert(Value(id, i))
        values.insert(scan.body.arguments[i + 1])
      }
    }
    for i in scan.body.results.indices.dropFirst(scan.carried.count)
    where contains(scan.body.results[i]) {
      values.insert(Value(id, i))
    }
  }

  /// Returns `true` iff `v` is active.
  func contains(_ v: Value) -> Bool {
    switch graph.op(of: v) {
    case .source(let source): sources.contains(source)
    case .at: contains(graph[v.node].operands[0])
    default: values.contains(v)
    }
  }

}

extension Graph {

  /// Returns the sources on which `result` depends in a way that has a derivative: those of which
  /// `ActiveValues` contain it.
  func activeSources(of result: Value) -> Set<Source> {
    // The values that an argument of a body has, in the first step and in the others.
    var entering: [Value: [Value]] = [:]
    for id in nodes.ids {
      guard case .scan(let scan) = op(of: Value(id)) else { continue }
      let initials = self[id].operands.dropFirst(scan.hasLengths ? 1 : 0)
      for (i, initial) in initials.enumerated() {
        entering[scan.body.arguments[i + 1]] = [initial, scan.body.results[i]]
      }
    }
    var sources: Set<Source> = []
    var found: Set<Value> = [result]
    var open = [result]
    while let v = open.popLast() {
      let read: [Value]
      switch op(of: v) {
      case .source(let source):
        sources.insert(source)
        continue
      case .at: read = [self[v.node].operands[0]]
      case .argument: read = entering[v] ?? []
      case .scan(let scan) where v.result < scan.carried.count:
        read = entering[scan.body.arguments[v.result + 1]] ?? []
      case .scan(let scan): read = [scan.body.results[v.result]]
      case .detach: continue
      default: read = self[v.node].operands
      }
      let isNumeric = type(of: v).element == .f32
      for x in read where isNumeric && found.insert(x).inserted { open.append(x) }
    }
    return sources
  }

}

extension Module {

  /// Returns what parameter `p` is in a graph: itself, and the states that start at it in each
  /// call.
  func sources(of p: ID<Parameter>) -> [Source] {
    let starting = zip(states.ids, states).filter { $1.initial == .parameter(p) && !$1.isCarried }
    return [.parameter(p)] + starting.map { .state($0.0) }
  }

}

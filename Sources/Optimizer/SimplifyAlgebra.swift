import IR

extension Pass {

  /// Replaces what is computed in a roundabout way, until nothing is.
  ///
  /// Neutral operations disappear where they leave type and shape as they are; what only moves
  /// elements is put together; products take the form `linear` where their weight is known when
  /// weights are bound, with a bias that is added and parts that are concatenated. `x * 0` stays:
  /// it is not zero for all numbers. What a rewrite leaves without a use goes with it.
  ///
  /// What depends on parameters and constants alone is moved to `bind`.
  ///
  ///     z = matmul(concat(x, h, axis: 1), W)
  ///     a = z + b                                =>     y = linear([x, h], W, b)
  ///     y = a * 1
  package static let simplifyAlgebra = Pass("simplify", "simplify algebra") {
    (module, context) in
    var before = -1
    // Each rewrite makes the module smaller, or brings it closer to the form described above, from
    // which none leads back.
    while before != context.rewrites {
      before = context.rewrites
      let (dimensions, constants) = (module.dimensions, module.constants)
      while true {
        let graph = module.bind.graph
        let roots = module.bind.results.map(\.value)
        let sweep = Simplifier(graph, roots, dimensions, constants).sweep(&context)
        guard let (graph, values) = sweep else { break }
        module.bind.graph = graph
        for i in values.indices { module.bind.results[i].value = values[i] }
      }
      for i in module.entries.indices {
        while true {
          let entry = module.entries[i]
          let sweep = Simplifier(entry.graph, entry.roots, dimensions, constants).sweep(&context)
          guard let (graph, values) = sweep else { break }
          module.entries[i].replaceGraph(graph, roots: values)
        }
      }
      module.hoistToBind(&context)
    }
  }

}

/// What simplification knows of a graph.
struct Simplifier {

  /// What is to stand for a node, in terms of the values of the graph.
  indirect enum Term {

    case value(Value)
    case apply(Op, [Term])

  }

  let graph: Graph
  let dimensions: [Dimension]
  let constants: [Constant]

  private let roots: [Value]

  /// What depends on parameters and constants alone.
  let fixed: Set<Value>

  private let uses: UseCounts

  /// The block that each node stands in, as its position in `allBlocks`.
  private var blocks: [ID<Node>: Int] = [:]

  init(_ graph: Graph, _ roots: [Value], _ dimensions: [Dimension], _ constants: [Constant]) {
    self.graph = graph
    self.roots = roots
    self.dimensions = dimensions
    self.constants = constants
    fixed = graph.fixedValues
    uses = UseCounts(of: graph, roots: roots)
    var blocks: [ID<Node>: Int] = [:]
    for (i, block) in graph.allBlocks.enumerated() {
      for id in block.nodes { blocks[id] = i }
    }
    self.blocks = blocks
  }

  /// Returns the graph with every node simplified once, and its roots; `nil` if nothing changes.
  func sweep(_ context: inout PassContext) -> (graph: Graph, roots: [Value])? {
    let before = context.rewrites
    var copies: [(old: Value, new: Value)] = []
    let result = graph.rewritten(keeping: roots) { rewriter, id in
      if case .scan = graph[id].op { return false }
      guard let term = simplified(id), fits(term, id), context.permitsRewrite() else {
        rewriter.copy(id) { _, _ in false }
        copies.append((Value(id), rewriter.mapped(Value(id))))
        return true
      }
      write(term, for: id, &rewriter)
      return true
    }
    if context.rewrites == before { return nil }
    var counts = UseCounts(of: result.graph, roots: result.roots)
    let orphans = copies.filter { uses[$0.old] > 0 && counts[$0.new] == 0 }.map(\.new)
    for orphan in orphans { counts.release(orphan, in: result.graph) }
    return result.graph.rewritten(keeping: result.roots) { rewriter, id in
      counts.released.contains(id)
    }
  }

  /// Returns what can stand for the result of node `id`.
  private func simplified(_ id: ID<Node>) -> Term? {
    let node = graph[id]
    let x = node.operands
    switch node.op {
    case .unary(let f): return simplified(f, x[0])
    case .binary(let f): return simplified(f, x[0], x[1]) ?? biased(f, id)
    case .select: return x[1] == x[2] ? .value(x[1]) : nil
    case .transpose(let permutation): return transposed(x[0], permutation)
    case .reshape(let shape): return reshaped(x[0], shape)
    case .slice(let axis, let lower, let upper): return sliced(x[0], axis, lower, upper)
    case .concat(let axis): return concatenated(x, axis)
    case .matmul(let left, let right): return multiplied(x, left, right)
    case .linear(let linear): return split(linear, x)
    case .source, .argument, .at, .oneHot, .stack, .compare, .softmax, .reduce, .argmax, .gather,
      .convert, .mask, .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd,
      .convolution, .pool,
      .dropout, .scan:
      return nil
    case .detach, .broadcast: return .value(x[0])  // Does not fit if the type is another.

    }
  }

  /// `true` iff nothing but `user`, a node of the same block, uses `value`.
  func isPrivate(_ value: Value, to user: ID<Node>) -> Bool {
    uses[value] == 1 && blocks[value.node] == blocks[user]
  }

  /// `true` iff `term` has the type of node `id`.
  ///
  /// Types may differ where values are one-hot, and where sizes are equal only for the present
  /// dimensions.
  private func fits(_ term: Term, _ id: ID<Node>) -> Bool {
    type(of: term) == graph[id].results[0].type
  }

  private func type(of term: Term) -> TensorType? {
    switch term {
    case .value(let v): return graph.type(of: v)
    case .apply(let op, let terms):
      let types = terms.compactMap { type(of: $0) }
      if types.count < terms.count { return nil }
      return (try? op.signature(of: types, in: dimensions))?.results[0]
    }
  }

  private func write(_ term: Term, for id: ID<Node>, _ rewriter: inout GraphRewriter) {
    switch term {
    case .value(let v): rewriter.replace(Value(id), by: rewriter.mapped(v))
    case .apply(let op, let terms):
      let operands = terms.map { append($0, for: id, &rewriter) }
      rewriter.copy(id, as: op, operands, in: dimensions)
    }
  }

  private func append(
    _ term: Term, for id: ID<Node>, _ rewriter: inout GraphRewriter
  ) -> Value {
    switch term {
    case .value(let v): return rewriter.mapped(v)
    case .apply(let op, let terms):
      let operands = terms.map { append($0, for: id, &rewriter) }
      let name = graph[id].results[0].name
      let role = if case .transpose = op { "weight" } else { "part" }
      return rewriter.apply(
        op, operands, name: "\(name)_\(role)", origins: graph.origins(of: [id]), in: dimensions)
    }
  }

}

/// How often the values of a graph are used.
struct UseCounts {

  private var counts: [Value: Int] = [:]

  /// The nodes that have been given up.
  private(set) var released: Set<ID<Node>> = []

  /// Counts the uses in `graph`, whose results are `roots`.
  init(of graph: Graph, roots: [Value]) {
    for v in roots { counts[v, default: 0] += 1 }
    for node in graph.nodes { for v in node.operands { counts[v, default: 0] += 1 } }
    for block in graph.allBlocks { for v in block.results { counts[v, default: 0] += 1 } }
  }

  /// The number of uses of `value`.
  subscript(value: Value) -> Int { counts[value] ?? 0 }

  /// Gives up the node of `value`, which has no uses, and what only it uses.
  mutating func release(_ value: Value, in graph: Graph) {
    let node = graph[value.node]
    switch node.op {
    case .source, .argument, .scan: return
    default: break
    }
    guard released.insert(value.node).inserted else { return }
    for operand in node.operands {
      counts[operand, default: 0] -= 1
      if counts[operand] == 0 { release(operand, in: graph) }
    }
  }

}

extension Graph {

  /// The values that depend on parameters and constants alone, and on at least one of them.
  var fixedValues: Set<Value> {
    var result = Set<Value>()
    for id in nodes.ids {
      let node = self[id]
      let isFixed: Bool
      switch node.op {
      case .source(.parameter), .source(.constant), .source(.bound): isFixed = true
      case .source, .argument, .scan: isFixed = false
      default:
        isFixed =
          node.operands.contains { result.contains($0) }
          && node.operands.allSatisfy { result.contains($0) || number($0) != nil }
      }
      if isFixed { result.insert(Value(id)) }
    }
    return result
  }

}

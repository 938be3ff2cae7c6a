import IR

extension Pass {

  /// Turns added products into one product over the concatenation of their parts.
  ///
  /// A sum of products, each of which is used nowhere else, is one product; biases that are added
  /// to it become its bias. Weights are concatenated in `bind`. A concatenation in front of a
  /// product becomes a list of parts.
  ///
  ///     p = linear(x, W_xh)          bind {
  ///     q = linear(h, W_hh)            z_weight = concat(W_xh, W_hh, axis: 0)
  ///     s = add(p, q)         =>     }
  ///     z = add(s, b)                z = linear([x, h], z_weight, b) from p, q, s, z
  ///
  /// Other addends are added afterwards.
  package static let concatenateLinears = Pass(
    "concat-linears", "turn added products into one over the concatenation of their parts"
  ) { module, context in
    module.rewriteEntries { entry, binder in
      var products: [ID<Node>: Concatenation] = [:]
      var dropped: Set<ID<Node>> = []
      let search = ConcatenationSearch(entry)
      for block in entry.graph.allBlocks {
        for sum in search.sums(in: block) {
          guard let product = Concatenation(sum, in: entry.graph, &binder),
            context.permitsRewrite()
          else { continue }
          products[sum.root] = product
          dropped.formUnion(sum.inner)
        }
      }
      if products.isEmpty { return }
      entry.rewrite { rewriter, id in
        if dropped.contains(id) { return true }
        guard let product = products[id] else { return false }
        product.append(to: &rewriter)
        return true
      }
    }
  }

}

/// The addends of a sum of products, in the order in which they are written.
private struct SumOfProducts {

  /// The node that yields the sum.
  let root: ID<Node>

  /// The nodes that are part of it alone, in order.
  var inner: [ID<Node>] = []

  var linears: [ID<Node>] = []
  var biases: [Value] = []
  var others: [Value] = []

}

/// The search for sums of products in a graph.
private struct ConcatenationSearch {

  private let graph: Graph
  private let reads: ReadCounts
  private let bindable: BindableValues

  init(_ entry: Entry) {
    self.graph = entry.graph
    self.reads = ReadCounts(of: entry.graph, roots: entry.roots)
    self.bindable = BindableValues(of: entry.graph)
  }

  /// Returns the largest sums whose products stand in `block`, and its products with a
  /// concatenation for a part; in order.
  func sums(in block: Block) -> [SumOfProducts] {
    let own = Set(block.nodes)
    var result: [SumOfProducts] = []
    var taken: Set<ID<Node>> = []
    // From the end, so that the largest sum comes first.
    for id in block.nodes.reversed() where !taken.contains(id) {
      guard let sum = sum(of: id, among: own) else { continue }
      taken.formUnion(sum.inner)
      let gain = sum.linears.count + sum.biases.count
      guard !sum.linears.isEmpty, gain > 1 || sum.linears.contains(where: hasConcatenatedPart)
      else { continue }
      result.append(sum)
    }
    return result.reversed()
  }

  private func sum(of root: ID<Node>, among own: Set<ID<Node>>) -> SumOfProducts? {
    var sum = SumOfProducts(root: root)
    switch graph[root].op {
    case .linear where isPlain(root): sum.linears = [root]
    case .binary(.add): break
    default: return nil
    }
    if !sum.linears.isEmpty { return sum }
    let type = graph[root].results[0].type
    // The addends that are still to be looked at, the next one last.
    var left = Array(graph[root].operands.reversed())
    while let v = left.popLast() {
      let node = graph[v.node]
      let isInner =
        own.contains(v.node) && reads[v] == 1 && node.results[v.result].type == type
      if isInner, node.op == .binary(.add) {
        sum.inner.append(v.node)
        left += node.operands.reversed()
      } else if isInner, isPlain(v.node) {
        sum.inner.append(v.node)
        sum.linears.append(v.node)
      } else if isBias(v, of: type) {
        sum.biases.append(v)
      } else {
        sum.others.append(v)
      }
    }
    sum.inner.sort()
    return sum
  }

  /// Returns `true` iff node `id` is a product with one bound weight and without a start.
  private func isPlain(_ id: ID<Node>) -> Bool {
    guard case .linear(let linear) = graph[id].op, !linear.hasStart, !linear.hasWeightPerPart
    else { return false }
    return graph[id].operands[linear.parts.count...].allSatisfy { bindable.contains($0) }
  }

  private func isBias(_ v: Value, of type: TensorType) -> Bool {
    let own = graph.type(of: v)
    return own.element == .f32 && own.shape.count == 1 && own.shape.last == type.shape.last
      && bindable.contains(v)
  }

  private func hasConcatenatedPart(_ id: ID<Node>) -> Bool {
    guard case .linear(let linear) = graph[id].op else { return false }
    return linear.partOperands.contains { graph.isConcatenatedPart(graph[id].operands[$0]) }
  }

}

extension Graph {

  /// Returns `true` iff `v` is a concatenation along its last axis.
  fileprivate func isConcatenatedPart(_ v: Value) -> Bool {
    op(of: v) == .concat(axis: type(of: v).shape.count - 1)
  }

  /// Returns the parts of product `id`, those of concatenations instead of these.
  fileprivate func flatParts(of id: ID<Node>) -> [(part: Linear.Part, value: Value)] {
    guard case .linear(let linear) = self[id].op else {
      preconditionFailure("a product has parts")
    }
    var result: [(Linear.Part, Value)] = []
    var left = zip(linear.parts, self[id].operands).reversed().map { ($0, $1) }
    while let (part, v) = left.popLast() {
      if !part.isGathered, isConcatenatedPart(v) {
        left += self[v.node].operands.reversed().map { (part, $0) }
      } else {
        result.append((part, v))
      }
    }
    return result
  }

}

/// One product instead of a sum.
private struct Concatenation {

  private let parts: [(part: Linear.Part, value: Value)]
  private let weight: BoundValue
  private let bias: BoundValue?
  private let others: [Value]

  /// The node of the sum.
  private let root: ID<Node>
  private let model: Node

  /// The name of the product.
  private let name: String

  private let origins: [String]
  private let comments: Comments

  /// Creates the product that `sum` is, or `nil` if a weight would be too large.
  init?(_ sum: SumOfProducts, in graph: Graph, _ binder: inout Binder) {
    let root = graph[sum.root]
    var weights: [Value] = []
    var biases: [Value] = []
    var parts: [(part: Linear.Part, value: Value)] = []
    for id in sum.linears {
      guard case .linear(let linear) = graph[id].op else { continue }
      let operands = graph[id].operands
      guard let weight = binder.lowered(operands[linear.weightOperands.lowerBound], of: graph)
      else { return nil }
      weights.append(weight)
      parts += graph.flatParts(of: id)
      if let i = linear.biasOperand {
        guard let bias = binder.lowered(operands[i], of: graph) else { return nil }
        biases.append(bias)
      }
    }
    for v in sum.biases {
      guard let bias = binder.lowered(v, of: graph) else { return nil }
      biases.append(bias)
    }
    let name = graph.name(
      of: Value(sum.others.isEmpty ? sum.root : sum.linears[0]))
    guard let weight = binder.concat(weights, axis: 0, name: "\(name)_weight") else { return nil }
    var bias: BoundValue?
    if !biases.isEmpty {
      guard let total = binder.sum(biases, name: "\(name)_bias") else { return nil }
      bias = binder.boundValue(total)
    }
    self.parts = parts
    self.weight = binder.boundValue(weight)
    self.bias = bias
    self.others = sum.others
    self.root = sum.root
    self.model = root
    self.name = name
    let sources = sum.inner + [sum.root]
    let origins = graph.origins(of: sources)
    // A line that becomes one product is no origin of itself.
    let isOneLine = sources.count == 1 || sum.others.isEmpty && origins == [name]
    self.origins = isOneLine ? root.origins : origins
    self.comments = graph.comments(of: sources)
  }

  /// Appends the product, and what is added to it.
  func append(to rewriter: inout GraphRewriter) {
    let result = model.results[0]
    let linear = Linear(parts: parts.map(\.part), hasBias: bias != nil)
    var operands = parts.map { rewriter.mapped($0.value) }
    for bound in [weight] + (bias.map { [$0] } ?? []) {
      operands.append(rewriter.value(of: bound.source, type: bound.type))
    }
    var sum = rewriter.append(
      Node(
        op: .linear(linear), operands: operands,
        results: [Node.Result(name: name, type: result.type)], span: model.span,
        origins: origins, comments: others.isEmpty ? comments : Comments()))
    for (i, other) in others.enumerated() {
      let isLast = i == others.count - 1
      sum = rewriter.append(
        Node(
          op: .binary(.add), operands: [sum, rewriter.mapped(other)],
          results: [Node.Result(name: isLast ? result.name : name, type: result.type)],
          span: model.span, origins: isLast ? model.origins : origins,
          comments: isLast ? comments : Comments()))
    }
    rewriter.replace(Value(root), by: sum)
  }

}

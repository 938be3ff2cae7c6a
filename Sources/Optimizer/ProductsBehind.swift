import IR

/// What leaves a scan behind it: products that no state depends on, and what is made of them.
struct ProductsBehind {

  private let place: InnermostScan

  /// What is computed for all steps at once.
  private(set) var moved: Set<ID<Node>> = []

  private var graph: Graph { place.graph }
  private var body: Block { place.scan.body }

  /// Leaves everything in the scan.
  init(_ place: InnermostScan) {
    self.place = place
  }

  /// Returns what has to leave the scan together with product `id`, or `nil` if it has to stay.
  func companions(of id: ID<Node>) -> Set<ID<Node>>? {
    if place.feeding.contains(id) || place.fixed.contains(id) { return nil }
    var result = graph.descendants(of: [id], in: body)
    // Each round but the last takes one more node, so that this ends.
    while let next = nextCompanion(of: result) { result.insert(next) }
    return result.allSatisfy { canLeave($0, with: result) } ? result : nil
  }

  /// Returns a node that is better computed behind the scan, with `nodes`, than stacked.
  private func nextCompanion(of nodes: Set<ID<Node>>) -> ID<Node>? {
    let count = stackedValues(for: nodes).count
    for v in stackedValues(for: nodes) where place.contains(v.node) {
      let inputs = graph[v.node].operands
      guard canLeave(v.node, with: nodes.union([v.node])) else { continue }
      if inputs.allSatisfy({ place.isInvariant($0) || place.sequence(behind: $0) != nil }),
        !isProduct(v.node)
      {
        return v.node
      }
      let isOwn = !place.feeding.contains(v.node) && graph[v.node].op.isElementwise
      let users = graph.descendants(of: [v.node], in: body).subtracting([v.node])
      if isOwn, users.isSubset(of: nodes),
        stackedValues(for: nodes.union([v.node])).count <= count
      {
        return v.node
      }
    }
    return nil
  }

  private func isProduct(_ id: ID<Node>) -> Bool {
    switch graph[id].op {
    case .linear, .matmul: true
    default: false
    }
  }

  /// Returns the values of the body that `nodes` read of other nodes, and so have to be stacked; in
  /// order.
  private func stackedValues(for nodes: Set<ID<Node>>) -> [Value] {
    var result: [Value] = []
    for id in body.nodes where nodes.contains(id) {
      for v in graph[id].operands where isStackable(v, for: nodes) && !result.contains(v) {
        result.append(v)
      }
    }
    return result
  }

  private func isStackable(_ v: Value, for nodes: Set<ID<Node>>) -> Bool {
    if place.isInvariant(v) || nodes.contains(v.node) { return false }
    return place.contains(v.node) || place.isOldState(v)
  }

  /// Returns `true` iff node `id` can be computed for all steps at once, with `nodes`.
  private func canLeave(_ id: ID<Node>, with nodes: Set<ID<Node>>) -> Bool {
    for v in graph[id].operands where !place.isInvariant(v) && !nodes.contains(v.node) {
      if place.sequence(behind: v) != nil { continue }
      // One-hot rows are never stored.
      guard isStackable(v, for: nodes), graph.type(of: v) == graph.type(of: v).dense else {
        return false
      }
    }
    return graph.liftedOp(of: id, over: place.scan.count) { !place.isInvariant($0) } != nil
  }

  /// Lets `nodes` leave.
  mutating func insert(_ nodes: Set<ID<Node>>) {
    moved.formUnion(nodes)
  }

}

extension ProductsBehind {

  /// What two ways to compute the same cost in a call.
  struct Prices {

    /// The cycles if the products stay in the scan.
    let inside: Double

    /// The cycles behind it.
    let behind: Double

    /// `true` iff arithmetic takes longest in a step.
    let isBoundByArithmetic: Bool

    /// The bytes that are written and read again behind the scan only.
    let traffic: Double

  }

  /// Returns the prices of `nodes`.
  func prices(of nodes: Set<ID<Node>>, on machine: Machine) -> Prices {
    var inside = 0.0
    var (arithmetic, reading) = (0.0, 0.0)
    var behind = 0.0
    var traffic = 0.0
    for id in place.linears where nodes.contains(id) {
      let (rows, weights) = (place.rows(of: id), place.weights(of: id))
      let step = machine.price(
        of: ProductSize(rows: rows, weights: weights), footprint: place.footprint)
      inside += place.steps * step.cycles
      arithmetic += step.arithmetic
      reading += step.reading
      behind +=
        machine.price(
          of: ProductSize(rows: place.steps * rows, weights: weights), footprint: 4 * weights
        ).cycles
      if !isStacked(Value(id)) { traffic += 4 * place.steps * place.size(of: Value(id)) }
    }
    for v in stackedValues(for: nodes) where !isStacked(v) {
      traffic += 4 * place.steps * place.size(of: v)
    }
    return Prices(
      inside: inside, behind: behind + machine.transfer(of: traffic),
      isBoundByArithmetic: arithmetic >= reading, traffic: 2 * traffic)
  }

  private func isStacked(_ v: Value) -> Bool {
    body.results.dropFirst(place.scan.carried.count).contains(v)
  }

}

extension ProductsBehind {

  /// Appends the scan without what leaves it, and that behind it.
  func append(to rewriter: inout GraphRewriter) {
    let fixed = place.fixedNodes(for: moved)
    for id in fixed { rewriter.copy(id) { _, _ in false } }
    var scan = place.scan
    let carried = scan.carried.count
    let stacks = Array(zip(scan.stacked, body.results.dropFirst(carried)))
    let kept = stacks.filter { !moved.contains($0.1.node) }
    let added = stackedValues(for: moved).filter { v in !kept.contains { $0.1 == v } }
      .map { ("\(graph.name(of: $0))_all", $0) }
    scan.stacked = (kept + added).map(\.0)
    scan.body.nodes = nodesThatStay(fixed: fixed)
    scan.body.results = body.results.prefix(carried) + (kept + added).map(\.1)

    var node = graph[place.id]
    node.operands = node.operands.map { rewriter.mapped($0) }
    let results = node.results
    node.results =
      results.prefix(carried)
      + (kept + added).map { Node.Result(name: $0.0, type: place.lifted(graph.type(of: $0.1))) }
    scan.body = rewriter.copied(scan.body) { _, _ in false }
    node.op = .scan(scan)
    var all: [Value: Value] = [:]
    if !node.results.isEmpty {
      let new = rewriter.append(node)
      for i in results.indices.prefix(carried) {
        rewriter.replace(Value(place.id, i), by: Value(new.node, i))
      }
      for (i, stack) in (kept + added).enumerated() {
        all[stack.1] = all[stack.1] ?? Value(new.node, carried + i)
      }
    }
    appendMoved(&all, to: &rewriter, names: stacks.map { (name: $0.0, value: $0.1) })
    for (i, stack) in stacks.enumerated() {
      guard let value = all[stack.1] else { preconditionFailure("a stack is kept or has left") }
      rewriter.replace(Value(place.id, carried + i), by: value)
    }
  }

  /// Returns the nodes of the body that something in it, or the scan, still needs.
  private func nodesThatStay(fixed: [ID<Node>]) -> [ID<Node>] {
    let own = body.nodes.filter { !moved.contains($0) }
    let read = Set(
      own.flatMap { graph.computedValues(readBy: $0) }.map(\.node)
        + body.results.flatMap { graph.computedValues(behind: $0) }.map(\.node))
    return body.nodes.filter { id in
      if fixed.contains(id) { return false }
      // What was only copied, such as one-hot rows that others gather by, stays too.
      return !moved.contains(id) || (isCopied(id) && read.contains(id))
    }
  }

  /// Returns `true` iff `id` leaves although not all that depends on it does.
  private func isCopied(_ id: ID<Node>) -> Bool {
    !graph.descendants(of: [id], in: body).isSubset(of: moved)
  }

  /// Appends what has left, and notes in `all` which values are those of all steps.
  private func appendMoved(
    _ all: inout [Value: Value], to rewriter: inout GraphRewriter,
    names: [(name: String, value: Value)]
  ) {
    for id in body.nodes where moved.contains(id) {
      let node = graph[id]
      let operands = node.operands.map { v -> Value in
        if let value = all[v] { return value }
        return rewriter.mapped(place.sequence(behind: v) ?? v)
      }
      let op = graph.liftedOp(of: id, over: place.scan.count) { !place.isInvariant($0) }
      guard let op else { preconditionFailure("what has left can be computed for all steps") }
      let name = names.first { $0.value == Value(id) }?.name ?? node.results[0].name
      all[Value(id)] = rewriter.append(
        Node(
          op: op, operands: operands,
          results: [Node.Result(name: name, type: place.lifted(node.results[0].type))],
          span: node.span, origins: node.origins, comments: node.comments))
    }
  }

}

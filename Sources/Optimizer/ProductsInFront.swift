import IR

/// What leaves a scan in front of it: parts of products that depend on no state.
struct ProductsInFront {

  private let place: InnermostScan

  /// The nodes of the body that can be computed for all steps at once.
  private var liftable: Set<ID<Node>> = []

  /// The products of which parts leave, each with the positions of these parts.
  private var hoisted: [ID<Node>: [Int]] = [:]

  private var graph: Graph { place.graph }
  private var body: Block { place.scan.body }

  /// Leaves everything in the scan.
  init(_ place: InnermostScan) {
    self.place = place
    for id in body.nodes where !place.fixed.contains(id) {
      let isKnown = graph[id].operands.allSatisfy { place.isInvariant($0) || isLiftable($0) }
      if isKnown, liftedOp(of: id) != nil { liftable.insert(id) }
    }
  }

  private func isLiftable(_ v: Value) -> Bool {
    place.sequence(behind: v) != nil || liftable.contains(v.node)
  }

  private func liftedOp(of id: ID<Node>) -> Op? {
    graph.liftedOp(of: id, over: place.scan.count) { !place.isInvariant($0) }
  }

  /// `true` iff nothing leaves.
  var isEmpty: Bool { hoisted.isEmpty }

  /// Returns the positions of the parts of product `id` that can leave; gathered ones do not, since
  /// reading a row of the weight is cheaper than writing and reading one of the product.
  func hoistableParts(of id: ID<Node>, _ bindable: BindableValues) -> [Int] {
    guard case .linear(let linear) = graph[id].op, !linear.hasStart else { return [] }
    let operands = graph[id].operands
    guard operands[linear.parts.count...].allSatisfy({ bindable.contains($0) }) else { return [] }
    return linear.partOperands.filter { !linear.parts[$0].isGathered && isLiftable(operands[$0]) }
  }

  /// Lets `parts` of product `id` leave.
  mutating func hoist(_ parts: [Int], of id: ID<Node>) {
    hoisted[id] = parts
  }

  /// The nodes that are computed in front, those that compute the same in every step not included.
  private var lifted: Set<ID<Node>> {
    var needed: [Value] = []
    for (id, parts) in hoisted { needed += parts.map { graph[id].operands[$0] } }
    let whole = hoisted.filter { !isSplit($0.key) }.map { Value($0.key) }
    return graph.ancestors(of: needed + whole, in: body).subtracting(place.fixed)
  }

  /// Returns `true` iff product `id` stays with some of its parts.
  private func isSplit(_ id: ID<Node>) -> Bool {
    guard case .linear(let linear) = graph[id].op, let parts = hoisted[id] else { return false }
    return parts.count < linear.parts.count
  }

}

extension ProductsInFront {

  /// What two ways to compute the same cost in a call.
  struct Prices {

    /// The cycles if all parts stay in the scan.
    let concatenated: Double

    /// The cycles if some leave it.
    let hoisted: Double

    /// `true` iff arithmetic takes longest in a step with all parts.
    let isBoundByArithmetic: Bool

    /// The bytes of the weights that a step reads, and of those that leave it.
    let weightBytes: Double
    let hoistedBytes: Double

    /// The bytes that are written and read again only if parts leave.
    let traffic: Double

  }

  /// Returns the prices of letting `parts` of product `id` leave.
  func prices(of parts: [Int], of id: ID<Node>, on machine: Machine) -> Prices {
    let (rows, all) = (place.rows(of: id), place.weights(of: id))
    let leaving = parts.reduce(0) { $0 + place.weights(ofPart: $1, of: id) }
    let step = machine.price(
      of: ProductSize(rows: rows, weights: all), footprint: place.footprint)
    let rest = machine.price(
      of: ProductSize(rows: rows, weights: all - leaving), footprint: place.footprint - 4 * leaving)
    let front = machine.price(
      of: ProductSize(rows: place.steps * rows, weights: leaving), footprint: 4 * leaving)
    let bytes = 4 * place.steps * place.size(of: Value(id))
    return Prices(
      concatenated: place.steps * step.cycles,
      hoisted: front.cycles + place.steps * rest.cycles + machine.transfer(of: bytes),
      isBoundByArithmetic: step.isBoundByArithmetic, weightBytes: 4 * all,
      hoistedBytes: 4 * leaving, traffic: 2 * bytes)
  }

}

extension ProductsInFront {

  /// Returns the scan and what is computed in front of it, or `nil` if a weight would be too large.
  func plan(_ binder: inout Binder) -> Plan? {
    var splits: [ID<Node>: Split] = [:]
    let lifted = self.lifted
    for id in body.nodes where !lifted.contains(id) {
      guard let parts = hoisted[id] else { continue }
      guard let split = Split(parts, of: id, in: graph, &binder) else { return nil }
      splits[id] = split
    }
    return Plan(place: place, lifted: lifted, splits: splits)
  }

  /// A product whose parts are divided into those in front of the scan and those in it.
  struct Split {

    /// The product of the parts in front, and that of the parts in the scan without its start.
    let front: BoundLinear
    let inside: BoundLinear

    fileprivate init?(
      _ parts: [Int], of id: ID<Node>, in graph: Graph, _ binder: inout Binder
    ) {
      guard case .linear(let linear) = graph[id].op else { return nil }
      let rest = linear.partOperands.filter { !parts.contains($0) }
      guard var front = BoundLinear(parts, of: id, in: graph, &binder),
        let inside = BoundLinear(rest, of: id, in: graph, &binder),
        let columns = graph[id].results[0].type.shape.last
      else { return nil }
      if let i = linear.biasOperand {
        guard let bias = binder.lowered(graph[id].operands[i], of: graph) else { return nil }
        front.add(bias: binder.boundValue(bias))
      } else if !front.reaches(columns) {
        front.add(bias: binder.boundValue(binder.zeros(columns)))
      }
      self.front = front
      self.inside = inside
    }

  }

  /// A scan, and what is computed in front of it.
  struct Plan {

    fileprivate let place: InnermostScan
    fileprivate let lifted: Set<ID<Node>>
    fileprivate let splits: [ID<Node>: Split]

  }

}

/// Some parts of a product, and their weights in `bind`.
struct BoundLinear {

  private(set) var linear: Linear
  let parts: [Value]
  private(set) var bound: [BoundValue]

  /// Creates the product of those parts of product `id` that stand at `positions`, without its
  /// bias.
  init?(_ positions: [Int], of id: ID<Node>, in graph: Graph, _ binder: inout Binder) {
    guard case .linear(let all) = graph[id].op, let columns = graph[id].results[0].type.shape.last
    else { return nil }
    let operands = graph[id].operands
    var linear = Linear(parts: positions.map { all.parts[$0] })
    for i in linear.parts.indices
    where linear.parts[i].columns == Linear.Columns(lower: Extent(0), upper: columns) {
      linear.parts[i].columns = nil
    }
    var weights: [Value] = []
    if all.hasWeightPerPart {
      for i in positions {
        guard let weight = binder.lowered(operands[all.parts.count + i], of: graph) else {
          return nil
        }
        weights.append(weight)
      }
      linear.hasWeightPerPart = weights.count > 1 || linear.parts[0].columns != nil
    } else {
      guard let weight = graph.weight(ofParts: positions, of: id, &binder) else { return nil }
      weights = [weight]
    }
    self.linear = linear
    self.parts = positions.map { operands[$0] }
    self.bound = weights.map { binder.boundValue($0) }
  }

  /// Adds a bias.
  fileprivate mutating func add(bias: BoundValue) {
    linear.hasBias = true
    bound.append(bias)
  }

  /// Returns `true` iff the parts alone say that there are `columns` columns.
  fileprivate func reaches(_ columns: Extent) -> Bool {
    linear.parts.contains { $0.columns.map { $0.upper == columns } ?? true }
  }

}

extension Graph {

  /// Returns the rows of the one weight of product `id` that belong to the parts at `positions`, in
  /// their order.
  func weight(ofParts positions: [Int], of id: ID<Node>, _ binder: inout Binder) -> Value? {
    guard case .linear(let linear) = self[id].op else { return nil }
    let operands = self[id].operands
    guard let weight = binder.lowered(operands[linear.parts.count], of: self) else { return nil }
    // The first row of each part, and the number of rows.
    var borders = [Extent(0)]
    for v in operands[linear.partOperands] {
      guard let width = type(of: v).denseShape.last, let next = borders.last?.adding(width) else {
        return nil
      }
      borders.append(next)
    }
    let name = "\(self.name(of: Value(id)))_weight"
    var pieces: [Value] = []
    var next = 0
    while next < positions.count {
      // Parts that are neighbours have their rows in one piece.
      var last = next
      while last + 1 < positions.count, positions[last + 1] == positions[last] + 1 { last += 1 }
      let (lower, upper) = (borders[positions[next]], borders[positions[last] + 1])
      guard let piece = binder.rows(lower, upper, of: weight, name: name) else { return nil }
      pieces.append(piece)
      next = last + 1
    }
    return binder.concat(pieces, axis: 0, name: name)
  }

}

extension ProductsInFront.Plan {

  /// Appends the scan, behind what is computed in front of it.
  func append(to rewriter: inout GraphRewriter) {
    let graph = place.graph
    let fixed = place.fixedNodes(for: lifted.union(splits.keys))
    for id in fixed { rewriter.copy(id) { _, _ in false } }
    var all: [Value: Value] = [:]
    for id in place.scan.body.nodes {
      if lifted.contains(id) { appendLifted(id, &all, to: &rewriter) }
      if let split = splits[id] { appendFront(split, id, &all, to: &rewriter) }
    }

    var node = graph[place.id]
    node.operands = node.operands.map { rewriter.mapped($0) }
    var scan = place.scan
    let read = nodesReadInside
    scan.body = rewriter.copied(scan.body) { rewriter, id in
      if fixed.contains(id) { return true }
      if let split = splits[id] {
        appendInside(split, id, all, to: &rewriter)
        return true
      }
      guard lifted.contains(id) else { return false }
      // One-hot rows are cheaper to name again than to take from a sequence.
      if read.contains(id), graph.type(of: Value(id)) != graph.type(of: Value(id)).dense {
        return false
      }
      rewriter.replace(Value(id), by: element(of: Value(id), all, &rewriter))
      return true
    }
    node.op = .scan(scan)
    let new = rewriter.append(node)
    for i in node.results.indices { rewriter.replace(Value(place.id, i), by: Value(new.node, i)) }
  }

  /// The nodes that something in the body still reads.
  private var nodesReadInside: Set<ID<Node>> {
    let graph = place.graph
    var values = place.scan.body.results
    for id in place.scan.body.nodes where !lifted.contains(id) {
      values += splits[id].map { $0.inside.parts } ?? graph[id].operands
    }
    return Set(values.flatMap { graph.computedValues(behind: $0) }.map(\.node))
  }

  private func appendLifted(
    _ id: ID<Node>, _ all: inout [Value: Value], to rewriter: inout GraphRewriter
  ) {
    let node = place.graph[id]
    let op = place.graph.liftedOp(of: id, over: place.scan.count) { !place.isInvariant($0) }
    guard let op else { preconditionFailure("what leaves can be computed for all steps") }
    append(op, node.operands, [], like: id, &all, to: &rewriter)
  }

  private func appendFront(
    _ split: ProductsInFront.Split, _ id: ID<Node>, _ all: inout [Value: Value],
    to rewriter: inout GraphRewriter
  ) {
    let front = split.front
    append(.linear(front.linear), front.parts, front.bound, like: id, &all, to: &rewriter)
  }

  /// Appends `op`, applied to `operands` for all steps and `bound`, and notes its result in `all`.
  private func append(
    _ op: Op, _ operands: [Value], _ bound: [BoundValue], like id: ID<Node>,
    _ all: inout [Value: Value], to rewriter: inout GraphRewriter
  ) {
    let node = place.graph[id]
    let operands =
      operands.map { v in all[v] ?? rewriter.mapped(place.sequence(behind: v) ?? v) }
      + bound.map { rewriter.value(of: $0.source, type: $0.type) }
    let result = node.results[0]
    all[Value(id)] = rewriter.append(
      Node(
        op: op, operands: operands,
        results: [Node.Result(name: "\(result.name)_hoisted", type: place.lifted(result.type))],
        span: node.span, origins: place.graph.origins(of: [id])))
  }

  private func appendInside(
    _ split: ProductsInFront.Split, _ id: ID<Node>, _ all: [Value: Value],
    to rewriter: inout GraphRewriter
  ) {
    var node = place.graph[id]
    var linear = split.inside.linear
    linear.hasStart = true
    node.op = .linear(linear)
    node.operands =
      split.inside.parts.map { rewriter.mapped($0) }
      + split.inside.bound.map { rewriter.value(of: $0.source, type: $0.type) }
      + [element(of: Value(id), all, &rewriter)]
    rewriter.replace(Value(id), by: rewriter.append(node))
  }

  /// Returns the place of the present step in what `v` is for all steps.
  private func element(
    of v: Value, _ all: [Value: Value], _ rewriter: inout GraphRewriter
  ) -> Value {
    guard let sequence = all[v] else { preconditionFailure("what has left is known") }
    return rewriter.element(of: sequence, axis: 0, step: rewriter.mapped(place.step), offset: 0)
  }

}

import IR

extension Pass {

  /// Groups chains of elementwise operations, and the product before them, into one kernel.
  ///
  /// Members of a group are computed together, row by row and unit by unit: what only the group
  /// reads is never stored.
  ///
  ///     m = linear([x, h], W, b)                fused {
  ///     z = slice(m, 0 ..< n, axis: 1)            m = linear([x, h], W, b)
  ///     k = slice(m, n ..< 2 * n, axis: 1)        z = slice(m, 0 ..< n, axis: 1)
  ///     s = sigmoid(z)                     =>     k = slice(m, n ..< 2 * n, axis: 1)
  ///     y = mul(s, k)                             s = sigmoid(z)
  ///                                               y = mul(s, k)
  ///                                             }
  ///
  /// A group has one product at most, which is its first member. If the product is read by slices
  /// of equal width alone, the units are those of a slice; otherwise they are its columns.
  /// Everything else that members read is computed in front of the group.
  package static let fuseElementwise = Pass(
    "fuse", "group chains of elementwise operations with the product before them"
  ) { module, context in
    for i in module.entries.indices {
      let entry = module.entries[i]
      var graph = entry.graph
      var next = (graph.nodes.compactMap(\.group).max() ?? -1) + 1
      let reads = Readers(of: graph, roots: entry.roots)
      for block in graph.allBlocks {
        var fusion = Fusion(graph, block, reads, context.machine)
        fusion.fuse()
        for group in fusion.newGroups where context.permitsRewrite() {
          for id in group { graph[id].group = next }
          next += 1
        }
      }
      module.entries[i].graph = graph
      module.entries[i].gatherGroups()
    }
  }

}

/// Which nodes read each value of a graph.
private struct Readers {

  private var nodes: [Value: [ID<Node>]] = [:]

  /// The values that a block, or the graph, yields, or of which places are read.
  private var others: Set<Value> = []

  init(of graph: Graph, roots: [Value]) {
    others.formUnion(roots)
    for block in graph.allBlocks {
      others.formUnion(block.results)
      for id in block.nodes {
        for v in graph[id].operands {
          if graph[v.node].isInline {
            others.formUnion(graph[v.node].operands)
          } else {
            nodes[v, default: []].append(id)
          }
        }
      }
    }
  }

  /// Returns the nodes that read `v`, or `nil` if something else reads it too.
  func nodes(reading v: Value) -> [ID<Node>]? {
    others.contains(v) ? nil : nodes[v] ?? []
  }

}

/// The search for groups in one block.
private struct Fusion {

  /// The most members of a group, and the most tensors that they read besides those of a product.
  private static let memberLimit = 24
  private static let operandLimit = 8

  /// A group in the making.
  private struct Group {

    var members: [ID<Node>]

    /// The type of the values that the members compute, but for what their elements are; `nil` if
    /// nothing can join.
    let shape: [Extent]?

    /// The product that is the first member.
    let linear: ID<Node>?

    /// `true` iff the group was there before.
    let isOld: Bool

  }

  private let graph: Graph
  private let block: Block
  private let readers: Readers
  private let machine: Machine

  /// The places of the nodes of the block.
  private var positions: [ID<Node>: Int] = [:]

  private var groups: [Group] = []

  /// The group of each node that is in one.
  private var groupOfNode: [ID<Node>: Int] = [:]

  init(_ graph: Graph, _ block: Block, _ readers: Readers, _ machine: Machine) {
    self.graph = graph
    self.block = block
    self.readers = readers
    self.machine = machine
    for (i, id) in block.nodes.enumerated() { positions[id] = i }
  }

  /// The members of the groups that have been found, in order.
  var newGroups: [[ID<Node>]] {
    groups.filter { !$0.isOld && isWorthwhile($0) }.map(\.members)
  }

  /// Returns `true` iff computing the members of `group` together saves something: slices are views
  /// anyway.
  private func isWorthwhile(_ group: Group) -> Bool {
    group.members.count > 1 && group.members.contains { isElementwise($0) }
  }

  /// Finds groups.
  mutating func fuse() {
    var old: [Int: [ID<Node>]] = [:]
    for id in block.nodes {
      if let group = graph[id].group { old[group, default: []].append(id) }
    }
    for id in block.nodes {
      if let group = graph[id].group {
        if let members = old.removeValue(forKey: group) { open(members, isOld: true) }
      } else if isProduct(id) {
        open([id], isOld: false)
      } else if isSlice(id) || isElementwise(id), !join(id), isElementwise(id) {
        open([id], isOld: false)
      }
    }
  }

  private mutating func open(_ members: [ID<Node>], isOld: Bool) {
    let first = members[0]
    let shape = isProduct(first) ? shape(after: first) : graph[first].results[0].type.shape
    for id in members { groupOfNode[id] = groups.count }
    groups.append(
      Group(
        members: members, shape: shape, linear: isProduct(first) ? first : nil, isOld: isOld))
  }

  /// Lets node `id` join the latest group of those that compute its operands, if one can take it.
  private mutating func join(_ id: ID<Node>) -> Bool {
    var candidates: [Int] = []
    for v in graph[id].operands {
      if let group = groupOfNode[v.node], !candidates.contains(group) { candidates.append(group) }
    }
    for group in candidates.sorted(by: >) where canJoin(id, group) {
      groups[group].members.append(id)
      groupOfNode[id] = group
      return true
    }
    return false
  }

  private func canJoin(_ id: ID<Node>, _ number: Int) -> Bool {
    let group = groups[number]
    guard !group.isOld, let shape = group.shape, graph[id].results[0].type.shape == shape,
      group.members.count < Self.memberLimit
    else { return false }
    if isSlice(id), group.linear != graph[id].operands[0].node { return false }
    if isElementwise(id), let linear = group.linear, graph[linear].results[0].type.shape != shape,
      graph[id].operands.contains(Value(linear))
    {
      return false
    }
    let operands = externalOperands(of: group.members + [id], number)
    let areEven = operands.allSatisfy { isEven(graph.type(of: $0).shape, over: shape) }
    if group.linear != nil, !areEven { return false }
    if operands.filter({ !graph.type(of: $0).shape.isEmpty }).count > Self.operandLimit {
      return false
    }
    let isOfGroup = { (v: Value) in groupOfNode[v.node] == number }
    // The elements of a place are not there until all of a group is computed.
    if operands.contains(where: { graph.computedValues(behind: $0).contains(where: isOfGroup) }) {
      return false
    }
    return !dependsOnOutside(id, group: number)
  }

  /// Returns `true` iff a tensor of shape `operand`, broadcast to `shape`, is the same distance
  /// from row to row everywhere: the epilogue of a product walks over rows.
  private func isEven(_ operand: [Extent], over shape: [Extent]) -> Bool {
    let one = Extent(1)
    let padded = Array(repeating: one, count: shape.count - operand.count) + operand
    let rows = zip(padded, shape).dropLast().filter { $0.1 != one }
    return rows.allSatisfy { $0.0 == one } || rows.allSatisfy { $0.0 == $0.1 }
  }

  /// Returns the values, each once, that `members` of group `number` read of others; not those of a
  /// product, which reads them before.
  private func externalOperands(of members: [ID<Node>], _ number: Int) -> Set<Value> {
    var result: Set<Value> = []
    for id in members where !isProduct(id) {
      for v in graph[id].operands where !members.contains(v.node) { result.insert(v) }
    }
    return result
  }

  /// Returns `true` iff node `id` depends on group `number` through something that is not in it.
  ///
  /// A group depends on what any of its members depends on, because these are computed together.
  private func dependsOnOutside(_ id: ID<Node>, group number: Int) -> Bool {
    // Nothing in front of the first member can depend on the group, unless it is computed together
    // with something behind it.
    let start = position(of: groups[number].members[0])
    var seen: Set<ID<Node>> = []
    var left = inputs(of: id).filter { groupOfNode[$0] != number }
    while let next = left.popLast() {
      let together = groupOfNode[next].map { groups[$0].members } ?? [next]
      guard seen.insert(together[0]).inserted,
        together.contains(where: { position(of: $0) > start })
      else { continue }
      for member in together {
        for input in inputs(of: member) {
          if groupOfNode[input] == number { return true }
          left.append(input)
        }
      }
    }
    return false
  }

  private func position(of id: ID<Node>) -> Int { positions[id] ?? -1 }

  /// Returns the nodes of the block that node `id` reads.
  private func inputs(of id: ID<Node>) -> [ID<Node>] {
    graph.computedValues(readBy: id).map(\.node).filter { positions[$0] != nil }
  }

}

extension Fusion {

  private func isProduct(_ id: ID<Node>) -> Bool {
    if case .linear = graph[id].op { return true }
    return false
  }

  /// Returns `true` iff node `id` is element-wise and has numbers in memory.
  private func isElementwise(_ id: ID<Node>) -> Bool {
    if !graph[id].op.isElementwise { return false }
    let result = graph[id].results[0].type
    if case .index = result.element { return false }
    return graph[id].operands.allSatisfy { graph.type(of: $0) == graph.type(of: $0).dense }
  }

  /// Returns `true` iff node `id` is a range of columns of a product.
  private func isSlice(_ id: ID<Node>) -> Bool {
    guard case .slice(let axis, _, _) = graph[id].op else { return false }
    let operand = graph[id].operands[0]
    return isProduct(operand.node) && axis == graph.type(of: operand).shape.count - 1
  }

  /// Returns the shape in which a group with product `id` is computed: that of its slices, if these
  /// divide it into as few equal parts as the machine can finish together, else its own.
  private func shape(after id: ID<Node>) -> [Extent]? {
    let whole = graph[id].results[0].type.shape
    guard let readers = readers.nodes(reading: Value(id)), !readers.isEmpty,
      readers.allSatisfy({ isSlice($0) }), let width = width(of: readers[0])
    else { return whole }
    let isEven = readers.allSatisfy { reader in
      guard case .slice(_, let lower, _) = graph[reader].op, self.width(of: reader) == width else {
        return false
      }
      return (0..<machine.mostSegments).contains { width.multiplied(by: Extent($0)) == lower }
    }
    let isDivided = (1...machine.mostSegments).contains {
      width.multiplied(by: Extent($0)) == whole.last
    }
    return isEven && isDivided ? whole.dropLast() + [width] : whole
  }

  private func width(of slice: ID<Node>) -> Extent? { graph[slice].results[0].type.shape.last }

}

extension Entry {

  /// Puts the members of each group next to each other, behind everything that they read.
  fileprivate mutating func gatherGroups() {
    let graph = graph
    for block in graph.allBlocks where block.nodes.contains(where: { graph[$0].group != nil }) {
      var sorter = GroupSorter(graph, block)
      reorder(block, sorter.sorted())
    }
  }

  /// Lists the nodes of `block` in `order`.
  private mutating func reorder(_ block: Block, _ order: [ID<Node>]) {
    if order == block.nodes { return }
    if graph.body.nodes == block.nodes {
      graph.body.nodes = order
      return
    }
    for id in graph.nodes.ids {
      guard case .scan(var scan) = graph[id].op else { continue }
      if scan.body.nodes == block.nodes { scan.body.nodes = order }
      if scan.remainder?.nodes == block.nodes { scan.remainder?.nodes = order }
      graph[id].op = .scan(scan)
    }
  }

}

/// The order of a block in which groups stand together.
private struct GroupSorter {

  private let graph: Graph
  private let block: Block
  private var members: [Int: [ID<Node>]] = [:]
  private var done: Set<ID<Node>> = []
  private var order: [ID<Node>] = []

  init(_ graph: Graph, _ block: Block) {
    self.graph = graph
    self.block = block
    for id in block.nodes {
      if let group = graph[id].group { members[group, default: []].append(id) }
    }
  }

  /// Returns the nodes of the block, each behind what it reads.
  mutating func sorted() -> [ID<Node>] {
    let own = Set(block.nodes)
    // What waits for its inputs, the last one first. Groups do not depend on each other in circles,
    // so that this ends.
    var waiting = Array(block.nodes.reversed())
    while let id = waiting.last {
      if done.contains(id) {
        waiting.removeLast()
        continue
      }
      let together = graph[id].group.flatMap { members[$0] } ?? [id]
      let missing = together.flatMap { graph.computedValues(readBy: $0) }.map(\.node)
        .filter { own.contains($0) && !done.contains($0) && !together.contains($0) }
      if missing.isEmpty {
        order += together
        done.formUnion(together)
      } else {
        waiting += missing.sorted(by: >)
      }
    }
    return order
  }

}

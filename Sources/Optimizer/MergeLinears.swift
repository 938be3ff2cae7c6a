import IR

extension Pass {

  /// Computes products that share a part as one product, whose columns stand side by side.
  ///
  /// The shared part is read once, and the columns of all gates of a cell fill the registers
  /// together. A part feeds the columns of the products that it was a part of, which must be
  /// neighbours; where the parts differ each has a weight of its own, so that no zeros are stored
  /// or multiplied.
  ///
  ///     r = linear([x, h], W_r, b_r)       m = linear([x to 0 ..< 2 * n, h to n ..< 3 * n],
  ///     a = linear(x, W_a, b_a)                       [m_weight, m_weight_1], m_bias) from a, r, b
  ///     b = linear(h, W_b, b_b)       =>   a = slice(m, 0 ..< n, axis: 1)
  ///                                        r = slice(m, n ..< 2 * n, axis: 1)
  ///                                        b = slice(m, 2 * n ..< 3 * n, axis: 1)
  ///
  /// Merging costs nothing: the products are computed one after the other anyway, and their slices
  /// are views. The exception is a product that feeds no state, such as an output layer that reads
  /// an old state: it is not merged with one that does, so that it can leave the scan.
  package static let mergeLinears = Pass(
    "merge-linears", "compute products that share a part as one"
  ) { module, context in
    module.rewriteEntries { entry, binder in
      // Each merger leaves fewer products, so that this ends.
      while true {
        let mergers = MergerSearch(entry).mergers(&binder).prefix { _ in context.permitsRewrite() }
        if mergers.isEmpty { return }
        entry.rewrite { rewriter, id in mergers.contains { $0.replace(id, &rewriter) } }
      }
    }
  }

}

/// A product that may be merged.
private struct Candidate {

  let id: ID<Node>

  /// The values that are its parts, no two of them alike.
  let parts: [Value]

}

/// Which of some candidates have a part in common with others.
private struct Sharing {

  /// The numbers of the candidates with each part that is one of several, in order.
  private var numbers: [Value: [Int]] = [:]

  init(_ candidates: [Candidate]) {
    for (i, candidate) in candidates.enumerated() {
      for part in candidate.parts { numbers[part, default: []].append(i) }
    }
    numbers = numbers.filter { $0.value.count > 1 }
  }

  /// `true` iff no part is one of several candidates.
  var isEmpty: Bool { numbers.isEmpty }

  /// Returns the numbers of the candidates with a part of one of `members`, in order.
  func candidates(near members: [Candidate]) -> [Int] {
    Set(members.flatMap(\.parts).flatMap { numbers[$0] ?? [] }).sorted()
  }

}

/// The search for products to merge.
private struct MergerSearch {

  /// The most different sets of parts that one product is made of; more would take long to order.
  private static let setLimit = 5

  private let entry: Entry
  private let graph: Graph
  private let bindable: BindableValues

  init(_ entry: Entry) {
    self.entry = entry
    self.graph = entry.graph
    self.bindable = BindableValues(of: entry.graph)
  }

  /// Returns mergers in the first block that has any, in the order of the text.
  ///
  /// Each begins after the last product of the one before it, so that none changes what another
  /// depends on.
  func mergers(_ binder: inout Binder) -> [Merger] {
    for (block, states) in blocks {
      let candidates = block.nodes.compactMap { candidate($0) }
      let sharing = Sharing(candidates)
      if sharing.isEmpty { continue }
      let feeding = graph.ancestors(of: states, in: block)
      let places = Dictionary(uniqueKeysWithValues: zip(block.nodes, block.nodes.indices))
      var result: [Merger] = []
      var end = 0
      for (first, candidate) in candidates.enumerated() {
        guard let place = places[candidate.id], place >= end else { continue }
        let members = members(with: first, of: candidates, sharing, in: block) {
          feeding.contains($0) == feeding.contains(candidate.id)
        }
        if members.count < 2 { continue }
        guard let merger = Merger(members, in: graph, block, &binder) else { continue }
        result.append(merger)
        end = members.compactMap { places[$0.id] }.reduce(end) { max($0, $1 + 1) }
      }
      if !result.isEmpty { return result }
    }
    return []
  }

  /// All blocks, with the new values of the states that each gives.
  private var blocks: [(block: Block, states: [Value])] {
    var result = [(entry.graph.body, entry.updates.map(\.value))]
    for block in graph.allBlocks {
      for id in block.nodes {
        guard case .scan(let scan) = graph[id].op else { continue }
        result += scan.blocks.map { ($0, Array($0.results.prefix(scan.carried.count))) }
      }
    }
    return result
  }

  private func candidate(_ id: ID<Node>) -> Candidate? {
    guard case .linear(let linear) = graph[id].op, !linear.hasStart, !linear.hasWeightPerPart
    else { return nil }
    let operands = graph[id].operands
    let parts = Array(operands[linear.partOperands])
    guard Set(parts).count == parts.count,
      operands[linear.parts.count...].allSatisfy({ bindable.contains($0) })
    else { return nil }
    return Candidate(id: id, parts: parts)
  }

  /// Returns those of `candidates` behind number `first` that can be merged with it and satisfy
  /// `isEligible`, and that one, in the order of their columns.
  private func members(
    with first: Int, of candidates: [Candidate], _ sharing: Sharing, in block: Block,
    where isEligible: (ID<Node>) -> Bool
  ) -> [Candidate] {
    var members = [candidates[first]]
    var taken: Set<Int> = [first]
    // A product may share a part only with one that joins after it; each round but the last lets
    // one join, so that this ends.
    while true {
      let near = sharing.candidates(near: members).filter {
        $0 > first && !taken.contains($0) && isEligible(candidates[$0].id)
      }
      if near.isEmpty { return Self.ordered(members) ?? members }
      let dependent = graph.descendants(of: Set(members.map(\.id)), in: block)
      let needed = graph.ancestors(of: members.map { Value($0.id) }, in: block)
      let next = near.first {
        !dependent.contains(candidates[$0].id) && !needed.contains(candidates[$0].id)
          && Self.ordered(members + [candidates[$0]]) != nil
      }
      guard let next else { return Self.ordered(members) ?? members }
      taken.insert(next)
      members.append(candidates[next])
      members.sort { $0.id < $1.id }
    }
  }

  /// Returns `members` in an order in which those with any one part are neighbours, or `nil` if
  /// there is none.
  private static func ordered(_ members: [Candidate]) -> [Candidate]? {
    var sets: [Set<Value>] = []
    for member in members where !sets.contains(Set(member.parts)) { sets.append(Set(member.parts)) }
    if sets.count > setLimit { return nil }
    guard let order = firstOrder(of: sets, after: []) else { return nil }
    return order.flatMap { set in members.filter { Set($0.parts) == set } }
  }

  /// Returns the first order of `sets` behind `head` in which those with any one value are
  /// neighbours.
  private static func firstOrder(
    of sets: [Set<Value>], after head: [Set<Value>]
  ) -> [Set<Value>]? {
    if sets.isEmpty { return head }
    for (i, set) in sets.enumerated() {
      var rest = sets
      rest.remove(at: i)
      // What stood in an earlier set and not in the last one has ended.
      let isNeighbour = set.allSatisfy { v in
        head.last.map { $0.contains(v) } ?? true || !head.contains { $0.contains(v) }
      }
      if isNeighbour, let order = firstOrder(of: rest, after: head + [set]) { return order }
    }
    return nil
  }

}

/// One product instead of several.
private struct Merger {

  /// A product that becomes a range of columns.
  private struct Member {

    let id: ID<Node>
    let slice: Op

  }

  private let graph: Graph

  /// The products in the order of their columns, and the first of them in the text.
  private let members: [Member]
  private let first: ID<Node>

  /// What has to be computed before the first product, in order.
  private let early: [ID<Node>]

  /// The products and what is computed early.
  private let replaced: Set<ID<Node>>

  private let linear: Linear
  private let parts: [Value]
  private let weights: [BoundValue]
  private let bias: BoundValue?
  private let type: TensorType
  private let name: String

  /// Creates the product that `candidates` are together, or `nil` if it would be too large.
  init?(
    _ candidates: [Candidate], in graph: Graph, _ block: Block, _ binder: inout Binder
  ) {
    let inOrder = candidates.sorted { $0.id < $1.id }
    let name = "\(graph.name(of: Value(candidates[0].id)))_merged"
    guard let columns = Self.columns(of: candidates.map(\.id), in: graph) else { return nil }
    var parts: [Value] = []
    for candidate in inOrder { parts += candidate.parts.filter { !parts.contains($0) } }

    guard let layout = Self.layout(candidates, parts, columns),
      let weights = Self.weights(
        candidates, parts, isShared: layout.allSatisfy { $0 == nil }, in: graph, &binder,
        name: name),
      let bias = Self.bias(candidates, in: graph, &binder, name: name)
    else { return nil }
    let isGathered = parts.map { part in
      candidates.contains { graph.isGathered(part, by: $0.id) }
    }
    var linear = Linear(
      parts: zip(layout, isGathered).map { Linear.Part(isGathered: $1, columns: $0) })
    linear.hasWeightPerPart = weights.count > 1 || layout.contains { $0 != nil }
    linear.hasBias = !bias.isEmpty
    let types =
      parts.map { graph.type(of: $0) } + (weights + bias).map { binder.type(of: $0) }
    guard let type = binder.resultType(of: .linear(linear), types) else { return nil }

    let axis = type.shape.count - 1
    self.graph = graph
    self.members = zip(candidates, columns).map { candidate, columns in
      Member(
        id: candidate.id, slice: .slice(axis: axis, lower: columns.lower, upper: columns.upper))
    }
    self.first = inOrder[0].id
    let needed = graph.ancestors(of: candidates.flatMap(\.parts), in: block)
    self.early = Array(block.nodes.drop { $0 != inOrder[0].id }.filter { needed.contains($0) })
    self.replaced = Set(candidates.map(\.id) + early)
    self.linear = linear
    self.parts = parts
    self.weights = weights.map { binder.boundValue($0) }
    self.bias = bias.first.map { binder.boundValue($0) }
    self.type = type
    self.name = name
  }

  /// Returns the columns of `ids`, side by side.
  private static func columns(of ids: [ID<Node>], in graph: Graph) -> [Linear.Columns]? {
    var result: [Linear.Columns] = []
    for id in ids {
      let lower = result.last?.upper ?? Extent(0)
      guard let width = graph[id].results[0].type.shape.last, let upper = lower.adding(width)
      else { return nil }
      result.append(Linear.Columns(lower: lower, upper: upper))
    }
    return result
  }

  /// Returns the columns that each of `parts` feeds: `nil` for all of them.
  private static func layout(
    _ candidates: [Candidate], _ parts: [Value], _ columns: [Linear.Columns]
  ) -> [Linear.Columns?]? {
    parts.map { part in
      let fed = candidates.indices.filter { candidates[$0].parts.contains(part) }
      if fed.count == candidates.count { return nil }
      return Linear.Columns(lower: columns[fed[0]].lower, upper: columns[fed[fed.count - 1]].upper)
    }
  }

  /// Returns one weight for all `parts` if `isShared`, otherwise one for each.
  private static func weights(
    _ candidates: [Candidate], _ parts: [Value], isShared: Bool, in graph: Graph,
    _ binder: inout Binder, name: String
  ) -> [Value]? {
    if isShared {
      var columns: [Value] = []
      for candidate in candidates {
        guard let column = graph.weight(of: candidate.id, for: parts, &binder) else { return nil }
        columns.append(column)
      }
      return binder.concat(columns, axis: 1, name: "\(name)_weight").map { [$0] }
    }
    var weights: [Value] = []
    for part in parts {
      var columns: [Value] = []
      for candidate in candidates where candidate.parts.contains(part) {
        guard let column = graph.weight(of: candidate.id, for: [part], &binder) else { return nil }
        columns.append(column)
      }
      guard let weight = binder.concat(columns, axis: 1, name: "\(name)_weight") else { return nil }
      weights.append(weight)
    }
    return weights
  }

  /// Returns the biases side by side, with zeros for those that are missing; none if all are.
  private static func bias(
    _ candidates: [Candidate], in graph: Graph, _ binder: inout Binder, name: String
  ) -> [Value]? {
    var biases: [Value] = []
    var hasBias = false
    for candidate in candidates {
      let node = graph[candidate.id]
      guard case .linear(let linear) = node.op, let width = node.results[0].type.shape.last else {
        return nil
      }
      if let i = linear.biasOperand {
        guard let bias = binder.lowered(node.operands[i], of: graph) else { return nil }
        biases.append(bias)
        hasBias = true
      } else {
        biases.append(binder.zeros(width))
      }
    }
    if !hasBias { return [] }
    return binder.concat(biases, axis: 0, name: "\(name)_bias").map { [$0] }
  }

  /// Writes what replaces node `id` and returns `true`, or returns `false` if the merger does not
  /// replace it.
  func replace(_ id: ID<Node>, _ rewriter: inout GraphRewriter) -> Bool {
    if id == first {
      for id in early { rewriter.copy(id) { _, _ in false } }
      append(to: &rewriter)
    }
    return replaced.contains(id)
  }

  private func append(to rewriter: inout GraphRewriter) {
    var operands = parts.map { rewriter.mapped($0) }
    for bound in weights + (bias.map { [$0] } ?? []) {
      operands.append(rewriter.value(of: bound.source, type: bound.type))
    }
    let product = rewriter.append(
      Node(
        op: .linear(linear), operands: operands,
        results: [Node.Result(name: name, type: type)], span: graph[members[0].id].span,
        origins: graph.origins(of: members.map(\.id))))
    for member in members {
      let node = graph[member.id]
      let slice = rewriter.append(
        Node(
          op: member.slice, operands: [product], results: node.results, span: node.span,
          origins: node.origins, comments: node.comments))
      rewriter.replace(Value(member.id), by: slice)
    }
  }

}

extension Graph {

  /// Returns `true` iff product `id` gathers by its part `part`.
  fileprivate func isGathered(_ part: Value, by id: ID<Node>) -> Bool {
    guard case .linear(let linear) = self[id].op else { return false }
    return linear.partOperands.contains { i in
      self[id].operands[i] == part && linear.parts[i].isGathered
    }
  }

  /// Returns the rows of the one weight of product `id` that belong to `parts`, in their order.
  fileprivate func weight(
    of id: ID<Node>, for parts: [Value], _ binder: inout Binder
  ) -> Value? {
    let positions = parts.compactMap { self[id].operands.firstIndex(of: $0) }
    return weight(ofParts: positions, of: id, &binder)
  }

}

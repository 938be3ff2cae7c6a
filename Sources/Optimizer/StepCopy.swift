import IR

/// A copy of the body of a scan that does one of its steps.
struct StepCopy {

  /// The step that a copy does.
  enum Place {

    /// So many steps behind another one, a value of the new graph.
    case counted(from: Value, offset: Int)

    /// The one with the given number.
    case fixed(Int)

  }

  private let graph: Graph
  private let body: Block
  private let stacked: [String]
  private let place: Place
  private let dimensions: [Dimension]
  private let keepsComments: Bool

  /// The places of all sequences of the graph.
  private let places: [ID<Node>]

  /// The places of sequences at the step that are still to be written.
  private var pending: [ID<Node>]

  /// What is computed in the body, or is an argument of a block in it, and still to be written.
  private var unwritten: Set<ID<Node>> = []

  /// The arguments of the block that each node in a block of the body stands in.
  private var arguments: [ID<Node>: [Value]] = [:]

  /// Creates a copy of the body of `scan`, a node of `graph`, that does the step at `place`;
  /// `places` are the places in the graph.
  init(
    _ graph: Graph, _ scan: Scan, _ place: Place, _ dimensions: [Dimension],
    places: [ID<Node>], keepsComments: Bool
  ) {
    self.graph = graph
    self.body = scan.body
    self.stacked = scan.stacked
    self.place = place
    self.dimensions = dimensions
    self.keepsComments = keepsComments
    self.places = places
    let step = scan.body.arguments[0]
    pending = places.filter { graph[$0].operands.dropFirst().contains(step) }
    recordNodes(of: scan.body)
  }

  private mutating func recordNodes(of block: Block) {
    for id in block.nodes {
      unwritten.insert(id)
      guard case .scan(let scan) = graph[id].op else { continue }
      for inner in scan.blocks {
        for argument in inner.arguments { unwritten.insert(argument.node) }
        for id in inner.nodes { arguments[id] = inner.arguments }
        recordNodes(of: inner)
      }
    }
  }

  /// Appends the lines of the step, in which states have the values `states`, and returns the
  /// results of the body.
  mutating func append(states: [Value], to rewriter: inout GraphRewriter) -> [Value] {
    // Places depend on what another copy has set.
    rewriter.forgetMapping(of: places.map { Value($0) })
    if case .fixed(let number) = place {
      let step = rewriter.value(of: .number(Number(Double(number))), type: .scalar)
      rewriter.replace(body.arguments[0], by: step)
    } else if case .counted(let step, _) = place {
      rewriter.replace(body.arguments[0], by: step)
    }
    for (argument, state) in zip(body.arguments.dropFirst(), states) {
      rewriter.replace(argument, by: state)
    }
    writePlaces(&rewriter)
    for id in body.nodes { copy(id, &rewriter) }
    return body.results.map { rewriter.mapped($0) }
  }

  /// Writes the places of sequences that are there.
  private mutating func writePlaces(_ rewriter: inout GraphRewriter) {
    var left: [ID<Node>] = []
    for id in pending {
      guard case .at(let axis, let offset) = graph[id].op, !isUnwritten(graph[id].operands[0])
      else {
        left.append(id)
        continue
      }
      let x = rewriter.mapped(graph[id].operands[0])
      let value =
        switch place {
        case .counted(let step, let distance):
          rewriter.element(of: x, axis: axis, step: step, offset: offset + distance)
        case .fixed(let number):
          rewriter.element(of: x, axis: axis, step: nil, offset: offset + number)
        }
      rewriter.replace(Value(id), by: value)
    }
    pending = left
  }

  private func isUnwritten(_ value: Value) -> Bool {
    if case .at = graph.op(of: value) {
      return graph[value.node].operands.contains { isUnwritten($0) }
    }
    return unwritten.contains(value.node)
  }

  /// Copies node `id`, with the blocks in it.
  private mutating func copy(_ id: ID<Node>, _ rewriter: inout GraphRewriter) {
    if let arguments = arguments[id] {
      for argument in arguments { unwritten.remove(argument.node) }
      writePlaces(&rewriter)
    }
    var node = graph[id]
    node.operands = node.operands.map { rewriter.mapped($0) }
    if case .fixed = place, node.op == .convert, graph[id].operands == [body.arguments[0]] {
      // The step is a number already.
      rewriter.replace(Value(id), by: node.operands[0])
      unwritten.remove(id)
      return writePlaces(&rewriter)
    }
    if case .counted(_, let distance) = place, let i = node.op.stepOperand,
      graph[id].operands[i] == body.arguments[0]
    {
      node.op = node.op.moved(by: distance)
    }
    if !keepsComments { node.comments = Comments() }
    if case .scan(var scan) = node.op {
      scan.body = copied(scan.body, &rewriter)
      scan.remainder = scan.remainder.map { copied($0, &rewriter) }
      node.op = .scan(scan)
    } else {
      node.results[0].type = rewriter.type(of: node.op, node.operands, in: dimensions)
    }
    if case .fixed = place, stacked.contains(node.results.first?.name ?? "") {
      // The name is that of all steps.
      node.results[0].name += "_1"
    }
    let copy = rewriter.append(node)
    for i in node.results.indices { rewriter.replace(Value(id, i), by: Value(copy.node, i)) }
    unwritten.remove(id)
    writePlaces(&rewriter)
  }

  private mutating func copied(_ block: Block, _ rewriter: inout GraphRewriter) -> Block {
    var result = rewriter.copied(block) { rewriter, id in
      copy(id, &rewriter)
      return true
    }
    if !keepsComments { result.closingComments = [] }
    return result
  }

}

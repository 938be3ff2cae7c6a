import IR

/// The sweep back over the graph of an entry: reverse-mode differentiation.
///
/// The graph grows after its last line. Outside of scans what was computed before can be read as
/// it is. The sweep of a scan is a scan over the same steps in the opposite order; what it needs of
/// a step is stacked by the forward scan and read at that step.
///
/// What is written stands in the outermost block that knows its operands, and once: the transpose
/// of a weight in front of a loop, not in it.
struct Differentiation {

  /// A computation, to find one that was written before.
  fileprivate struct Key: Hashable {
    let op: Op
    let operands: [Value]
  }

  /// A range of a value along an axis with the adjoint of that range.
  struct Piece {
    let axis: Int
    let lower: Extent
    let upper: Extent
    let adjoint: Value
  }

  /// The block that the sweep of a block writes.
  struct Frame {

    fileprivate(set) var nodes: [ID<Node>] = []
    fileprivate var known: [Key: Value] = [:]

    /// The sums of what the users of values of the forward block have contributed so far, but for
    /// `pieces`. Never iterated.
    fileprivate var adjoints: [Value: Value] = [:]

    /// The contributions of users that read a part.
    fileprivate var pieces: [Value: [Piece]] = [:]

    /// What is known of the loop, unless the block stands outside of scans.
    var loop: LoopSweep?

  }

  private(set) var graph: Graph
  let module: Module
  private let active: ActiveValues
  let exclusions: Exclusions
  let wild: WildValues

  /// The blocks being written, the outermost first; those of the forward graph correspond to them.
  var frames: [Frame] = [Frame()]

  /// The number of scans around each node and argument.
  private var depths: [ID<Node>: Int]

  /// The values of states of the model that a later scan of the same block goes on with: no name
  /// means them behind it. Never iterated.
  private(set) var superseded: Set<Value> = []

  /// What `flush` makes of values, in the same block. Never iterated.
  private(set) var flushedCopies: [Value: Value] = [:]

  /// What is stacked for the sweep.
  private(set) var kept: [Gradient.Kept] = []

  /// The names of the values that what is being written belongs to.
  var origins: [String] = []

  var dimensions: [Dimension] { module.dimensions }
  private let inputs: [Entry.Input]

  /// Creates the sweep over `entry` from `seeds`, in which `active` are the values that have
  /// gradients.
  init(_ entry: Entry, _ module: Module, _ active: ActiveValues, from seeds: [Value]) {
    self.graph = entry.graph
    self.module = module
    self.inputs = entry.inputs
    self.active = active
    self.exclusions = Exclusions(
      of: entry.graph, differentiating: seeds, in: module.dimensions)
    self.wild = WildValues(of: entry.graph)
    self.depths = entry.graph.depths
    recordStates(of: graph.body)
  }

  private mutating func recordStates(of block: Block) {
    var current: [ID<State>: Value] = [:]
    for id in block.nodes {
      if graph[id].op == .unary(.flush), let x = graph[id].operands.first,
        depths[x.node] == depths[id]
      {
        flushedCopies[x] = Value(id)
      }
      guard case .scan(let scan) = graph[id].op else { continue }
      for (i, carried) in scan.carried.enumerated() {
        guard let state = carried.state else { continue }
        if let old = current.updateValue(Value(id, i), forKey: state) { superseded.insert(old) }
      }
      recordStates(of: scan.body)
    }
  }

  /// Returns the number of scans that must stand around whoever reads `v`.
  func depth(of v: Value) -> Int {
    let node = graph[v.node]
    switch node.op {
    case .source: return 0
    case .at: return node.operands.map { depth(of: $0) }.max() ?? 0
    default:
      guard let depth = depths[v.node] else {
        preconditionFailure("each node stands in a block")
      }
      return depth
    }
  }

  /// Returns `true` iff `v` has a gradient that something needs.
  func isActive(_ v: Value) -> Bool { active.contains(v) }

  /// Sweeps over all lines.
  mutating func sweep() { sweep(graph.body) }

  /// Sweeps over the lines of `block`, a block of the forward graph.
  mutating func sweep(_ block: Block) {
    for id in block.nodes.reversed() {
      let node = graph[id]
      origins = node.origins.isEmpty ? node.results.map(\.name) : node.origins
      if case .scan(let scan) = node.op {
        differentiate(scan, id)
      } else if let dy = takeAdjoint(of: Value(id)) {
        differentiate(id, dy)
      }
    }
  }

  /// Returns the graph with what the sweep has written.
  func finishedGraph() -> Graph {
    var result = graph
    result.body.nodes += frames[0].nodes
    return result
  }

  /// Returns the gradient by a leaf of `type` that `sources` are, after the whole sweep.
  mutating func gradient(of sources: [Source], _ type: TensorType, name: String) -> Value {
    origins = []
    var sum: Value?
    for source in sources {
      guard let d = takeAdjoint(of: graph.value(of: source, type: type)) else { continue }
      sum = sum.map { apply(.binary(.add), [$0, d], name: name) } ?? d
    }
    return sum ?? apply(.broadcast(type.shape), [number(0)], name: name)
  }

}

extension Differentiation {

  /// Returns the value of `source`.
  mutating func value(of source: Source, type: TensorType) -> Value {
    graph.value(of: source, type: type)
  }

  /// Returns the value of a number in the text.
  mutating func number(_ x: Double) -> Value {
    graph.value(of: .number(Number(x)), type: .scalar)
  }

  /// Returns a place of `x`.
  mutating func element(of x: Value, axis: Int = 0, step: Value?, offset: Int = 0) -> Value {
    graph.element(of: x, axis: axis, step: step, offset: offset)
  }

  /// Returns `op` applied to `operands`, which the present block can read.
  mutating func apply(_ op: Op, _ operands: [Value], name: String) -> Value {
    let depth = operands.map { self.depth(of: $0) }.max() ?? 0
    let key = Key(op: op, operands: operands)
    if let known = frames[depth].known[key] { return known }
    guard let signature = try? op.signature(of: operands.map { type(of: $0) }, in: dimensions)
    else { preconditionFailure("gradients apply operations to operands that they take") }
    let id = graph.add(
      Node(
        op: op, operands: operands,
        results: [Node.Result(name: name, type: signature.results[0])], origins: origins))
    depths[id] = depth
    frames[depth].nodes.append(id)
    frames[depth].known[key] = Value(id)
    return Value(id)
  }

  /// Adds an argument of the body that is being written.
  mutating func argument(name: String, type: TensorType) -> Value {
    let id = graph.add(
      Node(op: .argument, operands: [], results: [Node.Result(name: name, type: type)]))
    depths[id] = frames.count - 1
    return Value(id)
  }

  /// Appends `node`, a scan, to the innermost block and returns it.
  mutating func append(_ node: Node) -> ID<Node> {
    let id = graph.add(node)
    depths[id] = frames.count - 1
    frames[frames.count - 1].nodes.append(id)
    return id
  }

  /// The type of `v`, written out.
  func type(of v: Value) -> TensorType { graph.type(of: v) }

  /// The extents of `v`, written out.
  func shape(of v: Value) -> [Extent] { graph.type(of: v).denseShape }

  /// The number that `extent` is.
  func size(_ extent: Extent) -> Int { extent.value(in: dimensions) ?? 0 }

  /// Returns the name of the adjoint of `v`.
  func name(of v: Value) -> String { "d_\(plainName(of: v))" }

  /// Returns the name of `v`, or of what `v` is a place of.
  func plainName(of v: Value) -> String {
    let node = graph[v.node]
    switch node.op {
    case .source(.parameter(let p)): return module.parameters[p].name
    case .source(.constant(let c)): return module.constants[c].name
    case .source(.state(let s)): return module.states[s].name
    case .source(.slot(let s)): return module.slots[s].name
    case .source(.input(let i)): return i < inputs.count ? inputs[i].name : "seed"
    case .source(.number), .source(.bound): return "number"
    case .at: return plainName(of: node.operands[0])
    default: return node.results[v.result].name
    }
  }

  /// Lets the forward scan `id` stack `v`, a value of its body, and returns the stacked values.
  mutating func stacked(_ v: Value, by id: ID<Node>) -> Value {
    guard case .scan(var scan) = graph[id].op else { preconditionFailure("a scan has a body") }
    let results = scan.body.results
    for i in results.indices.dropFirst(scan.carried.count) where results[i] == v {
      return Value(id, i)
    }
    var name = plainName(of: v)
    if let i = scan.body.arguments.dropFirst().firstIndex(of: v) {
      name = "\(scan.carried[i - 1].name)_before"
    } else if let i = results.prefix(scan.carried.count).firstIndex(of: v) {
      name = "\(scan.carried[i].name)s"
    }
    let type = type(of: v).dense
    let all = TensorType(type.element, [scan.count] + type.shape)
    scan.stacked.append(name)
    scan.body.results.append(v)
    graph[id].op = .scan(scan)
    graph[id].results.append(Node.Result(name: name, type: all))
    kept.append(Gradient.Kept(name: name, type: all))
    return Value(id, results.count)
  }

}

extension Differentiation {

  /// Adds `contribution` to the adjoint of `v`, a value of the forward graph.
  mutating func accumulate(_ v: Value, _ contribution: Value) {
    guard isActive(v) else { return }
    let dv = reshaped(contribution, to: type(of: v).shape)
    let depth = frames.count - 1
    if self.depth(of: v) < depth {
      accumulateOutside(v, dv)
      return
    }
    let node = graph[v.node]
    if case .at(let axis, let offset) = node.op {
      accumulate(node, axis, offset, dv, at: v)
      return
    }
    add(dv, to: v)
  }

  /// Adds `dv` to the adjoint of `v`, a value of the present block.
  mutating func add(_ dv: Value, to v: Value) {
    let depth = frames.count - 1
    let sum = frames[depth].adjoints[v].map { apply(.binary(.add), [$0, dv], name: name(of: v)) }
    frames[depth].adjoints[v] = sum ?? dv
  }

  /// Adds `dv` to the adjoint of `v`, a place of another value.
  private mutating func accumulate(
    _ node: Node, _ axis: Int, _ offset: Int, _ dv: Value, at v: Value
  ) {
    let base = node.operands[0]
    let depth = frames.count - 1
    var kept = shape(of: v)
    kept.insert(Extent(1), at: axis)
    guard node.operands.count > 1 else {
      let piece = Piece(
        axis: axis, lower: Extent(offset), upper: Extent(offset + 1),
        adjoint: reshaped(dv, to: kept))
      accumulate(base, piece)
      return
    }
    if self.depth(of: base) < depth {
      frames[depth].loop?.note(place: v)
      add(dv, to: v)
      return
    }
    // The sequence is a value of the step itself: all places but one get zeros.
    let places = apply(.oneHot, [recall(node.operands[1])], name: "place")
    var row = Array(repeating: Extent(1), count: kept.count)
    row[axis] = shape(of: base)[axis]
    let isThere = reshaped(places, to: row)
    let condition = apply(.compare(.greater), [isThere, number(0)], name: "is_place")
    accumulate(
      base,
      apply(.select, [condition, reshaped(dv, to: kept), number(0)], name: name(of: base)))
  }

  /// Adds `piece` to the adjoint of `v`.
  mutating func accumulate(_ v: Value, _ piece: Piece) {
    guard isActive(v) else { return }
    if case .at = graph.op(of: v) {
      accumulate(v, joined([piece], v))
    } else if depth(of: v) < frames.count - 1 {
      accumulate(v, joined([piece], v))
    } else {
      frames[frames.count - 1].pieces[v, default: []].append(piece)
    }
  }

  /// Returns the adjoint of `v`, a value of the present block; `nil` if it is zero.
  mutating func takeAdjoint(of v: Value) -> Value? {
    let depth = frames.count - 1
    var pieces = (frames[depth].pieces.removeValue(forKey: v) ?? []).sorted {
      ($0.axis, size($0.lower)) < ($1.axis, size($1.lower))
    }
    // Ranges that follow each other are put together; each turn takes at least the first one.
    while let first = pieces.first {
      var group: [Piece] = []
      var rest: [Piece] = []
      for piece in pieces {
        let end = group.last.map { size($0.upper) } ?? 0
        if piece.axis == first.axis, size(piece.lower) >= end {
          group.append(piece)
        } else {
          rest.append(piece)
        }
      }
      add(joined(group, v), to: v)
      pieces = rest
    }
    return frames[depth].adjoints.removeValue(forKey: v)
  }

  /// Returns an adjoint of `v` with the adjoints of `pieces`, which are in order and do not
  /// overlap, and zeros elsewhere.
  private mutating func joined(_ pieces: [Piece], _ v: Value) -> Value {
    let axis = pieces[0].axis
    let whole = type(of: v).denseShape
    var parts: [Value] = []
    var end = Extent(0)
    func gap(_ lower: Extent, _ upper: Extent) {
      guard size(lower) < size(upper), let length = upper.subtracting(lower) else { return }
      var shape = whole
      shape[axis] = length
      parts.append(apply(.broadcast(shape), [number(0)], name: "zeros"))
    }
    for piece in pieces {
      gap(end, piece.lower)
      parts.append(piece.adjoint)
      end = piece.upper
    }
    gap(end, whole[axis])
    let name = name(of: v)
    let all = parts.count == 1 ? parts[0] : apply(.concat(axis: axis), parts, name: name)
    return reshaped(all, to: whole)
  }

}

extension Differentiation {

  /// Returns `v` in `shape`, which has as many elements.
  mutating func reshaped(_ v: Value, to shape: [Extent]) -> Value {
    if self.shape(of: v) == shape { return v }
    return apply(.reshape(shape), [v], name: plainName(of: v))
  }

  /// Returns the sum of `dy` over the axes along which a value of `shape` was broadcast.
  mutating func unbroadcast(_ dy: Value, to shape: [Extent], name: String) -> Value {
    let whole = self.shape(of: dy)
    let added = whole.count - shape.count
    let axes = whole.indices.filter { i in
      i < added || shape[i - added] != whole[i] && size(shape[i - added]) == 1
    }
    if axes.isEmpty { return reshaped(dy, to: shape) }
    let sum = apply(.reduce(.sum, axes: axes, keepingAxes: false), [dy], name: name)
    return reshaped(sum, to: shape)
  }

  /// Adds the sum of `dy` over the axes along which `v` was broadcast to the adjoint of `v`.
  mutating func accumulate(_ v: Value, unbroadcasting dy: Value) {
    guard isActive(v) else { return }
    let shape = shape(of: v)
    if depth(of: v) < frames.count - 1, shape.count < self.shape(of: dy).count {
      // One sum over all steps instead of one in each.
      postpone(.sum(of: v, dy))
      return
    }
    accumulate(v, unbroadcast(dy, to: shape, name: name(of: v)))
  }

}

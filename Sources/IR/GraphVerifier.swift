/// The search for what is wrong with one graph of a module.
struct GraphVerifier {

  let graph: Graph
  let module: Module

  /// The entry of the graph; `nil` for `bind`.
  let entry: Entry?

  private(set) var errors: [String] = []

  /// The nodes that blocks list and the arguments that they have, so far.
  private var placed: Set<ID<Node>> = []

  /// The nodes and arguments that can be used at the present place.
  private var visible: Set<ID<Node>> = []

  /// The places of sequences whose operands are being verified.
  private var openPlaces: Set<ID<Node>> = []

  /// The groups that have ended.
  private var closedGroups: Set<Int> = []

  private var dimensions: [Dimension] { module.dimensions }

  init(graph: Graph, module: Module, entry: Entry?) {
    self.graph = graph
    self.module = module
    self.entry = entry
  }

  /// Searches the whole graph, whose results are `roots`.
  mutating func verify(roots: [Value]) {
    verify(nodesOf: graph.body)
    if !graph.body.arguments.isEmpty { errors.append("the outermost block has arguments") }
    for root in Set(roots).sorted() { verifyUse(of: root, by: "a result") }
  }

  private mutating func verify(nodesOf block: Block) {
    var group: Int?
    for id in block.nodes {
      guard graph.nodes.indices.contains(id.position) else {
        errors.append("a block lists a node that does not exist")
        continue
      }
      let node = graph[id]
      if node.isInline {
        errors.append("an inline node is in a block")
        continue
      }
      if !placed.insert(id).inserted { errors.append("'\(title(of: id))' stands in two places") }
      if group != node.group {
        if let group { closedGroups.insert(group) }
        group = node.group
        if let group, closedGroups.contains(group) {
          errors.append("the group of '\(title(of: id))' is torn apart")
        }
      }
      let isComplete = verifyUses(of: node.operands, by: title(of: id))
      if case .scan(let scan) = node.op {
        if isComplete { verify(scan, id) }
      } else if isComplete {
        verifySignature(of: id)
      }
      visible.insert(id)
    }
    if let group { closedGroups.insert(group) }
  }

  /// Returns the words by which errors name node `id`.
  private func title(of id: ID<Node>) -> String {
    if case .scan(let scan) = graph[id].op { return "scan \(scan.variable)" }
    return graph[id].results.first?.name ?? "?"
  }

  /// Verifies that `user` can use `values`, and returns `false` if some do not exist.
  private mutating func verifyUses(of values: [Value], by user: String) -> Bool {
    var result = true
    for value in values {
      if !verifyUse(of: value, by: user) { result = false }
    }
    return result
  }

  /// Verifies that `user` can use `value`, and returns `false` if that does not exist.
  @discardableResult
  private mutating func verifyUse(of value: Value, by user: String) -> Bool {
    guard graph.nodes.indices.contains(value.node.position),
      graph[value.node].results.indices.contains(value.result)
    else {
      errors.append("'\(user)' uses a value that does not exist")
      return false
    }
    switch graph.op(of: value) {
    case .source(let source): verify(source, graph.type(of: value), user)
    case .at:
      if !openPlaces.insert(value.node).inserted {
        errors.append("'\(user)' uses a place of itself")
        return false
      }
      if verifyUses(of: graph[value.node].operands, by: user) { verifySignature(of: value.node) }
      openPlaces.remove(value.node)
    default:
      if !visible.contains(value.node) {
        errors.append("'\(user)' uses '\(graph.name(of: value))' where it is not visible")
      }
    }
    return true
  }

  private mutating func verify(_ source: Source, _ type: TensorType, _ user: String) {
    let declared: TensorType?
    switch source {
    case .number(let x):
      if !x.value.isFinite { errors.append("'\(user)' uses a number that is not finite") }
      declared = .scalar
    case .parameter(let p): declared = module.parameters.element(p.position)?.type
    case .constant(let c): declared = module.constants.element(c.position)?.type
    case .input(let i): declared = entry?.inputs.element(i)?.type
    case .state(let s): declared = entry == nil ? nil : module.states.element(s.position)?.type
    case .slot(let s): declared = entry == nil ? nil : module.slots.element(s.position)?.type
    case .bound(let i):
      let result = entry == nil ? nil : module.bind.results.element(i)
      declared = result.map { module.bind.graph.type(of: $0.value) }
    }
    if declared == nil {
      errors.append("'\(user)' uses \(source), which does not exist here")
    } else if declared != type {
      errors.append("'\(user)' uses \(source) with another type than the declared one")
    }
  }

  private mutating func verifySignature(of id: ID<Node>) {
    let node = graph[id]
    let operands = node.operands.map { graph.type(of: $0) }
    do throws(SignatureError) {
      let signature = try node.op.signature(of: operands, in: dimensions)
      if signature.results != node.results.map(\.type) {
        let found = node.results.map { $0.type.description(in: dimensions) }
        let expected = signature.results.map { $0.description(in: dimensions) }
        errors.append("'\(title(of: id))' has the type \(found), expected \(expected)")
      }
    } catch {
      errors.append("'\(title(of: id))': \(error.message)")
    }
  }

  private mutating func verify(_ scan: Scan, _ id: ID<Node>) {
    let node = graph[id]
    let title = title(of: id)
    let leading = scan.hasLengths ? 1 : 0
    if scan.factor < 1 {
      errors.append("'\(title)' does no step at once")
      return
    }
    if (scan.remainder != nil) != (scan.factor > 1) {
      errors.append("'\(title)' has a remainder iff its body does several steps")
    }
    if (scan.count.value(in: dimensions) ?? -1) < 0 {
      errors.append("'\(title)' has no number of steps")
    }
    guard node.operands.count == leading + scan.carried.count,
      node.results.count == scan.carried.count + scan.stacked.count
    else {
      errors.append("'\(title)' has a wrong number of operands or results")
      return
    }
    if scan.hasLengths { verifyLengths(graph.type(of: node.operands[0]), title) }
    for (i, carried) in scan.carried.enumerated() {
      if let state = carried.state, !module.states.indices.contains(state.position) {
        errors.append("'\(title)' carries a state that does not exist")
      }
      if !graph.fits(node.operands[leading + i], node.results[i].type, in: dimensions) {
        errors.append("'\(carried.name)' of '\(title)' starts at a value of another type")
      }
    }
    verify(scan.body, of: scan, node, title, steps: scan.factor)
    if let remainder = scan.remainder { verify(remainder, of: scan, node, title, steps: 1) }
  }

  private mutating func verifyLengths(_ type: TensorType, _ title: String) {
    guard case .index = type.element, type.shape.count == 1 else {
      errors.append("the lengths of '\(title)' are not a row of indices")
      return
    }
  }

  private mutating func verify(
    _ block: Block, of scan: Scan, _ node: Node, _ title: String, steps: Int
  ) {
    guard block.arguments.count == 1 + scan.carried.count,
      block.results.count == scan.carried.count + scan.stacked.count * steps
    else {
      errors.append("a body of '\(title)' has a wrong number of arguments or results")
      return
    }
    let outside = visible
    let types = [TensorType(.index(scan.count), [])] + node.results.map(\.type)
    for (argument, type) in zip(block.arguments, types) {
      guard graph.nodes.indices.contains(argument.node.position),
        graph[argument.node].results.indices.contains(argument.result),
        graph.op(of: argument) == .argument, placed.insert(argument.node).inserted
      else {
        errors.append("a body of '\(title)' shares an argument")
        continue
      }
      visible.insert(argument.node)
      if graph.type(of: argument) != type {
        errors.append("the argument '\(graph.name(of: argument))' of '\(title)' has another type")
      }
    }
    verify(nodesOf: block)
    for (i, value) in block.results.enumerated() where verifyUse(of: value, by: title) {
      let element = (i - scan.carried.count) / steps
      let result = i < scan.carried.count ? i : scan.carried.count + element
      var type = node.results[result].type
      if i >= scan.carried.count { type = type.droppingFirstAxis(of: scan.count, in: dimensions) }
      if !graph.fits(value, type, in: dimensions) {
        errors.append("'\(node.results[result].name)' of '\(title)' is given another type")
      }
    }
    visible = outside
  }

}

extension TensorType {

  /// Returns the type of an element of `self` if the first axis has `count` of them; otherwise a
  /// type that no value has.
  fileprivate func droppingFirstAxis(of count: Extent, in dimensions: [Dimension]) -> TensorType {
    guard let first = shape.first, first.value(in: dimensions) == count.value(in: dimensions) else {
      return TensorType(.f32, [Extent(-1)])
    }
    return TensorType(element, Array(shape.dropFirst()))
  }

}

extension Array {

  /// Returns the element at `position`, or `nil` if there is none.
  func element(_ position: Int) -> Element? {
    indices.contains(position) ? self[position] : nil
  }

}

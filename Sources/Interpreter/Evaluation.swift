import IR

/// The values of a graph while it is evaluated.
struct Evaluation {

  /// What the graph is given, each list in the order of the declarations.
  struct Given {

    var parameters: [DenseArray] = []
    var constants: [DenseArray] = []

    /// The inputs and labels; `nil` for a label that the graph does not use.
    var inputs: [DenseArray?] = []

    var states: [DenseArray] = []
    var slots: [DenseArray] = []
    var bound: [DenseArray] = []

  }

  let graph: Graph
  let dimensions: [Dimension]
  let given: Given

  /// The values of applications of `detach`, in the order in which they are computed, if they are
  /// not those of their operands.
  let held: [DenseArray]?

  /// What is read of results, if that is not they themselves.
  let reading: Interpreter.Reading?

  /// The values of the applications of `detach` so far.
  private(set) var detached: [DenseArray] = []

  /// The results of the nodes of blocks, and the arguments of the bodies that are being run; those
  /// of bodies are overwritten by each turn.
  private var values: [Value: DenseArray] = [:]

  /// Creates the evaluation of `graph`, in which dimensions have the values in `dimensions`.
  init(
    of graph: Graph, in dimensions: [Dimension], given: Given, holding held: [DenseArray]? = nil,
    reading: Interpreter.Reading? = nil
  ) {
    self.held = held
    self.reading = reading
    self.graph = graph
    self.dimensions = dimensions
    self.given = given
  }

  /// Computes the nodes of `block` for `arguments`.
  mutating func run(
    _ block: Block, arguments: [DenseArray] = []
  ) throws(InterpreterError) {
    precondition(block.arguments.count == arguments.count, "a value for each argument")
    for (argument, value) in zip(block.arguments, arguments) { values[argument] = value }
    for id in block.nodes { try compute(id) }
  }

  /// Computes the node `id`.
  private mutating func compute(_ id: ID<Node>) throws(InterpreterError) {
    let node = graph[id]
    let results: [DenseArray]
    if case .scan(let scan) = node.op {
      results = try self.results(of: scan, node)
    } else if node.op == .detach {
      let value: DenseArray
      if let held { value = held[detached.count] } else { value = try yield(of: node) }
      detached.append(value)
      results = [value]
    } else {
      do throws(InterpreterError) {
        results = [try yield(of: node)]
      } catch {
        throw error.adding(", in '\(node.results[0].name)'")
      }
    }
    for (i, (result, declared)) in zip(results, node.results).enumerated() {
      let sizes = try declared.type.denseShape.sizes(in: dimensions)
      guard result.shape == sizes else {
        throw InterpreterError(
          "'\(declared.name)' has the shape \(result.shape), expected \(sizes)")
      }
      values[Value(id, i)] = result
    }
  }

  /// Returns `value`, which has been computed or stands inside the lines of its users.
  func value(of value: Value) throws(InterpreterError) -> DenseArray {
    if let array = values[value] { return array }
    let node = graph[value.node]
    if case .source(let source) = node.op { return self.value(of: source) }
    guard case .at = node.op else { preconditionFailure("a value is computed before it is used") }
    return try yield(of: node)
  }

  /// Returns the result of `node`, which has one.
  private func yield(of node: Node) throws(InterpreterError) -> DenseArray {
    var operands: [DenseArray] = []
    for operand in node.operands {
      if let integer = integer(operand, of: node) {
        operands.append(DenseArray(integer))
      } else {
        operands.append(try value(of: operand))
      }
    }
    let isHot = node.operands.map { graph.type(of: $0).isOneHot }
    let result = try Interpreter.evaluate(
      node.op, operands, oneHot: isHot, type: node.results[0].type, in: dimensions)
    return reading?(node, operands, result, dimensions) ?? result
  }

  /// Returns the number of the text that `operand` of `node` is, if it is compared with indices:
  /// these are not rounded.
  private func integer(_ operand: Value, of node: Node) -> Double? {
    guard case .compare = node.op, case .source(.number(let x)) = graph.op(of: operand),
      node.operands.contains(where: { graph.type(of: $0).element != .f32 })
    else { return nil }
    return x.value
  }

  private func value(of source: Source) -> DenseArray {
    switch source {
    case .number(let x): return DenseArray(Double(Float(x.value)))
    case .parameter(let id): return given.parameters[id.position]
    case .constant(let id): return given.constants[id.position]
    case .state(let id): return given.states[id.position]
    case .slot(let id): return given.slots[id.position]
    case .bound(let i): return given.bound[i]
    case .input(let i):
      guard let input = given.inputs[i] else { preconditionFailure("what is used is given") }
      return input
    }
  }

}

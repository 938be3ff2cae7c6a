import IR
import Interpreter
import Testing

/// A model with one entry, `forward`, that a test writes line by line.
struct TestModel {

  /// What a body of a scan yields: new states, then the elements of each stacked value.
  typealias Yield = (states: [Value], elements: [[Value]])

  var module = Module(name: "test", form: .entries)
  var entry = Entry(name: "forward")

  /// The blocks that are being written, the innermost last.
  private var blocks = [Block()]

  /// Declares a dimension.
  mutating func dimension(_ name: String, _ value: Int) -> Extent {
    Extent(module.dimensions.add(Dimension(name: name, value: value)))
  }

  /// Declares an input.
  mutating func input(
    _ name: String, _ shape: [Extent], of element: ElementType = .f32,
    role: Entry.Input.Role = .input
  ) -> Value {
    let type = TensorType(element, shape)
    entry.inputs.append(Entry.Input(name: name, role: role, type: type))
    return entry.graph.value(of: .input(entry.inputs.count - 1), type: type)
  }

  /// Declares a parameter.
  mutating func parameter(
    _ name: String, _ shape: [Extent], _ initial: InitialValue = .zeros
  ) -> Value {
    let type = TensorType(.f32, shape)
    let id = module.parameters.add(Parameter(name: name, type: type, initial: initial))
    return entry.graph.value(of: .parameter(id), type: type)
  }

  /// Declares a state.
  mutating func state(
    _ name: String, _ shape: [Extent], _ initial: InitialValue = .zeros
  ) -> (id: ID<State>, value: Value) {
    let type = TensorType(.f32, shape)
    let id = module.states.add(State(name: name, type: type, initial: initial, isCarried: true))
    return (id, entry.graph.value(of: .state(id), type: type))
  }

  /// Writes a number.
  mutating func number(_ x: Double) -> Value {
    entry.graph.value(of: .number(Number(x)), type: .scalar)
  }

  /// Writes the line `name = op(operands)`.
  mutating func line(named name: String = "v", _ op: Op, _ operands: Value...) throws -> Value {
    let types = operands.map { entry.graph.type(of: $0) }
    let type = try op.signature(of: types, in: module.dimensions).results[0]
    let id = entry.graph.add(
      Node(op: op, operands: operands, results: [Node.Result(name: name, type: type)]))
    blocks[blocks.count - 1].nodes.append(id)
    return Value(id)
  }

  /// Writes a scan over `count` steps of states that start at `initial` and have `types`.
  ///
  /// `body` is called with the step, the old states and the number of steps that it is to write.
  mutating func scan(
    _ count: Extent, factor: Int = 1, isReversed: Bool = false, lengths: Value? = nil,
    initial: [Value], types: [TensorType], stacked: Int = 0,
    _ body: (inout TestModel, Value, [Value], Int) throws -> Yield
  ) throws -> [Value] {
    let (whole, elements) = try block(count, types, steps: factor, body)
    let remainder = factor == 1 ? nil : try block(count, types, steps: 1, body).block
    let scan = Scan(
      variable: "t", count: count, factor: factor, isReversed: isReversed,
      hasLengths: lengths != nil,
      carried: types.indices.map { Scan.Carried(name: "s\($0)", state: nil) },
      stacked: (0..<stacked).map { "y\($0)" }, body: whole, remainder: remainder)
    let results =
      types.enumerated().map { Node.Result(name: "s\($0)", type: $1) }
      + elements.enumerated().map {
        Node.Result(name: "y\($0)", type: TensorType($1.element, [count] + $1.shape))
      }
    let id = entry.graph.add(
      Node(op: .scan(scan), operands: (lengths.map { [$0] } ?? []) + initial, results: results))
    blocks[blocks.count - 1].nodes.append(id)
    return results.indices.map { Value(id, $0) }
  }

  private mutating func block(
    _ count: Extent, _ types: [TensorType], steps: Int,
    _ body: (inout TestModel, Value, [Value], Int) throws -> Yield
  ) throws -> (block: Block, elements: [TensorType]) {
    var arguments: [Value] = []
    for type in [TensorType(.index(count), [])] + types {
      arguments.append(
        Value(
          entry.graph.add(
            Node(op: .argument, operands: [], results: [Node.Result(name: "a", type: type)]))))
    }
    blocks.append(Block(arguments: arguments))
    let yield = try body(&self, arguments[0], Array(arguments.dropFirst()), steps)
    var block = blocks.removeLast()
    block.results = yield.states + yield.elements.flatMap { $0 }
    return (block, yield.elements.map { entry.graph.type(of: $0[0]) })
  }

  /// Names `value` as an output.
  mutating func output(_ name: String, _ value: Value) {
    entry.outputs.append(Entry.Output(name: name, value: value))
  }

  /// The model as it has been written.
  var interpreter: Interpreter {
    var module = self.module
    var entry = self.entry
    entry.graph.body = blocks[0]
    module.entries = [entry]
    return Interpreter(module)
  }

}

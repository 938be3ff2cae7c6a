import IR

/// A program in the making.
struct ProgramBuilder {

  private(set) var instructions: [Program.Instruction] = []

  /// The tensors that the program reads, with the iteration space's shape.
  private(set) var inputs: [View] = []

  /// The instructions that yield values.
  private var known: [Value: Int] = [:]
  private var numbers: [Program.Instruction: Int] = [:]

  /// Returns the instruction that yields `v`, if there is one.
  subscript(_ v: Value) -> Int? { known[v] }

  /// Appends `instruction`, which yields `v`.
  mutating func append(_ instruction: Program.Instruction, for v: Value) {
    instructions.append(instruction)
    known[v] = instructions.count - 1
  }

  /// Lets instruction `i` yield `v` too.
  mutating func alias(_ v: Value, to i: Int) {
    known[v] = i
  }

  /// Returns the instruction that yields the number `x`.
  mutating func number(_ x: Double, _ scalar: Scalar32) -> Int {
    let instruction = Program.Instruction.number(Number(x), scalar)
    if let i = numbers[instruction] { return i }
    instructions.append(instruction)
    numbers[instruction] = instructions.count - 1
    return instructions.count - 1
  }

  /// Returns the instruction that reads `view` for `v`.
  mutating func input(_ view: View, for v: Value) -> Int {
    inputs.append(view)
    append(.input(inputs.count - 1), for: v)
    return instructions.count - 1
  }

}

extension GraphPlanner {

  /// Plans `members`, which are element-wise, as one kernel; `false` if their shapes do not allow
  /// it.
  mutating func planMap(_ members: [ID<Node>]) -> Bool {
    guard let last = members.last else { return true }
    var shape = graph[last].results[0].type.shape
    // The space is the largest shape among the members.
    for id in members {
      let other = graph[id].results[0].type
      if sizes(other).reduce(1, *) > sizes(TensorType(.f32, shape)).reduce(1, *) {
        shape = other.shape
      }
    }
    let space = sizes(TensorType(.f32, shape))
    for id in members where isStored(Value(id), by: members) {
      if sizes(graph[id].results[0].type) != space { return false }
    }
    var builder = ProgramBuilder()
    for id in members { append(id, to: &builder) }
    var outputs: [(Int, View)] = []
    for id in members where isStored(Value(id), by: members) {
      for view in storage(for: Value(id)) { outputs.append((builder[Value(id)] ?? 0, view)) }
    }
    // What nothing needs is not computed.
    if outputs.isEmpty { return true }
    let all = builder.inputs.map { $0.strides(broadcastTo: space) } + outputs.map(\.1.strides)
    let (loops, strides) = collapse(counts(shape), all)
    var program = Program(instructions: builder.instructions)
    for (view, strides) in zip(builder.inputs, strides) {
      program.inputs.append(Operand(place: view.place, strides: strides, scalar: view.scalar))
    }
    for ((instruction, view), strides) in zip(outputs, strides.dropFirst(builder.inputs.count)) {
      program.outputs.append(
        Program.Output(
          instruction: instruction,
          operand: Operand(place: view.place, strides: strides, scalar: view.scalar)))
    }
    emit(.map(Map(loops: loops, program: program)))
    return true
  }

  /// `true` iff `v` is needed outside of the kernel that `members` are.
  func isStored(_ v: Value, by members: [ID<Node>]) -> Bool {
    if results.contains(v) { return true }
    return users[v, default: []].contains { !members.contains($0) }
  }

  /// Appends what node `id` does to `builder`.
  mutating func append(_ id: ID<Node>, to builder: inout ProgramBuilder) {
    let node = graph[id]
    let types = node.operands.map { graph.type(of: $0) }
    let isInteger = types.contains { Scalar32($0.element) == .integer }
    let scalar: Scalar32 = isInteger ? .integer : .float
    var x: [Int] = []
    for v in node.operands {
      if case .select = node.op {
        x.append(operand(v, .float, &builder))
      } else {
        x.append(operand(v, scalar, &builder))
      }
    }
    switch node.op {
    case .unary(let f): builder.append(.unary(f, x[0]), for: Value(id))
    case .binary(let f): builder.append(.binary(f, x[0], x[1]), for: Value(id))
    case .compare(let f):
      builder.append(.compare(f, x[0], x[1], of: scalar), for: Value(id))
    case .select:
      let kind = Scalar32(node.results[0].type.element)
      builder.append(.select(x[0], x[1], x[2], of: kind), for: Value(id))
    case .convert:
      if isInteger {
        builder.append(.convert(x[0]), for: Value(id))
      } else {
        // One-hot rows are written out when they are read, and numbers are numbers.
        builder.alias(Value(id), to: x[0])
      }
    case .source, .argument, .at, .linear, .matmul, .oneHot, .concat, .slice, .transpose,
      .reshape, .stack, .softmax, .reduce, .argmax, .gather, .mask, .detach, .broadcast,
      .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .convolution, .pool,
      .dropout, .scan:
      preconditionFailure("'\(node.op)' is not element-wise")
    }
  }

  /// Returns the instruction that yields `v`; a number in the text is read as `scalar`.
  private mutating func operand(
    _ v: Value, _ scalar: Scalar32, _ builder: inout ProgramBuilder
  ) -> Int {
    if let known = builder[v] { return known }
    if case .number(let x) = held(v) { return builder.number(x, scalar) }
    return builder.input(view(v), for: v)
  }

}

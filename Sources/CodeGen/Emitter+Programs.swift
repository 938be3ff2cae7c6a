import IR
import Planning

/// A program as a function of vectors.
struct EmittedProgram {

  /// The function, or `nil` where each result is one of the operands.
  var function: String?

  /// The operands, in order.
  var inputs: [Program.Instruction]

  /// For each stored result, the position among the function's results, or among the operands
  /// where there is no function.
  var results: [Int]

  /// The number of results of the function.
  var resultCount: Int

}

extension Emitter {

  /// Emits the function of the vectors that `program` reads.
  mutating func emit(_ program: Program) -> EmittedProgram {
    let inputs = program.instructions.filter { instruction in
      switch instruction {
      case .input, .accumulator: true
      case .number, .unary, .binary, .compare, .select, .convert: false
      }
    }
    let stored = program.outputs.map(\.instruction)
    let isTrivial = stored.allSatisfy { inputs.contains(program.instructions[$0]) }
    if isTrivial {
      let results = stored.map { inputs.firstIndex(of: program.instructions[$0]) ?? 0 }
      return EmittedProgram(
        function: nil, inputs: inputs, results: results, resultCount: inputs.count)
    }
    var distinct: [Int] = []
    for i in stored where !distinct.contains(i) { distinct.append(i) }
    let scalars = scalars(of: program)
    var writer = SourceWriter()
    let parameters = program.instructions.indices.compactMap { i -> String? in
      inputs.contains(program.instructions[i]) ? "_ v\(i): \(type(scalars[i]))" : nil
    }
    let types = distinct.map { type(scalars[$0]) }
    let result = types.count == 1 ? types[0] : "(\(types.joined(separator: ", ")))"
    writer.line("/// \(summary(program)).")
    writer.line("@inline(__always)")
    writer.function("fileprivate func \(Self.placeholder)", parameters, " -> \(result)") { body in
      for (i, instruction) in program.instructions.enumerated() {
        guard let text = expression(instruction, scalars) else { continue }
        body.line("let v\(i) = \(text)")
      }
      let names = distinct.map { "v\($0)" }.joined(separator: ", ")
      body.line(distinct.count == 1 ? "return \(names)" : "return (\(names))")
    }
    let name = function("apply", writer)
    return EmittedProgram(
      function: name, inputs: inputs, results: stored.map { distinct.firstIndex(of: $0) ?? 0 },
      resultCount: distinct.count)
  }

  /// Returns the names of what `program` computes, for a comment.
  func summary(_ program: Program) -> String {
    let names = program.instructions.compactMap { instruction -> String? in
      switch instruction {
      case .input, .number, .accumulator: nil
      case .unary(let f, _): f.rawValue
      case .binary(let f, _, _): f.rawValue
      case .compare(let f, _, _, _): f.rawValue
      case .select: "where"
      case .convert: "f32"
      }
    }
    var distinct: [String] = []
    for name in names where !distinct.contains(name) { distinct.append(name) }
    return distinct.isEmpty ? "Copies" : "Computes \(distinct.joined(separator: ", "))"
  }

  private func type(_ scalar: Scalar32) -> String { scalar == .float ? "Vector" : "Integers" }

  /// Returns what each instruction of `program` yields.
  func scalars(of program: Program) -> [Scalar32] {
    var result: [Scalar32] = []
    for instruction in program.instructions {
      switch instruction {
      case .input(let i): result.append(program.inputs[i].scalar)
      case .number(_, let scalar): result.append(scalar)
      case .accumulator, .convert: result.append(.float)
      case .unary(let f, _): result.append(f == .not ? .integer : .float)
      case .binary(let f, _, _): result.append(f.isLogical ? .integer : .float)
      case .compare: result.append(.integer)
      case .select(_, _, _, let scalar): result.append(scalar)
      }
    }
    return result
  }

  /// Returns the Swift expression of `instruction`, or `nil` where the function is given it.
  private mutating func expression(
    _ instruction: Program.Instruction, _ scalars: [Scalar32]
  ) -> String? {
    switch instruction {
    case .input, .accumulator: return nil
    case .number(let x, let scalar):
      use(scalar == .float ? .splat : .splatIntegers)
      if scalar == .integer {
        // Indices are compared with it; no index reaches the ends of the range.
        let limit = Double(Int32.max)
        return "splat(Int32(\(Int(min(max(x.value, -limit), limit)))))"
      }
      return "splat(\(literal(Float(x.value))) as Float)"
    case .unary(let f, let a):
      let operation = VectorOperation(f)
      use(operation)
      return "\(operation.rawValue)(v\(a))"
    case .binary(let f, let a, let b):
      let operation = VectorOperation(f)
      use(operation)
      return "\(operation.rawValue)(v\(a), v\(b))"
    case .compare(let f, let a, let b, let scalar):
      use(VectorOperation(f, of: scalar))
      // The same name for both kinds of elements.
      return "\(VectorOperation(f, of: .float).rawValue)(v\(a), v\(b))"
    case .select(let c, let a, let b, let scalar):
      use(scalar == .float ? .select : .selectIntegers)
      return "select(v\(c), v\(a), v\(b))"
    case .convert(let a):
      use(.convert)
      return "convert(v\(a))"
    }
  }

}

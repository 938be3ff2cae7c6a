import IR
import Interpreter

extension Pass {

  /// Evaluates what is known when the model is compiled.
  ///
  /// A node is evaluated if its operands are numbers and constants and no size depends on a
  /// dimension, so that dimensions may still change. A scalar becomes a number in the text, another
  /// tensor a constant with the name of the node. Not evaluated is what would be infinite or not a
  /// number, and what has more than 4096 elements. One-hot values stay what they are: they cost
  /// nothing.
  ///
  ///     const X : f32[2] = [1, 2]           const X : f32[2] = [1, 2]
  ///     k = mul(2, 3)                       const Y : f32[2] = [6, 12]
  ///     Y = mul(X, k)                 =>
  ///     z = add(x, Y)                       z = add(x, Y)
  package static let foldConstants = Pass("fold", "evaluate what does not depend on inputs") {
    (module, context) in
    var folding = ConstantFolding(module: module)
    module.bind.rewrite { rewriter, id in folding.fold(id, &rewriter, &context) }
    for i in module.entries.indices {
      folding.forgetValues()
      module.entries[i].rewrite { rewriter, id in folding.fold(id, &rewriter, &context) }
    }
    module.constants = folding.constants
  }

}

/// What is known of the values of a graph.
private struct ConstantFolding {

  /// The most elements of a constant that is made.
  private static let elementLimit = 4096

  private let dimensions: [Dimension]

  /// The constants of the module, with those that were made.
  private(set) var constants: [Constant]

  /// The results of nodes that are known.
  private var known: [Value: DenseArray] = [:]

  init(module: Module) {
    dimensions = module.dimensions
    constants = module.constants
  }

  /// Prepares for another graph.
  mutating func forgetValues() {
    known = [:]
  }

  /// Lets a number or a constant stand for node `id` and returns `true`, if it is known.
  mutating func fold(
    _ id: ID<Node>, _ rewriter: inout GraphRewriter, _ context: inout PassContext
  ) -> Bool {
    let node = rewriter.old[id]
    if let choice = branch(of: node, in: rewriter.old), context.permitsRewrite() {
      rewriter.replace(Value(id), by: rewriter.mapped(choice))
      return true
    }
    guard let array = evaluated(node, in: rewriter.old) else { return false }
    known[Value(id)] = array
    guard node.results[0].type.element == .f32, context.permitsRewrite() else { return false }
    rewriter.replace(Value(id), by: constant(array, node, &rewriter))
    return true
  }

  /// Returns the value of the new graph that holds `array`, the result of `node`.
  private mutating func constant(
    _ array: DenseArray, _ node: Node, _ rewriter: inout GraphRewriter
  ) -> Value {
    let type = node.results[0].type
    if type.shape.isEmpty {
      return rewriter.value(of: .number(Number(array.elements[0])), type: .scalar)
    }
    let initial = InitialValue.literal(array.elements.map { Number($0) })
    let equal = constants.ids.first {
      constants[$0].type == type && constants[$0].initial == initial
    }
    let id =
      equal
      ?? constants.add(
        Constant(
          name: node.results[0].name, type: type, initial: initial, comments: node.comments))
    return rewriter.value(of: .constant(id), type: type)
  }

  /// Returns what `node` yields, if it is known.
  private func evaluated(_ node: Node, in graph: Graph) -> DenseArray? {
    switch node.op {
    case .source, .argument, .scan, .oneHot, .dropout: return nil
    case .at, .linear, .matmul, .concat, .slice, .transpose, .reshape, .stack, .unary, .binary,
      .compare, .select, .softmax, .reduce, .argmax, .gather, .convert, .mask, .detach, .broadcast,
      .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .convolution, .pool:
      break
    }
    let type = node.results[0].type
    let sizes = type.shape.compactMap(\.constant)
    guard sizes.count == type.shape.count, !node.op.readsDimensions,
      sizes.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue })
        <= Self.elementLimit
    else { return nil }
    var operands: [DenseArray] = []
    // Numbers that are compared with indices are integers; kernels have others rounded.
    let areNumbers = node.operands.allSatisfy { graph.type(of: $0).element == .f32 }
    for operand in node.operands {
      guard let array = value(of: operand, in: graph) else { return nil }
      operands.append(areNumbers ? array.map { Double(Float($0)) } : array)
    }
    let result = try? Interpreter.evaluate(node.op, operands, type: type, in: dimensions)
    guard let result, result.shape == sizes else { return nil }
    let rounded = type.element == .f32 ? result.elements.map(Self.rounded) : result.elements
    return rounded.allSatisfy(\.isFinite) ? DenseArray(shape: sizes, rounded) : nil
  }

  /// Returns the number with the shortest text that is `x` in single precision.
  private static func rounded(_ x: Double) -> Double {
    let single = Float(x)
    return Number(decimal: "\(single)")?.value ?? Double(single)
  }

  /// Returns the operand that `node`, a choice whose condition is known, always yields.
  private func branch(of node: Node, in graph: Graph) -> Value? {
    guard node.op == .select, let condition = value(of: node.operands[0], in: graph),
      let first = condition.elements.first, condition.elements.allSatisfy({ $0 == first })
    else { return nil }
    let choice = node.operands[first != 0 ? 1 : 2]
    return graph.type(of: choice) == node.results[0].type ? choice : nil
  }

  /// Returns the elements of `value`, if they are known.
  private func value(of value: Value, in graph: Graph) -> DenseArray? {
    if let array = known[value] { return array }
    let node = graph[value.node]
    switch node.op {
    case .source(.number(let x)): return DenseArray(x.value)
    case .source(.constant(let c)): return elements(of: constants[c])
    case .at where node.operands.count == 1: return evaluated(node, in: graph)
    default: return nil
    }
  }

  /// Returns the elements of `constant`, unless their number depends on dimensions or is large.
  private func elements(of constant: Constant) -> DenseArray? {
    let shape = constant.type.shape.compactMap(\.constant)
    guard shape.count == constant.type.shape.count else { return nil }
    var count = 1
    for size in shape {
      count = count.multipliedReportingOverflow(by: size).partialValue
      if !(0...Self.elementLimit * 16).contains(count) { return nil }
    }
    switch constant.initial {
    case .zeros: return DenseArray(shape: shape, repeating: 0)
    case .ones: return DenseArray(shape: shape, repeating: 1)
    case .iota: return DenseArray(shape: shape, (0..<count).map(Double.init))
    case .literal(let elements): return DenseArray(shape: shape, elements.map(\.value))
    case .constant(.number(let x)): return DenseArray(shape: shape, repeating: x.value)
    case .constant, .uniform, .normal, .scaled, .parameter: return nil
    }
  }

}

extension Op {

  /// `true` iff the operation has a size that depends on dimensions.
  fileprivate var readsDimensions: Bool {
    switch self {
    case .slice(_, let lower, let upper): lower.constant == nil || upper.constant == nil
    case .mask(let steps): steps.constant == nil
    case .convolution(let convolution): convolution.readsDimensions
    case .linear(let linear):
      linear.parts.contains { part in
        part.columns.map { $0.lower.constant == nil || $0.upper.constant == nil } ?? false
      }
    case .source, .argument, .at, .matmul, .oneHot, .concat, .transpose, .reshape, .stack, .unary,
      .binary, .compare, .select, .softmax, .reduce, .argmax, .gather, .convert, .detach,
      .broadcast, .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .pool,
      .dropout,
      .scan:
      false
    }
  }

}

extension Convolution {

  /// `true` iff a shape that is given depends on dimensions.
  fileprivate var readsDimensions: Bool {
    switch role {
    case .result: false
    case .imageGradient(let height, let width), .kernelGradient(let height, let width):
      height.constant == nil || width.constant == nil
    }
  }

}

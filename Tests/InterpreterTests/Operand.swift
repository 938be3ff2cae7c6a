import IR
import Interpreter
import Testing

/// An array with the type of its elements.
struct Operand {

  let element: ElementType
  let array: DenseArray

  /// Creates numbers of `shape`.
  init(_ shape: [Int], _ elements: [Double]) {
    self.element = .f32
    self.array = DenseArray(shape: shape, elements)
  }

  /// Creates indices below `count`.
  init(below count: Int, _ shape: [Int], _ elements: [Double]) {
    self.element = .index(Extent(count))
    self.array = DenseArray(shape: shape, elements)
  }

  /// Creates truth values.
  init(truth shape: [Int], _ elements: [Double]) {
    self.element = .bool
    self.array = DenseArray(shape: shape, elements)
  }

  /// Creates one-hot rows of as many numbers as the last extent says.
  init(oneHot shape: [Int], _ elements: [Double]) {
    self.element = .oneHot(Extent(shape[shape.count - 1]))
    self.array = DenseArray(shape: shape, elements)
  }

  /// The type of the operand.
  var type: TensorType {
    let shape = array.shape.map { Extent($0) }
    if case .oneHot = element { return TensorType(element, shape.dropLast()) }
    return TensorType(element, shape)
  }

}

/// Returns what `op` yields for `operands`, whose type is inferred and is that of the result.
func apply(_ op: Op, _ operands: Operand...) throws -> DenseArray {
  let type = try op.signature(of: operands.map(\.type), in: []).results[0]
  let result = try Interpreter.evaluate(
    op, operands.map(\.array), oneHot: operands.map(\.type.isOneHot), type: type, in: [])
  #expect(result.shape == type.sizes(in: []))
  return result
}

/// Returns the message of the error that `body` throws.
func message(_ body: () throws -> some Any) -> String? {
  do {
    _ = try body()
    return nil
  } catch {
    return (error as? InterpreterError)?.message
  }
}

/// Returns `true` iff `a` and `b` have the same elements, NaN being the same as NaN.
func areSame(_ a: [Double], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
}

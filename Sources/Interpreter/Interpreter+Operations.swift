import IR

extension Interpreter {

  /// Returns what `op` yields for `operands`, where its result has type `type`.
  ///
  /// Numbers that single precision does not reach are infinite, or zeros, as they are in it. A
  /// product of one-hot rows with a matrix is the selection of rows of that.
  ///
  /// - Parameters:
  ///   - isOneHot: Whether the type of each operand is that of one-hot rows; none is if this is
  ///     empty.
  /// - Requires: `op` is neither a source, an argument nor a scan; `type` is what the signature of
  ///   `op` says.
  package static func evaluate(
    _ op: Op, _ operands: [DenseArray], oneHot isOneHot: [Bool] = [], type: TensorType,
    in dimensions: [Dimension]
  ) throws(InterpreterError) -> DenseArray {
    let result = try unlimitedResult(of: op, operands, isOneHot, type: type, in: dimensions)
    guard type.element == .f32 else { return result }
    return result.map { x in
      let single = Float(x)
      return single.isInfinite || single == 0 ? Double(single) : x
    }
  }

  /// Returns what `op` yields in double precision, whatever its size.
  private static func unlimitedResult(
    of op: Op, _ operands: [DenseArray], _ isOneHot: [Bool], type: TensorType,
    in dimensions: [Dimension]
  ) throws(InterpreterError) -> DenseArray {
    let selectsRows = isOneHot.first ?? false
    switch op {
    case .source, .argument, .scan:
      preconditionFailure("sources, arguments and scans are not functions of their operands")
    case .at(let axis, let offset):
      return try part(of: operands, axis: axis, offset: offset)
    case .linear(let linear):
      let columns = try size(of: type)
      return try .linear(linear, operands, oneHot: isOneHot, columns: columns, in: dimensions)
    case .matmul(let left, let right):
      return try .product(
        operands[0], operands[1], transposingLeft: left, transposingRight: right,
        selectingRows: selectsRows && !left && operands[1].shape.count == 2)
    case .oneHot:
      return try operands[0].oneHot(count: size(of: type))
    case .concat(let axis):
      return try .concatenation(of: operands, axis: axis)
    case .slice(let axis, let lower, let upper):
      return try operands[0].slice(
        axis: axis, lower: lower.size(in: dimensions), upper: upper.size(in: dimensions))
    case .transpose(let permutation):
      return operands[0].transposed(permutation)
    case .reshape(let shape):
      return try operands[0].reshaped(shape.sizes(in: dimensions))
    case .stack(let axis):
      return try .stack(of: operands, axis: axis)
    case .unary(let f):
      return operands[0].applying(f)
    case .binary(let f):
      return try .combination(f, operands[0], operands[1])
    case .compare(let relation):
      return try .comparison(relation, operands[0], operands[1])
    case .select:
      return try .selection(operands[0], operands[1], operands[2])
    case .softmax(let axis, let logarithmic):
      return operands[0].softmax(axis: axis, logarithmic: logarithmic)
    case .reduce(let reduction, let axes, let keepingAxes):
      return operands[0].reduced(reduction, axes: axes, keepingAxes: keepingAxes)
    case .argmax(let axis):
      return try operands[0].argmax(axis: axis)
    case .gather:
      return try operands[0].gathered(at: operands[1])
    case .convert:
      return operands[0]
    case .mask(let steps):
      return try operands[0].mask(steps: steps.size(in: dimensions))
    case .detach:
      return operands[0]
    case .broadcast(let shape):
      return try operands[0].broadcast(to: shape.sizes(in: dimensions))
    case .crossEntropy(let hasMask):
      return try operands[0].crossEntropy(operands[1], mask: hasMask ? operands[2] : nil)
    case .crossEntropyGradient(let hasMask):
      return try operands[0].crossEntropyGradient(operands[1], mask: hasMask ? operands[2] : nil)
    case .weightGradient:
      return try .outerProducts(operands[0], operands[1], selectingRows: selectsRows)
    case .scatterAdd(let rows):
      return try operands[0].scatteredSums(at: operands[1], rows: rows.size(in: dimensions))
    case .convolution(let convolution):
      return try .convolution(
        convolution, operands, shape: type.denseShape.sizes(in: dimensions))
    case .pool(let pool):
      return .pool(pool, operands)
    case .dropout(let dropout):
      return operands[0].dropping(by: dropout, Array(operands.dropFirst()))
    }

    /// Returns the size of the last axis of `type`, written out.
    func size(of type: TensorType) throws(InterpreterError) -> Int {
      guard let extent = type.denseShape.last else { preconditionFailure("the type has an axis") }
      return try extent.size(in: dimensions)
    }
  }

  /// Returns what is at a place of `axis` of the first operand: `offset`, counted from the second
  /// operand if there is one.
  private static func part(
    of operands: [DenseArray], axis: Int, offset: Int
  ) throws(InterpreterError) -> DenseArray {
    let step = operands.count == 2 ? Int(operands[1].elements[0]) : 0
    return try operands[0].part(at: step + offset, axis: axis)
  }

}

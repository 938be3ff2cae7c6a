import IR

/// A reason why an operation does not treat each step alone.
struct StepMismatch: Error {

  /// The reason, as a phrase whose subject is the result of the operation.
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }

}

/// An operation on values that have lost an axis along which it treats each place alone.
struct DroppedAxis {

  /// The operation with its axes numbered anew.
  let op: Op

  /// For each operand the axis, of size one, that stood where others have lost theirs.
  private(set) var superfluousAxes: [Int?]

  /// Creates what `op` is for operands of `types` that lose the axes in `axes`, where its result
  /// loses `axis`.
  ///
  /// - Throws: `StepMismatch` if places of the axis depend on each other.
  init(
    of op: Op, _ types: [TensorType], axes: [Int?], result: TensorType, axis: Int?
  ) throws(StepMismatch) {
    superfluousAxes = Array(repeating: nil, count: types.count)
    guard axes.contains(where: { $0 != nil }) else {
      if axis != nil { throw StepMismatch("makes steps of its own") }
      self.op = op
      return
    }
    guard let axis else { throw StepMismatch("makes one value of all steps") }
    let first = axes.lazy.compactMap { $0 }.first ?? axis
    /// Returns `other` as an axis of what is left of the first operand.
    func shifted(_ other: Int, _ what: String) throws(StepMismatch) -> Int {
      if other == first { throw StepMismatch("\(what) along the steps") }
      return other > first ? other - 1 : other
    }
    switch op {
    case .source, .argument, .at, .scan:
      preconditionFailure("only lines that are not scans are operations of a step")
    case .oneHot, .unary, .convert, .detach:
      self.op = op
    case .binary, .compare, .select:
      self.op = op
      try align(types, axes, rank: result.denseShape.count, axis: axis)
    case .linear(let linear):
      self.op = op
      for i in axes.indices {
        let isRow = linear.partOperands.contains(i) || linear.startOperand == i
        if (axes[i] != nil) != isRow { throw StepMismatch("mixes steps in a product") }
        if axes[i] == types[i].denseShape.count - 1 {
          throw StepMismatch("sums over the steps")
        }
      }
    case .matmul(let left, let right):
      self.op = try Self.product(left, right, types, axes)
      if self.op == op {
        try align(types, axes, rank: result.shape.count, axis: axis)
      }
    case .concat(let along):
      self.op = .concat(axis: try shifted(along, "concatenates"))
    case .slice(let along, let lower, let upper):
      self.op = .slice(axis: try shifted(along, "slices"), lower: lower, upper: upper)
    case .transpose(let permutation):
      var rest: [Int] = []
      for other in permutation where other != first {
        rest.append(other > first ? other - 1 : other)
      }
      self.op = .transpose(permutation: rest)
    case .reshape:
      throw StepMismatch("reshapes the steps")
    case .stack(let along):
      self.op = .stack(axis: along > first ? along - 1 : along)
    case .softmax(let along, let logarithmic):
      self.op = .softmax(axis: try shifted(along, "is normalised"), logarithmic: logarithmic)
    case .reduce(let reduction, let along, let keepingAxes):
      var rest: [Int] = []
      for other in along { rest.append(try shifted(other, "reduces")) }
      self.op = .reduce(reduction, axes: rest, keepingAxes: keepingAxes)
    case .argmax(let along):
      self.op = .argmax(axis: try shifted(along, "searches"))
    case .gather:
      if axes[0] != nil { throw StepMismatch("looks up in the steps") }
      self.op = op
    case .mask:
      throw StepMismatch("makes steps of its own")
    case .broadcast(var shape):
      if first != axis - (shape.count - types[0].denseShape.count) {
        throw StepMismatch("mixes steps")
      }
      shape.remove(at: axis)
      self.op = .broadcast(shape)
    case .dropout(let dropout):
      if dropout.site != nil { throw StepMismatch("drops elements of all steps") }
      self.op = op
    case .convolution, .pool:
      throw StepMismatch("takes the steps for a batch of images")
    case .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd:
      throw StepMismatch("sums over the steps")
    }
  }

  /// Throws unless operands that are broadcast have their steps where the result has them; finds
  /// those with an axis of size one there.
  private mutating func align(
    _ types: [TensorType], _ axes: [Int?], rank: Int, axis: Int
  ) throws(StepMismatch) {
    for (i, type) in types.enumerated() {
      let place = axis - (rank - type.denseShape.count)
      if let own = axes[i] {
        if own != place { throw StepMismatch("compares steps with each other") }
      } else if place >= 0 {
        if type.denseShape[place] != Extent(1) { throw StepMismatch("mixes steps") }
        superfluousAxes[i] = place
      }
    }
  }

  /// Returns the product for operands without their steps.
  private static func product(
    _ left: Bool, _ right: Bool, _ types: [TensorType], _ axes: [Int?]
  ) throws(StepMismatch) -> Op {
    let ranks = types.map(\.denseShape.count)
    if axes[0] == 0, ranks[0] == 2, ranks[1] == 2, axes[1] == nil, !left, !right {
      return .linear(Linear())  // The rows were the steps: one is left.
    }
    for (axis, rank) in zip(axes, ranks) {
      if let axis, axis >= rank - 2 { throw StepMismatch("mixes steps in a product") }
    }
    return .matmul(transposingLeft: left, transposingRight: right)
  }

}

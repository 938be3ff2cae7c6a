import Diagnostics

extension Op {

  /// Returns what `self` yields for operands of the given types.
  ///
  /// - Requires: `self` is neither a source, an argument nor a scan: those carry their types.
  package func signature(
    of operands: [TensorType], in dimensions: [Dimension]
  ) throws(SignatureError) -> Signature {
    var checker = SignatureChecker(operands: operands, dimensions: dimensions)
    let type = try resultType(&checker)
    try checker.requireSize(type)
    return Signature(results: [type], coincidences: checker.coincidences)
  }

  private func resultType(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    switch self {
    case .source, .argument, .scan:
      preconditionFailure("sources, arguments and scans carry their types")
    case .at(let axis, let offset): return try place(axis, offset, &c)
    case .linear(let linear): return try linear.resultType(&c)
    case .matmul(let left, let right): return try product(left, right, &c)
    case .oneHot:
      try c.requireCount(1)
      let (type, count) = try c.indices(0)
      return TensorType(.oneHot(count), type.shape)
    case .concat(let axis): return try concatenation(axis, &c)
    case .slice(let axis, let lower, let upper): return try range(axis, lower, upper, &c)
    case .transpose(let permutation): return try transposition(permutation, &c)
    case .reshape(let shape): return try reshaping(shape, &c)
    case .stack(let axis): return try stacking(axis, &c)
    case .unary(let f): return try mapping(f, &c)
    case .binary(let f): return try mapping(f, &c)
    case .compare: return try comparison(&c)
    case .select: return try selection(&c)
    case .softmax(let axis, _):
      try c.requireCount(1)
      let type = try c.numeric(0)
      try c.requireAxis(axis, of: type, operand: 0)
      return type
    case .reduce(_, let axes, let keepingAxes):
      try c.requireCount(1)
      return try reduction(axes, keepingAxes, &c)
    case .argmax(let axis):
      try c.requireCount(1)
      var type = try c.numeric(0)
      try c.requireAxis(axis, of: type, operand: 0)
      type.element = .index(type.shape.remove(at: axis))
      return type
    case .gather:
      try c.requireCount(2)
      return try lookup(&c)
    case .convert:
      try c.requireCount(1)
      return TensorType(.f32, c.operands[0].denseShape)
    case .mask(let steps):
      try c.requireCount(1)
      return TensorType(.bool, [steps] + (try c.indices(0).type.shape))
    case .detach:
      try c.requireCount(1)
      return c.operands[0]
    case .broadcast(let shape): return try broadcasting(shape, &c)
    case .crossEntropy(let hasMask):
      _ = try crossEntropy(hasMask, &c)
      return .scalar
    case .crossEntropyGradient(let hasMask): return try crossEntropy(hasMask, &c)
    case .weightGradient: return try outerProducts(&c)
    case .scatterAdd(let rows): return try sums(rows, &c)
    case .convolution(let convolution): return try convolution.resultType(&c)
    case .pool(let pool): return try pool.resultType(&c)
    case .dropout(let dropout): return try dropout.resultType(&c)
    }
  }

  private func place(
    _ axis: Int, _ offset: Int, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    if c.operands.count != 2 { try c.requireCount(1) }
    var type = c.operands[0]
    try c.requireAxis(axis, of: type, operand: 0)
    let extent = type.shape.remove(at: axis)
    if c.operands.count == 1 {
      let n = try c.value(extent)
      if !(0..<n).contains(offset) {
        throw SignatureError(
          .rangeOutOfBounds, "place \(offset) is out of range for an axis of \(c.text(extent))",
          operand: 0)
      }
    }
    return type
  }

  private func product(
    _ transposingLeft: Bool, _ transposingRight: Bool, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(2)
    var (a, b) = (try c.numeric(0).shape, try c.numeric(1).shape)
    for (i, shape) in [a, b].enumerated() where shape.count < 2 {
      throw SignatureError(
        .incompatibleShapes,
        "found \(c.text(c.operands[i])), expected a matrix: at least two axes", operand: i)
    }
    if transposingLeft { a.swapAt(a.count - 1, a.count - 2) }
    if transposingRight { b.swapAt(b.count - 1, b.count - 2) }
    guard try c.unify(a[a.count - 1], b[b.count - 2], operand: 1) != nil else {
      throw SignatureError(
        .incompatibleFactors,
        "cannot multiply \(c.text(c.operands[0])) by \(c.text(c.operands[1]))", operand: 1)
    }
    let batch = try c.broadcast(Array(a.dropLast(2)), Array(b.dropLast(2)), operand: 1)
    guard let batch else {
      throw SignatureError(
        .incompatibleShapes,
        "cannot broadcast the batches of \(c.text(c.operands[0])) and \(c.text(c.operands[1]))",
        operand: 1)
    }
    return TensorType(.f32, batch + [a[a.count - 2], b[b.count - 1]])
  }

  private func concatenation(
    _ axis: Int, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    if c.operands.isEmpty { try c.requireCount(1) }
    var result = try c.numeric(0)
    try c.requireAxis(axis, of: result, operand: 0)
    for i in c.operands.indices.dropFirst() {
      let next = try c.numeric(i)
      guard next.shape.count == result.shape.count else {
        throw SignatureError(
          .incompatibleShapes,
          "cannot concatenate \(c.text(next)) to \(c.text(result)): the ranks differ", operand: i)
      }
      for k in result.shape.indices {
        if k == axis {
          result.shape[k] = try c.checked(result.shape[k].adding(next.shape[k]))
        } else if let both = try c.unify(result.shape[k], next.shape[k], operand: i) {
          result.shape[k] = both
        } else {
          throw SignatureError(
            .incompatibleShapes,
            "cannot concatenate \(c.text(next)) to \(c.text(result)) along axis \(axis): "
              + "axis \(k) has \(c.text(next.shape[k])) and \(c.text(result.shape[k]))",
            operand: i)
        }
      }
    }
    return result
  }

  private func range(
    _ axis: Int, _ lower: Extent, _ upper: Extent, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(1)
    var type = c.operands[0]
    if type.isNumeric { type = type.dense }
    try c.requireAxis(axis, of: type, operand: 0)
    let (from, to, end) = (try c.value(lower), try c.value(upper), try c.value(type.shape[axis]))
    guard 0 <= from, from <= to, to <= end else {
      throw SignatureError(
        .rangeOutOfBounds,
        "range \(from) ..< \(to) is out of bounds for an axis of \(c.text(type.shape[axis]))",
        operand: 0)
    }
    type.shape[axis] = try c.checked(upper.subtracting(lower))
    return type
  }

  private func transposition(
    _ permutation: [Int], _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(1)
    var type = c.operands[0]
    if type.isNumeric { type = type.dense }
    guard permutation.sorted() == Array(type.shape.indices) else {
      throw SignatureError(
        .invalidPermutation,
        "\(permutation) is not a permutation of the \(type.shape.count) axes of \(c.text(type))",
        operand: 0)
    }
    let shape = type.shape
    type.shape = permutation.map { shape[$0] }
    return type
  }

  private func reshaping(
    _ shape: [Extent], _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(1)
    var type = c.operands[0]
    if type.isNumeric { type = type.dense }
    let old = type
    type.shape = shape
    try c.requireSize(type)
    var counts = (1, 1)
    for extent in old.shape { counts.0 *= try c.value(extent) }
    for extent in shape {
      let n = try c.value(extent)
      if n < 0 {
        throw SignatureError(.rangeOutOfBounds, "the size \(c.text(extent)) is negative")
      }
      counts.1 *= n
    }
    if counts.0 != counts.1 {
      throw SignatureError(
        .elementCountMismatch,
        "cannot reshape \(c.text(old)) with \(counts.0) elements to \(c.text(type)) with "
          + "\(counts.1)", operand: 0)
    }
    return type
  }

  private func stacking(
    _ axis: Int, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    if c.operands.isEmpty { try c.requireCount(1) }
    var result = c.operands[0]
    if result.isNumeric { result = result.dense }
    for i in c.operands.indices.dropFirst() {
      var next = c.operands[i]
      if next.isNumeric { next = next.dense }
      var fits = next.element == result.element && next.shape.count == result.shape.count
      for k in result.shape.indices where fits {
        let both = try c.unify(result.shape[k], next.shape[k], operand: i)
        fits = both != nil
        result.shape[k] = both ?? result.shape[k]
      }
      if !fits {
        throw SignatureError(
          .incompatibleShapes, "cannot stack \(c.text(next)) on \(c.text(result))", operand: i)
      }
    }
    guard (0...result.shape.count).contains(axis) else {
      throw SignatureError(
        .axisOutOfRange, "axis \(axis) is out of range for a stack of \(c.text(result))",
        operand: 0)
    }
    result.shape.insert(Extent(c.operands.count), at: axis)
    return result
  }

  private func mapping(
    _ f: Unary, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(1)
    switch f {
    case .not: return try c.truth(0)
    case .neg, .exp, .log, .sqrt, .abs, .tanh, .sigmoid, .relu, .flush: return try c.numeric(0)
    }
  }

  private func mapping(
    _ f: Binary, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    try c.requireCount(2)
    let a = f.isLogical ? try c.truth(0) : try c.numeric(0)
    let b = f.isLogical ? try c.truth(1) : try c.numeric(1)
    return TensorType(a.element, try c.broadcastAll([a.shape, b.shape]))
  }

  private func comparison(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    try c.requireCount(2)
    let (a, b) = (c.operands[0], c.operands[1])
    switch (a.element, b.element) {
    case (.index, .index):
      break
    case (.index, .f32) where b.shape.isEmpty, (.f32, .index) where a.shape.isEmpty:
      break  // An integer in the text; whoever reads it checks that it is one.
    case (.index, _), (_, .index):
      throw SignatureError(
        .wrongElementType,
        "cannot compare \(c.text(a)) with \(c.text(b)): indices compare with indices and integers",
        operand: 1)
    default:
      _ = try c.numeric(0)
      _ = try c.numeric(1)
    }
    return TensorType(.bool, try c.broadcastAll([a.denseShape, b.denseShape]))
  }

  private func selection(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    try c.requireCount(3)
    let condition = try c.truth(0)
    var (a, b) = (c.operands[1], c.operands[2])
    if a.isNumeric { a = a.dense }
    if b.isNumeric { b = b.dense }
    guard a.element == b.element else {
      throw SignatureError(
        .wrongElementType, "cannot choose between \(c.text(a)) and \(c.text(b))", operand: 2)
    }
    return TensorType(a.element, try c.broadcastAll([condition.shape, a.shape, b.shape]))
  }

  private func reduction(
    _ axes: [Int], _ keepingAxes: Bool, _ c: inout SignatureChecker
  ) throws(SignatureError) -> TensorType {
    var type = try c.numeric(0)
    for axis in axes { try c.requireAxis(axis, of: type, operand: 0) }
    for axis in axes.reversed() {
      if keepingAxes { type.shape[axis] = Extent(1) } else { type.shape.remove(at: axis) }
    }
    return type
  }

  private func lookup(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    let table = try c.numeric(0)
    let (rows, count) = try c.indices(1)
    guard let first = table.shape.first else {
      throw SignatureError(
        .incompatibleShapes, "found \(c.text(table)), expected a table: at least one axis",
        operand: 0)
    }
    guard try c.unify(first, count, operand: 1) != nil else {
      throw SignatureError(
        .incompatibleShapes,
        "cannot look \(c.text(c.operands[1])) up in \(c.text(table)) of \(c.text(first)) rows",
        operand: 1)
    }
    return TensorType(.f32, rows.shape + table.shape.dropFirst())
  }

}

import Diagnostics

/// The rules that signatures are made of, for one operation.
struct SignatureChecker {

  /// The most elements that a tensor may have.
  static let elementLimit = 1 << 31

  let dimensions: [Dimension]
  let operands: [TensorType]
  private(set) var coincidences: [SignatureError] = []

  init(operands: [TensorType], dimensions: [Dimension]) {
    self.operands = operands
    self.dimensions = dimensions
  }

  /// Returns the text of `type` for a message.
  func text(_ type: TensorType) -> String { "'\(type.description(in: dimensions))'" }

  /// Returns the text of `extent` and, if it mentions dimensions, its number.
  func text(_ extent: Extent) -> String {
    let written = extent.description(in: dimensions)
    guard extent.constant == nil, let n = extent.value(in: dimensions) else {
      return "'\(written)'"
    }
    return "'\(written)' (\(n))"
  }

  /// Returns the number that `extent` is.
  func value(_ extent: Extent) throws(SignatureError) -> Int {
    guard let n = extent.value(in: dimensions) else {
      throw SignatureError(
        .sizeOverflow, "the size '\(extent.description(in: dimensions))' does not fit into 64 bits")
    }
    return n
  }

  /// Returns the sum or the product that `result` is.
  func checked(_ result: Extent?) throws(SignatureError) -> Extent {
    guard let result else {
      throw SignatureError(.sizeOverflow, "a size does not fit into 64 bits")
    }
    return result
  }

  /// Throws unless there are `count` operands.
  func requireCount(_ count: Int) throws(SignatureError) {
    if operands.count != count {
      throw SignatureError(
        .wrongOperandCount,
        "found \(operands.count) operand\(operands.count == 1 ? "" : "s"), expected \(count)")
    }
  }

  /// Returns operand `i` as numbers.
  func numeric(_ i: Int) throws(SignatureError) -> TensorType {
    guard operands[i].isNumeric else {
      throw SignatureError(
        .wrongElementType, "found \(text(operands[i])), expected numbers ('f32')", operand: i)
    }
    return operands[i].dense
  }

  /// Returns the type of operand `i` and the number of its indices.
  func indices(_ i: Int) throws(SignatureError) -> (type: TensorType, count: Extent) {
    guard case .index(let n) = operands[i].element else {
      throw SignatureError(
        .wrongElementType, "found \(text(operands[i])), expected indices ('index<n>')", operand: i)
    }
    return (operands[i], n)
  }

  /// Returns operand `i` as truth values.
  func truth(_ i: Int) throws(SignatureError) -> TensorType {
    guard operands[i].element == .bool else {
      throw SignatureError(
        .wrongElementType, "found \(text(operands[i])), expected truth values ('bool')", operand: i)
    }
    return operands[i]
  }

  /// Throws unless operand `i` has axis `axis`.
  func requireAxis(_ axis: Int, of type: TensorType, operand i: Int) throws(SignatureError) {
    if !type.shape.indices.contains(axis) {
      throw SignatureError(
        .axisOutOfRange,
        "axis \(axis) is out of range for \(text(type)) of rank \(type.shape.count)", operand: i)
    }
  }

  /// Returns the extent that `a` and `b` both are, or `nil` if they differ.
  ///
  /// Records a coincidence if they are equal only for the present dimensions.
  mutating func unify(
    _ a: Extent, _ b: Extent, operand i: Int? = nil
  ) throws(SignatureError) -> Extent? {
    if a == b { return a }
    guard try value(a) == value(b) else { return nil }
    if a.constant != nil { return b }
    if b.constant != nil || a.isAlways(b, in: dimensions) { return a }
    coincidences.append(
      SignatureError(
        .coincidentalSize,
        "\(text(a)) and \(text(b)) are equal only because of the values of their dimensions",
        operand: i))
    return a
  }

  /// Returns the shape that `a` and `b` have after broadcasting as NumPy does it, or `nil`.
  mutating func broadcast(
    _ a: [Extent], _ b: [Extent], operand i: Int
  ) throws(SignatureError) -> [Extent]? {
    let one = Extent(1)
    var result: [Extent] = []
    for k in 0..<max(a.count, b.count) {
      let x = k < a.count ? a[a.count - 1 - k] : one
      let y = k < b.count ? b[b.count - 1 - k] : one
      if x == one || y == one {
        result.append(x == one ? y : x)
      } else if let both = try unify(x, y, operand: i) {
        result.append(both)
      } else if try min(value(x), value(y)) == 1 {
        coincidences.append(
          SignatureError(
            .coincidentalSize,
            "\(text(x)) and \(text(y)) can be broadcast only because one of them is 1 now",
            operand: i))
        result.append(try value(x) == 1 ? y : x)
      } else {
        return nil
      }
    }
    return result.reversed()
  }

  /// Returns the shape that operands of `shapes` have after broadcasting.
  mutating func broadcastAll(_ shapes: [[Extent]]) throws(SignatureError) -> [Extent] {
    var result = shapes[0]
    for (i, shape) in shapes.enumerated().dropFirst() {
      guard let next = try broadcast(result, shape, operand: i) else {
        throw SignatureError(
          .incompatibleShapes,
          "cannot broadcast \(text(operands[i])) to \(text(TensorType(.f32, result)))", operand: i)
      }
      result = next
    }
    return result
  }

  /// Throws if a tensor of `type` would be too large.
  func requireSize(_ type: TensorType) throws(SignatureError) {
    var product = 1
    for extent in type.denseShape {
      let (p, overflow) = product.multipliedReportingOverflow(by: try value(extent))
      if overflow {
        throw SignatureError(
          .sizeOverflow, "the number of elements of \(text(type)) does not fit into 64 bits")
      }
      product = p
    }
    if product > Self.elementLimit {
      throw SignatureError(
        .tensorTooLarge,
        "\(text(type)) has \(product) elements; at most \(Self.elementLimit) are possible")
    }
  }

}

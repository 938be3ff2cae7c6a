/// What the elements of a value are.
package enum ElementType: Hashable, Sendable {

  /// 32-bit floating point.
  case f32

  /// A truth value.
  case bool

  /// An integer from 0 up to, but not including, the extent.
  case index(Extent)

  /// A row of as many numbers as the extent says, one of them 1 and the others 0.
  ///
  /// Such a value is an index with a promise; it is written out as numbers only where an
  /// operation asks for them.
  case oneHot(Extent)

}

/// The type of a value: what its elements are and how many there are along each axis.
package struct TensorType: Hashable, Sendable {

  package var element: ElementType

  /// The extents; for a one-hot value without the axis of the classes.
  package var shape: [Extent]

  /// Creates the type of `shape` with the given elements.
  package init(_ element: ElementType, _ shape: [Extent]) {
    self.element = element
    self.shape = shape
  }

  /// The type of one number.
  package static let scalar = TensorType(.f32, [])

  /// The extents when the value is written out: a one-hot value has the axis of its classes last.
  package var denseShape: [Extent] {
    if case .oneHot(let classes) = element { return shape + [classes] }
    return shape
  }

  /// The type when the value is written out: a one-hot value becomes numbers.
  package var dense: TensorType {
    if case .oneHot = element { return TensorType(.f32, denseShape) }
    return self
  }

  /// `true` iff the value has one-hot rows.
  package var isOneHot: Bool { if case .oneHot = element { true } else { false } }

  /// `true` iff the value is, or can be written out as, 32-bit numbers.
  package var isNumeric: Bool {
    switch element {
    case .f32, .oneHot: true
    case .bool, .index: false
    }
  }

  /// Returns the text of `self`.
  package func description(in dimensions: [Dimension]) -> String {
    let kind =
      switch element {
      case .f32: "f32"
      case .bool: "bool"
      case .index(let n): "index<\(n.description(in: dimensions))>"
      case .oneHot(let n): "onehot<\(n.description(in: dimensions))>"
      }
    if shape.isEmpty { return kind }
    return kind + "[\(shape.map { $0.description(in: dimensions) }.joined(separator: ", "))]"
  }

  /// Returns the extents of `denseShape` as numbers, or `nil` if one overflows.
  package func sizes(in dimensions: [Dimension]) -> [Int]? {
    var result: [Int] = []
    for extent in denseShape {
      guard let size = extent.value(in: dimensions) else { return nil }
      result.append(size)
    }
    return result
  }

}

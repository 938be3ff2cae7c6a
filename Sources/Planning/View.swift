import IR

/// The memory that a place lies in.
package enum Base: Hashable, Sendable {

  case buffer(ID<Buffer>)
  case weight(ID<WeightItem>)
  case input(Int)
  case output(Int)
  case state(ID<State>)
  case parameter(ID<Parameter>)
  case slot(ID<Slot>)

  /// The old value of a state in a loop, or the new one.
  case carried(loop: Int, index: Int, isNew: Bool)

}

/// Where the elements of a tensor start.
package struct Place: Hashable, Sendable {

  /// How far a place moves with each step of a loop.
  package struct Motion: Hashable, Sendable {

    package var loop: Int

    /// The elements per step.
    package var stride: Int

  }

  package var base: Base

  /// The first element.
  package var offset: Int

  package var motions: [Motion]

  /// Creates the start of `base`, or a place behind it.
  package init(_ base: Base, offset: Int = 0, motions: [Motion] = []) {
    self.base = base
    self.offset = offset
    self.motions = motions
  }

}

/// What four bytes hold.
package enum Scalar32: Hashable, Sendable {

  case float

  /// An index, or a truth value as 0 or 1.
  case integer

  /// Creates the kind in which elements of type `element` are kept.
  package init(_ element: ElementType) {
    switch element {
    case .f32, .oneHot: self = .float
    case .bool, .index: self = .integer
    }
  }

}

/// A tensor in memory: a place, and how far apart its elements are.
package struct View: Hashable, Sendable {

  package var place: Place
  package var shape: [Int]

  /// The elements between neighbours along each axis.
  package var strides: [Int]

  package var scalar: Scalar32

  /// Creates a view.
  package init(_ place: Place, shape: [Int], strides: [Int], scalar: Scalar32) {
    self.place = place
    self.shape = shape
    self.strides = strides
    self.scalar = scalar
  }

  /// Creates the view of a dense tensor.
  package init(dense place: Place, shape: [Int], scalar: Scalar32) {
    self.init(place, shape: shape, strides: Self.denseStrides(shape), scalar: scalar)
  }

  /// Returns the strides of a row-major tensor without gaps.
  package static func denseStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for i in shape.indices.dropLast().reversed() {
      strides[i] = strides[i + 1] * max(1, shape[i + 1])
    }
    return strides
  }

  /// `true` iff the elements follow one another in row-major order.
  package var isDense: Bool {
    var expected = 1
    for i in shape.indices.reversed() where shape[i] != 1 {
      if strides[i] != expected { return false }
      expected *= shape[i]
    }
    return true
  }

  /// Returns the view of one place of `axis`, or of the places at the steps of a loop.
  package func element(axis: Int, offset: Int, loop: Int?) -> View {
    var result = self
    let stride = result.strides.remove(at: axis)
    result.shape.remove(at: axis)
    result.place.offset += offset * stride
    if let loop { result.place.motions.append(Place.Motion(loop: loop, stride: stride)) }
    return result
  }

  /// Returns the view of `range` of `axis`.
  package func slice(axis: Int, _ range: Range<Int>) -> View {
    var result = self
    result.place.offset += range.lowerBound * strides[axis]
    result.shape[axis] = range.count
    return result
  }

  /// Returns the view with its axes reordered.
  package func transposed(_ permutation: [Int]) -> View {
    View(
      place, shape: permutation.map { shape[$0] }, strides: permutation.map { strides[$0] },
      scalar: scalar)
  }

  /// Returns the view in another shape, or `nil` where that takes a copy.
  package func reshaped(_ newShape: [Int]) -> View? {
    if isDense { return View(dense: place, shape: newShape, scalar: scalar) }
    // Inserting and removing axes of one element keeps the strides of all others.
    let rest = shape.indices.filter { shape[$0] != 1 }
    guard rest.map({ shape[$0] }) == newShape.filter({ $0 != 1 }) else { return nil }
    var kept = rest.map { strides[$0] }[...]
    let newStrides = newShape.map { $0 == 1 ? 0 : kept.popFirst() ?? 0 }
    return View(place, shape: newShape, strides: newStrides, scalar: scalar)
  }

  /// Returns the strides of `self` when it is broadcast to `shape`.
  package func strides(broadcastTo target: [Int]) -> [Int] {
    let missing = target.count - shape.count
    return target.indices.map { i in
      i < missing || shape[i - missing] == 1 ? 0 : strides[i - missing]
    }
  }

}

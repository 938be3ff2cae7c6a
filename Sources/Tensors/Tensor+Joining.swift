extension Tensor {

  /// Returns the first `count` places along `axis`.
  ///
  /// - Requires: there are as many.
  package func prefix(_ count: Int, along axis: Int) -> Tensor {
    if shape[axis] == count { return self }
    var shape = shape
    shape[axis] = count
    let (width, kept) = (
      self.shape[axis...].reduce(1, *), self.shape[(axis + 1)...].reduce(count, *)
    )
    let parts = shape[..<axis].reduce(1, *)
    func cut<T>(_ elements: [T]) -> [T] {
      (0..<parts).flatMap { elements[$0 * width..<$0 * width + kept] }
    }
    return switch elements {
    case .float32(let e): Tensor(shape: shape, .float32(cut(e)))
    case .float64(let e): Tensor(shape: shape, .float64(cut(e)))
    case .int64(let e): Tensor(shape: shape, .int64(cut(e)))
    case .bool(let e): Tensor(shape: shape, .bool(cut(e)))
    }
  }

  /// Creates the tensor with all places of `tensors` along `axis`, one tensor after the other.
  ///
  /// - Requires: there is at least one; they differ along that axis only, and have elements of one
  ///   type.
  package init(joining tensors: [Tensor], along axis: Int) {
    precondition(!tensors.isEmpty, "there is a tensor")
    var shape = tensors[0].shape
    let parts = shape[..<axis].reduce(1, *)
    shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
    func joined<T>(_ lists: [[T]]) -> [T] {
      guard lists.count == tensors.count else { preconditionFailure("elements are of one type") }
      return (0..<parts).flatMap { part in
        lists.flatMap { list in
          let width = list.count / max(parts, 1)
          return list[part * width..<(part + 1) * width]
        }
      }
    }
    let elements: Elements
    switch tensors[0].elements {
    case .float32:
      elements = .float32(
        joined(tensors.compactMap { if case .float32(let e) = $0.elements { e } else { nil } }))
    case .float64:
      elements = .float64(
        joined(tensors.compactMap { if case .float64(let e) = $0.elements { e } else { nil } }))
    case .int64:
      elements = .int64(
        joined(tensors.compactMap { if case .int64(let e) = $0.elements { e } else { nil } }))
    case .bool:
      elements = .bool(
        joined(tensors.compactMap { if case .bool(let e) = $0.elements { e } else { nil } }))
    }
    self.init(shape: shape, elements)
  }

}

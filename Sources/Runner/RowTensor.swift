import Tensors

/// A tensor with a row for each example of a data set, of which a call takes some.
///
/// The rows lie along one axis, as in the input that they are for: its first axis, or its second
/// where time is outermost.
package struct RowTensor: Equatable, Sendable {

  /// Elements as a model reads them; truth values are 0 and 1.
  package enum Elements: Equatable, Sendable {

    case floats([Float])
    case integers([Int32])

  }

  /// The name of the input or label that the rows are for.
  package let name: String

  /// The number of rows.
  package let count: Int

  /// The extents in front of and behind the axis of the rows.
  let outer: [Int]
  let inner: [Int]

  /// The elements in row-major order.
  let elements: Elements

  /// Creates the rows of `tensor` along `axis`, for an input that `value` describes.
  ///
  /// Throws if the other axes, or the elements, are not those of the input, or an element is not a
  /// finite number.
  ///
  /// - Requires: `value` has that axis.
  package init(_ tensor: Tensor, for value: Manifest.Value, axis: Int) throws(RunnerError) {
    guard tensor.shape.count == value.shape.count else {
      throw RunnerError(
        .input, "'\(value.name)' is \(tensor.type), expected \(value.type(of: axis))")
    }
    var shape = value.shape
    shape[axis] = tensor.shape[axis]
    let whole = Manifest.Value(
      name: value.name, element: value.element, classes: value.classes, shape: shape)
    let fitted: Tensor
    switch whole.fitted(tensor, steps: 1) {
    case .success(let tensor): fitted = tensor
    case .failure(let mismatch):
      let phrase =
        tensor.shape == shape
        ? mismatch.phrase : "is \(tensor.type), expected \(value.type(of: axis))"
      throw RunnerError(.input, "'\(value.name)' \(phrase)")
    }
    if let place = fitted.firstInfinity {
      throw RunnerError(.input, "'\(value.name)' has \(place), expected finite numbers")
    }
    let elements: Elements
    switch fitted.elements {
    case .float32(let e): elements = .floats(e)
    case .int64(let e): elements = .integers(e.map { Int32(truncatingIfNeeded: $0) })
    case .bool(let e): elements = .integers(e.map { $0 ? 1 : 0 })
    case .float64: preconditionFailure("no declared value has elements of double precision")
    }
    self.init(name: value.name, shape: shape, axis: axis, elements)
  }

  /// Creates the rows along `axis` of `elements`, of shape `shape`.
  ///
  /// - Requires: there are as many elements as the shape asks for.
  package init(name: String, shape: [Int], axis: Int, _ elements: Elements) {
    self.name = name
    count = shape[axis]
    outer = Array(shape[..<axis])
    inner = Array(shape[(axis + 1)...])
    self.elements = elements
  }

  /// The place of the axis of the rows.
  package var axis: Int { outer.count }

  /// Returns the shape of `rows` rows.
  package func shape(rows: Int) -> [Int] { outer + [rows] + inner }

  /// Returns the elements of `rows`, in the order and the layout of an input that takes as many.
  ///
  /// - Requires: each of `rows` is at least 0 and less than `count`.
  package func elements(of rows: [Int]) -> Elements {
    switch elements {
    case .floats(let e): .floats(gathered(e, rows))
    case .integers(let e): .integers(gathered(e, rows))
    }
  }

  private func gathered<T>(_ elements: [T], _ rows: [Int]) -> [T] {
    let size = inner.elementCount
    var result: [T] = []
    result.reserveCapacity(outer.elementCount * rows.count * size)
    for part in 0..<outer.elementCount {
      for row in rows {
        let start = (part * count + row) * size
        if size == 1 {
          result.append(elements[start])
        } else {
          result.append(contentsOf: elements[start..<start + size])
        }
      }
    }
    return result
  }

  /// Returns `rows` as a tensor that a call can be given.
  ///
  /// - Requires: each of `rows` is at least 0 and less than `count`.
  package func tensor(of rows: [Int]) -> Tensor {
    let shape = shape(rows: rows.count)
    return switch elements(of: rows) {
    case .floats(let e): Tensor(shape: shape, e)
    case .integers(let e): Tensor(shape: shape, .int64(e.map(Int64.init)))
    }
  }

  /// Adds what tells `self` from other rows to `hash`.
  package func add(to hash: inout SHA256) {
    hash.update(field: "\(name) \(shape(rows: count)) \(axis)")
    func add(_ words: some Sequence<UInt32>) {
      var bytes: [UInt8] = []
      for word in words {
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        // In parts, because the bytes of all would take their memory again.
        if bytes.count >= 1 << 16 {
          hash.update(bytes)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      hash.update(bytes)
    }
    switch elements {
    case .floats(let e): add(e.lazy.map(\.bitPattern))
    case .integers(let e): add(e.lazy.map { UInt32(bitPattern: $0) })
    }
  }

}

extension PreparedCall {

  /// Makes `elements` those of input `index` in the entry's order.
  ///
  /// - Requires: they are as many as the input has, and possible for it.
  package func setInput(_ index: Int, to elements: RowTensor.Elements) {
    switch elements {
    case .floats(let e): setInput(index, to: e)
    case .integers(let e): setInput(index, to: e)
    }
  }

}

extension Tensor {

  /// The first element that is not a finite number, and its place; `nil` if all are.
  fileprivate var firstInfinity: String? {
    guard case .float32(let e) = elements, let i = e.firstIndex(where: { !$0.isFinite }) else {
      return nil
    }
    return "\(e[i])\(place(of: i))"
  }

}

extension Manifest.Value {

  /// Returns the type as a graph writes it, with N rows along `axis`.
  fileprivate func type(of axis: Int) -> String {
    var extents = shape.map { "\($0)" }
    extents[axis] = "N"
    let name = element == .index ? "index<\(classes ?? 0)>" : element.rawValue
    return "\(name)[\(extents.joined(separator: ", "))]"
  }

}

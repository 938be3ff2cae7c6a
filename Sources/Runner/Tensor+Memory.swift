import Tensors

/// A reason for which a tensor cannot be taken for a declared value.
struct Mismatch: Error {

  /// What is wrong, to stand behind the name of the value.
  let phrase: String

}

extension Tensor {

  /// The type as messages print it.
  package var type: String {
    elements.typeName + shape.suffix
  }

  /// Returns the elements as `Float` if `self` has the given shape and float elements.
  ///
  /// A finite number that is too large for `Float` is a mismatch.
  func floats(shape expected: [Int]) -> Result<[Float], Mismatch> {
    let mismatch = Mismatch(phrase: "is \(type), expected f32\(expected.suffix)")
    guard shape == expected else { return .failure(mismatch) }
    switch elements {
    case .float32(let e): return .success(e)
    case .float64(let e):
      let narrowed = e.map { Float($0) }
      if let i = e.indices.first(where: { e[$0].isFinite && !narrowed[$0].isFinite }) {
        return .failure(Mismatch(phrase: "has \(e[i])\(place(of: i)), which is too large for f32"))
      }
      return .success(narrowed)
    case .int64, .bool: return .failure(mismatch)
    }
  }

  /// Returns the elements as `Int32` if they are whole numbers of `range`, and what else was
  /// found otherwise.
  fileprivate func integers(in range: Range<Int>) -> Result<[Int32], Mismatch> {
    switch elements {
    case .int64(let e):
      if let i = e.firstIndex(where: { !range.contains(Int($0)) }) {
        let expected = "expected \(range.lowerBound)..<\(range.upperBound)"
        return .failure(Mismatch(phrase: "has \(e[i])\(place(of: i)), \(expected)"))
      }
      return .success(e.map { Int32(truncatingIfNeeded: $0) })
    case .bool(let e) where range == 0..<2: return .success(e.map { $0 ? 1 : 0 })
    case .bool, .float32, .float64:
      return .failure(Mismatch(phrase: "is \(type), expected whole numbers"))
    }
  }

  /// Returns the position of the element at `offset`, behind ` at `.
  private func place(of offset: Int) -> String {
    guard !shape.isEmpty else { return "" }
    var rest = offset
    var position: [Int] = []
    for extent in shape.reversed() {
      position.insert(rest % extent, at: 0)
      rest /= extent
    }
    return " at \(position)"
  }

}

extension Manifest.State {

  /// Returns the elements of `tensor` if it can be the state's value.
  func given(_ tensor: Tensor) -> Result<[Float], Mismatch> {
    guard !startsComputed else {
      return .failure(Mismatch(phrase: "starts at a computed value and cannot be given"))
    }
    return tensor.floats(shape: shape)
  }

}

extension Manifest.Value {

  /// Writes `tensor` into `block` for a call of `steps` steps; returns what is wrong instead if
  /// it does not fit.
  func store(_ tensor: Tensor, in block: AlignedMemory, steps: Int) -> Mismatch? {
    let tensor = counted ? tensor.prefix(steps) : tensor
    let expected = shape(steps: steps)
    guard tensor.shape == expected else {
      return mismatch(tensor, steps: steps)
    }
    switch element {
    case .f32: return store(tensor.floats(shape: expected), in: block)
    case .index:
      if case .bool = tensor.elements {
        return mismatch(tensor, steps: steps)
      }
      return store(tensor.integers(in: 0..<(classes ?? 0)), in: block)
    case .bool: return store(tensor.integers(in: 0..<2), in: block)
    }
  }

  private func mismatch(_ tensor: Tensor, steps: Int) -> Mismatch {
    Mismatch(phrase: "is \(tensor.type), expected \(type(steps: steps))")
  }

  private func store<T: BitwiseCopyable>(
    _ elements: Result<[T], Mismatch>, in block: AlignedMemory
  ) -> Mismatch? {
    switch elements {
    case .success(let e):
      block.store(e)
      return nil
    case .failure(let mismatch): return mismatch
    }
  }

  /// Returns what a call of `steps` steps left in `block`.
  func load(from block: AlignedMemory, steps: Int) -> Tensor {
    let shape = shape(steps: steps)
    let count = shape.elementCount
    return switch element {
    case .f32: Tensor(shape: shape, block.load(count, as: Float.self))
    case .index: Tensor(shape: shape, .int64(block.load(count, as: Int32.self).map(Int64.init)))
    case .bool: Tensor(shape: shape, .bool(block.load(count, as: Int32.self).map { $0 != 0 }))
    }
  }

}

extension Tensor {

  /// Returns the first `count` parts along the first axis, or `self` if it has no more.
  fileprivate func prefix(_ count: Int) -> Tensor {
    guard let extent = shape.first, extent > count else { return self }
    let shape = [count] + shape.dropFirst()
    let n = shape.elementCount
    return switch elements {
    case .float32(let e): Tensor(shape: shape, .float32(Array(e.prefix(n))))
    case .float64(let e): Tensor(shape: shape, .float64(Array(e.prefix(n))))
    case .int64(let e): Tensor(shape: shape, .int64(Array(e.prefix(n))))
    case .bool(let e): Tensor(shape: shape, .bool(Array(e.prefix(n))))
    }
  }

}

extension Manifest.Entry {

  /// Returns the count of steps of a call with `inputs`, `asked` for or by the length of the
  /// counted inputs; describes what is wrong with it in `problems`.
  func stepCount(asked: Int?, inputs: [String: Tensor], _ problems: inout [String]) -> Int {
    guard let countedDim else {
      if let asked, asked != steps {
        problems.append("the count of steps is \(asked), but the entry always runs \(steps)")
      }
      return steps
    }
    let counted = self.inputs.filter(\.counted)
    let lengths = counted.compactMap { value in inputs[value.name]?.shape.first }
    let count = asked ?? lengths.min() ?? steps
    guard (0...steps).contains(count) else {
      problems.append("\(count) steps are not in 0...\(steps), the size of '\(countedDim)'")
      return steps
    }
    for value in counted {
      guard let length = inputs[value.name]?.shape.first else { continue }
      // One that is too short is reported with its shape.
      if asked == nil, length > count {
        problems.append("'\(value.name)' has \(length) steps, but another input only \(count)")
      }
    }
    return count
  }

}

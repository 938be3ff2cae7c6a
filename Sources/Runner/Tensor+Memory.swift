import Tensors

/// A reason for which a tensor cannot be taken for a declared value.
package struct Mismatch: Error {

  /// What is wrong, to stand after the name of the value.
  package let phrase: String

}

extension Tensor {

  /// Returns the elements as `Float` if `self` has the given shape and float elements.
  ///
  /// A finite number that is too large for `Float` is a mismatch.
  package func floats(shape expected: [Int]) -> Result<[Float], Mismatch> {
    let phrase = "is \(type), expected f32\(expected.suffix)"
    guard shape == expected else { return .failure(Mismatch(phrase: phrase)) }
    switch elements {
    case .float32(let e): return .success(e)
    case .float64(let e):
      let narrowed = e.map { Float($0) }
      if let i = e.indices.first(where: { e[$0].isFinite && !narrowed[$0].isFinite }) {
        return .failure(Mismatch(phrase: "has \(e[i])\(place(of: i)), which is too large for f32"))
      }
      return .success(narrowed)
    case .int64, .bool:
      // Bytes of images are numbers from 0 to 255, of which a model may expect other ones.
      let advice = "in NumPy, 'astype(\"float32\")' makes it that"
      return .failure(Mismatch(phrase: "\(phrase); \(advice)"))
    }
  }

  /// Returns the elements if they are whole numbers of `range`, and what else was found otherwise.
  fileprivate func integers(in range: Range<Int>) -> Result<[Int64], Mismatch> {
    switch elements {
    case .int64(let e):
      if let i = e.firstIndex(where: { !range.contains(Int($0)) }) {
        let expected = "expected \(range.lowerBound)..<\(range.upperBound)"
        return .failure(Mismatch(phrase: "has \(e[i])\(place(of: i)), \(expected)"))
      }
      return .success(e)
    case .bool, .float32, .float64:
      return .failure(Mismatch(phrase: "is \(type), expected whole numbers"))
    }
  }

  /// Returns the position of the element at `offset`, behind ` at `.
  func place(of offset: Int) -> String {
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

  /// Returns `tensor` with elements of the state's type if it can be the state's value.
  func given(_ tensor: Tensor) -> Result<Tensor, Mismatch> {
    guard !startsComputed else {
      return .failure(Mismatch(phrase: "starts at a computed value and cannot be given"))
    }
    return value.fitted(tensor, steps: 1)
  }

  /// Returns the value that the rule for the first one gives, drawn with `seed` where it is random,
  /// or `nil` if there is no rule.
  func firstValue(seed: UInt64) -> Tensor? {
    let count = shape.elementCount
    switch element {
    case .f32:
      return initializer.map { rule in
        Tensor(shape: shape, rule.values(count: count, seed: seed, name: name))
      }
    case .index: return initializer?.integers(count: count).map { Tensor(shape: shape, .int64($0)) }
    case .bool:
      return initializer?.integers(count: count).map { elements in
        Tensor(shape: shape, .bool(elements.map { $0 != 0 }))
      }
    }
  }

}

extension Manifest.Value {

  /// Returns `tensor` with elements of the value's type if it can be the value in a call of `steps`
  /// steps.
  func fitted(_ tensor: Tensor, steps: Int) -> Result<Tensor, Mismatch> {
    let given = tensor
    let tensor = counted ? tensor.prefix(steps) : tensor
    let expected = shape(steps: steps)
    guard tensor.shape == expected else {
      // If more is wrong than the count of steps, that says nothing of what is expected.
      let isShort = tensor.shape.dropFirst() == expected.dropFirst()
      return .failure(mismatch(given, steps: isShort ? steps : shape.first ?? steps))
    }
    switch element {
    case .f32: return tensor.floats(shape: expected).map { Tensor(shape: expected, $0) }
    case .index:
      if case .bool = tensor.elements { return .failure(mismatch(tensor, steps: steps)) }
      return tensor.integers(in: 0..<(classes ?? 0)).map { Tensor(shape: expected, .int64($0)) }
    case .bool:
      if case .bool = tensor.elements { return .success(tensor) }
      return tensor.integers(in: 0..<2).map { elements in
        Tensor(shape: expected, .bool(elements.map { $0 != 0 }))
      }
    }
  }

  private func mismatch(_ tensor: Tensor, steps: Int) -> Mismatch {
    Mismatch(phrase: "is \(tensor.type), expected \(type(steps: steps))")
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

extension AlignedMemory {

  /// Replaces the first elements by those of `tensor`, four bytes each, as a model reads them.
  ///
  /// - Requires: they fit, and `tensor` was fitted to a declared value.
  func store(_ tensor: Tensor) {
    switch tensor.elements {
    case .float32(let e): store(e)
    case .int64(let e): store(e.map { Int32(truncatingIfNeeded: $0) })
    case .bool(let e): store(e.map { $0 ? 1 : 0 as Int32 })
    case .float64: preconditionFailure("no declared value has elements of double precision")
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
        problems.append("the count of steps is \(asked), but the entry takes none")
      }
      return steps
    }
    let counted = self.inputs.filter(\.counted)
    let lengths = counted.compactMap { value in inputs[value.name]?.shape.first }
    let count = asked ?? lengths.min() ?? steps
    guard (0...steps).contains(count) else {
      let advice = "compiled with '--dim \(countedDim)=\(count)', the model does as many"
      problems.append(
        "\(count) steps are not in 0...\(steps), the size of '\(countedDim)'"
          + (count > steps ? "; \(advice)" : ""))
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

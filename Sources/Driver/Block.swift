/// A table of numbers with its shape.
struct Block: Equatable {

  var shape: [Int]
  var elements: [Float]

  /// Creates a block of zeros.
  init(zeros shape: [Int]) {
    self.init(shape: shape, elements: [Float](repeating: 0, count: shape.reduce(1, *)))
  }

  /// Creates a block.
  init(shape: [Int], elements: [Float]) {
    self.shape = shape
    self.elements = elements
  }

  /// The block with its axes in the opposite order.
  var transposed: Block {
    var result = Block(shape: shape.reversed(), elements: elements)
    var position = [Int](repeating: 0, count: shape.count)
    let strides = shape.indices.map { axis in shape[..<axis].reduce(1, *) }
    for x in elements {
      result.elements[zip(position, strides).reduce(0) { $0 + $1.0 * $1.1 }] = x
      for axis in shape.indices.reversed() {
        position[axis] += 1
        if position[axis] < shape[axis] { break }
        position[axis] = 0
      }
    }
    return result
  }

  /// Returns the part of the block at `places` of `axis`.
  func slice(axis: Int, _ places: Range<Int>) -> Block {
    if places == 0..<shape[axis] { return self }
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var result = Block(shape: shape, elements: [])
    result.shape[axis] = places.count
    for i in 0..<outer {
      let start = (i * shape[axis] + places.lowerBound) * inner
      result.elements += elements[start..<start + places.count * inner]
    }
    return result
  }

  /// Returns the part of the block at `places` of each axis.
  func slice(_ places: [Range<Int>]) -> Block {
    places.enumerated().reduce(self) { $0.slice(axis: $1.offset, $1.element) }
  }

  /// Replaces the part of the block at `places` of each axis by `part`, in row-major order.
  mutating func replace(_ places: [Range<Int>], by part: [Float]) {
    guard let width = places.last?.count, width > 0 else {
      if places.isEmpty { elements = part }
      return
    }
    // A row is what lies together along the last axis.
    for row in 0..<part.count / width {
      var rest = row
      var start = places[places.count - 1].lowerBound
      var stride = shape[places.count - 1]
      for axis in places.indices.dropLast().reversed() {
        start += (places[axis].lowerBound + rest % places[axis].count) * stride
        rest /= places[axis].count
        stride *= shape[axis]
      }
      elements.replaceSubrange(start..<start + width, with: part[row * width..<(row + 1) * width])
    }
  }

  /// Returns `blocks` one after the other along `axis`.
  static func concat(_ blocks: [Block], axis: Int) -> Block {
    var result = Block(shape: blocks.first?.shape ?? [], elements: [])
    result.shape[axis] = blocks.reduce(0) { $0 + $1.shape[axis] }
    let outer = result.shape[..<axis].reduce(1, *)
    for i in 0..<outer {
      for block in blocks {
        let count = block.elements.count / max(outer, 1)
        result.elements += block.elements[i * count..<(i + 1) * count]
      }
    }
    return result
  }

}

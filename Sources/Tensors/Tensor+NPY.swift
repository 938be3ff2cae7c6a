extension Tensor {

  /// Reads a file of NumPy's format `.npy`, version 1.0, 2.0 or 3.0.
  ///
  /// Numbers of 16 bits become 32-bit numbers, and integers become 64-bit integers. Arrays in
  /// Fortran order become row-major. The file must hold exactly one array: every length is compared
  /// with the size of the file before it is used. The format is described in NumPy's manual under
  /// `numpy.lib.format`. `name` names the file in errors.
  ///
  /// - Complexity: O(*n*), where *n* is the size of the file.
  package init(npy bytes: [UInt8], name: String) throws(TensorError) {
    let subject = "'\(name)'"
    let header = try NPYHeader(bytes, of: subject)
    guard let count = Tensor.count(of: header.shape) else {
      throw TensorError(
        "\(subject): found the shape \(NPYHeader.text(of: header.shape)), "
          + "expected at most \(Tensor.maximumCount) elements")
    }
    let (available, needed) = (bytes.count - header.end, count * header.type.byteCount)
    guard available == needed else {
      throw TensorError(
        "\(subject): found \(available) bytes of data, expected \(needed) for the shape "
          + "\(NPYHeader.text(of: header.shape)) of '\(header.typeText)'")
    }
    let e = try header.type.elements(
      in: bytes, header.end..<bytes.count, header.order, of: subject)
    self.init(
      shape: header.shape, header.isFortranOrder ? e.rowMajor(from: header.shape) : e,
      readAs: header.type)
  }

  /// Returns the tensor as a file of NumPy's format `.npy`, byte for byte as `numpy.save` writes
  /// it.
  ///
  /// - Requires: the tensor has at most `maximumRank` axes.
  /// - Complexity: O(*n*), where *n* is the number of elements.
  package func npyBytes() -> [UInt8] {
    precondition(shape.count <= Tensor.maximumRank, "at most \(Tensor.maximumRank) axes")
    let type = elements.storedType
    var header = "{'descr': '\(type.npyName)', 'fortran_order': False, "
    header += "'shape': \(NPYHeader.text(of: shape)), }"
    // NumPy leaves room for the first extent to grow to 21 digits in place, then always adds at
    // least one space, so that the data begin at a multiple of 64.
    if let first = shape.first {
      header += String(repeating: " ", count: 21 - String(first).utf8.count)
    }
    let unpadded = NPYHeader.magic.count + 4 + header.utf8.count + 1
    header += String(repeating: " ", count: 64 - unpadded % 64) + "\n"

    var result = NPYHeader.magic + [1, 0]
    result.reserveCapacity(result.count + 2 + header.utf8.count + elements.count * type.byteCount)
    result.append(littleEndian: UInt16(header.utf8.count))
    result += header.utf8
    result.append(littleEndian: elements)
    return result
  }

}

extension Tensor.Elements {

  /// Returns the elements of an array of `shape` in row-major order, given them in column-major
  /// order.
  fileprivate func rowMajor(from shape: [Int]) -> Tensor.Elements {
    switch self {
    case .float32(let e): .float32(Self.rowMajor(e, shape))
    case .float64(let e): .float64(Self.rowMajor(e, shape))
    case .int64(let e): .int64(Self.rowMajor(e, shape))
    case .bool(let e): .bool(Self.rowMajor(e, shape))
    }
  }

  private static func rowMajor<Element>(_ e: [Element], _ shape: [Int]) -> [Element] {
    guard !e.isEmpty else { return e }
    // In column-major order the first axis varies fastest: a step along axis i skips the product of
    // the extents before it.
    var strides: [Int] = []
    var next = 1
    for extent in shape {
      strides.append(next)
      next *= extent
    }
    var result: [Element] = []
    result.reserveCapacity(e.count)
    var index = shape.map { _ in 0 }
    var source = 0
    while true {
      result.append(e[source])
      // Counts up as an odometer does, the last axis first; ends after the last index.
      var axis = shape.count - 1
      while axis >= 0, index[axis] == shape[axis] - 1 {
        source -= index[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return result }
      index[axis] += 1
      source += strides[axis]
    }
  }

}

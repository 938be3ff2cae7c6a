extension Safetensors {

  /// The largest header, in bytes, as in the reference implementation.
  private static let maximumHeader = 100_000_000

  /// Reads a file.
  ///
  /// Numbers of 16 bits become 32-bit numbers, and integers become 64-bit integers. Every length
  /// and offset is compared with the size of the file before it is used, and the data must be
  /// covered by the tensors without gaps or overlaps. Tensors of other types, and integers above
  /// `Int64.max`, are left unread. `name` names the file in errors.
  ///
  /// - Complexity: O(*n* log *n*), where *n* is the size of the file.
  package init(bytes: [UInt8], name: String) throws(TensorError) {
    let subject = "'\(name)'"
    if let format = FileFormat(bytes), format != .safetensors {
      throw TensorError("\(subject): \(format.phrase(expecting: "a safetensors file"))")
    }
    let (header, start) = try Safetensors.header(of: bytes, subject)
    var metadata: [ExactText: String] = [:]
    var tensors: [StoredTensor] = []
    for member in header {
      if member.key == Safetensors.metadataKey {
        metadata = try Safetensors.metadata(member.value, subject)
      } else {
        let s = "tensor \(quoted(member.key.utf8)) of \(subject)"
        tensors.append(try StoredTensor(member.key, member.value, of: s))
      }
    }

    // Tensors without elements may lie between others; they sort before the one they begin with.
    tensors.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var end = 0
    for t in tensors {
      guard t.begin == end else {
        throw TensorError("\(t.subject): found data from offset \(t.begin), expected \(end)")
      }
      guard t.end <= bytes.count - start else {
        throw TensorError(
          "\(t.subject): found data up to offset \(t.end), "
            + "expected at most the \(bytes.count - start) bytes of the file's data")
      }
      end = t.end
    }
    guard end == bytes.count - start else {
      throw TensorError(
        "\(subject): found \(bytes.count - start) bytes of data, "
          + "expected \(end) as the tensors have")
    }

    // Names that Unicode calls the same cannot be told apart by who asks for them.
    var names: Set<String> = []
    for t in tensors where !names.insert(t.name).inserted {
      throw TensorError(
        "\(t.subject): found another tensor whose name is the same to Unicode, expected one")
    }

    var result: [String: Tensor] = [:]
    var unread: [Heading] = []
    for t in tensors {
      let range = start + t.begin..<start + t.end
      guard let type = t.type, !type.isTooLarge(in: bytes, range) else {
        unread.append(Heading(name: t.name, typeName: t.typeName.lowercased(), shape: t.shape))
        continue
      }
      let e = try type.elements(in: bytes, range, .little, of: t.subject)
      result[t.name] = Tensor(shape: t.shape, e, readAs: type)
    }
    self.init(result, metadata: metadata)
    self.unread = unread.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Returns the members of the header, and the offset of the data.
  private static func header(
    of bytes: [UInt8], _ subject: String
  ) throws(TensorError) -> ([JSON.Member], Int) {
    guard bytes.count >= 8 else {
      throw TensorError("\(subject): found \(bytes.count) bytes, expected a safetensors header")
    }
    let length: UInt64 = bytes.integer(at: 0, .little)
    guard length <= UInt64(maximumHeader) else {
      throw TensorError(
        "\(subject): found a header of \(length) bytes, expected at most \(maximumHeader); "
          + "is it a safetensors file?")
    }
    let end = 8 + Int(length)
    guard end <= bytes.count else {
      throw TensorError(
        "\(subject): found \(bytes.count - 8) bytes after the start, "
          + "expected a header of \(length)")
    }
    let text = Array(bytes[8..<end])
    guard text.first == UInt8(ascii: "{") else {
      throw TensorError(
        "\(subject): found \(quoted(text.prefix(1))) at the start of the header, expected '{'")
    }
    do {
      guard let members = try JSON(parsing: text).members else {
        preconditionFailure("a text that begins with '{' is an object")
      }
      return (members, end)
    } catch {
      throw TensorError("\(subject): \(error.message) at byte \(8 + error.offset)")
    }
  }

  private static func metadata(
    _ value: JSON, _ subject: String
  ) throws(TensorError) -> [ExactText: String] {
    guard let members = value.members else {
      throw TensorError("\(subject): found \(value.kind) as '\(metadataKey)', expected an object")
    }
    var result: [ExactText: String] = [:]
    for m in members {
      guard let text = m.value.text else {
        throw TensorError(
          "\(subject): found \(m.value.kind) as \(quoted(m.key.utf8)) in '\(metadataKey)', "
            + "expected a string")
      }
      result[ExactText(m.key)] = text
    }
    return result
  }

}

/// A tensor as the header describes it.
///
/// - Invariant: 0 <= `begin` <= `end`; their difference is what `shape` and `type` ask for, unless
///   the type is not one that is read.
private struct StoredTensor {

  let name: String

  /// The type of the elements, or `nil` if it is not one that is read.
  let type: StoredType?

  /// The name of the type in the file.
  let typeName: String

  let shape: [Int]
  let begin: Int
  let end: Int

  /// What errors about the tensor begin with.
  let subject: String

  init(_ name: String, _ value: JSON, of subject: String) throws(TensorError) {
    guard let members = value.members else {
      throw TensorError("\(subject): found \(value.kind), expected an object")
    }
    for m in members where !["dtype", "shape", "data_offsets"].contains(m.key) {
      throw TensorError(
        "\(subject): found the key \(quoted(m.key.utf8)), "
          + "expected 'dtype', 'shape' and 'data_offsets'")
    }
    self.name = name
    self.subject = subject
    (self.type, self.typeName) = try Self.type(value, of: subject)
    self.shape = try Self.integers("shape", value, of: subject)
    guard shape.count <= Tensor.maximumRank else {
      throw TensorError(
        "\(subject): found \(shape.count) axes, expected at most \(Tensor.maximumRank)")
    }
    guard let count = Tensor.count(of: shape) else {
      throw TensorError(
        "\(subject): found the shape \(shape), expected at most \(Tensor.maximumCount) elements")
    }
    let offsets = try Self.integers("data_offsets", value, of: subject)
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw TensorError(
        "\(subject): found \(offsets.prefix(3)) as 'data_offsets', expected a begin and an end")
    }
    (self.begin, self.end) = (offsets[0], offsets[1])
    guard let type else { return }
    let (available, needed) = (end - begin, count * type.byteCount)
    guard available == needed else {
      throw TensorError(
        "\(subject): found \(available) bytes of data, expected \(needed) for the shape \(shape) "
          + "of '\(type.safetensorsName)'")
    }
  }

  /// The longest name of a type that is not read.
  private static let longestTypeName = 16

  private static func type(
    _ value: JSON, of subject: String
  ) throws(TensorError) -> (StoredType?, name: String) {
    guard let member = value["dtype"] else {
      throw TensorError("\(subject): found no key 'dtype', expected one")
    }
    guard let text = member.text else {
      throw TensorError("\(subject): found \(member.kind) as 'dtype', expected a string")
    }
    let type = StoredType.allCases.first { $0.safetensorsName == text }
    // Formats grow: F8_E4M3, C64 and others may lie in a file that is of use without them.
    let letters = text.utf8.allSatisfy {
      (65...90).contains($0) || (48...57).contains($0) || $0 == 95
    }
    guard type != nil || letters && (1...longestTypeName).contains(text.utf8.count) else {
      throw TensorError(
        "\(subject): found the element type \(quoted(text.utf8)), expected a name such as 'F32'")
    }
    return (type, text)
  }

  /// Returns the array of integers under `key`, none negative.
  private static func integers(
    _ key: String, _ value: JSON, of subject: String
  ) throws(TensorError) -> [Int] {
    guard let member = value[key] else {
      throw TensorError("\(subject): found no key '\(key)', expected one")
    }
    guard let elements = member.elements else {
      throw TensorError("\(subject): found \(member.kind) as '\(key)', expected an array")
    }
    var result: [Int] = []
    for e in elements {
      guard let i = e.int, i >= 0 else {
        let found: String
        switch e {
        case .integer, .number: found = "the number \(e.printed(.compact))"
        case .null, .bool, .string, .array, .object: found = e.kind
        }
        throw TensorError(
          "\(subject): found \(found) in '\(key)', expected integers from 0 to \(Int.max)")
      }
      result.append(i)
    }
    return result
  }

}

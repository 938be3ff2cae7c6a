/// What stands before the data of a `.npy` file.
struct NPYHeader {

  /// The bytes by which every `.npy` file begins.
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The type of the elements.
  let type: StoredType

  /// The type of the elements as the file writes it.
  let typeText: String

  /// Which byte of an element comes first.
  let order: ByteOrder

  /// `true` iff the first axis varies fastest.
  let isFortranOrder: Bool

  /// The extent of each axis; none is negative, but their product is not checked.
  let shape: [Int]

  /// The offset of the data.
  let end: Int

  /// Reads the header of the file `bytes`; errors begin with `subject`.
  init(_ bytes: [UInt8], of subject: String) throws(TensorError) {
    if let format = FileFormat(bytes), format != .npy {
      throw TensorError("\(subject): \(format.phrase(expecting: "a .npy file"))")
    }
    guard bytes.starts(with: Self.magic) else {
      throw TensorError(
        "\(subject): found \(quoted(bytes.prefix(6))) at the start, "
          + "expected '\\x93NUMPY' as in every .npy file")
    }
    guard bytes.count >= 12 else {
      throw TensorError("\(subject): found \(bytes.count) bytes, expected a .npy header")
    }
    let start: Int
    let length: Int
    switch (bytes[6], bytes[7]) {
    case (1, 0): (start, length) = (10, Int(bytes.integer(at: 8, .little) as UInt16))
    case (2, 0), (3, 0): (start, length) = (12, Int(bytes.integer(at: 8, .little) as UInt32))
    default:
      throw TensorError(
        "\(subject): found version \(bytes[6]).\(bytes[7]) of the .npy format, "
          + "expected 1.0, 2.0 or 3.0")
    }
    guard length <= bytes.count - start else {
      throw TensorError(
        "\(subject): found \(bytes.count - start) bytes after the start, "
          + "expected a header of \(length)")
    }
    var parser = NPYHeaderParser(bytes, start..<start + length, of: subject)
    try parser.parse()
    guard let (type, order, typeText) = parser.type else { throw parser.missing("descr") }
    guard let isFortranOrder = parser.isFortranOrder else { throw parser.missing("fortran_order") }
    guard let shape = parser.shape else { throw parser.missing("shape") }
    self.type = type
    self.typeText = typeText
    self.order = order
    self.isFortranOrder = isFortranOrder
    self.shape = shape
    self.end = start + length
  }

  /// Returns `shape` as Python writes a tuple.
  static func text(of shape: [Int]) -> String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }

}

extension StoredType {

  /// The name of the type in `.npy` files, with the low byte first; empty if there is none.
  var npyName: String {
    switch self {
    case .bool: "|b1"
    case .int8: "|i1"
    case .uint8: "|u1"
    case .int16: "<i2"
    case .uint16: "<u2"
    case .int32: "<i4"
    case .uint32: "<u4"
    case .int64: "<i8"
    case .uint64: "<u8"
    case .float16: "<f2"
    case .bfloat16: ""
    case .float32: "<f4"
    case .float64: "<f8"
    }
  }

}

/// A parser of the dictionary in the header of a `.npy` file.
///
/// It accepts the Python literals that can occur there and no others:
///
///     { 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
///
/// with any order of the keys, any white space, both quotes and an optional last comma.
private struct NPYHeaderParser {

  private let bytes: [UInt8]
  private let end: Int
  private let subject: String
  private var position: Int

  private(set) var type: (StoredType, ByteOrder, String)?
  private(set) var isFortranOrder: Bool?
  private(set) var shape: [Int]?

  init(_ bytes: [UInt8], _ range: Range<Int>, of subject: String) {
    self.bytes = bytes
    self.end = range.upperBound
    self.subject = subject
    self.position = range.lowerBound
  }

  /// Reads the whole header.
  mutating func parse() throws(TensorError) {
    try expect("{")
    // Each round reads at least a key.
    while !accept("}") {
      let key = try string("a key in quotes")
      try expect(":")
      switch key {
      case "descr" where type == nil: type = try elementType()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      case "descr", "fortran_order", "shape":
        throw TensorError("\(subject): found the key '\(key)' twice, expected it once")
      default:
        throw TensorError(
          "\(subject): found the key \(quoted(key.utf8)) in the header, "
            + "expected 'descr', 'fortran_order' and 'shape'")
      }
      if !accept(",") {
        try expect("}", or: "','")
        break
      }
    }
    skipSpace()
    if position < end { throw unexpected("the end of the header") }
  }

  /// Returns the error that `key` is missing.
  func missing(_ key: String) -> TensorError {
    TensorError("\(subject): found no key '\(key)' in the header, expected one")
  }

  private func unexpected(_ expectation: String) -> TensorError {
    let found = position < end ? quoted(bytes[position...position]) : "the end of the header"
    return TensorError(
      "\(subject): found \(found) at byte \(position), expected \(expectation)")
  }

  private mutating func skipSpace() {
    while position < end, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  /// Skips white space, then `c` if it comes next; returns `true` iff it did.
  private mutating func accept(_ c: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < end, bytes[position] == UInt8(ascii: c) else { return false }
    position += 1
    return true
  }

  private mutating func expect(
    _ c: Unicode.Scalar, or alternative: String? = nil
  ) throws(TensorError) {
    if !accept(c) { throw unexpected((alternative.map { "\($0) or " } ?? "") + "'\(c)'") }
  }

  private mutating func string(_ expectation: String) throws(TensorError) -> String {
    skipSpace()
    guard position < end else { throw unexpected(expectation) }
    let quote = bytes[position]
    guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw unexpected(expectation)
    }
    position += 1
    let start = position
    while position < end, bytes[position] != quote {
      let b = bytes[position]
      guard b >= 0x20, b < 0x7f, b != UInt8(ascii: "\\") else {
        throw unexpected("printing ASCII without escapes in a string")
      }
      position += 1
    }
    guard position < end else { throw unexpected("the end of a string") }
    defer { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func elementType() throws(TensorError) -> (StoredType, ByteOrder, String) {
    let names = StoredType.allCases.filter { !$0.npyName.isEmpty }
    let expectation =
      "one of " + names.map { "'\($0.npyName)'" }.joined(separator: ", ") + " as the element type"
    skipSpace()
    if position < end, bytes[position] == UInt8(ascii: "[") || bytes[position] == UInt8(ascii: "(")
    {
      throw TensorError("\(subject): found a structured element type, expected \(expectation)")
    }
    let text = try string("the element type in quotes")
    if text.dropFirst().first == "O" || text.first == "O" {
      throw TensorError("\(subject): found Python objects ('\(text)'), expected \(expectation)")
    }
    let (prefix, suffix) = (text.first, text.dropFirst())
    if let type = names.first(where: { $0.npyName.dropFirst() == suffix }) {
      if prefix == "<" { return (type, .little, text) }
      if prefix == ">" { return (type, .big, text) }
      if prefix == "|", type.byteCount == 1 { return (type, .little, text) }
    }
    throw TensorError(
      "\(subject): found the element type \(quoted(text.utf8)), expected \(expectation), "
        + "or '>' in place of '<'")
  }

  private mutating func boolean() throws(TensorError) -> Bool {
    skipSpace()
    let rest = bytes[position..<end]
    for (text, value) in [("True", true), ("False", false)] where rest.starts(with: text.utf8) {
      position += text.utf8.count
      return value
    }
    throw unexpected("'True' or 'False'")
  }

  private mutating func tuple() throws(TensorError) -> [Int] {
    try expect("(")
    var result: [Int] = []
    // Each round reads at least a digit.
    while !accept(")") {
      guard result.count < Tensor.maximumRank else {
        throw TensorError(
          "\(subject): found more than \(Tensor.maximumRank) axes, expected no more")
      }
      result.append(try extent())
      if !accept(",") {
        // As in Python, `(3)` is a number, not a tuple.
        if result.count == 1 { throw unexpected("','") }
        try expect(")", or: "','")
        break
      }
    }
    return result
  }

  private mutating func extent() throws(TensorError) -> Int {
    skipSpace()
    let start = position
    if position < end, bytes[position] == UInt8(ascii: "-") { position += 1 }
    while position < end, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard text.utf8.contains(where: { $0 != UInt8(ascii: "-") }) else {
      throw unexpected("an extent")
    }
    guard let result = Int(text), result >= 0, result <= Tensor.maximumCount else {
      throw TensorError(
        "\(subject): found the extent \(quoted(text.utf8)), "
          + "expected 0 to \(Tensor.maximumCount)")
    }
    guard text == String(result) else {
      position = start
      throw unexpected("an extent without leading zeros")
    }
    return result
  }

}

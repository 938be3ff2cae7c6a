/// The type of an element as a file stores it.
enum StoredType: CaseIterable, Sendable {

  case bool
  case int8
  case uint8
  case int16
  case uint16
  case int32
  case uint32
  case int64
  case uint64
  case float16

  /// The upper half of a 32-bit number.
  case bfloat16

  case float32
  case float64

  /// The name of the type as messages print it.
  var name: String {
    switch self {
    case .bool: "bool"
    case .int8: "i8"
    case .uint8: "u8"
    case .int16: "i16"
    case .uint16: "u16"
    case .int32: "i32"
    case .uint32: "u32"
    case .int64: "i64"
    case .uint64: "u64"
    case .float16: "f16"
    case .bfloat16: "bf16"
    case .float32: "f32"
    case .float64: "f64"
    }
  }

  /// The number of bytes of one element.
  var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

}

/// Which byte of a number comes first in a file.
enum ByteOrder: Sendable {

  case little
  case big

}

extension StoredType {

  /// Returns the elements stored in `bytes[range]`, widened to a type that a tensor can hold.
  ///
  /// Throws if an element has no value there: an integer above `Int64.max`, a byte that is neither
  /// true nor false. The error begins with `subject`.
  ///
  /// - Requires: `range` is in bounds and its length is a multiple of `byteCount`.
  /// - Complexity: O(*n*), where *n* is the length of `range`.
  func elements(
    in bytes: [UInt8], _ range: Range<Int>, _ order: ByteOrder, of subject: String
  ) throws(TensorError) -> Tensor.Elements {
    switch self {
    case .bool:
      if let i = bytes[range].firstIndex(where: { $0 > 1 }) {
        throw TensorError("\(subject): found \(bytes[i]) as a bool, expected 0 or 1")
      }
      return .bool(bytes[range].map { $0 == 1 })
    case .int8: return .int64(read(Int8.self, in: bytes, range, order) { Int64($0) })
    case .uint8: return .int64(read(UInt8.self, in: bytes, range, order) { Int64($0) })
    case .int16: return .int64(read(Int16.self, in: bytes, range, order) { Int64($0) })
    case .uint16: return .int64(read(UInt16.self, in: bytes, range, order) { Int64($0) })
    case .int32: return .int64(read(Int32.self, in: bytes, range, order) { Int64($0) })
    case .uint32: return .int64(read(UInt32.self, in: bytes, range, order) { Int64($0) })
    case .int64: return .int64(read(Int64.self, in: bytes, range, order) { $0 })
    case .uint64:
      let e = read(Int64.self, in: bytes, range, order) { $0 }
      if let excess = e.first(where: { $0 < 0 }) {
        throw TensorError(
          "\(subject): found the integer \(UInt64(bitPattern: excess)), expected at most \(Int64.max)"
        )
      }
      return .int64(e)
    case .float16:
      return .float32(read(UInt16.self, in: bytes, range, order) { Float(halfBits: $0) })
    case .bfloat16:
      return .float32(
        read(UInt16.self, in: bytes, range, order) { Float(bitPattern: UInt32($0) << 16) })
    case .float32:
      return .float32(read(UInt32.self, in: bytes, range, order) { Float(bitPattern: $0) })
    case .float64:
      return .float64(read(UInt64.self, in: bytes, range, order) { Double(bitPattern: $0) })
    }
  }

  /// `true` iff an integer in `bytes[range]`, as safetensors store it, is above `Int64.max`.
  func isTooLarge(in bytes: [UInt8], _ range: Range<Int>) -> Bool {
    guard self == .uint64 else { return false }
    return stride(from: range.lowerBound + 7, to: range.upperBound, by: 8).contains {
      bytes[$0] >= 0x80
    }
  }

  /// Returns what `element` makes of each integer stored in `bytes[range]`.
  private func read<Word: FixedWidthInteger, Element>(
    _: Word.Type, in bytes: [UInt8], _ range: Range<Int>, _ order: ByteOrder,
    _ element: (Word) -> Element
  ) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(range.count / byteCount)
    for p in stride(from: range.lowerBound, to: range.upperBound, by: byteCount) {
      result.append(element(bytes.integer(at: p, order)))
    }
    return result
  }

}

extension Array where Element == UInt8 {

  /// Returns the integer whose bytes begin at `offset`.
  ///
  /// - Requires: all its bytes are in bounds.
  func integer<Word: FixedWidthInteger>(at offset: Int, _ order: ByteOrder) -> Word {
    let size = Word.bitWidth / 8
    var result: Word = 0
    for i in 0..<size {
      let byte = self[order == .big ? offset + i : offset + size - 1 - i]
      result = result << 8 | Word(truncatingIfNeeded: byte)
    }
    return result
  }

  /// Appends the bytes of `word`, the lowest first.
  mutating func append<Word: FixedWidthInteger>(littleEndian word: Word) {
    for shift in stride(from: 0, to: Word.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  /// Appends the elements of `e`, each with its lowest byte first.
  mutating func append(littleEndian e: Tensor.Elements) {
    switch e {
    case .float32(let e): for x in e { append(littleEndian: x.bitPattern) }
    case .float64(let e): for x in e { append(littleEndian: x.bitPattern) }
    case .int64(let e): for x in e { append(littleEndian: x) }
    case .bool(let e): for x in e { append(x ? 1 : 0) }
    }
  }

}

extension Float {

  /// Creates the number that a half-precision number (IEEE 754 binary16) stands for, exactly.
  ///
  /// `Float16` does not exist on all the machines that Swift runs on.
  init(halfBits: UInt16) {
    let sign = UInt32(halfBits & 0x8000) << 16
    let exponent = UInt32(halfBits >> 10 & 0x1f)
    let fraction = UInt32(halfBits & 0x3ff)
    switch exponent {
    case 0:
      // A subnormal number: fraction * 2^-24, which a 32-bit number holds as a normal one.
      let magnitude = Float(fraction) * 0x1p-24
      self.init(bitPattern: sign | magnitude.bitPattern)
    case 0x1f: self.init(bitPattern: sign | 0x7f80_0000 | fraction << 13)
    default: self.init(bitPattern: sign | (exponent + 127 - 15) << 23 | fraction << 13)
    }
  }

}

extension Tensor {

  /// The largest number of axes that a file may ask for; NumPy's limit as well.
  package static let maximumRank = 64

  /// The largest number of elements that a file may ask for.
  package static let maximumCount = 1 << 31

  /// Returns the number of elements that `shape` asks for, or `nil` if that is not sensible.
  ///
  /// It is not if an extent is negative, or if the extents other than 0 ask for more elements than
  /// `maximumCount`: products of extents then never overflow, in whatever order they are formed.
  static func count(of shape: [Int]) -> Int? {
    var product = 1
    for extent in shape where extent != 0 {
      let (p, overflows) = product.multipliedReportingOverflow(by: extent)
      guard extent > 0, !overflows, p <= maximumCount else { return nil }
      product = p
    }
    return shape.contains(0) ? 0 : product
  }

}

extension Tensor.Elements {

  /// The type by which the elements are written to files.
  var storedType: StoredType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int64: .int64
    case .bool: .bool
    }
  }

}

/// Returns `bytes` for a message: in single quotes, cut after 40 bytes, all but printing ASCII
/// escaped.
func quoted(_ bytes: some Collection<UInt8>) -> String {
  var result = "'"
  for b in bytes.prefix(40) {
    if b >= 0x20 && b < 0x7f {
      result.unicodeScalars.append(Unicode.Scalar(b))
    } else {
      let digits = String(b, radix: 16)
      result += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }
  }
  return result + (bytes.count > 40 ? "...'" : "'")
}

import Testing

@testable import Tensors

@Suite struct NPYTests {

  @Test func writesWhatNumPyWrites() {
    // Origin: numpy.save, NumPy 2.4.6.
    let cases: [(Tensor, header: String, data: [UInt8])] = [
      (
        Tensor(shape: [2, 2], [1.5, -2, 0, 3]),
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }" + spaces(58) + "\n",
        [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x40, 0x40]
      ),
      (
        Tensor(shape: [], .int64([7])),
        "{'descr': '<i8', 'fortran_order': False, 'shape': (), }" + spaces(62) + "\n",
        [7, 0, 0, 0, 0, 0, 0, 0]
      ),
      (
        Tensor(shape: [0, 3], .float64([])),
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }" + spaces(58) + "\n",
        []
      ),
      (
        Tensor(shape: [2], .bool([true, false])),
        "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }" + spaces(60) + "\n",
        [1, 0]
      ),
    ]
    for (tensor, header, data) in cases {
      #expect(tensor.npyBytes() == npy(header, data: data))
    }
    // Room for a growing first extent pushes this header over 128 bytes: NumPy 2.4.6 writes 192.
    let ones = Tensor(shape: Array(repeating: 1, count: 30), [0])
    #expect(ones.npyBytes().count == 192 + 4)
    #expect(ones.npyBytes()[8..<10].elementsEqual([0xb6, 0]))
  }

  @Test func readsWhatItWrites() throws {
    let tensors = [
      Tensor(
        shape: [3, 2], [0, -0.0, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1]),
      Tensor(shape: [2], .float64([.leastNonzeroMagnitude, -1.0 / 3])),
      Tensor(shape: [1, 2, 1], .int64([.min, .max])),
      Tensor(shape: [], .bool([true])),
      Tensor(shape: [4, 0], .int64([])),
      Tensor(shape: Array(repeating: 1, count: 64), [1]),
    ]
    for t in tensors {
      let bytes = t.npyBytes()
      #expect(bytes.count % 64 == t.elements.count * t.elements.storedType.byteCount % 64)
      #expect(try Tensor(npy: bytes, name: "x.npy") == t)
    }
  }

  /// The bytes of a half are those of 1, -2, the largest, the least subnormal, infinity and a NaN.
  @Test func widensHalves() throws {
    let halves: [UInt16] = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x8000, 0xfc00, 0x7e00]
    var data: [UInt8] = []
    for h in halves { data.append(littleEndian: h) }
    let t = try Tensor(npy: npy(header("<f2", "(8,)"), data: data), name: "x.npy")
    guard case .float32(let e) = t.elements else { Issue.record("expected f32"); return }
    #expect(e[0..<7] == [1, -2, 65504, 0x1p-24, 0x3ffp-24, 0, -.infinity])
    #expect(e[5].sign == .minus)
    #expect(e[7].isNaN)
  }

  @Test(arguments: ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
  func widensIntegers(_ type: String) throws {
    let size = Int(String(type.dropFirst())) ?? 0
    // 5 and, if there is a sign, -2; else the largest number that begins with a low byte of 254.
    let low: [[UInt8]] = [
      [5] + Array(repeating: 0, count: size - 1),
      [254] + Array(repeating: 255, count: size - 1),
    ]
    let bits = Int64(8 * size)
    let second: Int64 = type.hasPrefix("i") ? -2 : size < 8 ? (1 << bits) - 2 : 0
    for order in [ByteOrder.little, .big] {
      let mark = order == .little ? "<" : ">"
      let data = low.flatMap { order == .little ? $0 : $0.reversed() }
      let file = npy(header(mark + type, "(2,)"), data: data)
      if type == "u8" {
        #expect(
          refusal(of: file)
            == "'x.npy': found the integer 18446744073709551614, expected at most \(Int64.max)")
      } else {
        let t = try Tensor(npy: file, name: "x.npy")
        #expect(t == Tensor(shape: [2], .int64([5, second])))
      }
    }
  }

  @Test func readsBigEndianNumbers() throws {
    let f4 = npy(header(">f4", "()"), data: [0x3f, 0xc0, 0, 0])
    #expect(try Tensor(npy: f4, name: "x.npy") == Tensor(shape: [], [1.5]))
    let f8 = npy(header(">f8", "()"), data: [0x3f, 0xf8, 0, 0, 0, 0, 0, 0])
    #expect(try Tensor(npy: f8, name: "x.npy") == Tensor(shape: [], .float64([1.5])))
    let f2 = npy(header(">f2", "()"), data: [0x3e, 0])
    #expect(try Tensor(npy: f2, name: "x.npy") == Tensor(shape: [], [1.5]))
  }

  @Test func readsFortranOrder() throws {
    // Origin: numpy.save of numpy.asfortranarray(numpy.arange(6, dtype='>i2').reshape(2, 3)),
    // NumPy 2.4.6.
    let header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }" + spaces(59) + "\n"
    let matrix = npy(header, data: [0, 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5])
    #expect(
      try Tensor(npy: matrix, name: "x.npy")
        == Tensor(shape: [2, 3], .int64([0, 1, 2, 3, 4, 5])))

    // Element (i, j, k) of the shape (2, 3, 4) is 100 i + 10 j + k, stored with i fastest.
    var stored: [UInt8] = []
    var expected: [Int64] = []
    for k in 0..<4 {
      for j in 0..<3 { for i in 0..<2 { stored.append(UInt8(100 * i + 10 * j + k)) } }
    }
    for i in 0..<2 {
      for j in 0..<3 { for k in 0..<4 { expected.append(Int64(100 * i + 10 * j + k)) } }
    }
    let cube = npy(
      "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4)}", data: stored)
    #expect(try Tensor(npy: cube, name: "x.npy") == Tensor(shape: [2, 3, 4], .int64(expected)))

    let empty = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 0)}", data: [])
    #expect(try Tensor(npy: empty, name: "x.npy") == Tensor(shape: [2, 0], []))
    let scalar = npy("{'descr': '|b1', 'fortran_order': True, 'shape': ()}", data: [1])
    #expect(try Tensor(npy: scalar, name: "x.npy") == Tensor(shape: [], .bool([true])))
  }

  @Test func readsAllVersions() throws {
    let text = Array(header("|u1", "(1,)").utf8)
    let long: [UInt8] = [UInt8(text.count), 0, 0, 0]
    for major: UInt8 in [2, 3] {
      let file = NPYHeader.magic + [major, 0] + long + text + [9]
      #expect(try Tensor(npy: file, name: "x.npy") == Tensor(shape: [1], .int64([9])))
    }
  }

  @Test(arguments: [
    "{'descr':'|u1','fortran_order':False,'shape':(2,1)}",
    "{\"shape\": (2, 1,), \"fortran_order\": False, \"descr\": \"|u1\",}\n",
    " \t{ 'fortran_order' : False , 'descr' : '<u1' , 'shape' : ( 2 , 1 , ) , } \r\n",
  ])
  func readsHeadersOfAnyLayout(_ header: String) throws {
    let t = try Tensor(npy: npy(header, data: [3, 4]), name: "x.npy")
    #expect(t == Tensor(shape: [2, 1], .int64([3, 4])))
  }

  @Test(
    arguments: [
      ("", "found no key 'descr' in the header, expected one"),
      ("'descr': '<f4'", "found no key 'fortran_order' in the header, expected one"),
      ("'fortran_order': False", "found no key 'descr' in the header, expected one"),
      (
        "'descr': '<f4', 'fortran_order': True, ",
        "found no key 'shape' in the header, expected one"
      ),
      ("'descr': '<f4', 'descr': '<f4'", "found the key 'descr' twice, expected it once"),
      ("'shape': (), 'shape': ()", "found the key 'shape' twice, expected it once"),
      (
        "'type': '<f4'",
        "found the key 'type' in the header, expected 'descr', 'fortran_order' and 'shape'"
      ),
      ("'descr' '<f4'", "found ''' at byte 19, expected ':'"),
      ("descr: '<f4'", "found 'd' at byte 11, expected a key in quotes"),
      ("'de\\x73cr': '<f4'", "found '\\' at byte 14, expected printing ASCII without escapes"),
      ("'descr", "found the end of the header at byte"),
      ("'fortran_order': 1", "found '1' at byte 28, expected 'True' or 'False'"),
      ("'fortran_order': true", "found 't' at byte 28, expected 'True' or 'False'"),
      ("'fortran_order': False 'shape'", "found ''' at byte 34, expected ',' or '}'"),
      ("'shape': 3", "found '3' at byte 20, expected '('"),
      ("'shape': (3)", "found ')' at byte 22, expected ','"),
      ("'shape': (3 4)", "found '4' at byte 23, expected ','"),
      ("'shape': (3, 4 5)", "found '5' at byte 26, expected ',' or ')'"),
      ("'shape': (,)", "found ',' at byte 21, expected an extent"),
      ("'shape': (-,)", "found ',' at byte 22, expected an extent"),
      ("'shape': (3L,)", "found 'L' at byte 22, expected ','"),
      ("'shape': (03,)", "found '0' at byte 21, expected an extent without leading zeros"),
      ("'shape': (-3,)", "found the extent '-3', expected 0 to 2147483648"),
      ("'shape': (2147483649,)", "found the extent '2147483649', expected 0 to 2147483648"),
      (
        "'shape': (99999999999999999999,)",
        "found the extent '99999999999999999999', expected 0 to 2147483648"
      ),
      ("'descr': [('x', '<f4')]", "found a structured element type, expected one of '|b1'"),
      ("'descr': ('<f4', (2,))", "found a structured element type, expected one of '|b1'"),
      ("'descr': '|O'", "found Python objects ('|O'), expected one of '|b1'"),
      ("'descr': '<c8'", "found the element type '<c8', expected one of '|b1'"),
      ("'descr': '<U3'", "found the element type '<U3', expected one of '|b1'"),
      ("'descr': '|f4'", "found the element type '|f4', expected one of '|b1'"),
      ("'descr': 'f4'", "found the element type 'f4', expected one of '|b1'"),
      ("'descr': ''", "found the element type '', expected one of '|b1'"),
    ] as [(String, String)])
  func refusesHeaders(_ text: String, _ message: String) {
    let refused = refusal(of: npy("{" + text + "}", data: [0]))
    #expect(refused?.hasPrefix("'x.npy': " + message) == true, "got \(refused ?? "no error")")
  }

  @Test func refusesMoreAxesThanSixtyFour() {
    let shape = "(" + String(repeating: "1,", count: 65) + ")"
    #expect(
      refusal(of: npy(header("|u1", shape), data: [0]))
        == "'x.npy': found more than 64 axes, expected no more")
  }

  @Test func refusesSizesThatDoNotMatch() {
    #expect(
      refusal(of: npy(header("<f4", "(2, 2)"), data: Array(repeating: 0, count: 15)))
        == "'x.npy': found 15 bytes of data, expected 16 for the shape (2, 2) of '<f4'")
    #expect(
      refusal(of: npy(header("<f4", "(2,)"), data: Array(repeating: 0, count: 9)))
        == "'x.npy': found 9 bytes of data, expected 8 for the shape (2,) of '<f4'")
    #expect(
      refusal(of: npy(header("<f8", "(2147483648,)"), data: []))
        == "'x.npy': found 0 bytes of data, expected 17179869184 for the shape (2147483648,) of '<f8'"
    )
    #expect(
      refusal(of: npy(header("|u1", "(2147483648, 2)"), data: [0]))
        == "'x.npy': found the shape (2147483648, 2), expected at most 2147483648 elements")
    // The extents other than 0 are held to the limit too.
    #expect(
      refusal(of: npy(header("|u1", "(2147483648, 0, 2147483648)"), data: []))
        == "'x.npy': found the shape (2147483648, 0, 2147483648), "
        + "expected at most 2147483648 elements")
  }

  @Test func refusesWhatIsNotNPY() {
    let file = npy(header("|u1", "(1,)"), data: [1])
    #expect(
      refusal(of: [])
        == "'x.npy': found '' at the start, expected '\\x93NUMPY' as in every .npy file")
    #expect(
      refusal(of: Array("PK\u{3}\u{4} zip".utf8))
        == "'x.npy': found a zip archive, expected a .npy file; unpack it first"
    )
    #expect(
      refusal(of: Array(file[0..<8])) == "'x.npy': found 8 bytes, expected a .npy header")
    #expect(
      refusal(of: NPYHeader.magic + [4, 1] + file[8...])
        == "'x.npy': found version 4.1 of the .npy format, expected 1.0, 2.0 or 3.0")
    #expect(
      refusal(of: Array(file[0..<20]))
        == "'x.npy': found 10 bytes after the start, expected a header of \(file.count - 11)")
    #expect(
      refusal(of: NPYHeader.magic + [2, 0, 255, 255, 255, 255, 0])
        == "'x.npy': found 1 bytes after the start, expected a header of 4294967295")
    #expect(
      refusal(of: npy(header("|u1", "(1,)") + "x", data: [1]))
        == "'x.npy': found 'x' at byte \(10 + header("|u1", "(1,)").utf8.count), "
        + "expected the end of the header")
    #expect(
      refusal(of: npy(header("|b1", "(2,)"), data: [1, 2]))
        == "'x.npy': found 2 as a bool, expected 0 or 1")
  }

  private func spaces(_ count: Int) -> String {
    String(repeating: " ", count: count)
  }

  private func header(_ type: String, _ shape: String) -> String {
    "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
  }

  /// Returns a file of version 1.0.
  private func npy(_ header: String, data: [UInt8]) -> [UInt8] {
    var result = NPYHeader.magic + [1, 0]
    result.append(littleEndian: UInt16(header.utf8.count))
    return result + header.utf8 + data
  }

  private func refusal(of bytes: [UInt8]) -> String? {
    do {
      _ = try Tensor(npy: bytes, name: "x.npy")
      return nil
    } catch {
      return error.message
    }
  }

}

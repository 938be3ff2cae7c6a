import Testing

@testable import Tensors

@Suite struct SafetensorsTests {

  private let sample = Safetensors(
    [
      "w": Tensor(shape: [1, 2], [1.5, -2]),
      "m": Tensor(shape: [3], .bool([true, false, true])),
      "z": Tensor(shape: [], .int64([7])),
      "a": Tensor(shape: [1], .float64([0.5])),
      "e": Tensor(shape: [0, 3], []),
    ], metadata: ["b": "two\n\"", "a": "é"])

  @Test func writesWhatTheReferenceWrites() {
    // Origin: safetensors.numpy.save, safetensors 0.8.0, whose order of the remarks is not fixed;
    // the one here is ours.
    let header =
      #"{"__metadata__":{"a":"é","b":"two\n\""},"z":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"#
      + #""a":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"#
      + #""e":{"dtype":"F32","shape":[0,3],"data_offsets":[16,16]},"#
      + #""w":{"dtype":"F32","shape":[1,2],"data_offsets":[16,24]},"#
      + #""m":{"dtype":"BOOL","shape":[3],"data_offsets":[24,27]}}   "#
    let data: [UInt8] = [
      7, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0xe0, 0x3f,
      0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0,
      1, 0, 1,
    ]
    #expect(sample.bytes() == [0x40, 1, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + data)
    #expect(sample.bytes().count == 355)
  }

  @Test func readsWhatItWrites() throws {
    #expect(try Safetensors(bytes: sample.bytes(), name: "w.safetensors") == sample)
    let empty = Safetensors()
    #expect(empty.bytes() == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
    #expect(try Safetensors(bytes: empty.bytes(), name: "w.safetensors") == empty)
  }

  @Test func keepsTensorsSorted() {
    var file = Safetensors()
    for name in ["b", "a", "é", "B", "a.b", "a"] { file[name] = Tensor(shape: [], [1]) }
    #expect(file.entries.map(\.name) == ["B", "a", "a.b", "b", "é"])
    file["a"] = nil
    file["x"] = nil
    file["b"] = Tensor(shape: [1], [2])
    #expect(file.entries.map(\.name) == ["B", "a.b", "b", "é"])
    #expect(file["b"] == Tensor(shape: [1], [2]))
    #expect(file["a"] == nil)
  }

  @Test(
    arguments: [
      ("F16", [0x00, 0x3c, 0x01, 0x00], .float32([1, 0x1p-24])),
      ("BF16", [0x80, 0x3f, 0x20, 0xc1], .float32([1, -10])),
      ("F32", [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc1], .float32([1, -10])),
      (
        "F64", [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0x24, 0xc0], .float64([1, -10])
      ),
      ("I8", [1, 0xfe], .int64([1, -2])),
      ("U8", [1, 0xfe], .int64([1, 254])),
      ("I16", [1, 0, 0xfe, 0xff], .int64([1, -2])),
      ("U16", [1, 0, 0xfe, 0xff], .int64([1, 65534])),
      ("I32", [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff], .int64([1, -2])),
      ("U32", [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff], .int64([1, 4_294_967_294])),
      (
        "I64", [1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 255, 255, 255, 255, 255, 255, 255],
        .int64([1, -2])
      ),
      (
        "U64", [1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127],
        .int64([1, .max])
      ),
      ("BOOL", [1, 0], .bool([true, false])),
    ] as [(String, [UInt8], Tensor.Elements)])
  func readsEveryType(_ type: String, _ data: [UInt8], _ elements: Tensor.Elements) throws {
    let header = #"{"x":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,\#(data.count)]}}"#
    let file = try Safetensors(bytes: safetensors(header, data: data), name: "w.safetensors")
    #expect(file["x"] == Tensor(shape: [2], elements))
    #expect(file.entries.count == 1)
  }

  @Test func acceptsAnyOrderOfDataAndEmptyTensorsBetween() throws {
    let header =
      #"{"b":{"shape":[1],"data_offsets":[1,2],"dtype":"U8"},"#
      + #""e":{"dtype":"F32","shape":[0],"data_offsets":[1,1]},"#
      + #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}  "#
    let file = try Safetensors(bytes: safetensors(header, data: [3, 4]), name: "w.safetensors")
    #expect(file["a"] == Tensor(shape: [1], .int64([3])))
    #expect(file["b"] == Tensor(shape: [1], .int64([4])))
    #expect(file["e"] == Tensor(shape: [0], []))
  }

  @Test(
    arguments: [
      ("[]", "'f': found '[' at the start of the header, expected '{'"),
      (" {}", "'f': found ' ' at the start of the header, expected '{'"),
      ("", "'f': found '' at the start of the header, expected '{'"),
      ("{", "'f': found the end of the text, expected a key in quotes at byte 9"),
      ("{}x", "'f': found 'x', expected the end of the text at byte 10"),
      (#"{"x":1,"x":2}"#, "'f': found the key 'x' twice, expected it once at byte 15"),
      (#"{"x":1}"#, "tensor 'x' of 'f': found a number, expected an object"),
      (
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"y":0}}"#,
        "tensor 'x' of 'f': found the key 'y', expected 'dtype', 'shape' and 'data_offsets'"
      ),
      (
        #"{"x":{"shape":[1],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found no key 'dtype', expected one"
      ),
      (
        #"{"x":{"dtype":"F32","data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found no key 'shape', expected one"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[1]}}"#,
        "tensor 'x' of 'f': found no key 'data_offsets', expected one"
      ),
      (
        #"{"x":{"dtype":4,"shape":[1],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found a number as 'dtype', expected a string"
      ),
      (
        #"{"x":{"dtype":"f8 ","shape":[4],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found the element type 'f8 ', expected a name such as 'F32'"
      ),
      (
        #"{"x":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found a number as 'shape', expected an array"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found the number -1 in 'shape', expected integers from 0 to \(Int.max)"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found the number 1.0 in 'shape', expected integers from 0 to \(Int.max)"
      ),
      (
        #"{"x":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found a string in 'shape', expected integers from 0 to \(Int.max)"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}}"#,
        "tensor 'x' of 'f': found the number 9.223372036854776e+18 in 'data_offsets', "
          + "expected integers from 0 to \(Int.max)"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found the shape [4294967296, 4294967296], "
          + "expected at most 2147483648 elements"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,0],"#
          + #""data_offsets":[0,0]}}"#,
        "tensor 'x' of 'f': found the shape [9223372036854775807, 9223372036854775807, 0], "
          + "expected at most 2147483648 elements"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
        "tensor 'x' of 'f': found [4, 0] as 'data_offsets', expected a begin and an end"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4]}}"#,
        "tensor 'x' of 'f': found [4] as 'data_offsets', expected a begin and an end"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found 4 bytes of data, expected 8 for the shape [2] of 'F32'"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        "tensor 'x' of 'f': found data up to offset 8, expected at most the 4 bytes of the file's data"
      ),
      (
        #"{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
        "'f': found 4 bytes of data, expected 2 as the tensors have"
      ),
      (#"{}"#, "'f': found 4 bytes of data, expected 0 as the tensors have"),
      (
        #"{"x":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
        "tensor 'x' of 'f': found data from offset 2, expected 0"
      ),
      (
        #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
          + #""y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
        "tensor 'y' of 'f': found data from offset 2, expected 3"
      ),
      (
        #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
          + #""y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
        "tensor 'y' of 'f': found data from offset 2, expected 1"
      ),
      (
        #"{"x":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}"#,
        "tensor 'x' of 'f': found 9 as a bool, expected 0 or 1"
      ),
      (#"{"__metadata__":1}"#, "'f': found a number as '__metadata__', expected an object"),
      (
        #"{"__metadata__":{"a":1}}"#,
        "'f': found a number as 'a' in '__metadata__', expected a string"
      ),
    ] as [(String, String)])
  func refusesHeaders(_ header: String, _ message: String) {
    #expect(refusal(of: safetensors(header, data: [1, 0, 9, 0])) == message)
  }

  @Test func refusesLengths() {
    #expect(refusal(of: [1, 2, 3]) == "'f': found 3 bytes, expected a safetensors header")
    #expect(
      refusal(of: [4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d])
        == "'f': found 2 bytes after the start, expected a header of 4")
    #expect(
      refusal(of: Array(repeating: 255, count: 20))
        == "'f': found a header of 18446744073709551615 bytes, expected at most 100000000; "
        + "is it a safetensors file?")
    #expect(
      refusal(of: [1, 0xe1, 0xf5, 5, 0, 0, 0, 0])
        == "'f': found a header of 100000001 bytes, expected at most 100000000; "
        + "is it a safetensors file?")
  }

  /// A file is of use without the tensors that graphc has no numbers for.
  @Test func leavesOtherTypesUnread() throws {
    let header =
      #"{"e":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]},"#
      + #""a":{"dtype":"U64","shape":[],"data_offsets":[4,12]},"#
      + #""c":{"dtype":"U64","shape":[1],"data_offsets":[12,20]},"#
      + #""b":{"dtype":"F16","shape":[1],"data_offsets":[20,22]},"#
      + #""d":{"dtype":"I8","shape":[],"data_offsets":[22,23]}}"#
    let file = try Safetensors(
      bytes: safetensors(
        header,
        data: [1, 2, 3, 4] + [0, 0, 0, 0, 0, 0, 0, 128] + [255, 255, 255, 255, 255, 255, 255, 127]
          + [0, 0x3c, 254]), name: "f")
    #expect(
      file.listing.map { "\($0.name) \($0.type)" }
        == ["a u64", "b f16[1]", "c u64[1]", "d i8", "e f8_e4m3[4]"])
    #expect(file.unread.map(\.name) == ["a", "e"])
    #expect(file["b"] == Tensor(shape: [1], [1]) && file["b"]?.type == "f16[1]")
    #expect(file["c"]?.elements == .int64([.max]))
    #expect(file["d"] == Tensor(shape: [], .int64([-2])) && file["d"]?.type == "i8")
  }

  @Test func refusesManyAxes() {
    let ones = Array(repeating: "1", count: 65).joined(separator: ",")
    #expect(
      refusal(
        of: safetensors(
          #"{"x":{"dtype":"U8","shape":[\#(ones)],"data_offsets":[0,1]}}"#, data: [0]))
        == "tensor 'x' of 'f': found 65 axes, expected at most 64")
  }

  private func safetensors(_ header: String, data: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.append(littleEndian: UInt64(header.utf8.count))
    return result + header.utf8 + data
  }

  private func refusal(of bytes: [UInt8]) -> String? {
    do {
      _ = try Safetensors(bytes: bytes, name: "f")
      return nil
    } catch {
      return error.message
    }
  }

}

import Testing

@testable import Tensors

@Suite struct ExactTextTests {

  @Test func differsWhereBytesDo() {
    let (composed, apart) = (ExactText("\u{E9}"), ExactText("e\u{301}"))
    #expect(composed.string == apart.string && composed != apart)
    #expect(apart < composed && !(composed < apart) && !(composed < composed))
    #expect(Set([composed, apart, "\u{E9}", "K", "\u{212A}"]).count == 4)
    #expect(ExactText("") < "\0" && ExactText("").isEmpty && !ExactText("\0").isEmpty)
  }

  /// Keys of one object may be spellings that Unicode calls equivalent.
  @Test func tellsKeysApart() throws {
    let value = try JSON(parsing: Array("{\"\u{E9}\": 1, \"e\u{301}\": 2}".utf8))
    #expect(value["\u{E9}"]?.int == 1 && value["e\u{301}"]?.int == 2)
    let file = Safetensors(metadata: ["\u{E9}": "1", "e\u{301}": "2"])
    let again = try Safetensors(bytes: file.bytes(), name: "w")
    #expect(again.metadata == file.metadata && again.metadata.count == 2)
  }

  @Test func refusesTensorsOfEquivalentNames() throws {
    let header = """
      {"\u{E9}":{"dtype":"F32","shape":[],"data_offsets":[0,4]},\
      "e\u{301}":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}
      """
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt64(header.utf8.count))
    bytes += Array(header.utf8) + [UInt8](repeating: 0, count: 8)
    #expect {
      try Safetensors(bytes: bytes, name: "w")
    } throws: {
      ($0 as? TensorError)?.message.hasSuffix(
        "found another tensor whose name is the same to Unicode, expected one") == true
    }
  }

}

import Testing

@testable import Tensors

@Suite struct FileFormatTests {

  /// A zip archive whose first file is called `name`.
  private static func zip(_ name: String) -> [UInt8] {
    [0x50, 0x4b, 3, 4] + Array(repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0]
      + name.utf8
  }

  @Test(
    arguments: [
      (zip("archive/data.pkl"), FileFormat.pyTorch), (zip("model/data.pkl"), .pyTorch),
      (zip("x.npy"), .npz), (zip("metadata.json"), .keras), (zip("a.txt"), .zip),
      ([0x50, 0x4b, 3, 4], .zip), ([0x50, 0x4b, 5, 6, 0], .zip), ([0x80, 2, 0x63], .pickle),
      ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0], .hdf5),
      ([0x08, 0x08, 0x12, 0x07] + Array("pytorch".utf8), .onnx), ([0x08, 0x0a, 0x3a, 1], .onnx),
      (Array("GGUF".utf8) + [3, 0, 0, 0], .gguf),
      ([28, 0, 0, 0] + Array("TFL3".utf8), .tensorFlowLite),
      ([0x1f, 0x8b, 8], .packed("a gzip file")),
      ([0x28, 0xb5, 0x2f, 0xfd], .packed("a zstd file")),
      (Array(repeating: 97, count: 257) + Array("ustar".utf8), .packed("a tar archive")),
      ([8, 18, 0, 0, 0, 0, 0, 0, 0x7b], .safetensors), (NPYHeader.magic + [1, 0], .npy),
    ] as [([UInt8], FileFormat)])
  func knowsFormatsByTheirFirstBytes(_ bytes: [UInt8], _ format: FileFormat) {
    #expect(FileFormat(bytes) == format)
  }

  @Test(arguments: [
    "", "model M {", "GGUF is a name", "// PK", "BZh", "{", "\u{8}\u{21}", "\u{8}\u{8}\u{1}",
  ])
  func takesNothingElseForOne(_ text: String) {
    #expect(FileFormat(Array(text.utf8)) == nil)
  }

  @Test func saysWhatToDo() {
    #expect(
      refusal(Self.zip("archive/data.pkl"))
        == "'f': found a PyTorch file (.pt, a zip archive), expected a safetensors file; in "
        + "Python, 'safetensors.torch.save_file(model.state_dict(), FILE)' writes a file of "
        + "weights")
    #expect(
      refusal(NPYHeader.magic)
        == "'f': found a .npy file, expected a safetensors file; tensors are given by "
        + "'--input NAME=FILE.npy'")
  }

  private func refusal(_ bytes: [UInt8]) -> String? {
    do {
      _ = try Safetensors(bytes: bytes, name: "f")
      return nil
    } catch {
      return error.message
    }
  }

}

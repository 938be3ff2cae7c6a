/// A format of files that is known by its first bytes, and that may be given in place of another
/// one.
///
/// Sources: the specifications of zip (PKWARE APPNOTE 4.3), HDF5 (III.A), gzip (RFC 1952), xz, zstd
/// (RFC 8878), GGUF and TensorFlow Lite; onnx.proto of ONNX; `torch.save`; `numpy.lib.format`.
package enum FileFormat: Equatable, Sendable {

  case safetensors
  case npy

  /// A zip archive that `torch.save` wrote, or a pickle, as older versions did.
  case pyTorch
  case pickle

  case npz
  case keras
  case zip
  case hdf5
  case onnx
  case tensorFlowLite
  case gguf

  /// A compressed file, or an archive, of which only its kind is known.
  case packed(String)

  /// Recognises the file `bytes`; `nil` if they begin like none of these formats.
  package init?(_ bytes: [UInt8]) {
    if bytes.starts(with: NPYHeader.magic) {
      self = .npy
    } else if bytes.beginLikeSafetensors {
      self = .safetensors
    } else if bytes.starts(with: [0x50, 0x4b, 3, 4]) || bytes.starts(with: [0x50, 0x4b, 5, 6]) {
      self = Self.archive(bytes)
    } else if bytes.starts(with: [0x80]), bytes.count > 1, (2...5).contains(bytes[1]) {
      self = .pickle
    } else if bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = .hdf5
    } else if bytes.starts(with: "GGUF".utf8), bytes.count >= 8, bytes[7] == 0 {
      self = .gguf
    } else if bytes.count >= 8, bytes[4..<8].elementsEqual("TFL3".utf8) {
      self = .tensorFlowLite
    } else if let kind = Self.packings.first(where: { bytes.starts(with: $0.magic) })?.kind {
      self = .packed(kind)
    } else if bytes.count >= 262, bytes[257..<262].elementsEqual("ustar".utf8) {
      self = .packed("a tar archive")
    } else if bytes.beginLikeONNX {
      self = .onnx
    } else {
      return nil
    }
  }

  private static let packings: [(magic: [UInt8], kind: String)] = [
    ([0x1f, 0x8b], "a gzip file"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "an xz file"),
    ([0x28, 0xb5, 0x2f, 0xfd], "a zstd file"), (Array("BZh91AY&SY".utf8), "a bzip2 file"),
  ]

  /// Returns the format of a zip archive, which its first file tells.
  private static func archive(_ bytes: [UInt8]) -> FileFormat {
    guard bytes.count >= 30 else { return .zip }
    let length = Int(bytes.integer(at: 26, .little) as UInt16)
    let name = String(decoding: bytes[30..<min(30 + length, bytes.count)], as: UTF8.self)
    if name.hasSuffix(".npy") { return .npz }
    if name.hasSuffix("/data.pkl") || name.hasSuffix("/.format_version") { return .pyTorch }
    if ["metadata.json", "config.json"].contains(name) { return .keras }
    return .zip
  }

  /// The format with an article.
  private var name: String {
    switch self {
    case .safetensors: "a safetensors file"
    case .npy: "a .npy file"
    case .pyTorch: "a PyTorch file (.pt, a zip archive)"
    case .pickle: "a Python pickle, as PyTorch writes"
    case .npz: "an .npz archive"
    case .keras: "a Keras file (.keras, a zip archive)"
    case .zip: "a zip archive"
    case .hdf5: "an HDF5 file (.h5)"
    case .onnx: "an ONNX model"
    case .tensorFlowLite: "a TensorFlow Lite model"
    case .gguf: "a GGUF file"
    case .packed(let kind): kind
    }
  }

  /// What makes a file of the format one that graphc reads, or where it belongs.
  private var advice: String {
    switch self {
    case .safetensors: "weights are given by '--weights'"
    case .npy: "tensors are given by '--input NAME=FILE.npy'"
    case .pyTorch, .pickle:
      "in Python, 'safetensors.torch.save_file(model.state_dict(), FILE)' writes a file of weights"
    case .keras, .hdf5, .onnx, .tensorFlowLite, .gguf:
      "in Python, 'safetensors.numpy.save_file(arrays, FILE)' writes a file of weights"
    case .npz: "in Python, 'numpy.save' writes one array, 'safetensors.numpy.save_file' several"
    case .packed, .zip: "unpack it first"
    }
  }

  /// Returns a phrase about a file of the format where `expected`, with an article, should be.
  package func phrase(expecting expected: String) -> String {
    "found \(name), expected \(expected); \(advice)"
  }

}

extension [UInt8] {

  /// `true` iff a length that is possible and an opening brace come first.
  fileprivate var beginLikeSafetensors: Bool {
    count > 8 && self[8] == UInt8(ascii: "{") && self[4..<8].allSatisfy { $0 == 0 }
  }

  /// `true` iff fields of a `ModelProto` come first: `ir_version`, a small number, and after it
  /// the producer, the domain, the graph or the set of operations.
  fileprivate var beginLikeONNX: Bool {
    guard count > 3, self[0] == 0x08, (1...32).contains(self[1]) else { return false }
    // Numbers of fields, shifted by 3, with the type 2 (bytes); 0x28 is `model_version`, a number.
    return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].contains(self[2])
  }

}

/// Named tensors with remarks, as a file of the format safetensors holds them.
///
/// The format is described at https://github.com/huggingface/safetensors. A file is the length of
/// its header (8 bytes, low byte first), the header in JSON, then the data of the tensors without
/// gaps, row-major, low byte first.
package struct Safetensors: Equatable, Sendable {

  /// A tensor with its name.
  package struct Entry: Equatable, Sendable {

    /// The name, unique in its file.
    package let name: String

    /// The numbers.
    package let tensor: Tensor

  }

  /// A tensor without its numbers.
  package struct Heading: Equatable, Sendable {

    /// The name, unique in its file.
    package let name: String

    /// The name of the type of the elements in small letters: `f8_e4m3`.
    package let typeName: String

    /// The extent of each axis.
    package let shape: [Int]

    /// The type as messages print it: `f8_e4m3[3, 4]`.
    package var type: String { typeName + (shape.isEmpty ? "" : "\(shape)") }

  }

  /// The tensors of a file whose elements no `Tensor` can hold, such as numbers of 8 bits, sorted
  /// as the others.
  package internal(set) var unread: [Heading] = []

  /// The tensors.
  ///
  /// - Invariant: sorted by the UTF-8 bytes of their names, which are distinct.
  package private(set) var entries: [Entry] = []

  /// The remarks by key.
  package var metadata: [ExactText: String]

  /// The tensors by name.
  package var tensors: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.tensor) })
  }

  /// The key of the remarks in the header, which no tensor can have as its name.
  package static let metadataKey = "__metadata__"

  /// Creates a file of `tensors` with the remarks `metadata`.
  ///
  /// - Requires: no tensor is named `metadataKey`.
  package init(_ tensors: [String: Tensor] = [:], metadata: [ExactText: String] = [:]) {
    precondition(tensors[Safetensors.metadataKey] == nil, "no tensor is named like the remarks")
    self.metadata = metadata
    self.entries = tensors.map { Entry(name: $0.key, tensor: $0.value) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The tensor called `name`, or `nil` if there is none.
  ///
  /// - Requires: `name` is not `metadataKey` when a tensor is set.
  /// - Complexity: O(log *n*) to read, O(*n*) to write, where *n* is the number of tensors.
  package subscript(_ name: String) -> Tensor? {
    get {
      let i = position(of: name)
      return i < entries.count && entries[i].name == name ? entries[i].tensor : nil
    }
    set {
      precondition(name != Safetensors.metadataKey, "no tensor is named like the remarks")
      let i = position(of: name)
      let isPresent = i < entries.count && entries[i].name == name
      let replacement = newValue.map { [Entry(name: name, tensor: $0)] } ?? []
      entries.replaceSubrange(i..<(isPresent ? i + 1 : i), with: replacement)
    }
  }

  /// All tensors as the file has them, in the order of their names.
  package var listing: [Heading] {
    let read = entries.map {
      Heading(name: $0.name, typeName: $0.tensor.typeName, shape: $0.tensor.shape)
    }
    return (read + unread).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Returns where the tensor called `name` is or would be.
  private func position(of name: String) -> Int {
    var (low, high) = (0, entries.count)
    // The range shrinks in each round.
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].name.utf8.lexicographicallyPrecedes(name.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

}

extension StoredType {

  /// The name of the type in safetensors files.
  var safetensorsName: String {
    switch self {
    case .bool: "BOOL"
    case .int8: "I8"
    case .uint8: "U8"
    case .int16: "I16"
    case .uint16: "U16"
    case .int32: "I32"
    case .uint32: "U32"
    case .int64: "I64"
    case .uint64: "U64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float32: "F32"
    case .float64: "F64"
    }
  }

}

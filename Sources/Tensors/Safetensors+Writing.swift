extension Safetensors {

  /// Returns the file.
  ///
  /// The bytes depend on the value alone. The data lie in the order of the reference
  /// implementation: the widest types first, so that all data are aligned, then by name.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package func bytes() -> [UInt8] {
    var header: [JSON.Member] = []
    if !metadata.isEmpty {
      let remarks = metadata.sorted { $0.key < $1.key }
      header.append(
        .init(
          Safetensors.metadataKey, .object(remarks.map { .init($0.key.string, .string($0.value)) }))
      )
    }
    // Entries are sorted by name already, and each filter keeps their order.
    let types: [StoredType] = [.int64, .float64, .float32, .bool]
    let ordered = types.flatMap { t in entries.filter { $0.tensor.elements.storedType == t } }
    var offset = 0
    for e in ordered {
      let type = e.tensor.elements.storedType
      let end = offset + e.tensor.elements.count * type.byteCount
      header.append(
        .init(
          e.name,
          [
            "dtype": .string(type.safetensorsName),
            "shape": .array(e.tensor.shape.map(JSON.integer)),
            "data_offsets": [.integer(offset), .integer(end)],
          ]))
      offset = end
    }
    var text = Array(JSON.object(header).printed(.compact).utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }

    var result: [UInt8] = []
    result.reserveCapacity(8 + text.count + offset)
    result.append(littleEndian: UInt64(text.count))
    result += text
    for e in ordered { result.append(littleEndian: e.tensor.elements) }
    return result
  }

}

/// Bytes that are not UTF-8.
package struct IllFormedUTF8: Error, Equatable, Sendable {

  /// The offset, from zero, of the first byte that is not part of a character.
  package let offset: Int

}

extension String {

  /// Creates the text whose UTF-8 encoding is `bytes`, all of them: a byte order mark stays.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package init(utf8 bytes: [UInt8]) throws(IllFormedUTF8) {
    if let text = String(validating: bytes, as: UTF8.self) {
      self = text
      return
    }
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var offset = 0
    // Each round takes at least one byte from `rest`, which is finite.
    while case .valid(let scalar) = parser.parseScalar(from: &rest) { offset += scalar.count }
    throw IllFormedUTF8(offset: offset)
  }

}

extension CommandLineArguments {

  /// The words that this process was started with, without the name of the program.
  package static var processWords: [[UInt8]] {
    (1..<max(Int(CommandLine.argc), 1)).map { position in
      guard let word = CommandLine.unsafeArgv[position] else {
        preconditionFailure("there are as many words as the system says")
      }
      var bytes: [UInt8] = []
      // A word ends in a zero byte.
      while word[bytes.count] != 0 { bytes.append(UInt8(bitPattern: word[bytes.count])) }
      return bytes
    }
  }

  /// Returns the texts whose UTF-8 encodings are `words`.
  package static func decode(_ words: [[UInt8]]) throws(CommandLineError) -> [String] {
    var result: [String] = []
    for word in words {
      do {
        result.append(try String(utf8: word))
      } catch {
        let place = result.last.map { "the word after '\($0.printable)'" } ?? "the first word"
        throw CommandLineError(
          "\(place) is not UTF-8: ill-formed byte at offset \(error.offset)")
      }
    }
    return result
  }

}

import Foundation
import Tensors

extension Manifest {

  /// The most bytes that the file of a manifest may have.
  private static let fileLimit = 1 << 28

  /// The JSON text, with sorted keys and a final line feed; equal manifests give equal bytes.
  package func encoded() throws(RunnerError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      throw RunnerError(.input, "cannot write the manifest: \(error)")
    }
  }

  /// Creates a manifest from its JSON text in `bytes`, which were read from `file`.
  package init(decoding bytes: [UInt8], file: String) throws(RunnerError) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let data = Data(bytes)
    do {
      // The version comes first: a later format may have other fields, which would only give a
      // message that nobody understands.
      let version = try decoder.decode(Version.self, from: data).formatVersion
      guard version == Self.currentFormatVersion else {
        throw RunnerError(
          .input,
          "the manifest has format version \(version), expected "
            + "\(Self.currentFormatVersion); compile the model again", file: file)
      }
      self = try decoder.decode(Manifest.self, from: data)
    } catch let error as RunnerError {
      throw error
    } catch let error as DecodingError {
      throw RunnerError(.input, "not a manifest: \(error.phrase)", file: file)
    } catch {
      throw RunnerError(.input, "not a manifest", file: file)
    }
    let problems = problems()
    guard problems.isEmpty else {
      throw RunnerError(.input, "the manifest is damaged", file: file, details: problems)
    }
  }

  /// Creates the manifest that `folder` contains.
  package init(inFolder folder: String) throws(RunnerError) {
    let file = "\(folder)/\(Self.fileName)"
    let bytes: [UInt8]
    do {
      bytes = try readFile(file, limit: Self.fileLimit)
    } catch {
      throw RunnerError(error)
    }
    try self.init(decoding: bytes, file: file)
  }

  /// The one field that every format has.
  private struct Version: Decodable {

    let formatVersion: Int

  }

}

extension DecodingError {

  /// What is wrong, and where.
  fileprivate var phrase: String {
    switch self {
    case .keyNotFound(let key, let context):
      "'\(key.stringValue)' is missing\(context.place)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "a value of another type was expected\(context.place)"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "the text is not JSON, or a number is out of range" : "a value is wrong\(context.place)"
    @unknown default: "the text cannot be decoded"
    }
  }

}

extension DecodingError.Context {

  /// The keys that lead to the mistake, behind ` at `.
  fileprivate var place: String {
    let keys = codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return keys.isEmpty ? "" : " at '\(keys.joined(separator: "."))'"
  }

}

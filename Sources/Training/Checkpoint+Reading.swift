import Diagnostics
import Runner
import Tensors
import Text

extension Checkpoint {

  /// Creates the checkpoint in `file`, which messages call `name`, of a training of the model that
  /// `manifest` describes.
  ///
  /// Throws if the file holds none, or a remark has an impossible value. Whether the checkpoint is
  /// one of this model is left to `check`.
  package init(_ file: Safetensors, of manifest: Manifest, name: String) throws(RunnerError) {
    let remarks = Remarks(texts: file.metadata, name: name)
    guard file.metadata[ExactText(Key.version.rawValue)] != nil else {
      throw RunnerError(
        .input,
        "'\(name.printable)' holds no training that could go on; '--weights' starts from its "
          + "parameters")
    }
    let version = try remarks.integer(.version, in: 0...Int.max)
    guard version == Self.version else {
      throw RunnerError(
        .input,
        "'\(name.printable)' has checkpoint version \(version), expected \(Self.version)")
    }
    let coding: TextCoding?
    do {
      coding = try TextCoding(file, name: name)
    } catch {
      throw RunnerError(.input, error.message.printable)
    }
    let partition = try remarks.text(.partition)
    guard let partition = Partition(rawValue: partition) else {
      throw remarks.error(.partition, "'\(partition.printable)'", "sequential or random")
    }
    origin = TrainingOrigin(
      graph: try remarks.text(.graph), lines: try remarks.lines(), dims: try remarks.dims(),
      coding: coding,
      text: try remarks.text(.text), partition: partition,
      seed: try remarks.integer(.seed, in: 0...UInt64.max))
    progress = try TrainingProgress(remarks)
    values = ModelValues(file.tensors, of: manifest)
  }

}

extension TrainingProgress {

  /// Reads the progress in `remarks`.
  fileprivate init(_ remarks: Remarks) throws(RunnerError) {
    self.init()
    // More updates than anybody makes, and few enough to be added to.
    let limit = 1 << 60
    update = try remarks.integer(.update, in: 0...limit)
    position = try remarks.integer(.position, in: 0...update)
    lossSum = try remarks.finiteNumber(.lossSum)
    normSum = try remarks.number(.normSum)
    let training = try remarks.numbers(.trainingLosses)
    let validation = try remarks.numbers(.validationLosses)
    let epoch = try remarks.integer(.epoch, in: 0...limit)
    let kept = Self.keptEpochs(of: epoch)
    for (key, list) in [(Checkpoint.Key.trainingLosses, training), (.validationLosses, validation)]
    where list.count != kept.count {
      throw remarks.error(
        key, "\(list.count) numbers", "\(kept.count), for \(epoch) epochs")
    }
    setEpochs(
      zip(kept, zip(training, validation)).map { number, losses in
        Epoch(number: number, trainingLoss: losses.0 ?? .nan, validationLoss: losses.1)
      })
  }

}

extension Safetensors {

  /// The sizes of the dims of the graph that the file was trained with; none if it does not say.
  package var trainedDims: [String: Int] {
    guard let text = metadata[ExactText(Checkpoint.Key.dims.rawValue)],
      let members = try? JSON(parsing: Array(text.utf8)).members
    else { return [:] }
    // Names of dims are ASCII; of others that Unicode calls the same, one is enough.
    return Dictionary(
      members.compactMap { m in m.value.int.map { (m.key, $0) } }, uniquingKeysWith: { a, _ in a })
  }

}

/// The remarks of a file.
private struct Remarks {

  let texts: [ExactText: String]

  /// What messages call the file.
  let name: String

  /// Returns an error about the value of `key`.
  func error(_ key: Checkpoint.Key, _ found: String, _ expected: String) -> RunnerError {
    RunnerError(
      .input,
      "'\(name.printable)' is damaged: found \(found) as '\(key.rawValue)', expected \(expected)")
  }

  func text(_ key: Checkpoint.Key) throws(RunnerError) -> String {
    guard let text = texts[ExactText(key.rawValue)] else { throw error(key, "nothing", "a value") }
    return text
  }

  func integer<N: FixedWidthInteger>(
    _ key: Checkpoint.Key, in range: ClosedRange<N>
  ) throws(RunnerError) -> N {
    let text = try text(key)
    guard let number = N(text), range.contains(number) else {
      throw error(
        key, "'\(text.prefix(40).description.printable)'",
        "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func number(_ key: Checkpoint.Key) throws(RunnerError) -> Double {
    let text = try text(key)
    guard let number = Double(text) else {
      throw error(key, "'\(text.prefix(40).description.printable)'", "a number")
    }
    return number
  }

  func finiteNumber(_ key: Checkpoint.Key) throws(RunnerError) -> Double {
    let number = try number(key)
    guard number.isFinite else { throw error(key, "'\(number)'", "a finite number") }
    return number
  }

  /// Returns the numbers in the JSON array under `key`; `nil` where one is null.
  func numbers(_ key: Checkpoint.Key) throws(RunnerError) -> [Double?] {
    guard let elements = try json(key).elements else { throw error(key, "no array", "one") }
    var result: [Double?] = []
    for element in elements {
      switch element {
      case .null: result.append(nil)
      case .string("nan"): result.append(.nan)
      case .integer, .number: result.append(element.double)
      case .bool, .string, .array, .object: throw error(key, element.kind, "numbers")
      }
    }
    return result
  }

  /// Returns the lines of the graph; `nil` if there are none.
  func lines() throws(RunnerError) -> [String]? {
    if texts[ExactText(Checkpoint.Key.lines.rawValue)] == nil { return nil }
    guard let elements = try json(.lines).elements else { throw error(.lines, "no array", "one") }
    var result: [String] = []
    for element in elements {
      guard let line = element.text else { throw error(.lines, element.kind, "strings") }
      result.append(line)
    }
    return result
  }

  func dims() throws(RunnerError) -> [Manifest.Dimension] {
    guard let members = try json(.dims).members else { throw error(.dims, "no object", "one") }
    var result: [Manifest.Dimension] = []
    for member in members {
      guard let size = member.value.int else { throw error(.dims, member.value.kind, "sizes") }
      result.append(Manifest.Dimension(name: member.key, size: size))
    }
    return result
  }

  private func json(_ key: Checkpoint.Key) throws(RunnerError) -> JSON {
    let text = try text(key)
    do {
      return try JSON(parsing: Array(text.utf8))
    } catch let fault {
      throw error(key, "no JSON", "it: \(fault.message) at byte \(fault.offset)")
    }
  }

}

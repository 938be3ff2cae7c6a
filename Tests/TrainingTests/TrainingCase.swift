import Foundation
import Runner
import Synchronization
import Tensors
import Text

@testable import Training

/// A training of a `Bigram` that can be repeated.
struct TrainingCase {

  /// Forty tokens of a small language.
  static let tokens: [Int32] = (0..<40).map { i in [1, 2, 3, 1, 4, 2, 0, 3][(i * i + i / 7) % 8] }

  var settings = TrainingSettings()
  var files = TrainingFiles()
  var data = TrainingData(TrainingCase.tokens, validationFraction: 0.25)
  var batch = 2
  var steps = 3

  /// Creates a training of three epochs into a new folder, with every file.
  init() throws {
    settings.epochs = 3
    settings.learningRate = 0.5
    settings.seed = 7
    let folder = try temporaryFolder()
    files.model = "\(folder)/w.safetensors"
    files.log = "\(folder)/log.csv"
    files.plot = "\(folder)/plot.svg"
  }

  var origin: TrainingOrigin {
    let symbols: [ExactText] = ["<unk>", "a", "b", "c", "d"]
    return TrainingOrigin(
      graph: "0123456789abcdef0123", dims: [.init(name: "batch", size: batch)],
      coding: TextCoding(
        tokenizer: .letters,
        vocabulary: (try? Vocabulary(symbols: symbols)) ?? Vocabulary(tokens: [])),
      data: data, partition: settings.partition, seed: settings.seed)
  }

  func model() -> Bigram { Bigram(batch: batch, steps: steps, seed: settings.seed) }

  /// Returns the training of `model`.
  func run(_ model: Bigram? = nil) throws -> TrainingRun {
    try TrainingRun(
      model ?? self.model(), data: data, settings: settings, origin: origin, files: files)
  }

  /// Runs the training, with a new model, up to `limit` updates of its own; goes on from the file
  /// of the model if `isResumed` is true.
  @discardableResult
  func train(
    _ model: Bigram? = nil, isResumed: Bool = false, interruptedAfter limit: Int = .max
  ) throws -> TrainingEnding {
    var run = try run(model)
    if isResumed { _ = try run.resume() }
    var updates = 0
    return try run.run(
      TrainingRun.Observer(
        isInterrupted: { updates >= limit }, observe: { updates = $0.work.updates }))
  }

  /// The content of the files: that of the model, the log without its last column, the plot.
  func results() throws -> [String] {
    let log = try text(files.log).split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).dropLast().joined(separator: ",")
    }
    return [
      "\(try bytes(files.model))", log.joined(separator: "\n"), try text(files.plot),
    ]
  }

  /// The checkpoint in the file of the model.
  func checkpoint() throws -> Checkpoint {
    let path = files.model ?? ""
    return try Checkpoint(
      Safetensors(bytes: bytes(path), name: path), of: model().manifest, name: path)
  }

}

/// Returns the content of the file at `path`.
func bytes(_ path: String?) throws -> [UInt8] {
  try readFile(path ?? "", limit: 1 << 24)
}

/// Returns the text in the file at `path`.
func text(_ path: String?) throws -> String {
  String(decoding: try bytes(path), as: UTF8.self)
}

/// The folder of all temporary files of these tests, removed when they end.
private let temporaryRoot: String = {
  let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("graphc-tests-\(UUID().uuidString)").path
  removedFolder.withLock { $0 = path }
  atexit { removedFolder.withLock { try? FileManager.default.removeItem(atPath: $0) } }
  return path
}()

/// The folder that is removed at the end; a function for `atexit` captures nothing.
private let removedFolder = Mutex("")

/// Returns the path of a new folder.
func temporaryFolder() throws -> String {
  let folder = "\(temporaryRoot)/\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  return folder
}

/// Returns the error that `body` throws, or `nil`.
func runnerError(_ body: () throws -> Void) -> RunnerError? {
  do {
    try body()
    return nil
  } catch {
    return error as? RunnerError
  }
}

extension TrainingData {

  /// The tokens of a text that the model is trained on.
  var training: [Int32] {
    if case .text(let training, _) = self { training } else { [] }
  }

  /// The tokens of a text that are kept apart.
  var validation: [Int32] {
    if case .text(_, let validation) = self { validation } else { [] }
  }

}

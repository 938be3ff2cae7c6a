import Foundation
import Synchronization
import Tensors
import Testing

@testable import Driver

/// What a command printed and how it ended.
struct CommandRun {

  let output: String
  let errors: String
  let ending: Command.Ending

  /// The exit status, or `nil` if a signal ended the command.
  var status: Int32? {
    if case .status(let status) = ending { return status }
    return nil
  }

}

/// Runs `graphc` with `arguments`, with `input` on standard input.
func graphc(_ arguments: [String], input: [UInt8] = []) -> CommandRun {
  var output = ""
  var errors = ""
  var environment = ProcessInfo.processInfo.environment
  environment["GRAPHC_CACHE"] = "\(temporaryRoot)/cache"
  let console = Console(
    environment: environment, print: { output += $0 }, report: { errors += $0 },
    readInput: { _ in input })
  let ending = Command.dispatch(arguments, console: console)
  return CommandRun(output: output, errors: errors, ending: ending)
}

/// Runs `graphc` with `arguments` on the graph `text`, whose place they leave to it.
func graphc(_ command: String, _ text: String, _ arguments: [String] = []) -> CommandRun {
  graphc([command, "-"] + arguments, input: Array(text.utf8))
}

/// The shipped model at sizes at which everything is fast.
enum SmallModel {

  /// The operand and the options.
  static let arguments =
    ["rnn.graph"] + dimensions(["hidden=8", "batch=2", "num_steps=4"])

  /// The folder into which the model was compiled, and what the first compile said.
  ///
  /// Tests ask for it before they run the model, so that the compiler is called once.
  static let compiled: (folder: String, first: CommandRun) = {
    let folder = "\(temporaryRoot)/small"
    return (folder, graphc(["compile"] + arguments + ["-o", folder]))
  }()

  /// Runs `command` on the model with more arguments.
  static func run(_ command: String, _ more: [String] = []) -> CommandRun {
    _ = compiled
    return graphc([command] + arguments + more)
  }

}

/// A model whose states are indices and truth values.
enum IndexState {

  static let text = """
    model IndexState {
      dim b = 2, v = 5
      param E : f32[v, 3] = iota
      input go : bool[b]
      input next : index<v>[b]
      carried state k : index<v>[b] = [3, 4]
      carried state seen : bool[b] = zeros
      y = gather(E, k)
      k = where(go, next, k)
      seen = or(seen, go)
      output y
    }

    """

}

/// Returns options that set each of `assignments`.
func dimensions(_ assignments: [String]) -> [String] {
  assignments.flatMap { ["--dim", $0] }
}

/// The folder of all temporary files of these tests, removed when they end.
let temporaryRoot: String = {
  let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("graphc-tests-\(UUID().uuidString)").path
  try? FileManager.default.createDirectory(
    atPath: path, withIntermediateDirectories: true)
  removedFolder.withLock { $0 = path }
  atexit { removedFolder.withLock { try? FileManager.default.removeItem(atPath: $0) } }
  return path
}()

/// The folder that is removed at the end; a function for `atexit` captures nothing.
private let removedFolder = Mutex("")

/// Returns a new path for a file called `name`.
func temporaryFile(_ name: String) -> String {
  let folder = "\(temporaryRoot)/\(UUID().uuidString)"
  try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  return "\(folder)/\(name)"
}

/// Returns the path of a new file with `tensor`.
func file(_ tensor: Tensor) throws -> String {
  let path = temporaryFile("tensor.npy")
  try writeFile(tensor.npyBytes(), to: path)
  return path
}

/// Returns the tensor in the file at `path`.
func tensor(_ path: String) throws -> Tensor {
  try Tensor(npy: readFile(path, limit: 1 << 24), name: path)
}

/// Returns the text of the file at `path`.
func text(_ path: String) throws -> String {
  String(decoding: try readFile(path, limit: 1 << 24), as: UTF8.self)
}

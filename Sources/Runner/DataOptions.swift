import Diagnostics
import Foundation
import Tensors

/// The options that say where a run's numbers come from and go to.
package struct DataOptions: Sendable {

  /// A file for a named tensor.
  package struct File: Equatable, Sendable {

    package let name: String
    package let path: String

    /// Creates a file for the tensor called `name`.
    package init(name: String, path: String) {
      self.name = name
      self.path = path
    }

  }

  /// The options as a command line spells them.
  package static let options = [
    CommandLineOption(
      "--weights", value: "W.safetensors", "the parameters, by name (default: as declared)"),
    CommandLineOption("--seed", value: "N", "the seed of random first values (default: 0)"),
    CommandLineOption(
      "--input", value: "NAME=FILE.npy", isRepeatable: true, "an input, or a state to start at"),
    CommandLineOption(
      "--output", value: "NAME=FILE.npy", isRepeatable: true, "where an output or a state goes"),
    CommandLineOption("--steps", value: "N", "the count of steps, if that is not the inputs'"),
  ]

  /// The file of the parameters, or `nil` for those that the model declares.
  package let weights: String?

  /// The seed of random first values.
  package let seed: UInt64

  /// The files of inputs and of states to start at.
  package let inputs: [File]

  /// The files for outputs and states.
  package let outputs: [File]

  /// The count of steps, or `nil` for that of the inputs.
  package let steps: Int?

  /// Reads the options of `arguments`; two outputs never go to one file.
  package init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    weights = arguments.value(of: "--weights")
    seed = try arguments.integer(of: "--seed", in: 0...UInt64.max) ?? 0
    inputs = try Self.inputs(arguments)
    outputs = try arguments.assignments(of: "--output").map(File.init)
    var written: Set<String> = []
    for file in outputs {
      if !written.insert(URL(fileURLWithPath: file.path).standardized.path).inserted {
        throw CommandLineError("'--output' names the file '\(file.path.printable)' twice")
      }
    }
    steps = try arguments.integer(of: "--steps", in: 0...Int(Int32.max))
  }

  /// Returns the files of inputs and labels that `arguments` name.
  package static func inputs(
    _ arguments: CommandLineArguments
  ) throws(CommandLineError) -> [File] {
    var result: [File] = []
    for option in ["--input", "--label"] {
      result += try arguments.assignments(of: option).map(File.init)
    }
    var names: Set<String> = []
    if let twice = result.first(where: { !names.insert($0.name).inserted }) {
      throw CommandLineError("'\(twice.name.printable)' is both an '--input' and a '--label'")
    }
    return result
  }

  /// The most bytes that a file of numbers may have.
  private static let fileLimit = 1 << 34

  /// Returns the file of the parameters, or `nil` if none was given.
  package func readWeights() throws(RunnerError) -> Safetensors? {
    guard let weights else { return nil }
    return try Self.safetensors(weights)
  }

  /// Returns the tensors and the remarks in the file at `path`.
  package static func safetensors(_ path: String) throws(RunnerError) -> Safetensors {
    do {
      return try Safetensors(bytes: readFile(path, limit: fileLimit), name: path)
    } catch {
      throw RunnerError(reading: error)
    }
  }

  /// Returns the inputs and states in the files that were given.
  package func readInputs() throws(RunnerError) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for file in inputs { result[file.name] = try Self.tensor(file) }
    return result
  }

  /// Returns the tensor in `file`.
  package static func tensor(_ file: File) throws(RunnerError) -> Tensor {
    do {
      return try Tensor(npy: readFile(file.path, limit: fileLimit), name: file.path)
    } catch {
      throw RunnerError(reading: error)
    }
  }

  /// Writes each tensor of `results` that has a file.
  ///
  /// - Requires: `results` has a tensor for each name in `outputs`.
  package func write(_ results: [String: Tensor]) throws(RunnerError) {
    for file in outputs {
      guard let tensor = results[file.name] else {
        preconditionFailure("every output that is asked for has a value")
      }
      do {
        try writeFile(tensor.npyBytes(), to: file.path)
      } catch {
        throw RunnerError(error)
      }
    }
  }

}

extension RunnerError {

  /// Creates an error about a file whose reading ended with `error`.
  fileprivate init(reading error: any Error) {
    switch error {
    case let error as FileError: self.init(error)
    case let error as TensorError: self.init(.input, error.message)
    default: preconditionFailure("reading numbers throws file errors and tensor errors")
    }
  }

}

import Diagnostics
import IR
import Runner
import Tensors

/// The options that say how a file names the weights of a model.
struct WeightOptions {

  /// The options as a command line spells them.
  static let options = [
    CommandLineOption(
      "--convention", value: "NAME", "the names and layouts of the weights: pytorch, keras, ..."),
    CommandLineOption(
      "--map", value: "FILE=LAYER", isRepeatable: true,
      "another name of a layer in the file: lstm.*_l0=layer0.*"),
    CommandLineOption(
      "--zero", value: "NAME", isRepeatable: true,
      "a tensor that the file lacks because it is zero: *bias*"),
  ]

  let convention: String?
  let renamings: [WeightMapping.Renaming]
  let zeros: [String]

  /// Reads the options of `arguments`.
  init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    convention = arguments.value(of: "--convention")
    zeros = arguments.values(of: "--zero")
    renamings = try arguments.values(of: "--map").map { text throws(CommandLineError) in
      let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw CommandLineError("'--map' needs FILE=LAYER, found '\(text.printable)'")
      }
      let renaming = WeightMapping.Renaming(file: parts[0], model: parts[1])
      guard renaming.isComplete else {
        throw CommandLineError(
          "'--map \(text.printable)' needs one '*' on both sides, or none on either")
      }
      return renaming
    }
  }

  /// `true` iff the options ask for nothing.
  var isEmpty: Bool { convention == nil && renamings.isEmpty && zeros.isEmpty }

  /// Returns `file` with the parameters of `module` in place of the tensors that the file has for
  /// them.
  func parameters(in file: Safetensors?, of module: Module) throws(RunnerError) -> Safetensors? {
    guard let file else {
      if isEmpty { return nil }
      throw RunnerError(.commandLine, "'--convention', '--map' and '--zero' go with '--weights'")
    }
    if isEmpty { return file }
    return try WeightMapping(module, convention: convention, renamings: renamings, zeros: zeros)
      .parameters(in: file)
  }

}

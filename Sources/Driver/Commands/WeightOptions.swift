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
      "--map", value: "FILE=NAME", isRepeatable: true,
      "another name of a layer or tensor in the file: lstm.*_l0=layer0.*"),
    CommandLineOption(
      "--zero", value: "NAME", isRepeatable: true,
      "a tensor that the file lacks because it is zero: *bias*"),
    CommandLineOption(
      "--ignore", value: "NAME", isRepeatable: true,
      "a tensor that the graph has no place for: *batches_tracked"),
  ]

  let convention: String?
  let renamings: [WeightRenaming]
  let zeros: [String]
  let ignored: [String]

  /// Reads the options of `arguments`.
  init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    convention = arguments.value(of: "--convention")
    zeros = arguments.values(of: "--zero")
    ignored = arguments.values(of: "--ignore")
    renamings = try arguments.values(of: "--map").map { text throws(CommandLineError) in
      try WeightRenaming(text)
    }
  }

  /// Throws if the options ask for something, but there are no weights.
  func checkUnused() throws(CommandLineError) {
    if convention != nil || !renamings.isEmpty || !zeros.isEmpty || !ignored.isEmpty {
      throw CommandLineError("'--convention', '--map', '--zero' and '--ignore' go with '--weights'")
    }
  }

  /// Returns `file` with the parameters of `module` in place of the tensors that the file has for
  /// them.
  ///
  /// If they do not fit, the error says what would.
  func parameters(in file: Safetensors?, of module: Module) throws -> Safetensors? {
    guard let file else {
      try checkUnused()
      return nil
    }
    return try mapping(of: module).parameters(in: file)
  }

  /// Returns the mapping of `module` that the options ask for.
  func mapping(of module: Module) throws(RunnerError) -> WeightMapping {
    try WeightMapping(
      module, convention: convention, renamings: renamings, zeros: zeros, ignored: ignored)
  }

}

import Diagnostics
import Foundation
import IR
import Optimizer
import Parsing
import Runner
import Tensors
import Training

/// The options that say how a model is trained, and which files that reads and writes.
struct TrainingOptions {

  /// The file of the parameters to start at, if there is one.
  let weights: String?

  /// `true` iff the training goes on from the file of the model.
  let isResumed: Bool

  /// The part of the data that is kept apart, if that is given; at least 0 and less than 1.
  let validationFraction: Double?

  /// `true` iff results are printed for programs.
  let isForPrograms: Bool

  let files: TrainingFiles

  private let epochs: Int?
  private let updates: Int?
  private let partition: Partition?
  private let seed: UInt64?
  private let schedule: LearningRateSchedule?

  /// The numbers of the optimiser and of clipping that are given, `lr` and `clip`.
  private let rates: [(name: String, value: Double)]

  /// The scalar inputs that are given.
  private let scalars: [(name: String, value: Double)]

  /// The files of other inputs and of labels.
  let inputs: [DataOptions.File]

  /// Reads the options of `arguments` of a command that also reads the files at `paths`.
  init(
    _ arguments: CommandLineArguments, reading paths: [String]
  ) throws(CommandLineError) {
    weights = arguments.value(of: "--weights")
    isResumed = arguments.contains("--resume")
    epochs = try arguments.integer(of: "--epochs", in: 1...Int(Int32.max))
    updates = try arguments.integer(of: "--updates", in: 1...1 << 40)
    seed = try arguments.integer(of: "--seed", in: 0...UInt64.max)
    validationFraction = try arguments.number(of: "--valid-fraction")
    if let fraction = validationFraction, !(fraction >= 0 && fraction < 1) {
      throw CommandLineError(
        "'--valid-fraction' is \(fraction), expected at least 0 and less than 1")
    }
    isForPrograms = arguments.contains("--json")
    partition = try Self.partition(arguments)
    schedule = try Self.schedule(arguments)
    rates = try Self.rates(arguments)
    scalars = try Self.scalars(arguments)
    inputs = try DataOptions.inputs(arguments)
    var files = TrainingFiles()
    files.model = arguments.value(of: "--save")
    files.checkpointInterval = try arguments.integer(of: "--checkpoint-every", in: 1...1 << 40)
    files.log = arguments.value(of: "--log")
    files.plot = try Self.plot(arguments)
    self.files = files
    if files.model == nil {
      for name in ["--resume", "--checkpoint-every"] where arguments.contains(name) {
        throw CommandLineError("'\(name)' needs the file of the model: --save W.safetensors")
      }
    }
    if isResumed, weights != nil {
      throw CommandLineError("'--weights' does not go with '--resume', which has its own")
    }
    try checkDistinct(reading: paths + inputs.map(\.path))
  }

  private static func partition(
    _ arguments: CommandLineArguments
  ) throws(CommandLineError) -> Partition? {
    guard let name = arguments.value(of: "--partition") else { return nil }
    if let partition = Partition(rawValue: name) { return partition }
    throw CompilingOptions.unknown("partition", name, among: Partition.allCases.map(\.rawValue))
  }

  private static func plot(_ arguments: CommandLineArguments) throws(CommandLineError) -> String? {
    guard let path = arguments.value(of: "--plot") else { return nil }
    let ending = URL(fileURLWithPath: path).pathExtension
    guard ["", "svg"].contains(ending.lowercased()) else {
      throw CommandLineError(
        "'--plot' draws SVG, found '\(path.printable)', expected a name that ends in '.svg'")
    }
    return path
  }

  private static func schedule(
    _ arguments: CommandLineArguments
  ) throws(CommandLineError) -> LearningRateSchedule? {
    guard let text = arguments.value(of: "--lr-schedule") else { return nil }
    do {
      return try LearningRateSchedule(parsing: text)
    } catch {
      throw CommandLineError("'--lr-schedule': \(error.message)")
    }
  }

  private static func rates(
    _ arguments: CommandLineArguments
  ) throws(CommandLineError) -> [(name: String, value: Double)] {
    var result: [(name: String, value: Double)] = []
    for name in ["lr", "clip"] {
      guard let value = try arguments.number(of: "--\(name)") else { continue }
      guard value > 0 || name == "lr" && value == 0 else {
        let least = name == "lr" ? "at least 0" : "above 0"
        throw CommandLineError("'--\(name)' is \(value), expected a number \(least)")
      }
      result.append((name, value))
    }
    return result
  }

  private static func scalars(
    _ arguments: CommandLineArguments
  ) throws(CommandLineError) -> [(name: String, value: Double)] {
    var result: [(name: String, value: Double)] = []
    for (name, text) in try arguments.assignments(of: "--set") {
      guard let value = Double(text), value.isFinite else {
        throw CommandLineError(
          "'--set \(name.printable)' needs a number, found '\(text.printable)'")
      }
      result.append((name, value))
    }
    return result
  }

  /// Throws if a file that is written is one of the others.
  private func checkDistinct(reading paths: [String]) throws(CommandLineError) {
    func place(_ path: String) -> String { URL(fileURLWithPath: path).standardized.path }
    // The file of the model may take the place of the one that the training starts at.
    var used = Set(paths.filter { $0 != "-" }.map(place))
    for (name, path) in [("--save", files.model), ("--log", files.log), ("--plot", files.plot)] {
      guard let path else { continue }
      if !used.insert(place(path)).inserted || name != "--save" && weights.map(place) == place(path)
      {
        throw CommandLineError(
          "'\(name)' names the file '\(path.printable)', which has another use")
      }
    }
  }

  /// Throws if a file cannot be written where it is asked for.
  func checkFiles() throws(FileError) {
    for path in [files.model, files.log, files.plot].compactMap({ $0 }) { try checkWritable(path) }
  }

  /// Throws if something is asked for that counts only for a text, or for rows.
  func checkWithoutText() throws(CommandLineError) {
    if validationFraction ?? 0 > 0 {
      throw CommandLineError(
        "'--valid-fraction' counts only for a text or for rows, and here every update gets the same "
          + "inputs")
    }
    try checkWithoutWindows()
  }

  /// Throws if something is asked for that counts only for windows of a text.
  func checkWithoutWindows() throws(CommandLineError) {
    if partition != nil {
      throw CommandLineError("'--partition' counts only for the windows of a text")
    }
  }

  /// Returns `settings` with what the command line says in place of them.
  ///
  /// A number of updates takes the place of epochs, unless both are given.
  func settings(over settings: TrainingSettings) -> TrainingSettings {
    var result = settings
    if epochs != nil || updates != nil { (result.epochs, result.updates) = (epochs, updates) }
    if let partition { result.partition = partition }
    if let seed { result.seed = seed }
    if let schedule { result.schedule = schedule }
    return result
  }

  /// Returns `true` iff a file is given for input `name`.
  func names(_ name: String) -> Bool {
    inputs.contains { $0.name == name }
  }

  /// Returns the numbers that are given, by the names of their inputs of entry `train` of `module`.
  ///
  /// Throws if one is given twice, or is none that the graph could say for its optimiser.
  func numbers(_ module: Module) throws(CommandLineError) -> [String: Tensor] {
    let choice = module.entries.compactMap(\.training).first
    var known: [String: String] = [:]
    for (name, _) in choice?.optimizer.rule.numbers ?? [] {
      known[module.inputName(ofNumber: name)] = name
    }
    var result: [String: Tensor] = [:]
    for (name, value) in rates.map({ (module.inputName(ofNumber: $0.name), $0.value) }) + scalars {
      if let number = known[name], !OptimizerChoice.permits(value, for: number) {
        throw CommandLineError(
          "'\(name.printable)' is \(value), expected a number \(OptimizerChoice.range(of: number))")
      }
      if choice?.clip != nil, name == module.inputName(ofNumber: "clip"), value <= 0 {
        throw CommandLineError("'\(name)' is \(value), expected a number above 0")
      }
      guard result.updateValue(Tensor(shape: [], .float64([value])), forKey: name) == nil else {
        throw CommandLineError("'\(name.printable)' is set twice")
      }
    }
    return result
  }

  /// Returns the tensors in the files of inputs and labels, by name.
  func tensors() throws(RunnerError) -> [String: Tensor] {
    let numbers = Set(scalars.map(\.name))
    var result: [String: Tensor] = [:]
    for file in inputs {
      guard result[file.name] == nil, !numbers.contains(file.name) else {
        throw RunnerError(.commandLine, "'\(file.name.printable)' is set twice")
      }
      result[file.name] = try DataOptions.tensor(file)
    }
    return result
  }

}

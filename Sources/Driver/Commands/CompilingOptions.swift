import Diagnostics
import IR
import Optimizer

/// The options that every command takes that compiles or runs a graph.
struct CompilingOptions {

  /// The options that say what is compiled and how.
  static let options = [
    CommandLineOption(
      "--dim", value: "NAME=SIZE", isRepeatable: true, "the size of a dim, in place of the text's"),
    CommandLineOption(
      "--schedule", value: "S", "where products are computed: concat, hoist or auto (the default)"),
    CommandLineOption(
      "--unroll", value: "K", "how many steps a loop does: a number, full or auto (the default)"),
    CommandLineOption(
      "--passes", value: "A,B", "the passes to run, besides what they need (default: all)"),
    CommandLineOption(
      "--target-cpu", value: "NAME", "the kind of CPU to compile for (default: native)"),
    CommandLineOption("--threads", value: "N", "use at most N threads (default: one a core)"),
    CommandLineOption(
      "--memory", value: "BYTES", "what the weights, or a workspace, may take (default: 4G)"),
  ]

  /// The option for the seed, for commands that do not take `DataOptions`.
  static let seed = CommandLineOption(
    "--seed", value: "N", "the seed of random numbers (default: 0)")

  /// The option for the compiler.
  static let compiler = CommandLineOption(
    "--swiftc", value: "PATH", "the Swift compiler (default: GRAPHC_SWIFTC, or that on the PATH)")

  /// The option for code that debuggers show the graph for.
  static let debugGraph = CommandLineOption(
    "--debug-graph",
    "let debuggers show lines of the graph; repeated calls get no loop")

  /// The option for an answer that a program can read.
  static let json = CommandLineOption("--json", "print the answer as JSON")

  /// What the compiler is asked for.
  var compilation: CompilationOptions

  /// Where the option says that the Swift compiler is.
  let compilerPath: String?

  /// The most threads that do a call together; `nil` for one a core.
  private(set) var threads: Int?

  /// Reads the options of `arguments`.
  init(_ arguments: CommandLineArguments) throws(CommandLineError) {
    let target = try TargetCPU.resolve(arguments.value(of: "--target-cpu") ?? TargetCPU.nativeName)
    compilation = CompilationOptions(target: target)
    compilation.dimensions = try Self.dimensions(arguments)
    if let text = arguments.value(of: "--schedule") {
      compilation.schedule = try Self.schedule(text)
    }
    if let text = arguments.value(of: "--unroll") {
      compilation.unrolling = try Self.unrolling(text)
    }
    if let text = arguments.value(of: "--passes") {
      compilation.passes = try Self.passes(text)
    }
    if let text = arguments.value(of: "--memory") {
      compilation.memoryLimit = try Self.bytes(text)
    }
    compilation.mapsToGraph = arguments.contains("--debug-graph")
    threads = try arguments.integer(of: "--threads", in: 1...Int(Int16.max))
    compilerPath = arguments.value(of: "--swiftc")
  }

  /// Returns the sizes that `arguments` give to dims.
  static func dimensions(
    _ arguments: CommandLineArguments
  ) throws(CommandLineError) -> [(name: String, value: Int)] {
    var result: [(name: String, value: Int)] = []
    for (name, text) in try arguments.assignments(of: "--dim") {
      guard let size = Int(text), size >= 0 else {
        throw CommandLineError(
          "'--dim \(name.printable)' needs a whole number, found '\(text.printable)'")
      }
      result.append((name, size))
    }
    return result
  }

  private static func schedule(_ text: String) throws(CommandLineError) -> PassContext.Schedule {
    if let schedule = PassContext.Schedule(rawValue: text) { return schedule }
    let names = PassContext.Schedule.allCases.map(\.rawValue).sorted()
    throw unknown("schedule", text, among: names)
  }

  private static func unrolling(_ text: String) throws(CommandLineError) -> PassContext.Unrolling {
    switch text {
    case "auto": return .auto
    case "full": return .full
    default:
      guard let count = Int(text), count >= 1 else {
        throw CommandLineError(
          "'--unroll' needs a number of at least 1, full or auto, found '\(text.printable)'")
      }
      return .by(count)
    }
  }

  /// Returns the passes that `text` lists; none if it is empty.
  private static func passes(_ text: String) throws(CommandLineError) -> [Pass] {
    if text.isEmpty { return [] }
    var result: [Pass] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      let name = String(name.trimmingSpaces)
      guard let pass = Pass.all.first(where: { $0.name == name }) else {
        throw unknown("pass", name, among: Pass.all.map(\.name))
      }
      result.append(pass)
    }
    return result
  }

  /// Returns the number of bytes that `text` says, perhaps in units of 1024, its square or cube.
  private static func bytes(_ text: String) throws(CommandLineError) -> Int {
    let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30]
    let shift = text.last.flatMap { shifts[Character($0.uppercased())] }
    let digits = shift == nil ? text : String(text.dropLast())
    guard let number = Int(digits), number >= 0,
      case let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0)),
      !overflow
    else {
      throw CommandLineError(
        "'--memory' needs a number of bytes such as 512M or 4G, found '\(text.printable)'")
    }
    return bytes
  }

  /// Returns an error about an unknown name, with the nearest known one or all of them.
  static func unknown(
    _ kind: String, _ name: String, among known: [String]
  ) -> CommandLineError {
    CommandLineError(
      "unknown \(kind) '\(name.printable)'; \(alternatives(to: name, among: known))")
  }

}

extension Substring {

  /// `self` without spaces at both ends.
  fileprivate var trimmingSpaces: Substring {
    let start = drop { $0 == " " }
    return start.lastIndex { $0 != " " }.map { start[...$0] } ?? ""
  }

}

extension CompilationOptions {

  /// The options for compiling `module`: passes that were asked for leave it as planning needs it.
  func completed(for module: Module) -> CompilationOptions {
    guard var passes else { return self }
    for needed in [Pass.writeEntries, .maskLengths] {
      let names = module.finishedPasses + passes.map(\.name)
      if !names.contains(needed.name) { passes.append(needed) }
    }
    var result = self
    result.passes = passes
    return result
  }

}

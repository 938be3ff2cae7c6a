import Diagnostics
import Runner
import Tensors
import Text

/// A command of `graphc`.
package struct Command: Sendable {

  /// The word that selects the command.
  package let name: String

  /// What the command does, as an imperative phrase without a final period.
  package let summary: String

  /// What stands behind the name: operands and the most important options.
  let usage: String

  /// What the command does, in sentences.
  let description: String

  /// Command lines, without the program's name and the command.
  let examples: [String]

  let options: [CommandLineOption]

  /// Does the work and returns the exit status.
  let body: @Sendable (CommandLineArguments, Console) throws -> Int32

  /// All commands, in the order of the help text.
  package static let all: [Command] = [
    .check, .compile, .run, .verify, .train, .sample, .grad, .gradcheck, .weights, .passes,
  ]

  /// How a command ended.
  package enum Ending: Equatable, Sendable {

    case status(Int32)

    /// A signal asked the process to end, which should be done by raising the signal once more.
    case interrupted(signal: Int32)

  }

  /// The help text of the program.
  package static let programHelp = """
    usage: graphc COMMAND [options]

    Compiles recurrent neural networks from a text graph to Swift, and runs them.

    commands:
    \(list)
    'graphc COMMAND --help' describes a command and shows examples. The exit status is 0 if all went
    well (warnings included), 1 if the input is wrong, 2 if the command line is wrong, 3 if the
    environment is wrong, 4 if graphc finds a fault of its own.

    """

  /// The lines about all commands.
  private static var list: String {
    let width = all.map(\.name.count).max() ?? 0
    return all.map { command in
      let padding = String(repeating: " ", count: width - command.name.count)
      return "  \(command.name)\(padding)  \(command.summary)\n"
    }.joined()
  }

  /// The help text of the command.
  package var help: String {
    """
    usage: graphc \(name) \(usage)

    \(description)

    options:
    \(CommandLineOption.helpText(for: options + [.help]))
    examples:
    \(examples.map { "  graphc \(name) \($0)\n" }.joined())
    """
  }

}

/// The end of a command whose reasons have been reported.
struct ReportedFailure: Error {

  let status: Int32

}

/// The end of a command that a signal asked for, and that has been reported.
struct ReportedInterruption: Error {

  let signal: Int32

}

extension Command {

  /// Runs the program `graphc` with the words `words`, in UTF-8, which do not start with its name.
  package static func dispatch(_ words: [[UInt8]], console: Console) -> Ending {
    do {
      return dispatch(try CommandLineArguments.decode(words), console: console)
    } catch {
      console.report("error: \(error.message); see 'graphc --help'\n")
      return .status(2)
    }
  }

  /// Runs the program `graphc` with `arguments`, which do not start with its name.
  ///
  /// Results that could not be written are a failure, whatever else happened.
  package static func dispatch(_ arguments: [String], console: Console) -> Ending {
    let ending = run(arguments, console: console)
    guard case .status = ending, let failure = console.outputFailure() else { return ending }
    console.report("error: \(failure.message.printable)\n")
    return .status(EnvironmentError.exitStatus)
  }

  private static func run(_ arguments: [String], console: Console) -> Ending {
    guard let word = arguments.first else {
      console.report(programHelp)
      return .status(2)
    }
    if ["--help", "-h", "help"].contains(word) {
      guard arguments.count > 1, word == "help" else {
        console.print(programHelp)
        return .status(0)
      }
      return run([arguments[1], "--help"], console: console)
    }
    guard let command = all.first(where: { $0.name == word }) else {
      let near = suggestion(for: word, among: all.map(\.name))
      let kind = word.hasPrefix("-") ? "option" : "command"
      console.report(
        "error: unknown \(kind) '\(word.printable)'; "
          + (near.map { "did you mean '\($0)'?" } ?? "see 'graphc --help'") + "\n")
      return .status(2)
    }
    return command.perform(Array(arguments.dropFirst()), console: console)
  }

  /// Does the work, or reports why it cannot be done, and returns how the command ends.
  func perform(_ arguments: [String], console: Console) -> Ending {
    do {
      let words = try CommandLineArguments(arguments, options: options + [.help])
      if words.contains("--help") {
        console.print(help)
        return .status(0)
      }
      return .status(try body(words, console))
    } catch {
      return ending(with: error, console: console)
    }
  }

  /// Reports `error` and returns how the command ends.
  private func ending(with error: any Error, console: Console) -> Ending {
    switch error {
    case let error as ReportedFailure:
      return .status(error.status)
    case let error as ReportedInterruption:
      return .interrupted(signal: error.signal)
    case let error as CommandLineError:
      console.report("error: \(error.message); see 'graphc \(name) --help'\n")
      return .status(2)
    case let error as RunnerError:
      console.report(error.rendered)
      return .status(error.exitStatus)
    case let error as EnvironmentError:
      console.report(error.rendered)
      if case .interrupted(let signal) = error.kind { return .interrupted(signal: signal) }
      return .status(EnvironmentError.exitStatus)
    case let error as CompilerFault:
      console.report(error.report(savingTo: console.faultFolders))
      return .status(CompilerFault.exitStatus)
    case let error as FileError:
      let error = RunnerError(error)
      console.report("error: \(error.message.printable)\n")
      return .status(error.exitStatus)
    case let error as TextError:
      console.report("error: \(error.message.printable)\n")
      return .status(1)
    default:
      preconditionFailure("commands end with errors that are known: \(error)")
    }
  }

}

extension CommandLineArguments {

  /// Returns the one operand, which `what` names.
  func operand(_ what: String) throws(CommandLineError) -> String {
    guard let operand = operands.first else { throw CommandLineError("\(what) is missing") }
    if operands.count > 1 {
      throw CommandLineError("'\(operands[1].printable)' is one operand too many")
    }
    return operand
  }

}

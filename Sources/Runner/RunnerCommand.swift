import Diagnostics
import Foundation
import Tensors

/// The command `graphc-run`: it runs what `graphc compile` wrote, without the compiler.
package enum RunnerCommand {

  /// What a command printed and how it ended.
  package struct Outcome: Equatable, Sendable {

    /// The text for standard output.
    package let output: String

    /// The text for standard error.
    package let errors: String

    /// The exit status.
    package let status: Int32

    /// Writes the texts to the standard streams of this process and returns the exit status, which
    /// tells as well whether that was possible.
    package func deliver() -> Int32 {
      prepareStandardStreams()
      var (errors, status) = (errors, status)
      do {
        try write(output, to: STDOUT_FILENO, named: "standard output")
      } catch {
        let failure = RunnerError(.environment, error.message.printable)
        errors += failure.rendered
        status = failure.exitStatus
      }
      // There is nowhere to say that this is lost.
      try? write(errors, to: STDERR_FILENO, named: "standard error")
      return status
    }

  }

  /// The help text.
  package static let help = """
    usage: graphc-run DIR [options]

    Runs a model that 'graphc compile -o DIR' compiled. An output without a file is printed if it is
    small, and summarised in one line otherwise. The exit status is 0 if all went well, 1 if the
    input is wrong, 2 if the command line is wrong, 3 if the environment is wrong.

    options:
    \(CommandLineOption.helpText(for: options))
    examples:
      graphc-run build/rnn --input tokens=T.npy
      graphc-run build/rnn --weights W.safetensors --input tokens=T.npy --input h=H0.npy \\
        --output logits=L.npy --output h=H.npy

    """

  private static let options =
    [CommandLineOption("--entry", value: "NAME", "what to call: forward (the default) or step")]
    + DataOptions.options + [.help]

  /// Runs the command with the words `words`, in UTF-8, which do not start with the name of the
  /// program.
  package static func run(_ words: [[UInt8]]) -> Outcome {
    do {
      return run(try CommandLineArguments.decode(words))
    } catch {
      return outcome(of: error)
    }
  }

  /// Runs the command with `arguments`, which do not start with the name of the program.
  package static func run(_ arguments: [String]) -> Outcome {
    do {
      let words = try CommandLineArguments(arguments, options: options)
      if words.contains("--help") { return Outcome(output: help, errors: "", status: 0) }
      guard let folder = words.operands.first, !folder.isEmpty else {
        throw CommandLineError("the folder of a compiled model is missing")
      }
      if words.operands.count > 1 {
        throw CommandLineError("'\(words.operands[1].printable)' is one folder too many")
      }
      let output = try run(
        folder: folder, entry: words.value(of: "--entry") ?? "forward", DataOptions(words))
      return Outcome(output: output, errors: "", status: 0)
    } catch let error as RunnerError {
      return Outcome(output: "", errors: error.rendered, status: error.exitStatus)
    } catch let error as CommandLineError {
      return outcome(of: error)
    } catch {
      preconditionFailure("a command ends with an error of the runner or of the command line")
    }
  }

  private static func outcome(of error: CommandLineError) -> Outcome {
    let text = RunnerError(.commandLine, "\(error.message); see 'graphc-run --help'").rendered
    return Outcome(output: "", errors: text, status: RunnerError.Kind.commandLine.rawValue)
  }

  /// Runs `entry` of the model in `folder` once and returns the lines to print.
  private static func run(
    folder: String, entry: String, _ data: DataOptions
  ) throws(RunnerError) -> String {
    try Session(CompiledModel(folder: folder)).answer(
      entry: entry, data, weights: data.readWeights())
  }

}

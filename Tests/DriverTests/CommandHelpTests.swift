import Tensors
import Testing

@testable import Driver

@Suite struct CommandHelpTests {

  @Test(arguments: Command.all.map(\.name))
  func describesEachCommand(_ name: String) {
    let run = graphc([name, "--help"])
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(run.output.hasPrefix("usage: graphc \(name) "))
    #expect(run.output.contains("\nexamples:\n  graphc \(name) "))
    #expect(run.output.contains("--dim NAME=SIZE ..."))
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(run.output)")
    #expect(graphc(["help", name]).output == run.output)
  }

  @Test func listsCommands() {
    let run = graphc(["--help"])
    #expect(run.status == 0)
    for command in Command.all { #expect(run.output.contains("\n  \(command.name) ")) }
  }

  /// Results that nobody gets are a failure of the environment, whatever was printed.
  @Test(arguments: [
    ["--help"], ["help", "run"], ["weights", "--help"], ["check", "--codes"],
    ["check", "hello.graph", "--json"], ["passes", "hello.graph"],
    ["compile", "hello.graph", "--print", "swift"],
    ["run", "concat_identity.graph", "--interpret"],
    ["chekc"],
  ])
  func reportsLostOutput(_ arguments: [String]) {
    var errors = ""
    var failure: FileError?
    let console = Console(
      environment: [:],
      print: { _ in
        failure = FileError("cannot write: no space left on device", cause: .environment)
      }, outputFailure: { failure }, report: { errors += $0 })
    let ending = Command.dispatch(arguments, console: console)
    // The last one prints nothing.
    #expect(ending == .status(arguments == ["chekc"] ? 2 : 3))
    #expect(errors.hasSuffix("error: cannot write: no space left on device\n") == (failure != nil))
  }

  @Test func asksForACommand() {
    let run = graphc([])
    #expect(run.status == 2)
    #expect(run.output == "")
    #expect(run.errors == Command.programHelp)
  }

  @Test(arguments: [
    (["chekc"], "unknown command 'chekc'; did you mean 'check'?"),
    (["frobnicate"], "unknown command 'frobnicate'; see 'graphc --help'"),
    (["--hepl"], "unknown option '--hepl'; see 'graphc --help'"),
    (["check"], "the graph is missing; see 'graphc check --help'"),
    (["check", "a", "b"], "'b' is one operand too many; see 'graphc check --help'"),
    (["check", "--codes", "a"], "'--codes' takes no file, found 'a'; see 'graphc check --help'"),
    (
      ["run", "a", "--wieghts", "f"],
      "unknown option '--wieghts'; did you mean '--weights'?; see 'graphc run --help'"
    ),
    (
      ["check", "a", "--dim", "n=x"],
      "'--dim n' needs a whole number, found 'x'; see 'graphc check --help'"
    ),
    (
      ["check", "a", "--schedule", "hiost"],
      "unknown schedule 'hiost'; did you mean 'hoist'?; see 'graphc check --help'"
    ),
    (
      ["check", "a", "--unroll", "0"],
      "'--unroll' needs a number of at least 1, full or auto, found '0'; see 'graphc check --help'"
    ),
    (
      ["passes", "a", "--passes", "entries,ces"],
      "unknown pass 'ces'; did you mean 'cse'?; see 'graphc passes --help'"
    ),
    (
      ["passes", "a", "--print-after", "flod"],
      "unknown pass 'flod'; did you mean 'fold'?; see 'graphc passes --help'"
    ),
    (
      ["check", "a", "--memory", "4T"],
      "'--memory' needs a number of bytes such as 512M or 4G, found '4T'; see 'graphc check --help'"
    ),
    (
      ["run", "a", "--tokenizer", "letter"],
      "unknown tokenizer 'letter'; did you mean 'letters'?; see 'graphc run --help'"
    ),
    (
      ["compile", "a", "--threads", "0"],
      "'--threads' needs a whole number from 1 to 32767, found '0'; see 'graphc compile --help'"
    ),
  ])
  func refusesWrongCommandLines(_ arguments: [String], _ message: String) {
    let run = graphc(arguments)
    #expect(run.errors == "error: \(message)\n")
    #expect(run.output == "")
    #expect(run.status == 2)
  }

}

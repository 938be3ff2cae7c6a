import Diagnostics
import Foundation
import IR
import Optimizer
import Planning
import Testing

@testable import Driver

/// What graphc makes is verified in every build; a fault says where it is and how to repeat it.
@Suite struct CompilerFaultTests {

  private static let text = """
    model M {
      dim n = 3
      input x : f32[n, 2]
      param W : f32[2, 4] = ones
      state h : f32[4] = zeros
      scan t in n {
        h = tanh(linear(x[t], W) + h)
        y[t] = h * 2
      }
      output y
    }
    """

  private static let source = GraphSource(path: "m.graph", utf8: Array(text.utf8))

  /// Gives the last line of the first entry another type.
  private static let wrong = Pass("cse", "give a value a wrong type") { module, context in
    guard context.permitsRewrite(), let last = module.entries[0].graph.body.nodes.last else {
      return
    }
    module.entries[0].graph[last].results[0].type = .scalar
  }

  /// Lets the first line use a value that does not exist, on which every other pass would trap.
  private static let dangling = Pass("cse", "let a value dangle") { module, context in
    guard context.permitsRewrite() else { return }
    let first = module.entries[0].graph.body.nodes[0]
    module.entries[0].graph[first].operands = [Value(ID(99_999), 7)]
  }

  private static func options(_ passes: [Pass]) -> CompilationOptions {
    var options = CompilationOptions(target: FileTest.target)
    options.passes = passes
    return options
  }

  /// Returns the fault that `body` throws.
  private static func fault(_ body: () throws -> Void) throws -> CompilerFault {
    do {
      try body()
    } catch let fault as CompilerFault {
      return fault
    }
    throw TestFailure("there is no fault")
  }

  /// Returns a console that writes what shows a fault into `folders`, and what it was told.
  private static func console(
    _ folders: [String]
  ) -> (Console, () -> (output: String, errors: String)) {
    let texts = Texts()
    let console = Console(
      environment: [:], faultFolders: folders, print: { texts.output += $0 },
      report: { texts.errors += $0 })
    return (console, { (texts.output, texts.errors) })
  }

  private final class Texts {

    var output = ""
    var errors = ""

  }

  @Test func `a broken invariant names the pass and saves the graph before it`() throws {
    var options = Self.options([.foldConstants, Self.wrong, .removeDeadNodes])
    options.unrolling = .by(2)
    options.schedule = .hoist
    options.rewriteLimit = 100
    var stages: [String] = []
    let fault = try Self.fault {
      _ = try Compilation(Self.source, options: options) { _, module in
        stages.append(module.description)
      }
    }
    let folder = URL(fileURLWithPath: temporaryFile("x")).deletingLastPathComponent().path
    // The first folder does not exist, so the second is taken.
    let report = fault.report(savingTo: ["\(folder)/missing", folder])
    let path = "\(folder)/graphc-fault-cse.graph"
    let lines = report.split(separator: "\n").map(String.init)
    #expect(
      lines == [
        "error: pass 'cse' leaves an ill-formed graph: entry 'forward': 'h' of 'scan t' starts at a"
          + " value of another type",
        "  entry 'forward': the argument 'h' of 'scan t' has another type",
        "  entry 'forward': 'h' of 'scan t' is given another type",
        "note: this is a fault of graphc, not of the model",
        "note: the graph before the pass is in '\(path)'; this repeats the fault:",
        "  graphc passes \(path) --passes cse --rewrite-limit 99 --target-cpu x86-64-v3"
          + " --schedule hoist --unroll 2",
      ])
    #expect(try DriverTests.text(path) == stages.last)
  }

  @Test func `the command that repeats a fault does`() throws {
    let fault = try Self.fault {
      _ = try Compilation(Self.source, options: Self.options([.foldConstants, Self.wrong]))
    }
    let evidence = try #require(fault.evidence)
    let saved = GraphSource(path: "saved.graph", utf8: Array(evidence.text.utf8))
    let again = try Self.fault {
      _ = try Compilation(saved, options: Self.options([Self.wrong]))
    }
    #expect(again == fault)
    // The options are those of the command line.
    let run = graphc([evidence.command, "-"] + evidence.options, input: Array(evidence.text.utf8))
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func `what would trap in the next pass is found before`() throws {
    let fault = try Self.fault {
      _ = try Compilation(
        Self.source, options: Self.options([Self.dangling] + Pipeline.standard.passes))
    }
    #expect(fault.message == "pass 'cse' leaves an ill-formed graph")
    #expect(fault.errors == ["entry 'forward': 'scan t' uses a value that does not exist"])
  }

  @Test func `the stages before a fault are printed`() throws {
    let arguments = try CommandLineArguments(
      ["--print-changed"], options: [CommandLineOption("--print-changed", "")])
    let (console, texts) = Self.console([])
    let fault = try Self.fault {
      try console.printPasses(
        Self.options([.foldConstants, Self.dangling, .removeDeadNodes]), on: Self.source,
        StageSelection(arguments))
    }
    #expect(fault.message == "pass 'cse' leaves an ill-formed graph")
    let headings = texts().output.split(separator: "\n").filter { $0.hasPrefix("// after") }
    let names = headings.map { $0.split(separator: "'")[1] }
    #expect(names == ["entries", "lengths", "differentiate", "fold"])
    #expect(texts().output.contains("y[t] = mul(h, 2)"))
  }

  /// A plan in which two weights lie in one place.
  @Test func `a plan that cannot be carried out is a fault`() throws {
    let text = Self.text.replacing("+ h)", with: "+ linear(h, V))")
      .replacing("state h", with: "param V : f32[4, 4] = ones\n  state h")
    let source = GraphSource(path: "m.graph", utf8: Array(text.utf8))
    let options = Self.options([])
    let compilation = try Compilation(source, options: options)
    var plan = compilation.plan
    try #require(plan.weights.count > 1)
    plan.weights[1].offset = 0
    let fault = try Self.fault { try Compilation.verify(plan, of: compilation.module, options) }
    #expect(fault.message == "the plan cannot be carried out")
    #expect(fault.errors.count == 1)
    #expect(fault.errors[0].hasSuffix("overlap in the block of weights"))
    let evidence = try #require(fault.evidence)
    #expect(evidence.text == compilation.module.description)
    #expect(evidence.command == "check")
    #expect(evidence.options == ["--passes", "''", "--target-cpu", "x86-64-v3"])
  }

  @Test func `a command that meets a fault ends with status 4`() throws {
    let fault = try Self.fault {
      _ = try Compilation(Self.source, options: Self.options([Self.dangling]))
    }
    let command = Command(
      name: "check", summary: "", usage: "", description: "", examples: [], options: []
    ) { _, _ in throw fault }
    let (console, texts) = Self.console([])
    #expect(command.perform([], console: console) == .status(4))
    #expect(texts().errors.hasPrefix("error: pass 'cse' leaves an ill-formed graph: "))
    let last = "note: the graph before the pass cannot be written to a file\n"
    #expect(texts().errors.hasSuffix(last))
  }

}

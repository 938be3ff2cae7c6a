import CodeGen
import Diagnostics
import Graphs
import IR
import Interpreter
import Optimizer
import Parsing
import Planning
import Runner
import Tensors

/// What a compilation is asked for.
package struct CompilationOptions: Sendable {

  /// The most bytes that a file with a graph may have.
  package static let fileLimit = 16 << 20

  /// The sizes that replace those in the text.
  package var dimensions: [(name: String, value: Int)] = []

  package var target: TargetCPU
  package var schedule = PassContext.Schedule.auto
  package var unrolling = PassContext.Unrolling.auto

  /// The passes to run; `nil` for the standard ones.
  package var passes: [Pass]?

  /// The most rewrites of all passes together; `nil` for any number.
  package var rewriteLimit: Int?

  /// The most bytes that the weights and the workspace of a model may take.
  package var memoryLimit = 4 << 30

  /// `true` iff all work that can be is divided among threads, not only where it is worth it.
  package var dividesAll = false

  /// `true` iff calls that repeat are in loops however few they are; by default if that saves many.
  package var loopsAll = false

  /// `true` iff the generated file maps its code to lines of the graph for debuggers.
  package var mapsToGraph = false

  /// Creates the standard options for `target`.
  package init(target: TargetCPU) {
    self.target = target
  }

}

/// A graph that has been read.
package struct Source: Sendable {

  package let path: String
  package private(set) var files = SourceFiles()
  package let id: SourceFileID

  /// Creates the source of the text `utf8`, which messages call `path`.
  package init(path: String, utf8: [UInt8]) {
    self.path = path
    id = files.add(SourceFile(name: path, utf8: utf8))
  }

  /// Reads the file at `path`.
  ///
  /// One that is of another format than text is refused: no line of it would mean anything.
  package init(path: String) throws(FileError) {
    try self.init(path: path, read: readFile(path, limit: CompilationOptions.fileLimit))
  }

  /// Creates the source of what was read from `path`.
  init(path: String, read bytes: [UInt8]) throws(FileError) {
    if let format = FileFormat(bytes) {
      let phrase = format.phrase(expecting: "the text of a graph")
      throw FileError("cannot read '\(path)': \(phrase)", cause: .input)
    }
    self.init(path: path, utf8: bytes)
  }

  /// Returns the module in the text with `dimensions` in place of its own.
  package func module(
    overriding dimensions: [(name: String, value: Int)], warnings: inout DiagnosticSet
  ) throws(CompilationError) -> Module {
    var diagnostics = DiagnosticSet()
    let module = parse(
      files[id], as: id, overriding: dimensions, knownPasses: Pass.all.map(\.name),
      fixingPasses: Pass.all.filter(\.readsDimensions).map(\.name), library: EmbeddedGraphs.cells,
      diagnostics: &diagnostics)
    guard var module, !diagnostics.containsError else { throw CompilationError(diagnostics) }
    warnings.insert(contentsOf: diagnostics.elements)
    module.settle()
    return module
  }

  /// Returns the line that `span` begins on, or `nil` if no text wrote it.
  package func location(_ span: SourceSpan) -> GeneratedFile.Location? {
    guard let file = span.file else { return nil }
    return GeneratedFile.Location(file: path, line: files[file].line(at: span.range.lowerBound))
  }

}

/// A module, its optimised form, its plan and its Swift file.
package struct Compilation: Sendable {

  package let options: CompilationOptions

  /// The module as it was read.
  package let original: Module

  /// The module after all passes.
  package private(set) var module: Module

  /// What each pass did.
  package private(set) var records: [PassRecord] = []

  package let plan: Plan
  package let file: GeneratedFile

  /// The warnings.
  package private(set) var warnings = DiagnosticSet()

  /// Compiles `source` as far as its Swift text.
  ///
  /// Calls `observe` before the first pass, with no record, and after each.
  package init(
    _ source: Source, options: CompilationOptions,
    observe: (PassRecord?, Module) -> Void = { _, _ in }
  ) throws {
    var warnings = DiagnosticSet()
    let module = try source.module(overriding: options.dimensions, warnings: &warnings)
    try self.init(
      module, options: options, warnings: warnings, observe: observe, location: source.location)
  }

  /// Compiles `module` as far as its Swift text.
  ///
  /// Throws a `CompilationError` about the model, or a `CompilerFault`.
  package init(
    _ module: Module, options: CompilationOptions, warnings: DiagnosticSet = .init(),
    observe: (PassRecord?, Module) -> Void = { _, _ in },
    location: @escaping (SourceSpan) -> GeneratedFile.Location? = { _ in nil }
  ) throws {
    self.options = options
    self.original = module
    self.warnings = warnings
    var result = module
    var records: [PassRecord] = []
    observe(nil, module)
    self.warnings.insert(
      contentsOf: try Self.optimize(&result, options) { record, module in
        records.append(record)
        observe(record, module)
      }.elements)
    try Self.prepare(&result, options) { record, module in
      records.append(record)
      observe(record, module)
    }
    self.records = records
    self.module = result
    try Self.checkStates(module)
    let machine = options.target.machine
    let plan = Plan(result, machine: machine, dividingAll: options.dividesAll)
    try Self.verify(plan, of: result, options)
    try Self.checkMemory(plan, module, limit: options.memoryLimit)
    self.plan = plan
    self.file = GeneratedFile(
      plan, of: result, compilerFlags: SwiftCompiler.codeFlags(target: options.target),
      loopingAll: options.loopsAll, location: options.mapsToGraph ? location : nil)
  }

  /// Runs the passes that `options` ask for on `module` and returns their warnings.
  ///
  /// Throws a `CompilationError` about the model, or a `CompilerFault`.
  package static func optimize(
    _ module: inout Module, _ options: CompilationOptions,
    observe: (PassRecord, Module) -> Void = { _, _ in }
  ) throws -> DiagnosticSet {
    var context = PassContext(
      machine: options.target.machine, schedule: options.schedule, unrolling: options.unrolling,
      rewriteLimit: options.rewriteLimit)
    let pipeline = options.passes.map { Pipeline($0, after: module.finishedPasses) } ?? .standard
    do {
      try pipeline.run(on: &module, context: &context, observe: observe)
    } catch {
      throw CompilerFault(error, options)
    }
    if context.diagnostics.containsError { throw CompilationError(context.diagnostics) }
    return context.diagnostics
  }

  /// Brings `module` to the form that can be planned, if the passes that were asked for did not.
  private static func prepare(
    _ module: inout Module, _ options: CompilationOptions,
    observe: (PassRecord, Module) -> Void
  ) throws {
    let missing = [Pass.writeEntries, .maskLengths, .differentiate].filter {
      !module.finishedPasses.contains($0.name)
    }
    var options = options
    options.passes = missing
    _ = try optimize(&module, options, observe: observe)
  }

  /// Throws a `CompilerFault` unless `plan`, made from `module`, can be carried out.
  package static func verify(
    _ plan: Plan, of module: Module, _ options: CompilationOptions
  ) throws(CompilerFault) {
    let errors = plan.verificationErrors()
    if !errors.isEmpty { throw CompilerFault(planning: errors, of: module, options) }
  }

  /// Throws if a state starts at random, which generated code cannot do by itself.
  private static func checkStates(_ module: Module) throws(CompilationError) {
    for state in module.states {
      switch state.initial {
      case .uniform, .normal, .scaled:
        throw CompilationError(
          .error(
            .randomState,
            "state '\(state.name)' starts at random values; let it start at a parameter that does",
            at: state.span))
      case .zeros, .ones, .constant, .iota, .literal, .parameter: break
      }
    }
  }

  /// Throws if the memory of `plan` exceeds `limit` bytes.
  private static func checkMemory(
    _ plan: Plan, _ module: Module, limit: Int
  ) throws(CompilationError) {
    var needs = [("the weights take", plan.weightBytes)]
    for entry in [plan.bind] + plan.entries {
      needs.append(("the workspace of '\(entry.name)' takes", entry.workspaceBytes))
    }
    for (what, bytes) in needs where bytes > limit {
      throw CompilationError(
        .error(
          .arenaTooLarge, "\(what) \(bytes) bytes; '--memory' permits \(limit)",
          at: module.nameSpan))
    }
  }

}

extension DiagnosticCode {

  /// The codes of models that are too large.
  package static let driver: [DiagnosticCode] = [.arenaTooLarge, .randomState, .noTrain]

  package static let randomState = DiagnosticCode(
    "random-state", "a state starts at random values",
    example: """
      model M {
        input x : f32[3]
        state h : f32[3] = normal(std: 1)
        h = h + x
        output h
      }
      """)

  package static let noTrain = DiagnosticCode(
    "no-train", "a model is to be trained that does not say how",
    example: """
      model M {
        input x : f32[3]
        param w : f32[3] = ones
        y = x * w
        output y
      }
      """)

  package static let arenaTooLarge = DiagnosticCode(
    "arena-too-large", "the numbers of a model take more memory than is permitted",
    example: """
      model M {
        dim n = 40000
        input x : f32[n, 1]
        y = sum(exp(x + transpose(x)) + x)
        output y
      }
      """)

}

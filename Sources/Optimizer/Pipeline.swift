import IR

/// A list of passes in the order in which they run.
package struct Pipeline: Sendable {

  /// The passes.
  package let passes: [Pass]

  /// `true` iff passes that a module has behind it are left out.
  let isResumed: Bool

  /// The order used by `graphc compile`.
  ///
  /// A module that some of these passes have made already goes on behind them.
  package static let standard = Pipeline(
    [
      .writeEntries,  // first: everything after it sees complete graphs
      .maskLengths,  // before all that moves values in or out of scans, or does several steps
      .differentiate,  // before all that writes products in forms that have no adjoints
      .foldConstants,  // before simplifying, which knows numbers when it sees them
      .simplifyAlgebra,  // brings products to the one form that later passes know
      .mergeDuplicates,  // equal parts are one part when linears look for common ones
      .concatenateLinears,  // before merging, so that gates meet in the same form
      .mergeDuplicates,  // a product that was written in two ways is one by now
      .mergeLinears,  // before parts are treated differently, so that they are still alike
      .gatherOneHot,  // before hoisting, which leaves in the step what is a gather
      .hoistProducts,  // before unrolling, so that what leaves the step does so once
      .unrollScans,  // after the products are settled, so that each step is small
      .mergeDuplicates,  // steps share what does not depend on the step
      .removeDeadNodes,  // before fusion, which must not adopt dead members
      .fuseElementwise,  // last: nothing else looks into groups
    ], isResumed: true)

  /// The passes that bring a module to the form that all others expect.
  private static let preparations: [Pass] = [.writeEntries, .maskLengths, .differentiate]

  private init(_ passes: [Pass], isResumed: Bool) {
    self.passes = passes
    self.isResumed = isResumed
  }

  /// Creates the pipeline that runs exactly `passes` on a module that `finishedPasses` have made.
  ///
  /// All passes expect the form that `entries`, `lengths` and `differentiate` write: each of the
  /// three that has not been done yet is put in front of the passes that come after it in the
  /// standard order.
  package init(_ passes: [Pass], after finishedPasses: [String]) {
    var done = Set(finishedPasses)
    var result: [Pass] = []
    for pass in passes {
      for preparation in Self.preparations {
        if preparation.name == pass.name { break }
        if done.insert(preparation.name).inserted { result.append(preparation) }
      }
      done.insert(pass.name)
      result.append(pass)
    }
    self.init(result, isResumed: false)
  }

  /// Applies the passes to `module`, and tells `observe` what each has done.
  ///
  /// After each pass that has rewritten something the module is settled, so that continuing from
  /// its text is the same as continuing from the module. The module is verified before the first
  /// pass and after each of these; the first that is ill-formed is not settled, observed or passed
  /// on.
  package func run(
    on module: inout Module, context: inout PassContext,
    observe: (PassRecord, Module) -> Void = { _, _ in }
  ) throws(BrokenInvariant) {
    let clock = ContinuousClock()
    let errors = module.verificationErrors()
    if !errors.isEmpty { throw BrokenInvariant(errors, after: nil, rewritesLeft: nil) }
    for position in finishedCount(of: module)..<passes.count {
      let pass = passes[position]
      let before = module
      let rewritesLeft = context.rewritesLeft
      context.begin(pass)
      var time = clock.measure { pass.run(&module, &context) }
      var errors: [String] = []
      if context.rewrites == 0 {
        // Nodes may have other numbers, but no line has changed.
        module = before
      } else {
        module.settleGroups()
        errors = module.structuralErrors()
        if errors.isEmpty {
          time += clock.measure { module.settle() }
          errors = module.settlingErrors()
        }
      }
      module.finishedPasses.append(pass.name)
      if !errors.isEmpty {
        throw BrokenInvariant(errors, after: (pass, before), rewritesLeft: rewritesLeft)
      }
      observe(
        PassRecord(
          pass: pass.name, position: position, rewrites: context.rewrites,
          nodesBefore: before.nodeCount, nodesAfter: module.nodeCount, choices: context.choices,
          seconds: time / .seconds(1)),
        module)
      if context.diagnostics.containsError { return }
    }
  }

  /// Returns the number of passes that need not run again on `module`.
  ///
  /// Those that the module has behind it and that are not the next of the list have been asked for
  /// by a person, and do not count.
  private func finishedCount(of module: Module) -> Int {
    guard isResumed else { return 0 }
    var count = 0
    for name in module.finishedPasses where count < passes.count && passes[count].name == name {
      count += 1
    }
    return count
  }

}

/// The end of a pipeline that has met an ill-formed module: a fault of graphc, not of the graph.
package struct BrokenInvariant: Error, Sendable {

  /// What is wrong with the module, at least one sentence.
  package let errors: [String]

  /// The name of the pass that made the module from a well-formed one, which is `before`; `nil` if
  /// the module that the pipeline was given is ill-formed.
  package let pass: String?
  package let before: Module?

  /// The number of rewrites that the pass was permitted; `nil` for any number.
  package let rewritesLeft: Int?

  fileprivate init(
    _ errors: [String], after step: (pass: Pass, before: Module)?, rewritesLeft: Int?
  ) {
    self.errors = errors
    self.pass = step?.pass.name
    self.before = step?.before
    self.rewritesLeft = rewritesLeft
  }

}

/// What a pass has done to a module.
package struct PassRecord: Sendable {

  /// The name of the pass.
  package let pass: String

  /// The position of the pass in its pipeline.
  package let position: Int

  /// The number of rewrites.
  package let rewrites: Int

  /// The numbers of nodes that stand on lines of their own, in all entries and in `bind`.
  package let nodesBefore: Int
  package let nodesAfter: Int

  /// What the pass chose, and why.
  package let choices: [PassContext.Choice]

  /// The time that the pass took.
  package let seconds: Double

  /// `true` iff the pass has changed the module.
  package var isChanged: Bool { rewrites > 0 }

}

extension Pass {

  /// All passes, each once, in the order in which they first run.
  package static let all: [Pass] = {
    var names = Set<String>()
    return Pipeline.standard.passes.filter { names.insert($0.name).inserted }
  }()

}

extension Module {

  /// The number of nodes that stand on lines of their own.
  package var nodeCount: Int {
    entries.reduce(bind.graph.nodeCount) { $0 + $1.graph.nodeCount }
  }

}

extension Graph {

  /// The number of nodes that stand on lines of their own, those of bodies of scans too.
  fileprivate var nodeCount: Int { nodeCount(of: body) }

  private func nodeCount(of block: Block) -> Int {
    block.nodes.reduce(0) { sum, id in
      guard case .scan(let scan) = self[id].op else { return sum + 1 }
      return sum + 1 + nodeCount(of: scan.body) + (scan.remainder.map { nodeCount(of: $0) } ?? 0)
    }
  }

}

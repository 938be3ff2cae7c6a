import Diagnostics
import IR

/// A named rewrite of a module that preserves what the module computes.
package struct Pass: Sendable {

  /// The name by which the pass is selected on the command line and in tests.
  package let name: String

  /// What the pass does, as an imperative phrase without a final period.
  package let summary: String

  /// `true` iff what the pass does depends on the values of dimensions, so that these may not
  /// change afterwards.
  package let readsDimensions: Bool

  /// Applies the pass.
  ///
  /// - Requires: the module is well-formed; it is well-formed again on return.
  package let run: @Sendable (inout Module, inout PassContext) -> Void

  /// Creates the pass `name`.
  package init(
    _ name: String, _ summary: String, readsDimensions: Bool = false,
    run: @escaping @Sendable (inout Module, inout PassContext) -> Void
  ) {
    self.name = name
    self.summary = summary
    self.readsDimensions = readsDimensions
    self.run = run
  }

}

/// What a pass is told, and what it tells.
package struct PassContext: Sendable {

  /// Where a product over a sequence is computed.
  package enum Schedule: String, CaseIterable, Sendable {

    /// Wherever it costs less.
    case auto

    /// In the step, over the concatenation of all parts.
    case concat

    /// In front of the scan, for all steps at once.
    case hoist

  }

  /// How many steps a body does.
  package enum Unrolling: Hashable, Sendable {

    /// As many as the price says.
    case auto

    /// The given number; at least one.
    case by(Int)

    /// All of them, without a scan.
    case full

  }

  /// A choice that a pass made, for the person who compiles.
  package struct Choice: Hashable, Sendable {

    /// The pass.
    package let pass: String

    /// The entries that it was chosen for; none if for the whole module.
    package fileprivate(set) var entries: [String]

    /// What was chosen and why, in one line without a final period.
    package let reason: String

  }

  /// The processor that the module is compiled for.
  package let machine: Machine

  package let schedule: Schedule
  package let unrolling: Unrolling

  /// The number of rewrites that are still permitted; `nil` for any number.
  private(set) var rewritesLeft: Int?

  /// The number of rewrites since the pass began.
  package private(set) var rewrites = 0

  /// The choices since the pass began.
  package private(set) var choices: [Choice] = []

  /// The warnings since the pass began.
  package var diagnostics = DiagnosticSet()

  /// The name of the pass that runs.
  private var pass = ""

  /// Creates the context of a compilation.
  package init(
    machine: Machine, schedule: Schedule = .auto, unrolling: Unrolling = .auto,
    rewriteLimit: Int? = nil
  ) {
    self.machine = machine
    self.schedule = schedule
    self.unrolling = unrolling
    self.rewritesLeft = rewriteLimit
  }

  /// Returns `true`, and counts a rewrite, unless the limit is reached.
  ///
  /// Every rewrite asks first, so that a wrong answer can be traced to one of them.
  package mutating func permitsRewrite() -> Bool {
    if let left = rewritesLeft {
      if left == 0 { return false }
      rewritesLeft = left - 1
    }
    rewrites += 1
    return true
  }

  /// Records why the pass chose what it chose for `entry`, or for the whole module; once where it
  /// chooses the same again.
  package mutating func record(_ reason: String, in entry: String? = nil) {
    let names = entry.map { [$0] } ?? []
    if let i = choices.firstIndex(where: { $0.reason == reason }) {
      choices[i].entries += names.filter { !choices[i].entries.contains($0) }
    } else {
      choices.append(Choice(pass: pass, entries: names, reason: reason))
    }
  }

  /// Starts counting for `pass`.
  mutating func begin(_ pass: Pass) {
    self.pass = pass.name
    rewrites = 0
    choices = []
  }

}

import Diagnostics
import IR

/// Turns the tree of a text into a module, and checks it.
///
/// What is wrong is reported once: a name whose definition failed is poisoned, and nothing is said
/// about what reads it.
struct Resolver {

  /// The most axes of a tensor.
  static let highestRank = 8

  /// The most elements of a tensor, and one more than the largest size.
  static let elementLimit = 1 << 31

  let syntax: ModelSyntax
  let overrides: [(name: String, value: Int)]

  /// The names of all passes; `nil` if any name can be one.
  let knownPasses: [String]?

  /// The passes that use the values of dimensions.
  let fixingPasses: [String]

  var reporter: Reporter
  var module: Module
  var scopes = Scopes()

  /// The names of all dimensions, those that are not declared yet too.
  var dimensionNames: Set<String> = []

  /// The graph that lines are added to, and the blocks of it that are open, the innermost last.
  var graph = Graph()
  var blocks: [Block] = []

  /// The inputs of the entry that is read.
  var inputs: [Entry.Input] = []
  var outputs: [Entry.Output] = []

  /// The new values of parameters and slots in the entry, and where they are given.
  var updates: [Entry.Update] = []
  var updateSpans: [String: SourceSpan] = [:]

  /// The name of the entry that is read.
  var entryName = ""

  /// What the section `train` of the entry says.
  var training: Training?

  /// Where the outputs of the entry stand, by name.
  var outputSpans: [String: SourceSpan] = [:]

  var states: [StateRecord] = []
  var steps: [StepRecord] = []
  var stacks: [StackRecord] = []

  /// The uses of cells whose sizes are wrong.
  var failedUses: Set<String> = []

  /// The names of stacked values that could not be read.
  var failedNames: Set<String> = []

  /// The steps of the bodies around the present statement, the innermost last.
  var bodySteps: [Int] = []

  /// The statements around the present one, the innermost last.
  var enclosing: [Surroundings] = []

  /// What kind of section the present statement stands in.
  var section = Section.model

  /// The number of the fused statements around the present one, and how many there were.
  var group: Int?
  var groupCount = 0

  /// The positions of the results of `bind`.
  var boundPositions: [Value: Int] = [:]

  /// Comments of lines that make no node; the next line takes them.
  var pendingComments: [String] = []

  /// The places of `mse`.
  var squaredErrors: Set<SourceSpan> = []

  /// How many more names may be compared for suggestions; comparing costs time.
  private var suggestionBudget = 20_000

  /// Creates a resolver of `syntax`, in which `overrides` replace the values of dimensions,
  /// `knownPasses` are all passes, and `fixingPasses` those that use the values of dimensions.
  init(
    _ syntax: ModelSyntax, _ overrides: [(name: String, value: Int)], knownPasses: [String]?,
    fixingPasses: [String], _ reporter: Reporter
  ) {
    self.syntax = syntax
    self.overrides = overrides
    self.knownPasses = knownPasses
    self.fixingPasses = fixingPasses
    self.reporter = reporter
    self.module = Module(name: syntax.name.text, nameSpan: syntax.name.span)
  }

  /// The section that a statement stands in.
  enum Section {

    case model, entry, bind, body, train, run

  }

  /// The statements of a section.
  struct Surroundings {

    let statements: [Statement]

    /// Where they define names; computed when it is asked for first.
    lazy var definitions = statements.definitions

    /// Creates the surroundings of the statements in a section.
    init(_ statements: [Statement]) {
      self.statements = statements
    }

  }

  /// A state and, for each loop that carries it, its values.
  struct StateRecord {

    /// The values of a state in the entry or in the body of a loop.
    struct Frame {

      /// The value before any assignment; `nil` for the one that the call starts with.
      var old: Value?

      /// The value after the last assignment, `nil` if that failed; meaningful if `isAssigned`.
      var new: Value?

      /// `true` iff a line or a loop has assigned the state.
      var isAssigned = false

      /// Where a line assigns the state.
      var assignment: SourceSpan?

    }

    let name: Name
    let type: TensorType

    /// The state of the model; `nil` for a local one and for one that starts with a computed value.
    let id: ID<State>?

    /// The value that the state starts with, if lines of the entry compute it.
    var start: Expression?

    /// `true` iff the value that the state starts with is being computed.
    var isStarting = false

    var frames: [Frame] = []
    var isAssigned = false

  }

  /// The step of a loop.
  struct StepRecord {

    let name: Name
    let argument: Value

    /// The number of steps, if it is known.
    let count: Extent?

    /// How many steps the body does at once.
    let factor: Int

    let isReversed: Bool

  }

  /// A stacked value inside its loop.
  struct StackRecord {

    let name: Name
    let step: Int

    /// The position of the definition of the name.
    let definition: Int

    /// Where and what the body assigns, for those of its steps that it assigns an element for.
    var elements: [Int: (span: SourceSpan, value: Value?)] = [:]

  }

  /// A value that an expression has.
  struct Operand {

    let value: Value

    /// The node that was made for the expression, unless it is another name of a value.
    var node: ID<Node>?

  }

  /// Reports an error or a warning.
  mutating func report(_ diagnostic: Diagnostic) {
    reporter.report(diagnostic)
  }

  /// Returns what `name` was probably meant to be among `candidates`, as long as there is time.
  mutating func suggest(_ name: String, among candidates: [String]) -> String? {
    guard suggestionBudget >= candidates.count else { return nil }
    suggestionBudget -= candidates.count
    return suggestion(for: name, among: candidates)
  }

  /// Gives `comments` and those that wait to `node`, or lets them wait if there is none.
  mutating func attach(_ comments: StatementComments, to node: ID<Node>?) {
    guard let node else {
      pendingComments += comments.all
      return
    }
    graph[node].comments = takeComments(comments)
  }

  /// Returns `comments` below those that wait.
  mutating func takeComments(_ comments: StatementComments) -> Comments {
    defer { pendingComments = [] }
    return Comments(leading: pendingComments + comments.leading, trailing: comments.trailing)
  }

}

extension StatementComments {

  /// The comments as lines.
  var all: [String] { leading + (trailing.map { [$0] } ?? []) }

}

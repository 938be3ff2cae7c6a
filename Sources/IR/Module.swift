import Diagnostics

/// A model: its declarations and what it computes.
///
/// As written by a person, a model has one entry that stands for all (`form` is `.model`). The
/// pass `entries` writes them out.
package struct Module: Sendable {

  /// How the entries are written.
  package enum Form: Sendable {

    /// One entry, whose lines stand in the model itself.
    case model

    /// A section for each entry.
    case entries

  }

  package var name: String
  package var nameSpan: SourceSpan
  package var comments: Comments
  package var form: Form
  package var dimensions: [Dimension]
  package var parameters: [Parameter]
  package var constants: [Constant]
  package var states: [State]
  package var slots: [Slot]

  /// How files of other programs become parameters.
  package var conventions: [Convention]

  /// What a person wants of a training run; no pass looks at it.
  package var run: RunSettings

  /// The passes that made the module what it is, in order.
  package var finishedPasses: [String]

  /// What depends on parameters and constants alone.
  package var bind: Bind

  package var entries: [Entry]

  /// The comments before the closing brace, and those behind it.
  package var closingComments: [String]
  package var endComments: [String]

  /// Creates an empty model.
  package init(name: String, nameSpan: SourceSpan = .none, form: Form = .model) {
    self.name = name
    self.nameSpan = nameSpan
    self.comments = .init()
    self.form = form
    self.dimensions = []
    self.parameters = []
    self.constants = []
    self.states = []
    self.slots = []
    self.conventions = []
    self.run = RunSettings()
    self.finishedPasses = []
    self.bind = Bind()
    self.entries = []
    self.closingComments = []
    self.endComments = []
  }

}

/// A tensor that training finds.
package struct Parameter: Sendable {

  package var name: String
  package var type: TensorType
  package var initial: InitialValue
  package var span: SourceSpan
  package var comments: Comments

  /// Creates a parameter.
  package init(
    name: String, type: TensorType, initial: InitialValue, span: SourceSpan = .none,
    comments: Comments = .init()
  ) {
    self.name = name
    self.type = type
    self.initial = initial
    self.span = span
    self.comments = comments
  }

}

/// A tensor that is written in the text.
package struct Constant: Sendable {

  package var name: String
  package var type: TensorType
  package var initial: InitialValue
  package var span: SourceSpan
  package var comments: Comments

  /// Creates a constant.
  package init(
    name: String, type: TensorType, initial: InitialValue, span: SourceSpan = .none,
    comments: Comments = .init()
  ) {
    self.name = name
    self.type = type
    self.initial = initial
    self.span = span
    self.comments = comments
  }

}

/// A tensor that goes from step to step.
package struct State: Sendable {

  package var name: String
  package var type: TensorType
  package var initial: InitialValue

  /// `true` iff a call goes on where the last one ended.
  package var isCarried: Bool

  package var span: SourceSpan
  package var comments: Comments

  /// Creates a state.
  package init(
    name: String, type: TensorType, initial: InitialValue, isCarried: Bool,
    span: SourceSpan = .none, comments: Comments = .init()
  ) {
    self.name = name
    self.type = type
    self.initial = initial
    self.isCarried = isCarried
    self.span = span
    self.comments = comments
  }

}

/// The value that a declaration starts with.
package enum InitialValue: Hashable, Sendable {

  case zeros
  case ones
  case constant(Scalar)

  /// 0, 1, 2 and so on in row-major order.
  case iota

  case uniform(low: Scalar, high: Scalar)
  case normal(mean: Scalar, std: Scalar)

  /// Random, as the number of inputs and outputs asks for.
  case scaled(ScaledInitial)

  /// The elements in row-major order.
  case literal([Number])

  /// The value of a parameter; of states only.
  case parameter(ID<Parameter>)

}

/// A number computed from dimensions.
package indirect enum Scalar: Hashable, Sendable {

  /// The operators of two numbers.
  package enum Operator: String, Hashable, Sendable {

    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"

  }

  case number(Number)
  case dimension(ID<Dimension>)
  case negated(Scalar)
  case squareRoot(Scalar)
  case binary(Operator, Scalar, Scalar)

  /// Returns the number that `self` is where dimensions have the values in `dimensions`.
  package func value(in dimensions: [Dimension]) -> Double {
    switch self {
    case .number(let x): return x.value
    case .dimension(let d): return Double(dimensions[d].value)
    case .negated(let x): return -x.value(in: dimensions)
    case .squareRoot(let x): return x.value(in: dimensions).squareRoot()
    case .binary(let op, let a, let b):
      let (x, y) = (a.value(in: dimensions), b.value(in: dimensions))
      switch op {
      case .add: return x + y
      case .subtract: return x - y
      case .multiply: return x * y
      case .divide: return x / y
      }
    }
  }

}

/// The section of a model that is computed when weights are bound.
package struct Bind: Sendable {

  /// A value that entries use by its name.
  package struct Result: Sendable {

    package var name: String
    package var value: Value

    /// Creates a result.
    package init(name: String, value: Value) {
      self.name = name
      self.value = value
    }

  }

  package var graph: Graph
  package var results: [Result]

  /// Creates an empty section.
  package init() {
    graph = Graph()
    results = []
  }

}

/// A way to call a model.
package struct Entry: Sendable {

  /// The ways in which a model can be called, by the names of its entries.
  package enum Kind: String, CaseIterable, Sendable {

    case forward, step, gradient, train

    /// The names of all entries, as a sentence lists them.
    package static let list =
      allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or \(train.rawValue)"

  }

  /// What the caller gives.
  package struct Input: Sendable {

    /// What an input is for.
    package enum Role: Sendable {

      case input

      /// What the model should have answered; required only by entries that use it.
      case label

    }

    package var name: String
    package var role: Role
    package var type: TensorType

    /// The number that an input without axes has where the caller gives none.
    package var defaultValue: Double?

    package var span: SourceSpan
    package var comments: Comments

    /// Creates an input.
    package init(
      name: String, role: Role = .input, type: TensorType, defaultValue: Double? = nil,
      span: SourceSpan = .none, comments: Comments = .init()
    ) {
      self.name = name
      self.role = role
      self.type = type
      self.defaultValue = defaultValue
      self.span = span
      self.comments = comments
    }

  }

  /// What the caller gets.
  package struct Output: Sendable {

    package var name: String
    package var value: Value
    package var span: SourceSpan
    package var comments: Comments

    /// Creates an output.
    package init(
      name: String, value: Value, span: SourceSpan = .none, comments: Comments = .init()
    ) {
      self.name = name
      self.value = value
      self.span = span
      self.comments = comments
    }

  }

  /// A new value of what outlives the call, at its end; all values are those from before.
  package struct Update: Sendable {

    /// What gets a new value.
    package enum Target: Hashable, Sendable {

      case state(ID<State>)
      case parameter(ID<Parameter>)
      case slot(ID<Slot>)

    }

    package var target: Target
    package var value: Value

    /// Creates an update.
    package init(_ target: Target, value: Value) {
      self.target = target
      self.value = value
    }

    /// The state that gets a new value, if one does.
    package var state: ID<State>? {
      if case .state(let s) = target { return s }
      return nil
    }

  }

  package var name: String
  package var span: SourceSpan
  package var comments: Comments
  package var inputs: [Input]
  package var graph: Graph
  package var updates: [Update]
  package var outputs: [Output]

  /// What the entry is to become by differentiation, if it is to train the parameters.
  package var training: Training?

  /// `true` iff a call changes parameters or slots.
  package var updatesParameters: Bool { updates.contains { $0.state == nil } }

  /// Creates an entry without lines.
  package init(name: String, span: SourceSpan = .none, comments: Comments = .init()) {
    self.name = name
    self.span = span
    self.comments = comments
    self.inputs = []
    self.graph = Graph()
    self.updates = []
    self.outputs = []
    self.training = nil
  }

}

import Diagnostics

/// A name and where it stands.
struct Name {

  let text: String
  let span: SourceSpan

}

/// An expression as it is written; what it means depends on where it stands.
struct Expression {

  indirect enum Kind {

    /// A number, and its value as an integer if it is written as one.
    case number(Double, integer: Int?)

    case name(String)
    case call(Name, [Argument])
    case negated(Expression)

    /// Operations of one precedence, from left to right.
    case chain(Expression, [Link])

    case comparison(InfixOperator, Expression, Expression)
    case subscripted(Expression, [Subscript])
    case list([Expression])

    /// `lower ..< upper`
    case range(Expression, Expression)

    /// `gather part`
    case gathered(Expression)

    /// `part to lower ..< upper`
    case columns(Expression, lower: Expression, upper: Expression)

  }

  let kind: Kind
  let span: SourceSpan

}

/// An operator and its right operand.
struct Link {

  let op: InfixOperator
  let operand: Expression

}

/// An operator between two operands.
enum InfixOperator: String {

  case add = "+"
  case sub = "-"
  case mul = "*"
  case div = "/"
  case matmul = "@"
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessEqual = "<="
  case greater = ">"
  case greaterEqual = ">="

}

/// An operand of a call, or an attribute if it has a label.
struct Argument {

  let label: Name?
  let value: Expression

}

/// The part in brackets behind a value.
struct Subscript {

  enum Item {

    /// `:`
    case all

    case place(Expression)
    case range(Expression, Expression, SourceSpan)

  }

  let items: [Item]
  let span: SourceSpan

}

/// A type as it is written: `index<vocab>[num_steps, batch]`.
struct TypeSyntax {

  let name: Name
  let classes: Expression?
  let shape: [Expression]

  /// The place of `...` before the sizes, which means any number of axes.
  var leading: SourceSpan?

  let span: SourceSpan

}

/// Numbers in brackets.
struct Literal {

  let elements: [Double]
  let shape: [Int]

}

/// What follows the `=` of a declaration.
enum Initial {

  case expression(Expression)
  case literal(Literal, SourceSpan)

  var span: SourceSpan {
    switch self {
    case .expression(let e): e.span
    case .literal(_, let span): span
    }
  }

}

/// A name with a type and, unless it is an input without a default, an initial value.
struct Declaration {

  let name: Name
  let type: TypeSyntax
  let initial: Initial?

}

/// What a line assigns: a name, or a place of a stacked value.
struct Target {

  let name: Name
  let place: Expression?

  /// The name and the place.
  let span: SourceSpan

}

/// A line or a section.
struct Statement {

  enum Kind {

    case dimensions([(name: Name, value: Expression)])
    case input(Declaration, isLabel: Bool)
    case parameter(Declaration)
    case constant(Declaration)
    case state(Declaration, isCarried: Bool)
    case slot(Declaration)
    case passes([Name])
    case run(BlockSyntax)
    case bind(BlockSyntax)
    case entry(Name, BlockSyntax)
    case assignment([Target], Expression, origins: [String])
    case output([Name])
    case outputDefinition(Name, Expression, origins: [String])
    case scan(ScanSyntax)
    case fused(BlockSyntax)
    case update(Name, Expression, origins: [String])
    case train(BlockSyntax)
    case cell(CellSyntax)
    case use(UseSyntax)
    case convention(Name, BlockSyntax)

    /// `sum = term`, of conventions only.
    case equation(Expression, Expression)

    /// What a call of a use gives as an input of its cell.
    case argument(Declaration, Expression)

  }

  var kind: Kind

  /// The line, of a section only its head.
  var span: SourceSpan

  var comments: StatementComments

}

/// The comments of a statement.
struct StatementComments {

  var leading: [String] = []
  var trailing: String?

}

/// The statements between two braces.
struct BlockSyntax {

  var statements: [Statement] = []
  var closingComments: [String] = []

  /// The names that lines of the block assign, those of blocks in it included, that may be states.
  var assignedStates: Set<String> = []

}

/// The definition of a cell.
struct CellSyntax {

  let name: Name
  let sizes: [Name]
  var block: BlockSyntax

}

/// A copy of a cell in a model.
struct UseSyntax {

  let name: Name
  let cell: Name
  var sizes: [Argument] = []
  var isCarried = false

  /// What states start with, by their names.
  var starts: [Argument] = []

  /// The use whose parameters are this one's too.
  var source: Name?

  /// The sizes of this use and of the one that it shares parameters with.
  var shared: [(name: Name, own: Expression, other: Expression)] = []

}

/// A loop.
struct ScanSyntax {

  var variable = Name(text: "", span: .none)

  /// The number of steps; `nil` if the head cannot be read.
  var count: Expression?

  var factor: (value: Int, span: SourceSpan)?
  var isReversed = false
  var lengths: Expression?
  var origins: [String] = []
  var body = BlockSyntax()
  var remainder: BlockSyntax?

}

/// A text as a tree.
struct ModelSyntax {

  let name: Name
  var comments: StatementComments

  /// The cells in front of the model and behind it.
  var cells: [CellSyntax]

  var block: BlockSyntax
  var endComments: [String]

  /// The words of lines that could not be read; nothing is said about these names.
  var unreadNames: Set<String>

  /// The names of the numbers of steps of the loops.
  var scannedNames: Set<String>

}

import Diagnostics
import IR

/// What a name stands for.
struct Definition {

  enum Kind {

    case dimension(ID<Dimension>)
    case parameter(ID<Parameter>)
    case constant(ID<Constant>)
    case slot(ID<Slot>)

    /// An input or a label of the entry, by its position.
    case input(Int)

    /// A state, by its position in the resolver.
    case state(Int)

    /// The use of a cell.
    case use

    /// The step of a loop, by its position in the resolver.
    case step(Int)

    /// A stacked value inside its loop, by its position in the resolver.
    case stack(Int)

    case value(Value)

    /// A value of the section `bind`, read by an entry.
    case bound(Value)

    /// Something that is wrong and has been reported.
    case poisoned

  }

  let name: Name
  var kind: Kind

  /// `true` iff a line reads the name.
  var isUsed = false

  /// `true` iff the name may get another meaning: the final value of a state of a loop.
  var isReplaceable = false

}

/// The names that are visible.
///
/// A name has one meaning at a time, because no scope may shadow another.
///
/// - Invariant: `visible` holds positions in `definitions`.
struct Scopes {

  /// All definitions ever made, in order.
  private(set) var definitions: [Definition] = []

  private var visible: [String: Int] = [:]

  /// For each open scope, the names it defined and what they meant before.
  private var changes: [[(name: String, previous: Int?)]] = [[]]

  /// Where the names of closed scopes were defined.
  private(set) var closed: [String: SourceSpan] = [:]

  /// Accesses the definition at `position`.
  subscript(position: Int) -> Definition {
    get { definitions[position] }
    set { definitions[position] = newValue }
  }

  /// Returns the position of the definition of `name`, if it is visible.
  func position(of name: String) -> Int? { visible[name] }

  /// Makes `name` mean `kind` in the innermost scope, and returns the position of the definition.
  @discardableResult
  mutating func define(_ name: Name, as kind: Definition.Kind) -> Int {
    definitions.append(Definition(name: name, kind: kind))
    let position = definitions.count - 1
    changes[changes.count - 1].append((name.text, visible[name.text]))
    visible[name.text] = position
    return position
  }

  /// Opens a scope.
  mutating func open() { changes.append([]) }

  /// Closes the innermost scope.
  mutating func close() {
    for (name, previous) in changes.removeLast().reversed() {
      if let position = visible[name] { closed[name] = definitions[position].name.span }
      visible[name] = previous
    }
  }

  /// Returns the visible names in the order of their definition, at most `limit` of them, the
  /// latest if there are more.
  func visibleNames(limit: Int) -> [String] {
    var result: [String] = []
    for i in definitions.indices.suffix(limit) {
      let name = definitions[i].name.text
      if visible[name] == i { result.append(name) }
    }
    return result
  }

}

import Diagnostics

/// The nodes of an entry, or of the section `bind`.
///
/// All nodes live in one array, those of bodies of scans too; a block lists those that are computed
/// in it, in order. Sources, arguments and places of a sequence (`x[t]`) stand in no block: they
/// are there where they are used, each of them once.
package struct Graph: Sendable {

  package private(set) var nodes: [Node] = []

  /// The lines of the graph.
  package var body = Block()

  /// The nodes of `Op.source` and `Op.at`, so that there is one of each. Never iterated.
  private var interned: [Key: ID<Node>] = [:]

  private struct Key: Hashable {
    let op: Op
    let operands: [Value]
  }

  /// Creates an empty graph.
  package init() {}

  /// Accesses the node `id`.
  ///
  /// - Requires: a new node has the same operation and operands where these are inline.
  package subscript(id: ID<Node>) -> Node {
    get { nodes[id] }
    set { nodes[id] = newValue }
  }

  /// The type of `value`.
  package func type(of value: Value) -> TensorType {
    nodes[value.node].results[value.result].type
  }

  /// The operation that yields `value`.
  package func op(of value: Value) -> Op { nodes[value.node].op }

  /// Adds `node` without placing it in a block and returns its identity.
  package mutating func add(_ node: Node) -> ID<Node> {
    nodes.add(node)
  }

  /// Returns the value of `source`, whose type is `type`.
  package mutating func value(of source: Source, type: TensorType) -> Value {
    intern(.source(source), [], type)
  }

  /// Returns `x` at a place of `axis`: `offset`, counted from `step` if there is one.
  package mutating func element(
    of x: Value, axis: Int, step: Value?, offset: Int
  ) -> Value {
    var type = self.type(of: x)
    type.shape.remove(at: axis)
    return intern(.at(axis: axis, offset: offset), step.map { [x, $0] } ?? [x], type)
  }

  private mutating func intern(_ op: Op, _ operands: [Value], _ type: TensorType) -> Value {
    let key = Key(op: op, operands: operands)
    if let id = interned[key] { return Value(id) }
    let id = nodes.add(
      Node(op: op, operands: operands, results: [Node.Result(name: "", type: type)]))
    interned[key] = id
    return Value(id)
  }

}

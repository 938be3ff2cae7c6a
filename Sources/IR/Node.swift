import Diagnostics

/// One result of one node.
package struct Value: Hashable, Comparable, Sendable {

  package let node: ID<Node>
  package let result: Int

  /// Creates the result at position `result` of `node`.
  package init(_ node: ID<Node>, _ result: Int = 0) {
    self.node = node
    self.result = result
  }

  package func hash(into hasher: inout Hasher) {
    // One number takes half the time of two.
    hasher.combine(UInt64(node.rawValue) << 32 | UInt64(truncatingIfNeeded: result))
  }

  package static func < (a: Value, b: Value) -> Bool {
    (a.node, a.result) < (b.node, b.result)
  }

}

/// An application of an operation.
package struct Node: Hashable, Sendable {

  /// What a node yields.
  package struct Result: Hashable, Sendable {

    /// The name in the text; settled names are unique where they are visible.
    package var name: String

    package var type: TensorType

    /// Creates a result.
    package init(name: String, type: TensorType) {
      self.name = name
      self.type = type
    }

  }

  package var op: Op
  package var operands: [Value]
  package var results: [Result]
  package var span: SourceSpan

  /// The names of the values of the source that the node was made from; empty where it is one of
  /// them itself.
  package var origins: [String]

  /// The kernel that the node is fused into: neighbours of one group are computed together.
  package var group: Int?

  package var comments: Comments

  /// Creates a node.
  package init(
    op: Op, operands: [Value], results: [Result], span: SourceSpan = .none, origins: [String] = [],
    group: Int? = nil, comments: Comments = .init()
  ) {
    self.op = op
    self.operands = operands
    self.results = results
    self.span = span
    self.origins = origins
    self.group = group
    self.comments = comments
  }

  /// `true` iff the node stands inside the lines of its users instead of on a line of its own.
  package var isInline: Bool {
    switch op {
    case .source, .argument, .at: true
    default: false
    }
  }

}

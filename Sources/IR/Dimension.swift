import Diagnostics

/// A named size of a model.
package struct Dimension: Sendable {

  package var name: String

  /// The size for which the model is compiled; zero only where the dimension is scanned.
  package var value: Int

  /// What the value is computed from, over earlier dimensions; `nil` if it stands by itself.
  package let definition: Extent?

  /// The definition over those dimensions that stand by themselves; `nil` if it is too long.
  package let expansion: Extent?

  package var span: SourceSpan
  package var comments: Comments

  /// Creates a dimension.
  package init(
    name: String, value: Int, definition: Extent? = nil, expansion: Extent? = nil,
    span: SourceSpan = .none, comments: Comments = .init()
  ) {
    self.name = name
    self.value = value
    self.definition = definition
    self.expansion = expansion
    self.span = span
    self.comments = comments
  }

}

/// The comments that belong to a line.
package struct Comments: Hashable, Sendable {

  /// The lines above, each without its slashes and the space behind them.
  package var leading: [String]

  /// The comment behind the line.
  package var trailing: String?

  /// Creates the comments of a line.
  package init(leading: [String] = [], trailing: String? = nil) {
    self.leading = leading
    self.trailing = trailing
  }

}

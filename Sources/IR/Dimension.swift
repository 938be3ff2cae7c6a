import Diagnostics

/// A named size of a model.
package struct Dimension: Sendable {

  package var name: String

  /// The size for which the model is compiled; zero only where the dimension is scanned.
  package var value: Int

  package var span: SourceSpan
  package var comments: Comments

  /// Creates a dimension.
  package init(name: String, value: Int, span: SourceSpan = .none, comments: Comments = .init()) {
    self.name = name
    self.value = value
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

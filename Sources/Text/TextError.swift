/// A text, or a vocabulary, that cannot be used.
package struct TextError: Error, Equatable, Sendable {

  /// What is wrong, without a final period; names the file where there is one.
  package let message: String

  /// Creates an error that says `message`.
  package init(_ message: String) {
    self.message = message
  }

}

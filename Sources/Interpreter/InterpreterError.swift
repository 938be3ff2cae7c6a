/// A reason why a model cannot be evaluated with what it is given.
package struct InterpreterError: Error, Equatable, Sendable {

  /// What is wrong, in lower case and without a final period; several facts are separated by `; `.
  package let message: String

  /// Creates an error that says `message`.
  package init(_ message: String) {
    self.message = message
  }

  /// Returns an error that says `text` behind what `self` says.
  func adding(_ text: String) -> InterpreterError {
    InterpreterError(message + text)
  }

}

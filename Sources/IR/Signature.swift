import Diagnostics

/// A reason why an operation cannot be applied to operands of certain types.
package struct SignatureError: Error, Hashable, Sendable {

  package let code: DiagnosticCode

  /// What is wrong, as a diagnostic says it.
  package let message: String

  /// The position of the operand that the message is about, if it is about one.
  package let operand: Int?

  /// Creates an error about `operand`, or about the operation as a whole.
  package init(_ code: DiagnosticCode, _ message: String, operand: Int? = nil) {
    self.code = code
    self.message = message
    self.operand = operand
  }

}

/// What an operation yields for operands of certain types.
package struct Signature: Sendable {

  /// The types of the results.
  package var results: [TensorType]

  /// Where sizes that are written differently are equal only for the present dimensions.
  package var coincidences: [SignatureError] = []

}

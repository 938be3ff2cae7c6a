/// A reason for which a test fails.
struct TestFailure: Error, CustomStringConvertible {

  /// The reason, in as many lines as it takes.
  let description: String

  /// Creates a failure for the reason `description`.
  init(_ description: String) {
    self.description = description
  }

}

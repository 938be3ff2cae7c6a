/// What a function of a compiled model returns; unless that is `success`, it has done nothing.
///
/// The text of a generated file says the same to callers by C.
enum CallStatus: Int32 {

  case success = 0

  /// A pointer, or one in a table of pointers, is null.
  case nullPointer = 1

  /// The count of steps is negative, or larger than the entry was compiled for.
  case steps = 2

  /// An element of an input or a state that is an index is out of range.
  case index = 3

  /// The number of a worker is not below that of all.
  case worker = 4

  /// Throws unless `status`, which the function `name` returned, is that of success.
  static func check(_ status: Int32, of name: String) throws(RunnerError) {
    let problem: String
    switch CallStatus(rawValue: status) {
    case .success: return
    case .nullPointer: problem = "a pointer is null"
    case .steps: problem = "the count of steps is out of range"
    case .index: problem = "an index is out of range"
    case .worker: problem = "the number of a worker is out of range"
    case nil: problem = "status \(status)"
    }
    throw RunnerError(.input, "'\(name)' of the library refused the call: \(problem)")
  }

}

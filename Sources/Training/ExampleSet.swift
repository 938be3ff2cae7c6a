import Diagnostics
import Runner
import Tensors

/// The examples of a data set: the rows of each input and label that differ from example to
/// example.
package struct ExampleSet: Equatable, Sendable {

  /// The number of examples.
  package let count: Int

  /// The rows, in the order in which they were given.
  package let columns: [RowTensor]

  /// Creates the set of `columns`.
  ///
  /// Throws if they have different numbers of rows.
  ///
  /// - Requires: there is a column.
  package init(_ columns: [RowTensor]) throws(RunnerError) {
    guard let first = columns.first else { preconditionFailure("examples have rows") }
    let others = columns.filter { $0.count != first.count }
    guard others.isEmpty else {
      throw RunnerError(
        .input, "the inputs have different numbers of rows",
        details: columns.map { "'\($0.name)' has \($0.count) along axis \($0.axis)" })
    }
    count = first.count
    self.columns = columns
  }

  /// The rows of the input `name`, if the examples have it.
  package func column(_ name: String) -> RowTensor? { columns.first { $0.name == name } }

  /// Returns the numbers that input `name` has for `rows`, one each, or `nil` if it is no such
  /// input.
  package func numbers(_ name: String, of rows: [Int]) -> [Int]? {
    guard case .integers(let e)? = column(name)?.elements(of: rows), e.count == rows.count else {
      return nil
    }
    return e.map { Int($0) }
  }

  /// A digest of all rows.
  package var digest: String {
    var hash = SHA256()
    for column in columns { column.add(to: &hash) }
    return hash.hexadecimal()
  }

}

/// Examples, and how a model takes them.
package struct ExampleFeed: Equatable, Sendable {

  package let set: ExampleSet
  package let roles: ExampleRoles

  /// Creates the feed of a model that takes examples as `roles` say.
  ///
  /// - Requires: `set` has rows for every name that has an axis in `roles`.
  package init(_ set: ExampleSet, _ roles: ExampleRoles) {
    self.set = set
    self.roles = roles
  }

  /// A batch with the first example in each place, by the names of inputs and labels.
  var firstBatch: [String: Tensor] {
    let rows = Array(repeating: 0, count: roles.batch)
    return Dictionary(uniqueKeysWithValues: set.columns.map { ($0.name, $0.tensor(of: rows)) })
  }

  /// Returns the number of steps that a call of `entry` needs for the examples `rows`, that of the
  /// longest; `nil` if it cannot do fewer than all.
  package func steps(of rows: [Int], in entry: Manifest.Entry) -> Int? {
    guard let lengths = roles.lengths, lengths.dim == entry.countedDim else { return nil }
    return set.numbers(lengths.input, of: rows)?.max()
  }

}

extension ExampleRoles {

  /// Returns `rows` and as many copies of the first one as fill a batch.
  ///
  /// - Requires: there is at least one, and at most as many as a batch takes.
  package func filled(_ rows: [Int]) -> [Int] {
    rows + Array(repeating: rows[0], count: batch - rows.count)
  }

}

extension Evaluation {

  /// Adds the first `count` of `rows`, a call's examples of `set`, for which an entry gave
  /// `output`.
  ///
  /// `output` may end before all steps if these are outermost.
  ///
  /// - Requires: `set` has the label of `goal` and what masks it.
  package mutating func add(
    _ output: [Float], for rows: [Int], count: Int, of set: ExampleSet, _ goal: ExampleRoles.Goal
  ) {
    guard let label = set.column(goal.label.name) else { preconditionFailure("there are labels") }
    let labels = label.elements(of: rows)
    let lengths: [Int]?
    let places: [Int32]?
    switch goal.mask {
    case .lengths(let name):
      (lengths, places) = (set.numbers(name, of: rows), nil)
    case .places(let name):
      guard case .integers(let e)? = set.column(name)?.elements(of: rows) else {
        preconditionFailure("there is a mask")
      }
      (lengths, places) = (nil, e)
    case nil: (lengths, places) = (nil, nil)
    }
    let shape = label.shape(rows: rows.count)
    func stride(_ axis: Int) -> Int { shape[(axis + 1)...].reduce(1, *) }
    let rowStride = stride(label.axis)
    let stepStride = goal.stepAxis.map(stride)
    let width = if case .classes(let n) = goal.task { n } else { 1 }
    for i in 0..<min(output.count / width, shape.reduce(1, *)) {
      let place = i / rowStride % rows.count
      if place >= count || places?[i] == 0 { continue }
      if let lengths, let stepStride, let axis = goal.stepAxis,
        i / stepStride % shape[axis] >= lengths[place]
      {
        continue
      }
      switch labels {
      case .integers(let e): add(logits: output[i * width..<(i + 1) * width], label: e[i])
      case .floats(let e): add(value: output[i], label: e[i])
      }
    }
  }

}

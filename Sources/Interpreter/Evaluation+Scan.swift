import IR

/// What a scan has made of its steps so far.
private struct Progress {

  /// The values that the carried states have now.
  var states: [DenseArray]

  /// The stacked values; zero at the steps that are still to be done.
  var stacks: [DenseArray]

  /// The number of steps that have been done.
  var doneCount = 0

}

extension Evaluation {

  /// Returns what `node`, an application of `scan`, yields.
  ///
  /// The body does as many groups of `scan.factor` steps as there are, from the end where the scan
  /// starts; the remainder does the steps that are left.
  mutating func results(of scan: Scan, _ node: Node) throws(InterpreterError) -> [DenseArray] {
    guard scan.factor == 1 || !scan.hasLengths else {
      throw InterpreterError(
        "the scan over '\(scan.variable)' has lengths and does \(scan.factor) steps at once")
    }
    let lengths = scan.hasLengths ? try value(of: node.operands[0]) : nil
    var progress = Progress(states: [], stacks: [])
    for (i, result) in node.results.enumerated() {
      let sizes = try result.type.denseShape.sizes(in: dimensions)
      if i < scan.carried.count {
        let initial = try value(of: node.operands[(scan.hasLengths ? 1 : 0) + i])
        progress.states.append(try initial.broadcast(to: sizes))
      } else {
        progress.stacks.append(DenseArray(shape: sizes, repeating: 0))
      }
    }
    let count = try scan.count.size(in: dimensions)
    while count - progress.doneCount >= scan.factor {
      try advance(&progress, by: scan.factor, scan.body, of: scan, count: count, lengths: lengths)
    }
    while progress.doneCount < count {
      guard let remainder = scan.remainder else {
        preconditionFailure("a scan that does several steps at once has a remainder")
      }
      try advance(&progress, by: 1, remainder, of: scan, count: count, lengths: lengths)
    }
    return progress.states + progress.stacks
  }

  /// Runs `block`, which does the next `steps` steps of `scan`.
  private mutating func advance(
    _ progress: inout Progress, by steps: Int, _ block: Block, of scan: Scan, count: Int,
    lengths: DenseArray?
  ) throws(InterpreterError) {
    let first = scan.isReversed ? count - 1 - progress.doneCount : progress.doneCount
    try run(block, arguments: [DenseArray(Double(first))] + progress.states)
    var results: [DenseArray] = []
    for result in block.results { results.append(try value(of: result)) }
    let isActive = lengths?.elements.map { Double(first) < $0 }
    for i in scan.carried.indices {
      let old = progress.states[i]
      let new = try results[i].broadcast(to: old.shape)
      progress.states[i] = try old.replacingRows(where: isActive, by: new)
    }
    for i in scan.stacked.indices {
      let zeros = DenseArray(shape: Array(progress.stacks[i].shape.dropFirst()), repeating: 0)
      for j in 0..<steps {
        let new = try results[scan.carried.count + i * steps + j].broadcast(to: zeros.shape)
        progress.stacks[i].replacePart(
          at: scan.isReversed ? first - j : first + j,
          with: try zeros.replacingRows(where: isActive, by: new))
      }
    }
    progress.doneCount += steps
  }

}

extension DenseArray {

  /// Returns `self` with the rows where `isReplaced` is true, places of the first axis, from
  /// `other`; `other` if there is no `isReplaced`.
  fileprivate func replacingRows(
    where isReplaced: [Bool]?, by other: DenseArray
  ) throws(InterpreterError) -> DenseArray {
    guard let isReplaced else { return other }
    guard shape.first == isReplaced.count else {
      throw InterpreterError(
        "found \(isReplaced.count) lengths for the shape \(shape), expected one for each row")
    }
    let length = shape.dropFirst().reduce(1, *)
    var result: [Double] = []
    for (i, isReplaced) in isReplaced.enumerated() {
      result += (isReplaced ? other : self).elements[i * length..<(i + 1) * length]
    }
    return DenseArray(shape: shape, result)
  }

}

extension GraphGenerator {

  /// The share of operands that are read through a view of another kind.
  private static let viewShare = 0.2

  /// Returns `x` or, now and then, something of its type that other elements, or the same in
  /// another order, are a view of: a broadcast, a slice, a transpose, a reshape or a scalar.
  mutating func viewed(_ x: Quantity) -> Quantity {
    let rank = x.shape.count
    guard chance(Self.viewShare), rank > 0, rank < 5 else { return x }
    if case .oneHot = x.element { return x }
    let shape = "[\(x.shape.joined(separator: ", "))]"
    let axis = Int.random(in: 0..<rank, using: &random)
    let (size, isNumber) = (x.shape[axis], x.element == .number)
    var result = x
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      let one = x.shape.indices.reduce(x.text) { "slice(\($0), 0 ..< 1, axis: \($1))" }
      result.text = "broadcast(\(one), \(shape))"
    case 1:
      let place = chance(0.5) ? "0 ..< 1" : "\(size) - 1 ..< \(size)"
      result.text = "broadcast(slice(\(x.text), \(place), axis: \(axis)), \(shape))"
    case 2:
      let axes = Array(x.shape.indices).shuffled(using: &random)
      let back = axes.indices.map { i in axes.firstIndex(of: i) ?? i }
      result.text = "transpose(transpose(\(x.text), axes: \(axes)), axes: \(back))"
    case 3:
      guard isNumber, !size.contains(" ") else { return x }
      let joined = "concat(\(x.text), \(x.text), axis: \(axis))"
      result.text = "slice(\(joined), \(size) ..< 2 * \(size), axis: \(axis))"
    case 4:
      let places = x.shape[..<axis] + ["1"] + x.shape[axis...]
      result.text = "reshape(reshape(\(x.text), [\(places.joined(separator: ", "))]), \(shape))"
    default:
      guard isNumber, let scalar = find({ $0.element == .number && $0.shape.isEmpty }) else {
        return x
      }
      result = scalar
      result.shape = x.shape
      result.text = "broadcast(\(scalar.text), \(shape))"
    }
    return result
  }

  /// Lets the graph be trained by a loss over some of the last numbers that it computes.
  mutating func train() {
    let numbers = pool.filter { q in
      q.element == .number && (q.text.hasPrefix("v") || q.text.hasPrefix("y"))
        && !q.text.contains("(") && !q.text.contains("[")
    }
    let terms = numbers.suffix(5).shuffled(using: &random).prefix(2).map { q -> String in
      if q.shape.isEmpty { return pick([q.text, "\(q.text) * \(q.text)"]) }
      // The adjoint of a value that only a mean reads is one number.
      return pick(["mean(\(q.text))", "sum(\(q.text))", "mean(\(q.text) * \(q.text))"])
    }
    if terms.isEmpty { return }
    graph.loss = terms.joined(separator: " + ")
  }

}

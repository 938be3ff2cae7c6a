import IR

/// What elements of the values of a graph are known to be where conditions do not hold: the zeros
/// that `f32(mask(lengths, n))` has, and the weights that the softmax of what `where` has set to a
/// very low number gives.
struct KnownElements {

  /// What an element is.
  enum Element: Hashable {

    case number(Double)

    /// Not a certain number, but so low that nothing adds to its exponential.
    case low

    /// `true` iff the softmax of rows with such elements gives them the weight zero.
    var isLow: Bool {
      switch self {
      case .number(let x): x <= KnownElements.low
      case .low: true
      }
    }

    /// `true` iff what the element is subtracted from becomes low.
    var isHigh: Bool {
      if case .number(let x) = self { return x >= -KnownElements.low }
      return false
    }

  }

  /// What the elements of a value are where a condition on it does not hold.
  struct Fact: Hashable {

    var condition: Condition
    var element: Element

  }

  /// Masked elements are set to this or to something lower.
  private static let low = -1000.0

  /// The most facts that are kept of a value.
  private static let limit = 16

  private let graph: Graph
  private let constants: [Constant]
  private let dimensions: [Dimension]

  /// The facts of the results of nodes. Never iterated.
  private var known: [Value: [Fact]] = [:]

  /// Finds what is known in `graph`, one of `module`.
  init(of graph: Graph, in module: Module) {
    self.graph = graph
    self.constants = module.constants
    self.dimensions = module.dimensions
    for block in graph.allBlocks {
      // A scan may have no results.
      for id in block.nodes where !graph[id].results.isEmpty {
        let facts = facts(of: graph[id], rank: rank(of: Value(id)))
        if !facts.isEmpty { known[Value(id)] = Array(facts.prefix(Self.limit)) }
      }
    }
  }

  private func rank(of v: Value) -> Int { graph.type(of: v).denseShape.count }

  /// Returns what is known of `v`.
  func facts(of v: Value) -> [Fact] {
    let node = graph[v.node]
    guard case .at(let axis, let offset) = node.op else { return known[v] ?? [] }
    return facts(of: node.operands[0]).compactMap { fact in
      fact.moved { condition in
        guard let step = node.operands.dropFirst().first else {
          return condition.placed(along: axis, at: offset)
        }
        if offset == 0 { return condition.placed(along: axis, at: step) }
        return condition.axes[axis] == nil ? condition.removing(axis) : nil
      }
    }
  }

  /// Returns what elements of `v` are where `condition`, on values of at least its rank with which
  /// it is broadcast, does not hold.
  func element(of v: Value, without condition: Condition) -> Element? {
    if let x = number(v) { return x }
    let rank = condition.axes.count
    return facts(of: v, broadcastTo: rank).first { $0.condition == condition }?.element
  }

  /// Returns what is known of `v` on values of `rank` with which it is broadcast.
  private func facts(of v: Value, broadcastTo rank: Int) -> [Fact] {
    let missing = rank - self.rank(of: v)
    return facts(of: v).compactMap { fact in
      fact.moved { (0..<missing).reduce($0) { condition, _ in condition.inserting(0) } }
    }
  }

}

extension KnownElements {

  private func facts(of node: Node, rank: Int) -> [Fact] {
    let x = node.operands
    switch node.op {
    case .convert where graph.type(of: x[0]).element == .bool:
      return facts(ofChoice: x[0], true: .number(1), false: .number(0), rank: rank)
    case .select:
      let chosen = facts(
        ofChoice: x[0], true: number(x[1]), false: number(x[2]), rank: rank)
      return chosen + inherited([x[1], x[2]], rank: rank) { $0[0] == $0[1] ? $0[0] : nil }
        + chosenFacts(x, rank: rank).filter { !chosen.contains($0) }
    case .unary(let f): return inherited([x[0]], rank: rank) { $0[0].flatMap { f.element($0) } }
    case .binary(let f): return inherited(x, rank: rank) { f.element($0[0], $0[1]) }
    case .dropout:
      return inherited([x[0]], rank: rank) { $0[0] == .number(0) ? .number(0) : nil }
    case .detach, .broadcast: return inherited([x[0]], rank: rank) { $0[0] }
    case .softmax(let axis, let isLogarithmic):
      // Rows of which all elements are low are an exception: nothing counts there.
      return facts(of: x[0]).filter { $0.element.isLow && $0.condition.axes[axis] != nil }.map {
        Fact(condition: $0.condition, element: isLogarithmic ? .low : .number(0))
      }
    case .transpose(let permutation):
      return facts(of: x[0]).compactMap { fact in
        fact.moved { condition in
          var result = condition
          result.axes = permutation.map { condition.axes[$0] }
          return result
        }
      }
    case .reshape(let shape):
      let old = graph.type(of: x[0]).denseShape
      return facts(of: x[0]).compactMap { fact in
        fact.moved { $0.reshaped(from: old, to: shape, in: dimensions) }
      }
    case .slice(let axis, let lower, let upper):
      return facts(of: x[0]).compactMap { fact in fact.moved { $0.sliced(axis, lower, upper) } }
    case .stack, .concat: return joined(x, by: node.op)
    case .gather:
      // The axes of the indices are in the place of the first one.
      let rank = graph.type(of: x[1]).shape.count
      return facts(of: x[0]).filter { $0.condition.axes[0] == nil }.compactMap { fact in
        fact.moved { (0..<rank).reduce($0.removing(0)) { condition, _ in condition.inserting(0) } }
      }
    case .reduce(_, let axes, let keepingAxes):
      // Sums, means and largest elements of zeros are zero.
      return facts(of: x[0]).compactMap { fact in
        guard fact.element == .number(0), axes.allSatisfy({ fact.condition.axes[$0] == nil }) else {
          return nil
        }
        return fact.moved { condition in
          keepingAxes ? condition : axes.reversed().reduce(condition) { $0.removing($1) }
        }
      }
    default: return []
    }
  }

  /// Returns what is known of `values`, joined by `op`: of each by a condition of its own.
  private func joined(_ values: [Value], by op: Op) -> [Fact] {
    let shapes = values.map { graph.type(of: $0).denseShape }
    let others = values.dropFirst().map { facts(of: $0) }
    return facts(of: values[0]).compactMap { first in
      let same = others.compactMap { facts in
        facts.first { $0 == first } ?? facts.first { $0.element == first.element }
      }
      if same.count < others.count { return nil }
      if same.allSatisfy({ $0 == first }) {
        if case .stack(let axis) = op { return first.moved { $0.inserting(axis) } }
        if case .concat(let axis) = op, first.condition.axes[axis] == nil { return first }
      }
      let conditions = [first.condition] + same.map(\.condition)
      return Fact(
        condition: .joined(conditions, of: shapes, by: op), element: first.element)
    }
  }

  /// Returns what all elements of `v` are, if that is one number.
  private func number(_ v: Value) -> Element? {
    if case .broadcast = graph.op(of: v) { return number(graph[v.node].operands[0]) }
    return graph.number(v, constants).map { .number($0) }
  }

  /// Returns the facts of a value of `rank` that is one thing where `choice` is true, another where
  /// it is false.
  private func facts(
    ofChoice choice: Value, true a: Element?, false b: Element?, rank: Int
  ) -> [Fact] {
    [(a, true), (b, false)].flatMap { element, isNegated in
      element.map { element in
        Condition.all(of: choice, isNegated: isNegated, rank: rank, in: graph)
          .map { Fact(condition: $0, element: element) }
      } ?? []
    }
  }

  /// Returns the facts of the branches of `x`, the operands of `where`, on the elements that are
  /// chosen from them.
  private func chosenFacts(_ x: [Value], rank: Int) -> [Fact] {
    [1, 2].flatMap { i in
      Condition.all(of: x[0], isNegated: i == 1, rank: rank, in: graph).compactMap { condition in
        number(x[i]) == nil
          ? element(of: x[i], without: condition).map { Fact(condition: condition, element: $0) }
          : nil
      }
    }
  }

  /// Returns the facts of an elementwise function of `values`, where `f` says what it is for what
  /// these are.
  private func inherited(
    _ values: [Value], rank: Int, _ f: ([Element?]) -> Element?
  ) -> [Fact] {
    var result: [Fact] = []
    for condition in values.flatMap({ facts(of: $0, broadcastTo: rank).map(\.condition) })
    where !result.contains(where: { $0.condition == condition }) {
      if let element = f(values.map { element(of: $0, without: condition) }) {
        result.append(Fact(condition: condition, element: element))
      }
    }
    return result
  }

}

extension KnownElements.Fact {

  /// Returns the same about elements that have moved as `move` says of conditions on them.
  fileprivate func moved(_ move: (Condition) -> Condition?) -> Self? {
    move(condition).map { Self(condition: $0, element: element) }
  }

}

extension Unary {

  /// Returns what the function gives for `x`, if that is known.
  fileprivate func element(_ x: KnownElements.Element) -> KnownElements.Element? {
    switch (self, x) {
    case (.exp, let x) where x.isLow, (.sigmoid, let x) where x.isLow,
      (.relu, let x) where x.isLow:
      return .number(0)
    case (.tanh, let x) where x.isLow: return .number(-1)
    case (.neg, .number(let x)): return .number(-x)
    case (.abs, .number(let x)): return .number(x.magnitude)
    case (.relu, .number(let x)): return .number(Swift.max(x, 0))
    case (.log, .number(0)): return .low
    case (.sqrt, .number(0)), (.tanh, .number(0)), (.flush, .number(0)): return .number(0)
    default: return nil
    }
  }

}

extension Binary {

  /// Returns what the function gives for `a` and `b`, of which one may be anything, if that is
  /// known.
  fileprivate func element(
    _ a: KnownElements.Element?, _ b: KnownElements.Element?
  ) -> KnownElements.Element? {
    if case .number(let x)? = a, case .number(let y)? = b {
      switch self {
      case .add: return .number(x + y)
      case .sub: return .number(x - y)
      case .mul: return .number(x * y)
      case .div: return .number(x / y)
      case .max: return .number(Swift.max(x, y))
      case .min: return .number(Swift.min(x, y))
      case .and, .or: return nil
      }
    }
    switch (self, a, b) {
    case (.mul, .number(0)?, _), (.mul, _, .number(0)?), (.div, .number(0)?, _):
      return .number(0)
    case (.mul, .low?, .number(let x)?), (.mul, .number(let x)?, .low?),
      (.div, .low?, .number(let x)?):
      return x >= 1 ? .low : nil
    case (.add, let x?, _) where x.isLow, (.add, _, let x?) where x.isLow,
      (.sub, let x?, _) where x.isLow, (.min, let x?, _) where x.isLow,
      (.min, _, let x?) where x.isLow:
      return .low
    case (.sub, _, let x?) where x.isHigh: return .low
    default: return nil
    }
  }

}

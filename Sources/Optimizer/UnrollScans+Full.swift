import Diagnostics
import IR

extension Module {

  /// Replaces each scan by its steps, one after the other.
  mutating func unrollFully(_ context: inout PassContext) {
    for entry in entries {
      if let error = entry.tooManySteps(in: dimensions) {
        context.diagnostics.insert(error)
        return
      }
    }
    for i in entries.indices {
      // Each turn removes a scan or remembers, by the place in the text, that it stays.
      var kept = Set<Int>()
      while let next = entries[i].graph.innermostScan(besides: kept) {
        var unrolling = FullUnrolling(entries[i].graph, self)
        if let reason = unrolling.obstacle(next.id) {
          context.record(reason, in: entries[i].name)
          kept.insert(next.position)
        } else if context.permitsRewrite() {
          entries[i].rewrite { rewriter, id in unrolling.unroll(next.id, at: id, &rewriter) }
          constants = unrolling.constants
        } else {
          return
        }
      }
    }
  }

}

extension Entry {

  /// Returns an error if the scans have more steps than can be written.
  fileprivate func tooManySteps(in dimensions: [Dimension]) -> Diagnostic? {
    for id in graph.body.nodes {
      guard case .scan(let scan) = graph[id].op else { continue }
      let count = graph.stepCount(of: scan, in: dimensions)
      if count > Pass.unrollLimit {
        return .tooManySteps(
          count, in: "the scan over '\(scan.count.description(in: dimensions))'",
          at: graph[id].span)
      }
    }
    return nil
  }

}

extension Graph {

  /// Returns the number of steps that `scan` does, where each counts as many as those of the scans
  /// in it.
  fileprivate func stepCount(of scan: Scan, in dimensions: [Dimension]) -> Int {
    let own = scan.count.value(in: dimensions) ?? Int.max
    var inner = 0
    for id in scan.body.nodes {
      guard case .scan(let nested) = self[id].op else { continue }
      inner = max(inner, stepCount(of: nested, in: dimensions))
    }
    let (product, overflow) = own.multipliedReportingOverflow(by: max(1, inner))
    return overflow ? Int.max : product
  }

  /// Returns the first scan that contains none, and its position among all scans, unless that is
  /// one of `kept`.
  ///
  /// A scan that contains one that is kept is kept, too.
  fileprivate func innermostScan(besides kept: Set<Int>) -> (id: ID<Node>, position: Int)? {
    var position = 0
    for block in allBlocks {
      for id in block.nodes {
        guard case .scan(let scan) = self[id].op else { continue }
        if !kept.contains(position), !containsScan(scan.body) { return (id, position) }
        position += 1
      }
    }
    return nil
  }

}

/// The replacement of one scan by its steps.
private struct FullUnrolling {

  private let graph: Graph
  private let module: Module
  private var dimensions: [Dimension] { module.dimensions }

  /// The constants of the module, with those that were made.
  private(set) var constants: [Constant]

  init(_ graph: Graph, _ module: Module) {
    self.graph = graph
    self.module = module
    self.constants = module.constants
  }

  /// Returns why the scan `id` stays, or `nil` if it need not.
  func obstacle(_ id: ID<Node>) -> String? {
    guard case .scan(let scan) = graph[id].op else { return nil }
    let name = scan.count.description(in: dimensions)
    if scan.hasLengths { return "\(name) stays a scan: it has lengths" }
    if scan.factor > 1 { return "\(name) stays a scan: it does several steps at once" }
    let users = graph.users(ofStep: scan.body.arguments[0])
    let isNumber = users.nodes.allSatisfy { user in
      switch graph[user].op {
      case .at, .compare, .convert: true
      case .source, .argument, .linear, .matmul, .oneHot, .concat, .slice, .transpose, .reshape,
        .stack, .unary, .binary, .select, .softmax, .reduce, .argmax, .gather, .mask, .detach,
        .broadcast, .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd,
        .convolution, .pool,
        .dropout, .scan:
        graph[user].readsOnlyPlace(of: scan.body.arguments[0])
      }
    }
    if users.isResult || !isNumber {
      return "\(name) stays a scan: '\(scan.variable)' is used as an index"
    }
    if scan.count.value(in: dimensions) == 0 {
      // A dimension of no places has a meaning only while it is scanned.
      return "\(name) stays a scan: it has no steps"
    }
    return nil
  }

  /// Replaces node `id` by its steps if it is `target`, and copies it otherwise; returns `true`.
  mutating func unroll(
    _ target: ID<Node>, at id: ID<Node>, _ rewriter: inout GraphRewriter
  ) -> Bool {
    let node = graph[id]
    guard case .scan(let scan) = node.op else {
      // A stack has a number of places, not a dimension; so have the values that depend on it.
      rewriter.copy(id, as: node.op, node.operands.map { rewriter.mapped($0) }, in: dimensions)
      return true
    }
    if id != target { return false }
    var states: [Value] = []
    for (i, carried) in scan.carried.enumerated() {
      states.append(
        tensor(rewriter.mapped(node.operands[i]), node.results[i].type, carried.name, &rewriter))
    }
    let count = scan.count.value(in: dimensions) ?? 0
    var elements: [[Value]] = Array(
      repeating: Array(repeating: Value(id), count: count), count: scan.stacked.count)
    let places = graph.places
    for j in 0..<count {
      let number = scan.isReversed ? count - 1 - j : j
      var copy = StepCopy(
        graph, scan, .fixed(number), dimensions, places: places, keepsComments: j == 0)
      let results = copy.append(states: states, to: &rewriter)
      for (i, carried) in scan.carried.enumerated() {
        states[i] = tensor(results[i], node.results[i].type, carried.name, &rewriter)
      }
      for i in elements.indices { elements[i][number] = results[states.count + i] }
    }
    for (i, state) in states.enumerated() { rewriter.replace(Value(id, i), by: state) }
    for (i, name) in scan.stacked.enumerated() {
      let result = Value(id, states.count + i)
      let stack = rewriter.apply(
        .stack(axis: 0), elements[i], name: name, origins: node.origins, in: dimensions)
      rewriter.replace(result, by: stack)
    }
    return true
  }

  /// Returns `value` or, if it is a number that stands for a tensor of `type`, that tensor.
  private mutating func tensor(
    _ value: Value, _ type: TensorType, _ name: String, _ rewriter: inout GraphRewriter
  ) -> Value {
    guard case .source(.number(let x)) = rewriter.new.op(of: value), !type.denseShape.isEmpty
    else { return value }
    let initial: InitialValue = x == 0 ? .zeros : x == 1 ? .ones : .constant(.number(x))
    let known = constants.ids.first {
      constants[$0].type == type && constants[$0].initial == initial
    }
    let id =
      known ?? constants.add(Constant(name: "\(name)_start", type: type, initial: initial))
    return rewriter.value(of: .constant(id), type: type)
  }

}

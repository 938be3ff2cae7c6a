import Diagnostics
import IR

extension Pass {

  /// Lets a scan do several steps at once, or all of them one after the other without a scan.
  ///
  /// How many is what `--unroll` says: a number for the innermost scans, `full` for all, or `auto`
  /// for the least of 1, 2 and 4 at which turning the loop is small beside the work in it.
  ///
  ///     scan t in n {                      scan t in n by 2 {
  ///       h = tanh(x[t] + h)                 h_1 = tanh(x[t] + h)
  ///       ys[t] = h                          ys[t] = h_1
  ///     }                          =>        h = tanh(x[t + 1] + h_1)
  ///                                          ys[t + 1] = h
  ///                                        } remainder {
  ///                                          h = tanh(x[t] + h)
  ///                                          ys[t] = h
  ///                                        }
  package static let unrollScans = Pass(
    "unroll", "do several steps of a scan at once", readsDimensions: true
  ) { (module, context) in
    var factor: Int?
    switch context.unrolling {
    case .auto: break
    case .full:
      module.unrollFully(&context)
      return
    case .by(let steps):
      if steps > unrollLimit {
        context.diagnostics.insert(.tooManySteps(steps, in: "a body", at: module.nameSpan))
        return
      }
      factor = steps
    }
    for i in module.entries.indices {
      let unrolling = Unrolling(module.entries[i], module.dimensions, factor: factor)
      module.entries[i].rewrite { rewriter, id in unrolling.unroll(id, &rewriter, &context) }
    }
  }

  /// The most steps that are written one by one.
  static let unrollLimit = 256

}

extension Diagnostic {

  /// Returns an error reporting that `place` would have `count` steps.
  static func tooManySteps(
    _ count: Int, in place: String, at span: SourceSpan
  ) -> Diagnostic {
    .error(
      .tooManySteps,
      "\(place) would have \(count) steps; at most \(Pass.unrollLimit) can be written one by one",
      at: span)
  }

}

/// The writing of bodies that do several steps.
private struct Unrolling {

  private let entry: String
  private let graph: Graph
  private let dimensions: [Dimension]
  private let places: [ID<Node>]

  /// The number of steps; `nil` to choose one.
  private let factor: Int?

  init(_ entry: Entry, _ dimensions: [Dimension], factor: Int?) {
    self.entry = entry.name
    self.graph = entry.graph
    self.dimensions = dimensions
    self.places = entry.graph.places
    self.factor = factor
  }

  /// Writes several steps at once for node `id` and returns `true`, if it is an innermost scan for
  /// which that is asked.
  func unroll(
    _ id: ID<Node>, _ rewriter: inout GraphRewriter, _ context: inout PassContext
  ) -> Bool {
    guard case .scan(let scan) = graph[id].op, scan.factor == 1, !graph.containsScan(scan.body)
    else { return false }
    let steps = factor ?? choice(for: scan, &context)
    if steps == 1 { return false }
    if let reason = obstacle(scan, id) {
      context.record("\(count(of: scan)) by 1: \(reason)", in: entry)
      return false
    }
    guard context.permitsRewrite() else { return false }
    write(scan, id, steps: steps, &rewriter)
    return true
  }

  private func count(of scan: Scan) -> String { scan.count.description(in: dimensions) }

  /// Returns the least number of steps at which turning the loop is small beside the work.
  private func choice(for scan: Scan, _ context: inout PassContext) -> Int {
    // Counting, comparing, jumping and the calls of kernels take about this many cycles a turn.
    let turn = 40.0
    let work = graph.work(of: scan.body, in: dimensions)
    let rate = Double(context.machine.lanes) * context.machine.multiplyAddsPerCycle * 2
    let steps = [1, 2].first { turn <= 0.05 * work / rate * Double($0) } ?? 4
    let relation = steps == 1 ? "outweigh" : "do not outweigh"
    context.record(
      "\(count(of: scan)) by \(steps): the step's \(operationsText(work)) \(relation) the loop",
      in: entry)
    return steps
  }

  /// Returns why a body of `scan` cannot do several steps, or `nil` if it can.
  private func obstacle(_ scan: Scan, _ id: ID<Node>) -> String? {
    if scan.hasLengths { return "it has lengths" }
    let users = graph.users(ofStep: scan.body.arguments[0])
    let step = scan.body.arguments[0]
    if users.isResult || users.nodes.contains(where: { !graph[$0].readsOnlyPlace(of: step) }) {
      return "'\(scan.variable)' is used as a number"
    }
    for (argument, result) in zip(scan.body.arguments.dropFirst(), scan.body.results)
    where graph.type(of: argument) != graph.type(of: result) {
      return "the step changes the type of '\(graph.name(of: argument))'"
    }
    return nil
  }

  private func write(
    _ scan: Scan, _ id: ID<Node>, steps: Int, _ rewriter: inout GraphRewriter
  ) {
    var node = graph[id]
    node.operands = node.operands.map { rewriter.mapped($0) }
    var new = scan
    new.factor = steps
    new.body = block(of: scan, steps: steps, isFirst: true, &rewriter)
    new.remainder = block(of: scan, steps: 1, isFirst: false, &rewriter)
    node.op = .scan(new)
    let copy = rewriter.append(node)
    for i in node.results.indices { rewriter.replace(Value(id, i), by: Value(copy.node, i)) }
  }

  /// Returns a body that does `steps` steps of `scan`; comments stay with the first step.
  private func block(
    of scan: Scan, steps: Int, isFirst: Bool, _ rewriter: inout GraphRewriter
  ) -> Block {
    var result = Block(closingComments: isFirst ? scan.body.closingComments : [])
    result.arguments = scan.body.arguments.map { argument in
      rewriter.argument(name: graph.name(of: argument), type: graph.type(of: argument))
    }
    let (nodes, results) = rewriter.collect { rewriter in
      var states = Array(result.arguments.dropFirst())
      var elements: [[Value]] = Array(repeating: [], count: scan.stacked.count)
      for j in 0..<steps {
        let place = StepCopy.Place.counted(
          from: result.arguments[0], offset: scan.isReversed ? -j : j)
        var copy = StepCopy(
          graph, scan, place, dimensions, places: places, keepsComments: isFirst && j == 0)
        let results = copy.append(states: states, to: &rewriter)
        states = Array(results.prefix(states.count))
        for i in elements.indices { elements[i].append(results[states.count + i]) }
      }
      return states + elements.flatMap { $0 }
    }
    (result.nodes, result.results) = (nodes, results)
    return result
  }

}

extension Graph {

  /// The places of sequences.
  var places: [ID<Node>] {
    nodes.ids.filter { if case .at = self[$0].op { true } else { false } }
  }

  /// `true` iff a node of `block` is a scan.
  func containsScan(_ block: Block) -> Bool {
    block.nodes.contains { id in
      if case .scan = self[id].op { true } else { false }
    }
  }

  /// Returns what uses `step`, an argument of a block: the nodes, and whether it is a result.
  func users(ofStep step: Value) -> (nodes: [ID<Node>], isResult: Bool) {
    let nodes = nodes.ids.filter { self[$0].operands.contains(step) }
    return (nodes, allBlocks.contains { $0.results.contains(step) })
  }

}

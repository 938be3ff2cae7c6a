import Diagnostics
import IR

extension Resolver {

  /// Warns about operations of a loss that repeat values along axes, which is seldom meant: `f32[n,
  /// 1]` minus `f32[n]` is every pair.
  ///
  /// What is of the loss depends on a label, or is a line that only the loss needs. Of such
  /// operations those are suspect that repeat each of their operands, and differences of a label,
  /// or of the operands of `mse`, that repeat one. Numbers without axes may be repeated.
  mutating func warnAboutRepeats() {
    guard !reporter.containsError else { return }
    for entry in module.entries where entry.training != nil {
      let graph = entry.graph
      let lines = entry.linesOfLoss
      var labelled: Set<ID<Node>> = []
      for id in graph.nodes.ids {
        let node = graph[id]
        var read = node.operands
        if case .scan(let scan) = node.op {
          read += scan.body.results + (scan.remainder?.results ?? [])
        }
        var isLabelled = read.contains { labelled.contains($0.node) }
        if case .source(.input(let i)) = node.op, entry.inputs[i].role == .label {
          isLabelled = true
        }
        if isLabelled { labelled.insert(id) }
        guard isLabelled || lines.contains(id) else { continue }
        let isDifference: Bool
        switch node.op {
        case .binary(.sub):
          isDifference =
            squaredErrors.contains(node.span)
            || Set(node.operands.map { labelled.contains($0.node) }).count == 2
        case .binary, .compare, .select: isDifference = false
        default: continue
        }
        warnAboutRepeats(of: node, in: graph, isDifference: isDifference)
      }
    }
  }

  private mutating func warnAboutRepeats(of node: Node, in graph: Graph, isDifference: Bool) {
    let result = node.results[0].type
    let operands = node.operands.map { graph.type(of: $0) }.filter { !$0.denseShape.isEmpty }
    let repeated = operands.filter { $0.denseShape != result.denseShape }
    guard !repeated.isEmpty, isDifference || repeated.count == operands.count, operands.count > 1
    else { return }
    report(.broadcastLoss(repeated.map { text($0) }, text(result), at: node.span))
  }

}

extension Diagnostic {

  /// Returns a warning that a loss repeats values of the types `repeated`, to make one of `result`.
  fileprivate static func broadcastLoss(
    _ repeated: [String], _ result: String, at span: SourceSpan
  ) -> Diagnostic {
    .warning(
      .broadcastLoss,
      "the loss repeats \(repeated.joined(separator: " and ")) to \(result); "
        + "write 'broadcast' if that is meant", at: span)
  }

}

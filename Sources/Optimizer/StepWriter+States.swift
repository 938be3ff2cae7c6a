import Diagnostics
import IR

// One step after the other is the sequence only if a call looks at states where a step does: at the
// start and at the end of the one scan that carries them.
extension StepWriter {

  /// Throws if lines see or set a state at another place than between two steps.
  func checkStates() throws(StepRefusal) {
    var carriers: [ID<State>: ID<Node>] = [:]
    for id in graph.body.nodes {
      guard case .scan(let scan) = graph[id].op, isStepped(scan) else { continue }
      for state in scan.carried.compactMap(\.state) {
        if carriers.updateValue(id, forKey: state) != nil {
          throw refusal(scan, id, "goes on with '\(name(state))' where another scan ends")
        }
      }
    }
    try checkStarts(carriers)
    try checkEnds(Set(carriers.values))
    for update in entry.updates {
      guard let state = update.state else { continue }
      if case .source(.state(state)) = graph.op(of: update.value) { continue }
      if update.value.node != carriers[state] {
        throw StepRefusal(
          reason: "state '\(name(state))' is assigned once a call, not once a step",
          span: graph[update.value.node].span)
      }
    }
  }

  private func name(_ state: ID<State>) -> String { module.states[state].name }

  /// Throws if anything but the scan that carries a state, by `carriers`, reads its first value.
  private func checkStarts(_ carriers: [ID<State>: ID<Node>]) throws(StepRefusal) {
    for id in graph.nodes.ids {
      for value in graph[id].operands {
        guard case .source(.state(let state)) = graph.op(of: value),
          let carrier = carriers[state], carrier != id
        else { continue }
        throw refusal(id, "reads '\(name(state))' as it is in front of all steps")
      }
    }
    for output in entry.outputs {
      guard case .source(.state(let state)) = graph.op(of: output.value), carriers[state] != nil
      else { continue }
      throw StepRefusal(
        reason: "'\(output.name)' reads '\(name(state))' as it is in front of all steps",
        span: output.span)
    }
  }

  /// Throws if what one of `scans` ends with has a part in single steps.
  private func checkEnds(_ scans: Set<ID<Node>>) throws(StepRefusal) {
    var ends: Set<Value> = []
    for id in scans {
      guard case .scan(let scan) = graph[id].op else { continue }
      for i in scan.carried.indices { ends.insert(Value(id, i)) }
    }
    for id in graph.body.nodes {
      let node = graph[id]
      guard readsAny(of: ends, id) else { continue }
      let isOfSteps = node.results.contains { checkedAxis(of: $0.type) != nil }
      if case .scan(let scan) = node.op, isStepped(scan) || isOfSteps {
        throw refusal(scan, id, "reads what another scan ends with")
      }
      if isOfSteps { throw refusal(id, "reads what a scan ends with, in single steps") }
      for i in node.results.indices { ends.insert(Value(id, i)) }
    }
  }

  /// `true` iff node `id`, or a line in it, reads one of `values`, or a place of one.
  private func readsAny(of values: Set<Value>, _ id: ID<Node>) -> Bool {
    let node = graph[id]
    func isOne(_ value: Value) -> Bool {
      if case .at = graph.op(of: value) { return isOne(graph[value.node].operands[0]) }
      return values.contains(value)
    }
    if node.operands.contains(where: isOne) { return true }
    guard case .scan(let scan) = node.op else { return false }
    return scan.blocks.contains { block in
      block.results.contains(where: isOne)
        || block.nodes.contains { readsAny(of: values, $0) }
    }
  }

}

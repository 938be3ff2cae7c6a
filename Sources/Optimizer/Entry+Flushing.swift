import IR

extension Entry {

  /// Lets each state of numbers keep `flush` of what the text assigns to it.
  ///
  /// A state that fades then ends at zero, whatever the mode of the processor, instead of staying
  /// among numbers that are slow to compute with. Lines below read what the state keeps.
  ///
  ///     scan t in n {                      scan t in n {
  ///       h = tanh(x[t] + h)                 h_1 = tanh(x[t] + h)
  ///       hs[t] = h                 =>       h = flush(h_1)
  ///     }                                    hs[t] = h
  ///                                        }
  ///
  /// Left alone are states that keep their old value, and what needs no `flush`: see `isFlushed`.
  mutating func flushStates(among states: [State]) {
    var names: [Value: String] = [:]
    for id in graph.nodes.ids {
      guard case .scan(var scan) = graph[id].op else { continue }
      graph.flushStates(of: &scan, &names)
      graph[id].op = .scan(scan)
    }
    let own = Set(graph.body.nodes)
    for (i, update) in updates.enumerated() {
      guard let state = update.state, !graph.isStart(update.value, of: state),
        !graph.isFlushed(update.value)
      else { continue }
      let name = states[state].name
      if own.contains(update.value.node) {
        names[update.value] = names[update.value] ?? name
      } else {
        let id = graph.addFlush(of: update.value, name: name)
        graph.body.nodes.append(id)
        updates[i].value = Value(id)
      }
    }
    if !names.isEmpty { rewrite { $0.copyFlushing(names, $1) } }
  }

}

extension Graph {

  /// Returns `true` iff `flush` would not change `v`, or what it starts with is nobody's concern: a
  /// number of the text, truth values and indices as numbers, and what a scan leaves in a state.
  fileprivate func isFlushed(_ v: Value) -> Bool {
    if type(of: v).element != .f32 { return true }
    switch op(of: v) {
    case .unary(.flush), .convert: return true
    case .source(.number(let x)):
      return x.value == 0 || x.value.magnitude >= Unary.flushLimit
    case .scan(let scan): return v.result < scan.carried.count
    default: return false
    }
  }

  /// Returns `true` iff `v` is the value of `state` at the start of a call.
  fileprivate func isStart(_ v: Value, of state: ID<State>) -> Bool {
    op(of: v) == .source(.state(state))
  }

  /// Adds a node, in no block yet, for `flush` of `v`.
  fileprivate mutating func addFlush(of v: Value, name: String) -> ID<Node> {
    add(
      Node(
        op: .unary(.flush), operands: [v], results: [Node.Result(name: name, type: type(of: v))]))
  }

  /// Lets `scan` keep `flush` of values from outside of its bodies, and adds the values of its
  /// bodies that are to be flushed where they are computed to `names`, under the names of the
  /// states.
  fileprivate mutating func flushStates(of scan: inout Scan, _ names: inout [Value: String]) {
    flushStates(of: &scan.body, scan, &names)
    guard var remainder = scan.remainder else { return }
    flushStates(of: &remainder, scan, &names)
    scan.remainder = remainder
  }

  private mutating func flushStates(
    of block: inout Block, _ scan: Scan, _ names: inout [Value: String]
  ) {
    let own = Set(block.nodes)
    for (i, carried) in scan.carried.enumerated() {
      let v = block.results[i]
      if v == block.arguments[i + 1] || isFlushed(v) { continue }
      if own.contains(v.node) {
        names[v] = names[v] ?? carried.name
      } else {
        let id = addFlush(of: v, name: carried.name)
        block.nodes.append(id)
        block.results[i] = Value(id)
      }
    }
  }

}

extension GraphRewriter {

  /// Copies node `id` with `flush` of those of its results that have one of `names`, and returns
  /// `true`; returns `false` if there are none.
  fileprivate mutating func copyFlushing(_ names: [Value: String], _ id: ID<Node>) -> Bool {
    let results = old[id].results.indices.map { Value(id, $0) }.filter { names[$0] != nil }
    if results.isEmpty { return false }
    if case .scan = old[id].op {
      copy(id) { $0.copyFlushing(names, $1) }
    } else {
      var node = old[id]
      node.operands = node.operands.map { mapped($0) }
      if node.origins.isEmpty, node.results[0].name == names[Value(id)] {
        // The name goes to what the state keeps.
        node.origins = [node.results[0].name]
      }
      replace(Value(id), by: append(node))
    }
    for v in results {
      guard let name = names[v] else { continue }
      let copy = mapped(v)
      replace(v, by: append(.unary(.flush), [copy], type: new.type(of: copy), name: name))
    }
    return true
  }

}

import IR

extension Entry {

  /// Replaces each source by what `replacement` gives for it, which has the same type.
  mutating func replaceSources(_ replacement: (Source) -> Source) {
    let old = graph
    rewrite(starting: { $0.replaceSources(of: old, replacement) }) { _, _ in false }
  }

}

extension Bind {

  /// Replaces each source by what `replacement` gives for it, which has the same type.
  mutating func replaceSources(_ replacement: (Source) -> Source) {
    let old = graph
    rewrite(starting: { $0.replaceSources(of: old, replacement) }) { _, _ in false }
  }

}

extension GraphRewriter {

  /// Lets what `replacement` gives for each source of `graph`, the old one, stand for it.
  mutating func replaceSources(of graph: Graph, _ replacement: (Source) -> Source) {
    for id in graph.nodes.ids {
      guard case .source(let source) = graph[id].op else { continue }
      let new = replacement(source)
      if new != source {
        replace(Value(id), by: value(of: new, type: graph[id].results[0].type))
      }
    }
  }

}

import IR

extension Entry {

  /// Replaces each dropout that is not written out by what it may drop elements of.
  mutating func removeDropout(in dimensions: [Dimension]) {
    let old = graph
    if !old.hasPlainDropout { return }
    rewrite { rewriter, id in
      guard old.isPlainDropout(id) else { return false }
      let x = rewriter.mapped(old[id].operands[0])
      let type = old[id].results[0].type
      if rewriter.new.type(of: x) == type {
        rewriter.replace(Value(id), by: x)
      } else {
        // One-hot rows were written out.
        rewriter.copy(id, as: .reshape(type.shape), [x], in: dimensions)
      }
      return true
    }
  }

  /// Writes out each dropout that is not: numbers the sites in the order of the text, behind those
  /// that have numbers, and adds the seed and the number of the update to the inputs, under names
  /// that are not `taken`.
  ///
  /// The step is that of the innermost scan around the line, 0 outside of scans.
  mutating func writeDropout(besides taken: Set<String>) {
    let old = graph
    if !old.hasPlainDropout { return }
    let limit = TensorType(.index(Extent(Dropout.counterLimit)), [])
    let counters = ["seed", "update"].map { stem in
      var name = stem
      // Names are finite in number.
      while taken.contains(name) || inputs.contains(where: { $0.name == name }) { name += "_" }
      inputs.append(Input(name: name, type: limit, defaultValue: 0))
      return Source.input(inputs.count - 1)
    }
    var sites: [ID<Node>: (site: Int, step: Value?)] = [:]
    var next = old.nodes.reduce(0) { next, node in
      guard case .dropout(let dropout) = node.op, let site = dropout.site else { return next }
      return max(next, site + 1)
    }
    func number(_ block: Block, step: Value?) {
      for id in block.nodes {
        if old.isPlainDropout(id) {
          sites[id] = (next, step)
          next += 1
        }
        guard case .scan(let scan) = old[id].op else { continue }
        for inner in scan.blocks { number(inner, step: inner.arguments[0]) }
      }
    }
    number(old.body, step: nil)
    rewrite { rewriter, id in
      guard case .dropout(var dropout) = old[id].op, let (site, step) = sites[id] else {
        return false
      }
      dropout.site = site
      var node = old[id]
      node.op = .dropout(dropout)
      node.operands = [rewriter.mapped(old[id].operands[0])]
      node.operands += counters.map { rewriter.value(of: $0, type: limit) }
      node.operands.append(
        step.map { rewriter.mapped($0) } ?? rewriter.value(of: .number(0), type: .scalar))
      rewriter.replace(Value(id), by: rewriter.append(node))
      return true
    }
  }

}

extension Graph {

  /// `true` iff node `id` is a dropout whose elements are not written out.
  fileprivate func isPlainDropout(_ id: ID<Node>) -> Bool {
    guard case .dropout(let dropout) = self[id].op else { return false }
    return dropout.site == nil
  }

  fileprivate var hasPlainDropout: Bool { nodes.ids.contains { isPlainDropout($0) } }

}

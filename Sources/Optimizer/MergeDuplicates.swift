import IR

extension Pass {

  /// Replaces each node by an earlier one that computes the same value.
  ///
  /// Two nodes compute the same value iff their operations are equal and their operands are the
  /// same values, up to order when the operation is commutative. Visiting nodes in definition order
  /// is enough: by the time a node is reached, its operands already name their representatives. A
  /// body of a scan may use what an enclosing block has computed before it, not the reverse.
  ///
  ///     a = mul(x, y)            a = mul(x, y)
  ///     b = mul(y, x)     =>     s = add(a, a)
  ///     s = add(a, b)
  package static let mergeDuplicates = Pass("cse", "merge nodes that compute the same value") {
    (module, context) in
    var merging = DuplicateMerging()
    module.bind.rewrite { rewriter, id in merging.merge(id, &rewriter, &context) }
    // Results of `bind` that have become one are one for the entries, too.
    let values = module.bind.results.map(\.value)
    let first = values.map { v in values.firstIndex(of: v) ?? 0 }
    for i in module.entries.indices {
      let old = module.entries[i].graph
      merging = DuplicateMerging()
      module.entries[i].rewrite(
        starting: { rewriter in
          rewriter.replaceSources(of: old) { source in
            if case .bound(let k) = source { .bound(first[k]) } else { source }
          }
        }
      ) { rewriter, id in merging.merge(id, &rewriter, &context) }
    }
  }

}

/// The nodes that can stand for others.
private struct DuplicateMerging {

  private struct Key: Hashable {

    let op: Op
    let operands: [Value]

    /// The type of the result, which depends on the order of operands where sizes are equal only
    /// for the present dimensions.
    let type: TensorType

  }

  /// For each open block, the outermost first, what it has computed.
  private var scopes: [[Key: Value]] = [[:]]

  /// Lets an earlier value stand for node `id`, or copies it with the blocks in it.
  mutating func merge(
    _ id: ID<Node>, _ rewriter: inout GraphRewriter, _ context: inout PassContext
  ) -> Bool {
    let node = rewriter.old[id]
    if case .scan(let scan) = node.op {
      copy(scan, id, &rewriter, &context)
      return true
    }
    if case .dropout(let dropout) = node.op, dropout.site == nil {
      // Each of them will drop elements of its own.
      return false
    }
    let operands = node.operands.map { rewriter.mapped($0) }
    let key = Key(
      op: node.op, operands: node.op.isCommutative ? operands.sorted() : operands,
      type: node.results[0].type)
    let known = scopes.lazy.compactMap { $0[key] }.first
    if let known, context.permitsRewrite() {
      rewriter.replace(Value(id), by: known)
      return true
    }
    rewriter.copy(id) { _, _ in false }
    scopes[scopes.count - 1][key] = rewriter.mapped(Value(id))
    return true
  }

  private mutating func copy(
    _ scan: Scan, _ id: ID<Node>, _ rewriter: inout GraphRewriter, _ context: inout PassContext
  ) {
    var node = rewriter.old[id]
    node.operands = node.operands.map { rewriter.mapped($0) }
    var scan = scan
    scan.body = copied(scan.body, &rewriter, &context)
    scan.remainder = scan.remainder.map { copied($0, &rewriter, &context) }
    node.op = .scan(scan)
    let copy = rewriter.append(node)
    for i in node.results.indices { rewriter.replace(Value(id, i), by: Value(copy.node, i)) }
  }

  private mutating func copied(
    _ block: Block, _ rewriter: inout GraphRewriter, _ context: inout PassContext
  ) -> Block {
    scopes.append([:])
    let result = rewriter.copied(block) { rewriter, id in merge(id, &rewriter, &context) }
    scopes.removeLast()
    return result
  }

}

extension Op {

  /// `true` iff the operands may be swapped.
  fileprivate var isCommutative: Bool {
    switch self {
    case .binary(let f): f.isCommutative
    case .compare(let relation): relation == .equal || relation == .notEqual
    case .source, .argument, .at, .linear, .matmul, .oneHot, .concat, .slice, .transpose, .reshape,
      .stack, .unary, .select, .softmax, .reduce, .argmax, .gather, .convert, .mask, .detach,
      .broadcast, .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .convolution,
      .pool,
      .dropout, .scan:
      false
    }
  }

}

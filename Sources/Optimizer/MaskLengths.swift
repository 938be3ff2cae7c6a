import IR

extension Pass {

  /// Writes the lengths of scans out as choices, and chooses what counts where a mask makes a
  /// factor zero or a term very low.
  ///
  /// Where the step is not below the length of a row, the row keeps its states and stacks zeros.
  ///
  ///     scan t in n lengths k {             rows = reshape(k, [batch, 1])
  ///       h = tanh(x[t] + h)                scan t in n {
  ///       y[t] = h                            new = tanh(x[t] + h)
  ///     }                            =>       active = less(t, rows)
  ///                                           h = where(active, new, h)
  ///                                           y[t] = where(active, new, 0)
  ///                                         }
  ///
  /// What a mask excludes may be infinite or not a number, which times zero is not zero.
  ///
  ///     m = f32(mask(k, n))                 m = f32(mask(k, n))
  ///     y = sum(m * x, axis: 0)        =>   counted = where(mask(k, n), x, 0)
  ///                                         y = sum(m * counted, axis: 0)
  package static let maskLengths = Pass(
    "lengths", "write lengths out as choices, and keep what masks exclude out of products"
  ) { (module, context) in
    for i in module.entries.indices {
      let dimensions = module.dimensions
      var masking = FactorMasking(module.entries[i].graph, of: module)
      module.entries[i].rewrite { rewriter, id in
        rewriter.mask(id, &masking, in: dimensions, &context)
      }
    }
  }

}

extension GraphRewriter {

  /// Copies node `id` and returns `true` iff it is a scan with lengths, or reads what a mask
  /// excludes, and may be rewritten.
  fileprivate mutating func mask(
    _ id: ID<Node>, _ masking: inout FactorMasking, in dimensions: [Dimension],
    _ context: inout PassContext
  ) -> Bool {
    var node = old[id]
    guard case .scan(var scan) = node.op else { return masking.write(id, &self, &context) }
    guard scan.hasLengths, scan.factor == 1, context.permitsRewrite() else { return false }
    node.operands = node.operands.map { mapped($0) }
    var mask = RowMask(node.operands.removeFirst())
    for i in node.results.indices {
      // Zeros of a whole row are not one-hot.
      node.results[i].type = node.results[i].type.dense
      let rank = node.results[i].type.shape.count
      mask.prepare(forRank: i < scan.carried.count ? rank : rank - 1, &self, in: dimensions)
    }
    scan.body = copied(scan.body) { rewriter, inner in
      rewriter.mask(inner, &masking, in: dimensions, &context)
    }
    let (nodes, results) = collect { rewriter in
      scan.body.results.enumerated().map { i, value in
        let old = i < scan.carried.count ? scan.body.arguments[i + 1] : nil
        return mask.masked(
          value, elsewhere: old, step: scan.body.arguments[0], name: node.results[i].name,
          &rewriter, in: dimensions)
      }
    }
    scan.body.nodes += nodes
    scan.body.results = results
    scan.hasLengths = false
    node.op = .scan(scan)
    let copy = append(node)
    for i in node.results.indices { replace(Value(id, i), by: Value(copy.node, i)) }
    return true
  }

}

/// The choice between rows that have not ended and those that have.
struct RowMask {

  /// The lengths, a value of the graph that is written.
  private let lengths: Value

  /// The lengths with further axes of size one, by their rank.
  private var reshaped: [Int: Value]

  /// Whether a row has not ended, by the rank of what it is asked for.
  private var conditions: [Int: Value] = [:]

  /// Creates the choice by `lengths`.
  init(_ lengths: Value) {
    self.lengths = lengths
    self.reshaped = [1: lengths]
  }

  /// Appends what choosing between values of `rank` needs and what does not depend on the step.
  mutating func prepare(
    forRank rank: Int, _ rewriter: inout GraphRewriter, in dimensions: [Dimension]
  ) {
    _ = lengths(ofRank: rank, &rewriter, in: dimensions)
  }

  private mutating func lengths(
    ofRank rank: Int, _ rewriter: inout GraphRewriter, in dimensions: [Dimension]
  ) -> Value {
    if let known = reshaped[rank] { return known }
    let rows = rewriter.new.type(of: lengths).shape
    let shape = rows + Array(repeating: Extent(1), count: rank - 1)
    let result = rewriter.apply(
      .reshape(shape), [lengths], name: "lengths", in: dimensions)
    reshaped[rank] = result
    return result
  }

  /// Appends the choice of `value` where a row has not ended at `step`, and of `old`, or zeros if
  /// there is none, where it has; returns it under `name`.
  mutating func masked(
    _ value: Value, elsewhere old: Value?, step: Value, name: String,
    _ rewriter: inout GraphRewriter, in dimensions: [Dimension]
  ) -> Value {
    if value == old { return value }
    let type = rewriter.new.type(of: old ?? value)
    let rank = type.denseShape.count
    let rows = lengths(ofRank: rank, &rewriter, in: dimensions)
    let condition =
      conditions[rank]
      ?? rewriter.apply(.compare(.less), [step, rows], name: "active", in: dimensions)
    conditions[rank] = condition
    let zero = rewriter.value(of: .number(0), type: .scalar)
    switch (old, type.element) {
    case (nil, .bool):
      return rewriter.apply(.binary(.and), [condition, value], name: name, in: dimensions)
    case (nil, .index):
      // The first place of the largest of equal numbers is zero; as a number, it is no index.
      let row = rewriter.apply(.oneHot, [value], name: name, in: dimensions)
      let zeros = rewriter.apply(.binary(.mul), [row, zero], name: name, in: dimensions)
      let first = rewriter.apply(.argmax(axis: rank), [zeros], name: name, in: dimensions)
      return rewriter.apply(.select, [condition, value, first], name: name, in: dimensions)
    default:
      let operands = [condition, value, old ?? zero]
      return rewriter.apply(.select, operands, name: name, in: dimensions)
    }
  }

}

import IR

extension Differentiation {

  /// Contributes to the adjoints of the operands of node `id`, whose adjoint is `dy`.
  ///
  /// - Requires: the node is not a scan.
  mutating func differentiate(_ id: ID<Node>, _ dy: Value) {
    let node = graph[id]
    let x = node.operands
    let y = Value(id)
    switch node.op {
    case .source, .argument, .at, .scan:
      preconditionFailure("only lines that are not scans have rules")
    case .oneHot, .compare, .argmax, .mask, .detach:
      // No number depends on the operands in a way that has a derivative.
      return
    case .linear(let linear): differentiate(linear, x, y, dy)
    case .matmul(let left, let right):
      differentiateProduct(x[0], x[1], y, dy, transposingLeft: left, transposingRight: right)
    case .concat(let axis):
      // y = [a, b, …];  da = the places of a in dy
      var lower = Extent(0)
      for part in x {
        guard let upper = lower.adding(shape(of: part)[axis]) else { return }
        if isActive(part) {
          accumulate(
            part,
            apply(.slice(axis: axis, lower: lower, upper: upper), [dy], name: name(of: part)))
        }
        lower = upper
      }
    case .slice(let axis, let lower, let upper):
      // dx = dy at the places of the range, 0 elsewhere
      accumulate(x[0], Piece(axis: axis, lower: lower, upper: upper, adjoint: dy))
    case .transpose(let permutation):
      // y[i] = x[p(i)];  dx = dy with the axes in the old order
      let inverse = permutation.indices.map { i in permutation.firstIndex(of: i) ?? i }
      accumulate(x[0], apply(.transpose(permutation: inverse), [dy], name: name(of: x[0])))
    case .reshape:
      accumulate(x[0], dy)
    case .stack(let axis):
      for (i, part) in x.enumerated() {
        accumulate(part, element(of: dy, axis: axis, step: nil, offset: i))
      }
    case .unary(let f): differentiate(f, x[0], y, dy)
    case .binary(let f): differentiate(f, x[0], x[1], y, dy)
    case .select:
      // y = a where c, else b;  da = dy where c, else 0;  db = 0 where c, else dy
      let condition = recall(x[0])
      if isActive(x[1]) {
        let da = apply(.select, [condition, dy, number(0)], name: name(of: x[1]))
        accumulate(x[1], unbroadcasting: da)
      }
      if isActive(x[2]) {
        let db = apply(.select, [condition, number(0), dy], name: name(of: x[2]))
        accumulate(x[2], unbroadcasting: db)
      }
    case .softmax(let axis, let logarithmic):
      differentiateSoftmax(x[0], y, dy, axis: axis, isLogarithmic: logarithmic)
    case .reduce(let f, let axes, let isKept):
      differentiate(f, x[0], y, dy, axes: axes, isKept: isKept)
    case .gather:
      // y = x[i];  dx[j] = sum of dy where i = j
      let rows = shape(of: x[0])[0]
      guard isActive(x[0]) else { return }
      if depth(of: x[0]) < frames.count - 1 {
        postpone(.rows(table: x[0], indices: x[1], adjoint: dy))
      } else {
        accumulate(
          x[0], apply(.scatterAdd(rows: rows), [dy, recall(x[1])], name: name(of: x[0])))
      }
    case .convert:
      // Numbers are numbers; what is not has no adjoint.
      accumulate(x[0], dy)
    case .broadcast: accumulate(x[0], unbroadcasting: dy)
    case .crossEntropy(let hasMask):
      guard isActive(x[0]) else { return }
      let gradient = apply(
        .crossEntropyGradient(hasMask: hasMask), x.map { recall($0) }, name: name(of: x[0]))
      accumulate(x[0], scaled(gradient, by: dy, name: name(of: x[0])))
    case .crossEntropyGradient(let hasMask):
      differentiateCrossEntropyGradient(x, dy, hasMask: hasMask)
    case .weightGradient:
      // y = sum of a^T b;  da = b y'^T;  db = a y'
      if isActive(x[0]) {
        let transposed = apply(.transpose(permutation: [1, 0]), [dy], name: "transpose")
        accumulate(
          x[0], apply(.linear(Linear()), [recall(x[1]), transposed], name: name(of: x[0])))
      }
      if isActive(x[1]) {
        accumulate(x[1], apply(.linear(Linear()), [recall(x[0]), dy], name: name(of: x[1])))
      }
    case .scatterAdd:
      // y[j] = sum of x where i = j;  dx = dy[i]
      accumulate(x[0], apply(.gather, [dy, recall(x[1])], name: name(of: x[0])))
    case .convolution(let convolution): differentiate(convolution, x, y, dy)
    case .pool(let pool): differentiate(pool, x, dy)
    case .dropout:
      // y = x * mask / (1 - rate);  dx = dy * mask / (1 - rate), with the same mask
      let counters = x.dropFirst().map { recall($0) }
      accumulate(x[0], apply(node.op, [dy] + counters, name: name(of: x[0])))
    }
  }

  /// Returns `a * dy`, where `dy` is a number that may be 1.
  private mutating func scaled(_ a: Value, by dy: Value, name: String) -> Value {
    if case .source(.number(1)) = graph.op(of: dy) { return a }
    return apply(.binary(.mul), [a, dy], name: name)
  }

  private mutating func differentiate(_ f: Unary, _ x: Value, _ y: Value, _ dy: Value) {
    let name = name(of: x)
    let dx: Value
    switch f {
    case .not: return
    case .neg:
      // y = -x;  dx = -dy
      dx = apply(.unary(.neg), [dy], name: name)
    case .exp:
      // y = exp(x);  dx = dy * y
      dx = apply(.binary(.mul), [dy, recall(result: y, elsewhere: 0)], name: name)
    case .log:
      // y = log(x);  dx = dy / x
      dx = apply(.binary(.div), [dy, recall(x, for: y, elsewhere: 1)], name: name)
    case .sqrt:
      // y = sqrt(x);  dx = dy / (2 * y)
      let root = recall(result: y, elsewhere: 1)
      let double = apply(.binary(.mul), [number(2), root], name: "double")
      dx = apply(.binary(.div), [dy, double], name: name)
    case .abs:
      // y = |x|;  dx = dy where x > 0, -dy where x < 0, else 0
      let x = recall(x)
      let isPositive = apply(.compare(.greater), [x, number(0)], name: "is_positive")
      let isNegative = apply(.compare(.less), [x, number(0)], name: "is_negative")
      let negated = apply(.unary(.neg), [dy], name: "negated")
      let rest = apply(.select, [isNegative, negated, number(0)], name: "rest")
      dx = apply(.select, [isPositive, dy, rest], name: name)
    case .tanh:
      // y = tanh(x);  dx = dy * (1 - y * y)
      let y = recall(result: y, elsewhere: 0)
      let square = apply(.binary(.mul), [y, y], name: "square")
      let slope = apply(.binary(.sub), [number(1), square], name: "slope")
      dx = apply(.binary(.mul), [dy, slope], name: name)
    case .sigmoid:
      // y = 1 / (1 + exp(-x));  dx = dy * y * (1 - y)
      let y = recall(result: y, elsewhere: 0)
      let rest = apply(.binary(.sub), [number(1), y], name: "rest")
      let slope = apply(.binary(.mul), [y, rest], name: "slope")
      dx = apply(.binary(.mul), [dy, slope], name: name)
    case .relu:
      // y = max(x, 0);  dx = 0 where y <= 0, else dy, also of NaN
      let y = recall(result: y)
      let isZero = apply(.compare(.lessEqual), [y, number(0)], name: "is_zero")
      dx = apply(.select, [isZero, number(0), dy], name: name)
    case .flush:
      // y = x, but for numbers that do not count
      dx = dy
    }
    accumulate(x, dx)
  }

  private mutating func differentiate(
    _ f: Binary, _ a: Value, _ b: Value, _ y: Value, _ dy: Value
  ) {
    switch f {
    case .and, .or: return
    case .add:
      // y = a + b;  da = dy;  db = dy
      accumulate(a, unbroadcasting: dy)
      accumulate(b, unbroadcasting: dy)
    case .sub:
      // y = a - b;  da = dy;  db = -dy
      accumulate(a, unbroadcasting: dy)
      guard isActive(b) else { return }
      accumulate(b, unbroadcasting: apply(.unary(.neg), [dy], name: name(of: b)))
    case .mul:
      // y = a * b;  da = dy * b;  db = dy * a
      for (x, other) in [(a, b), (b, a)] where isActive(x) {
        let dx = apply(.binary(.mul), [dy, recall(other, for: y)], name: name(of: x))
        accumulate(x, summedInStep: dx)
      }
    case .div:
      // y = a / b;  da = dy / b;  db = -da * y
      let divisor = recall(b, for: y, elsewhere: 1)
      let da = apply(.binary(.div), [dy, divisor], name: name(of: a))
      accumulate(a, summedInStep: da)
      guard isActive(b) else { return }
      let product = apply(.binary(.mul), [da, recall(result: y, elsewhere: 0)], name: "product")
      accumulate(b, summedInStep: apply(.unary(.neg), [product], name: name(of: b)))
    case .max, .min:
      // y = max(a, b);  da = 0 where a < b, dy / 2 where a = b, else dy, also of NaN
      let (left, right) = (recall(a), recall(b))
      let isEqual = apply(.compare(.equal), [left, right], name: "is_equal")
      let half = apply(.binary(.mul), [dy, number(0.5)], name: "half")
      let shared = apply(.select, [isEqual, half, dy], name: "shared")
      let relation = f == .max ? Comparison.less : .greater
      for (x, own, other) in [(a, left, right), (b, right, left)] where isActive(x) {
        let isOther = apply(.compare(relation), [own, other], name: "is_other")
        let dx = apply(.select, [isOther, number(0), shared], name: name(of: x))
        accumulate(x, summedInStep: dx)
      }
    }
  }

  /// Adds the sum of `dx` over the axes along which `x` was broadcast to the adjoint of `x`, in
  /// each step of a scan: nothing else needs the values of all steps.
  private mutating func accumulate(_ x: Value, summedInStep dx: Value) {
    guard isActive(x) else { return }
    accumulate(x, unbroadcast(dx, to: shape(of: x), name: name(of: x)))
  }

  private mutating func differentiateSoftmax(
    _ x: Value, _ y: Value, _ dy: Value, axis: Int, isLogarithmic: Bool
  ) {
    let sum = Op.reduce(.sum, axes: [axis], keepingAxes: true)
    let rows = exclusions[y].filter { $0.axes[axis] == nil }
    let y = cleaned(recall(result: y), of: y, under: rows)
    let dx: Value
    if isLogarithmic {
      // y = log(softmax(x));  dx = dy - exp(y) * sum(dy)
      let softmax = apply(.unary(.exp), [y], name: "softmax")
      let total = apply(sum, [dy], name: "total")
      let share = apply(.binary(.mul), [softmax, total], name: "share")
      dx = apply(.binary(.sub), [dy, share], name: name(of: x))
    } else {
      // y = softmax(x);  dx = y * (dy - sum(dy * y))
      let weighted = apply(.binary(.mul), [dy, y], name: "weighted")
      let mean = apply(sum, [weighted], name: "mean")
      let difference = apply(.binary(.sub), [dy, mean], name: "difference")
      dx = apply(.binary(.mul), [y, difference], name: name(of: x))
    }
    accumulate(x, dx)
  }

  private mutating func differentiate(
    _ f: Reduction, _ x: Value, _ y: Value, _ dy: Value, axes: [Int], isKept: Bool
  ) {
    let whole = shape(of: x)
    let kept = whole.indices.map { axes.contains($0) ? Extent(1) : whole[$0] }
    let name = name(of: x)
    /// Returns `d`, of the shape of y, in one that can be broadcast to that of x.
    func aligned(_ d: Value) -> Value {
      // Axes that are missing in front need not be put back.
      axes == Array(axes.indices) && shape(of: d).count + axes.count == whole.count
        ? d : reshaped(d, to: kept)
    }
    switch f {
    case .sum:
      // y = sum(x);  dx = dy
      accumulate(x, apply(.broadcast(whole), [aligned(dy)], name: name))
    case .mean:
      // y = sum(x) / n;  dx = dy / n
      let count = axes.reduce(1) { $0 * size(whole[$1]) }
      let share = apply(.binary(.div), [dy, number(Double(count))], name: "share")
      accumulate(x, apply(.broadcast(whole), [aligned(share)], name: name))
    case .max:
      // y = max(x);  dx = dy / n at the n places where x = y, else 0
      let largest = reshaped(cleaned(recall(y), of: y, under: exclusions[y]), to: kept)
      let conditions = exclusions[y].map { $0.expanded(axes, isKept: isKept) }
      let elements = cleaned(recall(x), of: x, under: conditions)
      let isLargest = apply(.compare(.equal), [elements, largest], name: "is_largest")
      let places = apply(.convert, [isLargest], name: "places")
      let count = apply(.reduce(.sum, axes: axes, keepingAxes: true), [places], name: "count")
      let share = apply(.binary(.div), [aligned(dy), count], name: "share")
      accumulate(x, apply(.binary(.mul), [places, share], name: name))
    }
  }

  private mutating func differentiateCrossEntropyGradient(
    _ x: [Value], _ dy: Value, hasMask: Bool
  ) {
    guard isActive(x[0]) else { return }
    // y = (p - one_hot(label)) / n at true places, with p = softmax(x);
    // dx = p * (dy - sum(dy * p)) / n there, else 0
    let axis = shape(of: x[0]).count - 1
    let rows = Array(shape(of: x[0]).dropLast())
    let p = apply(.softmax(axis: axis, logarithmic: false), [recall(x[0])], name: "softmax")
    let weighted = apply(.binary(.mul), [dy, p], name: "weighted")
    let mean = apply(.reduce(.sum, axes: [axis], keepingAxes: true), [weighted], name: "mean")
    let difference = apply(.binary(.sub), [dy, mean], name: "difference")
    let product = apply(.binary(.mul), [p, difference], name: "product")
    guard hasMask else {
      let count = number(Double(rows.reduce(1) { $0 * size($1) }))
      accumulate(x[0], apply(.binary(.div), [product, count], name: name(of: x[0])))
      return
    }
    let mask = recall(x[2])
    let places = apply(.convert, [mask], name: "places")
    let count = apply(
      .reduce(.sum, axes: Array(rows.indices), keepingAxes: false), [places], name: "count")
    let quotient = apply(.binary(.div), [product, count], name: "quotient")
    let isTrue = reshaped(mask, to: rows + [Extent(1)])
    accumulate(x[0], apply(.select, [isTrue, quotient, number(0)], name: name(of: x[0])))
  }

}

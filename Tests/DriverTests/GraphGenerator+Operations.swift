import IR

extension GraphGenerator {

  /// A kind of line.
  enum Kind: CaseIterable {

    case linear, parts, hotLinear, matmul, concat, split, slice, place, transpose, reshape, stack
    case unary, binary, number, select, compare
    case indexCompare, softmax, reduce, argmax, gather, convert, mask, oneHot, started, infix
    case loss, lossGradient, weightGradient, scatterAdd, broadcast, detach, squaredError
    case dropout, convolution, pool, flatten

  }

  /// What is tried; more often, what is several operations or seldom possible.
  private static let kinds =
    Kind.allCases + Array(repeating: .unary, count: 6) + Array(repeating: .binary, count: 4)
    + [.reduce, .compare, .lossGradient, .mask, .convolution, .pool]
    + Array(repeating: .loss, count: 4)

  /// Appends a line, if one of those that are tried is possible.
  mutating func operate() {
    for _ in 0..<8 {
      let count = items[items.count - 1].count
      apply(isSpecial && chance(0.2) ? .number : pick(Self.kinds))
      if items[items.count - 1].count > count { return }
    }
  }

  private mutating func apply(_ kind: Kind) {
    switch kind {
    case .linear, .parts, .hotLinear, .matmul, .started, .infix: multiply(kind)
    case .concat, .split, .slice, .place, .transpose, .reshape, .stack: move(kind)
    case .unary: apply(pick(Unary.allCases))
    case .binary: apply(pick(Binary.allCases + Binary.allCases.filter(\.isLogical)))
    case .number: calculateWithNumber()
    case .select, .compare, .indexCompare, .argmax, .convert, .mask, .oneHot, .gather:
      decide(kind)
    case .softmax, .reduce: reduce(kind)
    case .loss, .lossGradient, .weightGradient, .scatterAdd, .broadcast, .detach, .squaredError:
      differentiate(kind)
    case .dropout: drop()
    case .convolution, .pool, .flatten: see(kind)
    }
  }

  /// Appends the line of a dropout, in a scan of the elements of the step.
  private mutating func drop() {
    guard let x = numbers(), x.magnitude <= 2 else { return }
    var result = x
    result.magnitude *= 2
    let step = ["0", "t", "u"][items.count - 1]
    let counters = "seed: \(Int.random(in: 0...9, using: &random)), update: 3, step: \(step)"
    let site = Int.random(in: 0...99, using: &random)
    // Twice a number has no more digits.
    if chance(0.5) {
      line("dropout(\(x.text), rate: 0.5, site: \(site), \(counters))", result)
    } else {
      result.isExact = false
      line("dropout(\(x.text), rate: 0.1, site: \(site), \(counters))", result)
    }
  }

  /// Returns a value of numbers with at least `rank` axes.
  mutating func numbers(rank: Int = 0) -> Quantity? {
    find { $0.element == .number && $0.shape.count >= rank }
  }

  private mutating func multiply(_ kind: Kind) {
    guard let x = numbers(rank: 1) else { return }
    let rows = x.shape[x.shape.count - 1]
    let columns = pick(["p", "q"])
    var result = Quantity(text: "", shape: x.shape.dropLast() + [columns], magnitude: x.magnitude)
    switch kind {
    case .linear:
      let weight = parameter([rows, columns], magnitude: "1 / \(rows)")
      if chance(0.5) {
        line("linear(\(x.text), \(weight))", result)
      } else {
        result.magnitude += 1
        line("linear(\(x.text), \(weight), \(parameter([columns], magnitude: "1")))", result)
      }
    case .parts:
      let leading = Array(x.shape.dropLast())
      guard
        let y = find({
          $0.element == .number && !$0.shape.isEmpty && Array($0.shape.dropLast()) == leading
        })
      else { return }
      let weight = parameter(
        ["\(rows) + \(y.shape[y.shape.count - 1])", columns], magnitude: "0.1")
      result.magnitude = 0.1 * 66 * max(x.magnitude, y.magnitude)
      line("linear([\(x.text), \(y.text)], \(weight))", result)
    case .started:
      let start = line(
        "linear(\(x.text), \(parameter([rows, columns], magnitude: "1 / \(rows)")))", result)
      guard start.shape == result.shape else { return }
      let weight = parameter([rows, columns], magnitude: "1 / \(rows)")
      result.magnitude += start.magnitude
      line("linear(\(x.text), \(weight), start: \(start.text))", result)
    case .hotLinear:
      guard let hot = find({ if case .oneHot = $0.element { true } else { false } }),
        case .oneHot(let n) = hot.element
      else { return }
      result.shape = hot.shape + [columns]
      result.magnitude = 1
      if hot.shape.isEmpty || chance(0.7) {
        line("linear(\(hot.text), \(parameter([n, columns], magnitude: "1")))", result)
      } else if chance(0.5) {
        line("\(hot.text) @ \(parameter([n, columns], magnitude: "1"))", result)
      } else {
        let weight = parameter([columns, n], magnitude: "1")
        line("matmul(\(hot.text), \(weight), transpose_b: true)", result)
      }
    case .matmul:
      guard x.shape.count >= 2, x.magnitude <= 1 else { return }
      let inner = x.shape[x.shape.count - 2]
      guard
        let y = find({
          $0.element == .number && $0.shape.count >= 2 && $0.magnitude <= 1
            && ($0.shape[$0.shape.count - 1] == rows || $0.shape[$0.shape.count - 2] == rows
              || $0.shape[$0.shape.count - 2] == inner)
        })
      else { return }
      let (last, first) = (y.shape[y.shape.count - 1], y.shape[y.shape.count - 2])
      let batch = Self.broadcast(Array(x.shape.dropLast(2)), Array(y.shape.dropLast(2)))
      guard let batch else { return }
      // The rows of either side are summed over; 33 is the most of them.
      result.magnitude = 33
      if first == rows {
        result.shape = batch + [inner, last]
        line("matmul(\(x.text), \(y.text))", result)
      } else if last == rows {
        result.shape = batch + [inner, first]
        line("matmul(\(x.text), \(y.text), transpose_b: true)", result)
      } else {
        result.shape = batch + [rows, last]
        line("matmul(\(x.text), \(y.text), transpose_a: true)", result)
      }
    default:
      guard x.shape.count >= 2 else { return }
      line("\(x.text) @ \(parameter([rows, columns], magnitude: "1 / \(rows)"))", result)
    }
  }

  /// Returns the shape that two shapes have after broadcasting, where only missing axes differ.
  static func broadcast(_ a: [String], _ b: [String]) -> [String]? {
    let (short, long) = a.count < b.count ? (a, b) : (b, a)
    return Array(long.suffix(short.count)) == short ? long : nil
  }

  private mutating func move(_ kind: Kind) {
    guard let x = numbers(rank: 1), x.shape.count < 5 else { return }
    let axis = Int.random(in: 0..<x.shape.count, using: &random)
    var result = x
    switch kind {
    case .concat:
      guard let y = find({ $0.element == .number && $0.shape == x.shape }) else { return }
      (result.isExact, result.magnitude) = (x.isExact && y.isExact, max(x.magnitude, y.magnitude))
      result.shape[axis] = "2 * \(x.shape[axis])"
      guard !x.shape[axis].contains(" ") else { return }
      let joined = line("concat(\(x.text), \(y.text), axis: \(axis))", result)
      if chance(0.5) { split(joined, axis) }
    case .split:
      guard
        let both = find({ q in
          q.element == .number && q.shape.contains { $0.hasPrefix("2 * ") }
        }), let axis = both.shape.firstIndex(where: { $0.hasPrefix("2 * ") })
      else { return }
      split(both, axis)
    case .slice:
      if let axis = x.shape.firstIndex(where: { $0.hasPrefix("2 * ") }) {
        let half = String(x.shape[axis].dropFirst(4))
        result.shape[axis] = half
        line("slice(\(x.text), \(half) ..< 2 * \(half), axis: \(axis))", result)
      } else {
        result.shape[axis] = "1"
        line("slice(\(x.text), 0 ..< 1, axis: \(axis))", result)
      }
    case .place:
      // Only names have places.
      if x.text.contains("(") { return }
      result.shape.remove(at: axis)
      let colons = String(repeating: ":, ", count: axis)
      line("abs(\(x.text)[\(colons)0])", result)
    case .transpose:
      var axes = Array(x.shape.indices)
      axes.shuffle(using: &random)
      result.shape = axes.map { x.shape[$0] }
      if axes == Array(axes.indices.reversed()), chance(0.5) {
        line("transpose(\(x.text))", result)
      } else {
        line(
          "transpose(\(x.text), axes: [\(axes.map(String.init).joined(separator: ", "))])", result)
      }
    case .reshape:
      result.shape.insert("1", at: axis)
      line("reshape(\(x.text), [\(result.shape.joined(separator: ", "))])", result)
    default:
      guard let y = find({ $0.element == .number && $0.shape == x.shape }) else { return }
      (result.isExact, result.magnitude) = (x.isExact && y.isExact, max(x.magnitude, y.magnitude))
      result.shape.insert("2", at: axis)
      line("stack(\(x.text), \(y.text), axis: \(axis))", result)
    }
  }

  /// Appends the line that cuts `both` in halves along `axis`.
  private mutating func split(_ both: Quantity, _ axis: Int) {
    var result = both
    result.shape[axis] = String(both.shape[axis].dropFirst("2 * ".count))
    let names = [name("v"), name("v")]
    items[items.count - 1].append(
      .init(
        target: .parts(names, type: result.type ?? ""),
        expression: "split(\(both.text), 2, axis: \(axis))"))
    for name in names {
      result.text = name
      pool.append(result)
    }
  }

  private mutating func decide(_ kind: Kind) {
    let relations = Comparison.allCases.map(\.rawValue)
    func isIndex(_ q: Quantity) -> Bool { if case .index = q.element { true } else { false } }
    switch kind {
    case .compare:
      guard let x = find({ $0.element == .number && $0.isExact }) else { return }
      let y = find { $0.element == .number && $0.isExact && $0.shape == x.shape }
      let result = Quantity(text: "", element: .truth, shape: x.shape, isExact: true)
      line("\(pick(relations))(\(x.text), \(chance(0.7) ? y?.text ?? "0.25" : "0.25"))", result)
    case .indexCompare:
      guard let x = find(isIndex) else { return }
      let y = find { $0.element == x.element && $0.shape == x.shape }
      let result = Quantity(text: "", element: .truth, shape: x.shape, isExact: true)
      line("\(pick(relations))(\(x.text), \(chance(0.5) ? y?.text ?? "0" : "0"))", result)
    case .select:
      guard let c = find({ $0.element == .truth }),
        let x = find({ $0.element == .number && $0.shape == c.shape })
      else { return }
      let y = find { $0.element == .number && $0.shape == c.shape }
      var result = x
      result.magnitude = max(x.magnitude, y?.magnitude ?? 0)
      result.isExact = x.isExact && y?.isExact != false
      line("where(\(c.text), \(x.text), \(y?.text ?? "0"))", result)
    case .argmax:
      guard let x = find({ $0.element == .number && $0.isExact && $0.shape.count > 1 }),
        let last = x.shape.last, !last.contains(" ")
      else { return }
      line(
        "argmax(\(x.text), axis: -1)",
        Quantity(text: "", element: .index(last), shape: x.shape.dropLast(), isExact: true))
    case .gather:
      guard let k = find(isIndex), case .index(let n) = k.element, !n.contains("+") else { return }
      let columns = pick(["p", "q"])
      line(
        "gather(\(parameter([n, columns], magnitude: "1")), \(k.text))",
        Quantity(text: "", shape: k.shape + [columns]))
    case .convert:
      guard let x = find({ $0.element == .truth || isIndex($0) }) else { return }
      line(
        "f32(\(x.text))",
        Quantity(
          text: "", shape: x.shape, magnitude: x.element == .truth ? 1 : 33, isExact: true))
    case .mask:
      // Lengths are indices of steps.
      guard let k = find(isIndex), k.shape == ["b"] else { return }
      line(
        "mask(\(k.text), 3)", Quantity(text: "", element: .truth, shape: ["3", "b"], isExact: true))
    default:
      guard let k = find(isIndex), case .index(let n) = k.element, !n.contains("+") else { return }
      line(
        "one_hot(\(k.text))", Quantity(text: "", element: .oneHot(n), shape: k.shape, isExact: true)
      )
    }
  }

  private mutating func differentiate(_ kind: Kind) {
    guard let x = numbers(rank: 1), let last = x.shape.last else { return }
    var result = x
    let rows = Array(x.shape.dropLast())
    switch kind {
    case .loss, .lossGradient:
      guard let k = find({ $0.element == .index(last) && $0.shape == rows }) else { return }
      let mask = find { $0.element == .truth && $0.shape == rows }
      let arguments = "\(x.text), \(k.text)\(mask.map { ", mask: \($0.text)" } ?? "")"
      (result.isExact, result.magnitude) = (false, kind == .loss ? 2 * x.magnitude + 4.3 : 1)
      if kind == .loss { result.shape = [] }
      line("\(kind == .loss ? "cross_entropy" : "cross_entropy_gradient")(\(arguments))", result)
    case .weightGradient:
      guard
        let z = find({
          $0.element == .number && !$0.shape.isEmpty && Array($0.shape.dropLast()) == rows
        }), let columns = z.shape.last
      else { return }
      (result.shape, result.isExact) = ([last, columns], false)
      // So many rows there can be.
      result.magnitude = 33 * 33 * x.magnitude * z.magnitude
      line("weight_gradient(\(x.text), \(z.text))", result)
    case .scatterAdd:
      guard
        let k = find({ q in
          if case .index(let n) = q.element {
            return !n.contains("+") && Array(x.shape.prefix(q.shape.count)) == q.shape
          }
          return false
        }), case .index(let n) = k.element
      else { return }
      result.shape = [n] + x.shape.dropFirst(k.shape.count)
      (result.isExact, result.magnitude) = (false, 33 * 33 * x.magnitude)
      line("scatter_add(\(x.text), \(k.text), \(n))", result)
    case .broadcast:
      guard x.shape.count < 4 else { return }
      result.shape = [pick(["p", "q"])] + x.shape
      line("broadcast(\(x.text), [\(result.shape.joined(separator: ", "))])", result)
    case .detach:
      line("detach(\(x.text))", result)
    default:
      guard let y = partner(of: x) else { return }
      (result.shape, result.isExact) = ([], false)
      result.magnitude = (x.magnitude + y.magnitude) * (x.magnitude + y.magnitude)
      line("mse(\(x.text), \(y.text))", result)
    }
  }

  private mutating func reduce(_ kind: Kind) {
    guard let x = numbers(rank: 1) else { return }
    var result = x
    let axis = Int.random(in: 0..<x.shape.count, using: &random)
    if kind == .softmax {
      (result.isExact, result.magnitude) = (false, 1)
      if chance(0.4) {
        result.magnitude = 2 * x.magnitude + 4.3
        line("log_softmax(\(x.text), axis: \(axis))", result)
      } else {
        line(chance(0.5) ? "softmax(\(x.text))" : "softmax(\(x.text), axis: \(axis))", result)
      }
      return
    }
    let f = pick(Reduction.allCases)
    if f != .max { result.isExact = false }
    if f == .sum { result.magnitude *= 66 }
    if chance(0.3) {
      result.shape[axis] = "1"
      line("\(f.rawValue)(\(x.text), axis: \(axis), keepdims: true)", result)
    } else if x.shape.count > 1, chance(0.3) {
      result.shape = Array(x.shape.dropFirst(2))
      line("\(f.rawValue)(\(x.text), axis: [0, 1])", result)
    } else {
      result.shape.remove(at: axis)
      line("\(f.rawValue)(\(x.text), axis: \(axis))", result)
    }
  }

}

import Foundation
import IR

/// What is known of the elements of a value: an interval that they lie in, and how far those of
/// single precision may be from those of an exact evaluation.
struct RoundingBound: Equatable {

  var lower: Double
  var upper: Double

  /// The largest distance; infinite where nothing can be said.
  var error: Double

  /// The largest magnitude.
  var magnitude: Double { max(abs(lower), abs(upper)) }

  /// Creates the bound of numbers between `lower` and `upper`.
  init(_ lower: Double, _ upper: Double, error: Double = 0) {
    self.lower = lower
    self.upper = upper
    self.error = error
  }

  /// Returns the bound of elements of `self` and of `other`.
  func union(_ other: RoundingBound) -> RoundingBound {
    RoundingBound(
      min(lower, other.lower), max(upper, other.upper), error: max(error, other.error))
  }

}

/// The bounds of the values of an entry, derived from the number of operations.
///
/// Each operation adds what it can round and passes on, times its steepest slope, what was rounded
/// before. A sum of *n* products is off by at most *n* + 2 units whatever its order is, elementary
/// functions by `functionUnits`, all others by one; a unit is 2^-24 times the largest magnitude.
/// Comparisons and choices of places are exact for exact operands; otherwise nothing can be said.
struct RoundingAnalysis {

  /// Half the distance of 1 and the next number of single precision.
  private static let unit = 0x1p-24

  /// What rounding to a denormal number adds to an error: half of 2^-149, for each of the 2^11
  /// terms that a sum has at most.
  private static let denormalError = 0x1p-139

  /// The units by which an elementary function may be off.
  private static let functionUnits = 8.0

  private let module: Module
  private let entry: Entry
  private let source: (IR.Source, ElementType) -> RoundingBound
  private var bounds: [Value: RoundingBound] = [:]

  /// The number of steps of each dimension, which scans do.
  private let dimensions: [IR.Dimension]

  /// Analyses `entry` of `module`, where parameters lie in the intervals that they are declared to
  /// start in, and inputs and states have magnitudes up to `range`.
  init(_ module: Module, _ entry: Entry, range: Double) {
    self.module = module
    self.entry = entry
    self.dimensions = module.dimensions
    source = { source, element in
      switch source {
      case .number(let x):
        RoundingBound(x.value, x.value, error: abs(x.value - Double(Float(x.value))))
      case .parameter(let p):
        Self.initial(module.parameters[p].initial, module.parameters[p].type, module)
      case .constant(let c):
        Self.initial(module.constants[c].initial, module.constants[c].type, module)
      case .input, .state, .slot:
        switch element {
        case .index(let n): RoundingBound(0, Double(n.value(in: module.dimensions) ?? 0))
        case .f32, .bool, .oneHot: RoundingBound(-range, range)
        }
      case .bound: RoundingBound(-.infinity, .infinity, error: .infinity)
      }
    }
    evaluate(entry.graph.body)
  }

  /// The bound of `value`, a result of the entry.
  func bound(of value: Value) -> RoundingBound { bounds[value] ?? sourceBound(of: value) }

  private static func initial(
    _ initial: InitialValue, _ type: TensorType, _ module: Module
  ) -> RoundingBound {
    let d = module.dimensions
    switch initial {
    case .zeros: return RoundingBound(0, 0)
    case .ones: return RoundingBound(1, 1)
    case .constant(let x):
      let x = x.value(in: d)
      return RoundingBound(x, x, error: abs(x) * unit)
    case .uniform(let low, let high): return RoundingBound(low.value(in: d), high.value(in: d))
    case .scaled(let scaled):
      let sizes = type.sizes(in: d) ?? []
      let bound = (3 * scaled.variance(sizes: sizes, in: d)).squareRoot()
      return scaled.isNormal
        ? RoundingBound(-.infinity, .infinity, error: .infinity) : RoundingBound(-bound, bound)
    case .literal(let elements):
      let numbers = elements.map(\.value)
      let error = numbers.map { abs($0 - Double(Float($0))) }.max() ?? 0
      return RoundingBound(numbers.min() ?? 0, numbers.max() ?? 0, error: error)
    case .iota, .normal, .parameter:
      return RoundingBound(-.infinity, .infinity, error: .infinity)
    }
  }

  private func sourceBound(of value: Value) -> RoundingBound {
    let node = entry.graph[value.node]
    switch node.op {
    case .source(let s): return source(s, node.results[0].type.element)
    case .at: return bound(of: node.operands[0])
    default: preconditionFailure("values are bounded in the order of the text")
    }
  }

  private mutating func evaluate(_ block: Block) {
    for id in block.nodes {
      let node = entry.graph[id]
      if case .scan(let scan) = node.op {
        for (i, b) in results(of: scan, node).enumerated() { bounds[Value(id, i)] = b }
      } else {
        var result = result(of: node)
        if result.error > 0 { result.error += Self.denormalError }
        bounds[Value(id)] = result
      }
    }
  }

  private mutating func results(of scan: Scan, _ node: Node) -> [RoundingBound] {
    let initials = node.operands.dropFirst(scan.hasLengths ? 1 : 0)
    var states = initials.map { bound(of: $0) }
    var stacks: [RoundingBound?] = scan.stacked.map { _ in nil }
    let count = scan.count.value(in: dimensions) ?? 0
    for _ in 0..<count {
      bounds[scan.body.arguments[0]] = RoundingBound(0, Double(count))
      for (argument, state) in zip(scan.body.arguments.dropFirst(), states) {
        bounds[argument] = state
      }
      evaluate(scan.body)
      let results = scan.body.results.map { bound(of: $0) }
      for i in states.indices {
        states[i] = scan.hasLengths ? states[i].union(results[i]) : results[i]
      }
      for i in stacks.indices {
        let new = results[states.count + i]
        stacks[i] = stacks[i].map { $0.union(new) } ?? new
      }
    }
    return states + stacks.map { ($0 ?? RoundingBound(0, 0)).union(RoundingBound(0, 0)) }
  }

  private func size(of v: Value, axis: Int) -> Double {
    Double(entry.graph.type(of: v).denseShape[axis].value(in: dimensions) ?? 0)
  }

  /// Returns the product, where nothing times anything is nothing.
  private func times(_ x: Double, _ y: Double) -> Double { x == 0 || y == 0 ? 0 : x * y }

  private func result(of node: Node) -> RoundingBound {
    let x = node.operands.map { bound(of: $0) }
    switch node.op {
    case .source, .argument, .at, .scan: preconditionFailure("such nodes compute nothing")
    case .linear(let linear): return product(linear, node, x)
    case .matmul(let isTransposed, _):
      let rank = entry.graph.type(of: node.operands[0]).denseShape.count
      let n = size(of: node.operands[0], axis: isTransposed ? rank - 2 : rank - 1)
      return sum(of: [(n, x[0], x[1])])
    case .oneHot, .mask: return RoundingBound(0, 1)
    case .concat, .stack: return x.dropFirst().reduce(x[0]) { $0.union($1) }
    case .slice, .transpose, .reshape, .convert, .detach, .broadcast: return x[0]
    case .unary(let f): return unary(f, x[0])
    case .binary(let f): return binary(f, x[0], x[1])
    case .compare:
      return RoundingBound(0, 1, error: x[0].error == 0 && x[1].error == 0 ? 0 : .infinity)
    case .select:
      var result = x[1].union(x[2])
      if x[0].error > 0 { result.error = .infinity }
      return result
    case .softmax(let axis, let isLogarithmic):
      let units = (size(of: node.operands[0], axis: axis) + 2 * Self.functionUnits) * Self.unit
      if !isLogarithmic { return RoundingBound(0, 1, error: 2 * x[0].error + units) }
      let depth = x[0].upper - x[0].lower + log(size(of: node.operands[0], axis: axis))
      return RoundingBound(-depth, 0, error: 2 * x[0].error + units * (1 + depth))
    case .reduce(let f, let axes, _):
      let n = axes.reduce(1) { $0 * size(of: node.operands[0], axis: $1) }
      switch f {
      case .max: return x[0]
      case .sum: return sum(of: [(n, x[0], RoundingBound(1, 1))])
      case .mean:
        let error = x[0].error + (n + 2) * Self.unit * x[0].magnitude
        return RoundingBound(x[0].lower, x[0].upper, error: error)
      }
    case .convolution(let convolution): return images(convolution, node, x)
    case .pool(let pool): return images(pool, x)
    case .dropout(let dropout):
      let scale = 1 / (1 - dropout.rate)
      let error = scale * (x[0].error + 2 * Self.unit * x[0].magnitude)
      return RoundingBound(scale * min(0, x[0].lower), scale * max(0, x[0].upper), error: error)
    case .argmax(let axis):
      let n = size(of: node.operands[0], axis: axis)
      return RoundingBound(0, n - 1, error: x[0].error == 0 ? 0 : .infinity)
    case .gather:
      var result = x[0]
      if x[1].error > 0 { result.error = .infinity }
      return result
    case .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd:
      return gradient(node, x)
    }
  }

  private func images(
    _ convolution: Convolution, _ node: Node, _ x: [RoundingBound]
  ) -> RoundingBound {
    func product(of v: Value, _ axes: [Int]) -> Double {
      axes.reduce(1) { $0 * size(of: v, axis: $1) }
    }
    let b = node.operands[1]
    switch convolution.role {
    case .result(let hasBias):
      let bias = hasBias ? [(1.0, x[2], RoundingBound(1, 1))] : []
      return sum(of: [(product(of: b, [1, 2, 3]), x[0], x[1])] + bias)
    case .imageGradient: return sum(of: [(product(of: b, [0, 2, 3]), x[0], x[1])])
    case .kernelGradient: return sum(of: [(product(of: b, [0, 2, 3]), x[0], x[1])])
    }
  }

  private func images(_ pool: Pool, _ x: [RoundingBound]) -> RoundingBound {
    if pool.role == .largest { return x[0] }
    // An element can be the largest of all windows that it is in.
    let windows = pool.role == .gradient ? Double(pool.size * pool.size) : 1
    var result = sum(of: [(windows, x[1], RoundingBound(1, 1))])
    if x[0].error > 0 { result.error = .infinity }
    return result
  }

  /// Returns the bound of a loss, or of a sum over rows.
  private func gradient(_ node: Node, _ x: [RoundingBound]) -> RoundingBound {
    let shape = entry.graph.type(of: node.operands[0]).denseShape
    let rows = shape.indices.dropLast().reduce(1) { $0 * size(of: node.operands[0], axis: $1) }
    let one = RoundingBound(1, 1)
    switch node.op {
    case .crossEntropy:
      // The mean of logarithms of a softmax.
      let n = size(of: node.operands[0], axis: shape.count - 1)
      let depth = x[0].upper - x[0].lower + log(n)
      let units = (n + rows + 2 * Self.functionUnits) * Self.unit
      return RoundingBound(0, depth, error: 2 * x[0].error + units * (1 + depth))
    case .crossEntropyGradient:
      let n = size(of: node.operands[0], axis: shape.count - 1)
      let units = (n + 2 * Self.functionUnits) * Self.unit
      return RoundingBound(-1, 1, error: 2 * x[0].error + units)
    case .weightGradient: return sum(of: [(rows, x[0], x[1])])
    case .scatterAdd:
      let rank = entry.graph.type(of: node.operands[1]).shape.count
      let count = (0..<rank).reduce(1) { $0 * size(of: node.operands[1], axis: $1) }
      var result = sum(of: [(count, x[0], one)])
      if x[1].error > 0 { result.error = .infinity }
      return result
    default: preconditionFailure("the operation is one of those above")
    }
  }

  /// Returns the bound of a sum of products, of which there are some of each kind.
  private func sum(
    of terms: [(count: Double, x: RoundingBound, y: RoundingBound)]
  ) -> RoundingBound {
    var (magnitude, error, count) = (0.0, 0.0, 0.0)
    for (n, x, y) in terms {
      magnitude += n * times(x.magnitude, y.magnitude)
      error +=
        n
        * (times(x.error, y.magnitude) + times(y.error, x.magnitude) + times(x.error, y.error))
      count += n
    }
    return RoundingBound(
      -magnitude, magnitude, error: error + (count + 2) * Self.unit * magnitude)
  }

  private func product(_ linear: Linear, _ node: Node, _ x: [RoundingBound]) -> RoundingBound {
    var terms: [(count: Double, x: RoundingBound, y: RoundingBound)] = []
    for i in linear.partOperands {
      let type = entry.graph.type(of: node.operands[i])
      let weight = x[linear.weightOperands.lowerBound + (linear.hasWeightPerPart ? i : 0)]
      var n = size(of: node.operands[i], axis: type.denseShape.count - 1)
      // One element of a one-hot row is 1, the others are 0.
      if case .oneHot = type.element { n = 1 }
      terms.append((n, x[i], weight))
    }
    let one = RoundingBound(1, 1)
    if let bias = linear.biasOperand { terms.append((1, x[bias], one)) }
    if let start = linear.startOperand { terms.append((1, x[start], one)) }
    return sum(of: terms)
  }

  private func unary(_ f: Unary, _ x: RoundingBound) -> RoundingBound {
    let units = Self.functionUnits * Self.unit
    switch f {
    case .neg: return RoundingBound(-x.upper, -x.lower, error: x.error)
    case .exp:
      return RoundingBound(
        exp(x.lower), exp(x.upper), error: exp(x.upper) * (exp(x.error) - 1 + units))
    case .log:
      let least = x.lower - x.error
      guard least > 0 else { return RoundingBound(-.infinity, .infinity, error: .infinity) }
      let magnitude = max(abs(log(x.lower)), abs(log(x.upper)))
      return RoundingBound(
        log(x.lower), log(x.upper), error: x.error / least + units * (1 + magnitude))
    case .sqrt:
      let least = x.lower - x.error
      guard x.lower >= 0 else { return RoundingBound(-.infinity, .infinity, error: .infinity) }
      let slope = least > 0 ? x.error / (2 * least.squareRoot()) : x.error.squareRoot()
      return RoundingBound(
        x.lower.squareRoot(), x.upper.squareRoot(),
        error: slope + 2 * Self.unit * x.upper.squareRoot())
    case .abs:
      let least = x.lower > 0 ? x.lower : x.upper < 0 ? -x.upper : 0
      return RoundingBound(least, x.magnitude, error: x.error)
    case .tanh: return RoundingBound(tanh(x.lower), tanh(x.upper), error: x.error + units)
    case .sigmoid: return RoundingBound(0, 1, error: x.error / 4 + units)
    case .relu: return RoundingBound(max(0, x.lower), max(0, x.upper), error: x.error)
    case .flush:
      // Of an exact number both sides flush the same.
      return RoundingBound(
        x.lower, x.upper, error: x.error == 0 ? 0 : x.error + Unary.flushLimit)
    case .not: return x
    }
  }

  private func binary(_ f: Binary, _ x: RoundingBound, _ y: RoundingBound) -> RoundingBound {
    let (unit, error) = (Self.unit, x.error + y.error)
    switch f {
    case .add:
      let result = RoundingBound(x.lower + y.lower, x.upper + y.upper)
      return RoundingBound(result.lower, result.upper, error: error + unit * result.magnitude)
    case .sub:
      return binary(.add, x, RoundingBound(-y.upper, -y.lower, error: y.error))
    case .mul:
      let corners = [
        times(x.lower, y.lower), times(x.lower, y.upper), times(x.upper, y.lower),
        times(x.upper, y.upper),
      ]
      let magnitude = times(x.magnitude, y.magnitude)
      return RoundingBound(
        corners.min() ?? 0, corners.max() ?? 0,
        error: times(x.error, y.magnitude) + times(y.error, x.magnitude)
          + times(x.error, y.error) + unit * magnitude)
    case .div:
      let least = (y.lower > 0 ? y.lower : y.upper < 0 ? -y.upper : 0) - y.error
      guard least > 0 else { return RoundingBound(-.infinity, .infinity, error: .infinity) }
      let magnitude = x.magnitude / least
      return RoundingBound(
        -magnitude, magnitude, error: (x.error + magnitude * y.error) / least + 4 * unit * magnitude
      )
    case .max:
      return RoundingBound(
        max(x.lower, y.lower), max(x.upper, y.upper), error: max(x.error, y.error))
    case .min:
      return RoundingBound(
        min(x.lower, y.lower), min(x.upper, y.upper), error: max(x.error, y.error))
    case .and, .or: return RoundingBound(0, 1, error: max(x.error, y.error))
    }
  }

}

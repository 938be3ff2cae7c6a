import IR

@testable import Interpreter

/// What rounding, and the order of the terms of sums, may make of the results of operations.
///
/// Evaluations that are varied in several ways show which elements of a result have a kind that
/// does not depend on either: a NaN, an infinity, a zero of one sign or other numbers of one sign.
/// An element that is 1 divided by a zero sum is not one of them, nor is infinity times what
/// rounding could make zero. All others must have the same kind however a graph is computed.
///
/// Two variations give all zero sums one sign, so that what depends on one of them is found. The
/// others give them random ones, for what depends on several.
struct Variation {

  /// The units by which a result is varied at most: twice what `RoundingAnalysis` has for an
  /// elementary function, a unit being 2^-24 times the magnitude of a result, or of its terms.
  private static let units = 16.0

  /// Half the distance of denormal numbers, times as many units.
  private static let least = units * 0x1p-150

  /// Products of numbers of which some are smaller may underflow.
  private static let tiny = 0x1p-60

  /// Sums of terms of which some could be this large may become infinite on the way.
  private static let large = 0x1p126

  /// The signs of zero sums in each variation; `nil` is a random one.
  private static let signs: [FloatingPointSign?] = [.plus, .minus, nil, nil, nil, nil]

  /// The number of variations that show what is determined.
  static var count: Int { signs.count }

  /// What each variation makes of a sum that may overflow on the way, besides leaving it; `nil` is
  /// anything.
  private static let overflows: [Double?] = [nil, .nan, .infinity, -.infinity, nil, nil]

  /// Whether zeros around images, or around gradients of images, are terms in each variation; `nil`
  /// is at random.
  private static let readsZeros: [Bool?] = [false, true, nil, nil, nil, nil]

  private let sign: FloatingPointSign?
  private let overflow: Double?
  private let readsZeros: Bool?
  private var random: SplitMix64

  /// Creates variation `number`, less than `count`.
  init(number: Int) {
    sign = Self.signs[number]
    overflow = Self.overflows[number]
    readsZeros = Self.readsZeros[number]
    random = SplitMix64(seed: UInt64(number))
  }

  /// Returns `result`, that of `node` on `operands`, varied.
  mutating func varied(
    _ node: Node, _ operands: [DenseArray], _ result: DenseArray, _ dimensions: [IR.Dimension]
  ) -> DenseArray {
    switch node.op {
    case .source, .argument, .at, .scan, .oneHot, .concat, .slice, .transpose, .reshape, .stack,
      .compare, .select, .argmax, .gather, .convert, .mask, .detach, .broadcast,
      .reduce(.max, _, _), .unary(.neg), .unary(.abs), .unary(.relu), .unary(.flush), .unary(.not),
      .binary(.max), .binary(.min), .binary(.and), .binary(.or):
      return result
    case .unary(.exp), .unary(.log), .unary(.sqrt), .unary(.tanh), .unary(.sigmoid):
      // Limits are not rounded.
      return rounded(result) { operands[0].elements[$0].isFinite }
    case .binary(.add), .binary(.sub), .binary(.mul), .binary(.div), .dropout:
      return rounded(result) { _ in true }
    case .softmax(_, logarithmic: false): return rounded(result) { _ in true }
    case .softmax(_, logarithmic: true), .crossEntropy, .crossEntropyGradient:
      // Differences of numbers of magnitude 1 or more.
      return summed(result, magnitudes: result.map { $0 == 0 ? 0 : 1 + abs($0) })
    case .pool(let pool) where pool.role != .gradient: return result
    case .linear, .matmul, .reduce, .weightGradient, .scatterAdd, .convolution, .pool:
      let sums = summed(
        result, magnitudes: magnitudes(node, operands, dimensions),
        mayUnderflow: operands.contains { $0.elements.contains { $0 != 0 && abs($0) < Self.tiny } })
      guard case .convolution(let convolution) = node.op else { return sums }
      return surrounded(sums, of: convolution, operands)
    }
  }

  /// Returns `result`, that of `convolution` on `operands`, where zeros around what the first
  /// operand holds are terms or are left out: with NaN, or without, where one of them meets a
  /// number of the second operand that is not finite.
  private mutating func surrounded(
    _ result: DenseArray, of convolution: Convolution, _ operands: [DenseArray]
  ) -> DenseArray {
    let wild = operands[1].map { $0.isFinite ? 0 : 1 }
    guard wild.elements.contains(1) else { return result }
    var unbiased = convolution
    if case .result = convolution.role { unbiased = convolution.with(.result(hasBias: false)) }
    // How many numbers that are not finite meet elements. The others of the channel meet zeros.
    let met = DenseArray.convolution(
      unbiased, [operands[0].map { _ in 1 }, wild], shape: result.shape)
    let (axis, wildAxis) =
      switch convolution.role {
      case .result: (1, 0)
      case .imageGradient: (1, 1)
      case .kernelGradient: (0, 1)
      }
    var counts = Array(repeating: 0.0, count: result.shape[axis])
    for (i, x) in wild.elements.enumerated() { counts[wild.place(of: i, along: wildAxis)] += x }
    return DenseArray(
      shape: result.shape,
      result.elements.enumerated().map { i, x in
        if met.elements[i] == counts[result.place(of: i, along: axis)] { return x }
        return readsZeros ?? Bool.random(using: &random) ? .nan : x
      })
  }

  /// Returns the sums of the magnitudes of the finite terms.
  private func magnitudes(
    _ node: Node, _ operands: [DenseArray], _ dimensions: [IR.Dimension]
  ) -> DenseArray {
    let isChoice = if case .pool = node.op { true } else { false }
    let magnitudes = operands.enumerated().map { i, x in
      x.map { isChoice && i == 0 ? $0 : $0.isFinite ? abs($0) : 0 }
    }
    let result = try? Interpreter.evaluate(
      node.op, magnitudes, type: node.results[0].type, in: dimensions)
    guard let result else { preconditionFailure("the operation has been done on such operands") }
    return result
  }

  /// Returns how far, and in which direction, a result is varied: as far as possible where zero
  /// sums have one sign.
  private mutating func factor() -> Double {
    switch sign {
    case .plus: 1
    case .minus: -1
    case nil: Double.random(in: -1...1, using: &random)
    }
  }

  /// Returns `result` with what single precision does not hold rounded in some way, except where
  /// `isRounded` is false.
  private mutating func rounded(
    _ result: DenseArray, where isRounded: (Int) -> Bool
  ) -> DenseArray {
    DenseArray(
      shape: result.shape,
      result.elements.enumerated().map { i, x in
        guard isRounded(i), x.isFinite, Double(Float(x)) != x else { return x }
        let y = x + factor() * (abs(x) * Self.units * 0x1p-24 + Self.least)
        // Rounding changes no sign.
        return x < 0 ? min(y, -0.0) : max(y, 0)
      })
  }

  /// Returns `result`, sums of terms whose magnitudes have the sums `magnitudes`, in another order.
  ///
  /// If terms may underflow, a sum that seems to be zero may be a number that is rounded with the
  /// sum that it becomes part of.
  private mutating func summed(
    _ result: DenseArray, magnitudes: DenseArray, mayUnderflow: Bool = false
  ) -> DenseArray {
    DenseArray(
      shape: result.shape,
      zip(result.elements, magnitudes.elements).map { x, magnitude in
        if magnitude > Self.large {
          if let overflow { return overflow }
          return [x, .nan, .infinity, -.infinity].randomElement(using: &random) ?? x
        }
        guard x.isFinite else { return x }
        if x == 0, magnitude == 0 {
          return Double(
            sign: sign ?? (Bool.random(using: &random) ? .plus : .minus),
            mayUnderflow ? Self.least : 0)
        }
        return x + factor() * (magnitude * Self.units * 0x1p-24 + Self.least)
      })
  }

}

extension DenseArray {

  /// Returns the place along `axis` of element `i`.
  fileprivate func place(of i: Int, along axis: Int) -> Int { i / strides[axis] % shape[axis] }

}

extension Double {

  /// Creates zero, or a number of `magnitude`, with `sign`.
  fileprivate init(sign: FloatingPointSign, _ magnitude: Double) {
    self = sign == .minus ? -magnitude : magnitude
  }

}

/// What kind of number an element is.
enum NumberKind: Equatable {

  case notANumber
  case infinite(FloatingPointSign)
  case zero(FloatingPointSign)
  case finite(FloatingPointSign)

  /// Creates the kind of `x` in single precision.
  init(_ x: Double) {
    let x = Float(x)
    if x.isNaN {
      self = .notANumber
    } else if x.isInfinite {
      self = .infinite(x.sign)
    } else {
      self = x == 0 ? .zero(x.sign) : .finite(x.sign)
    }
  }

}

/// What the interpreter yields, and what it yields in all variations.
struct VariedResults {

  /// The results without variation.
  let expected: Interpreter.Results

  private let variations: [Interpreter.Results]

  /// Creates the results `expected` without variations.
  init(_ expected: Interpreter.Results) {
    self.expected = expected
    variations = []
  }

  /// Evaluates by `evaluate`, which reads results as it is told, once without variation and, if
  /// `isSpecial`, in each variation.
  init(
    isSpecial: Bool, by evaluate: (Interpreter.Reading?) throws -> Interpreter.Results
  ) rethrows {
    expected = try evaluate(nil)
    variations = try (0..<(isSpecial ? Variation.count : 0)).map { number in
      var variation = Variation(number: number)
      return try evaluate { variation.varied($0, $1, $2, $3) }
    }
  }

  /// Returns a phrase about the first output, state, parameter or slot in which `found` differs, or
  /// `nil`; all but outputs that only one side has are not looked at.
  ///
  /// Where the kind of an element is determined, it must be of that kind. Finite numbers must not
  /// differ by more than `tolerance` of their name and of what is expected; by any amount if that
  /// is `nil`.
  func difference(
    _ found: Interpreter.Results, tolerance: (String, DenseArray) -> Double?
  ) -> String? {
    let names = expected.outputs.map(\.name)
    guard names == found.outputs.map(\.name) else {
      return "found the outputs \(found.outputs.map(\.name)), expected \(names)"
    }
    for (i, (a, b)) in zip(expected.outputs, found.outputs).enumerated() {
      let problem = difference(b.value, tolerance(a.name, a.value)) { $0.outputs[i].value }
      if let problem { return "output '\(a.name)': \(problem)" }
    }
    let kinds: [(String, (Interpreter.Results) -> [String: DenseArray])] = [
      ("state", \.states), ("parameter", \.parameters), ("slot", \.slots),
    ]
    for (kind, arrays) in kinds {
      for (name, a) in arrays(expected).sorted(by: { $0.key < $1.key }) {
        guard let b = arrays(found)[name] else { continue }
        let problem = difference(b, tolerance(name, a)) { arrays($0)[name] }
        if let problem { return "\(kind) '\(name)': \(problem)" }
      }
    }
    return nil
  }

  /// Returns a phrase about the first element in which `found` differs from what `part` is, or
  /// `nil`.
  private func difference(
    _ found: DenseArray, _ tolerance: Double?, _ part: (Interpreter.Results) -> DenseArray?
  ) -> String? {
    guard let expected = part(expected) else { return "it is not expected" }
    guard !variations.isEmpty else {
      return tolerance.flatMap { DriverTests.difference(expected, found, absolute: $0) }
    }
    guard expected.shape == found.shape else {
      return "found the shape \(found.shape), expected \(expected.shape)"
    }
    let variations = variations.compactMap(part)
    for (i, (a, b)) in zip(expected.elements, found.elements).enumerated() {
      let kind = NumberKind(a)
      let varied = variations.map { $0.elements[i] }
      let place = "at element \(i) of \(expected.shape)"
      if varied.allSatisfy({ NumberKind($0) == kind }), NumberKind(b) != kind {
        return "found \(b), expected \(a), \(place)"
      }
      guard let tolerance, a.isFinite, varied.allSatisfy(\.isFinite) else { continue }
      if !(abs(a - b) <= tolerance) {
        return "found \(b), expected \(a) +- \(tolerance), \(place)"
      }
    }
    return nil
  }

}

import IR
import Planning

/// The shape of the vectors that a generated file computes with.
///
/// Whether a multiply-add is fused follows the target that the file is compiled for: the text is
/// the same, and without the instruction it is a product and a sum, never a call.
package struct VectorTarget: Hashable, Sendable {

  /// The number of elements in a vector: 4, 8 or 16.
  package let lanes: Int

  /// Creates a target with vectors of `lanes` elements.
  ///
  /// - Requires: `lanes` is 4, 8 or 16.
  package init(lanes: Int) {
    precondition([4, 8, 16].contains(lanes), "a vector has 4, 8 or 16 lanes")
    self.lanes = lanes
  }

}

/// An operation on vectors that generated code can call.
///
/// In generated text `Vector` holds 32-bit floats and `Integers` 32-bit integers. A truth value is
/// an integer 0 or 1, in memory and in `Integers`. A case is named like its function, unless
/// several operations share the function's name; the text beside each of those shows the call.
/// Unless said otherwise, a result is NaN where an operand is NaN.
package enum VectorOperation: String, CaseIterable, Hashable, Sendable {

  // Arithmetic. `multiplyAdd(a, b, c)` is a * b + c.
  case multiplyAdd, add, subtract, multiply, divide, negate, absolute, squareRoot

  // `copySign(a, b)` is the magnitude of a with the sign of b.
  case copySign

  // The float, or zero of its sign if its magnitude is below the limit of the language.
  case flush

  // Comparisons of vectors, `equal(v, w)`. All but `notEqual` are 0 where an operand is NaN.
  case equal, notEqual, less, lessEqual, greater, greaterEqual

  // Comparisons of integers, `equal(i, j)` and so on.
  case integersEqual, integersNotEqual, integersLess, integersLessEqual
  case integersGreater, integersGreaterEqual

  // Logic on truth values.
  case and, or, not

  // `select(i, v, w)` and `select(i, j, k)`: the second operand where the first is not 0.
  case select, selectIntegers

  // `merge(v, w, count: n)`: the first `n` lanes of the first operand, the others of the second.
  case merge

  // Words of 32 bits: sums, products, exclusive or, and `shiftRight(i, n)`, which fills up with
  // zeros.
  case addIntegers, multiplyIntegers, exclusiveOr, shiftRight

  // `scrambled(i, a, b)`: 31 random bits for each of the elements from `i` on, of the key `a`, `b`.
  case scrambled

  // The floats that equal the given integers, rounded to nearest.
  case convert

  // Used by the operations below only.
  case powerOfTwo, splitAtExponent, firstLanes

  // `load(p)` and `store(v, p)` of adjacent elements; `(…, count: n)`, only the first `n`, at least
  // 1, the other lanes loading as 0; `(…, stride: n)`, one element out of `n`; and both.
  case load, loadFirst, loadStrided, loadFirstStrided
  case store, storeFirst, storeStrided, storeFirstStrided
  case loadIntegers, loadFirstIntegers, loadStridedIntegers, loadFirstStridedIntegers
  case storeIntegers, storeFirstIntegers, storeStridedIntegers, storeFirstStridedIntegers

  // `splat(x)`, for a float and for a 32-bit integer.
  case splat, splatIntegers

  // NaN if either operand is; `clamp(v, x, y)` takes scalar bounds.
  case minimum, maximum, clamp, relu

  // Elementary functions and the part that three of them share.
  case reducedExponential, exponential, hyperbolicTangent, sigmoid, logarithm

  // `accumulate(v, &sum, &error)` adds a vector to a sum, without what the last one added too much.
  case accumulate

  // `horizontalSum(v)` adds halves to halves, down to a float; `horizontalMaximum(v)` is a float.
  case horizontalSum, horizontalMaximum

}

extension VectorOperation {

  /// Creates the operation that computes `f` at each lane.
  init(_ f: Unary) {
    self =
      switch f {
      case .neg: .negate
      case .exp: .exponential
      case .log: .logarithm
      case .sqrt: .squareRoot
      case .abs: .absolute
      case .tanh: .hyperbolicTangent
      case .sigmoid: .sigmoid
      case .relu: .relu
      case .flush: .flush
      case .not: .not
      }
  }

  /// Creates the operation that computes `f` at each lane.
  init(_ f: Binary) {
    self =
      switch f {
      case .add: .add
      case .sub: .subtract
      case .mul: .multiply
      case .div: .divide
      case .max: .maximum
      case .min: .minimum
      case .and: .and
      case .or: .or
      }
  }

  /// Creates the operation that compares two vectors of elements of kind `scalar`.
  init(_ f: Comparison, of scalar: Scalar32) {
    let isFloat = scalar == .float
    self =
      switch f {
      case .equal: isFloat ? .equal : .integersEqual
      case .notEqual: isFloat ? .notEqual : .integersNotEqual
      case .less: isFloat ? .less : .integersLess
      case .lessEqual: isFloat ? .lessEqual : .integersLessEqual
      case .greater: isFloat ? .greater : .integersGreater
      case .greaterEqual: isFloat ? .greaterEqual : .integersGreaterEqual
      }
  }

  /// Returns Swift source text of `operations` and all that they use, in a stable order, for
  /// `target`.
  ///
  /// The text begins with the types and ends with a newline. It has two forms of the basic
  /// operations. The one over the compiler's `Builtin` module is vector code from the start; the
  /// one over the standard library, a loop over the lanes until the optimizer rebuilds it, is for
  /// compilations without that feature. Everything is private to the file that holds it.
  package static func source(
    of operations: Set<VectorOperation>, for target: VectorTarget
  ) -> String {
    let used = closure(of: operations)
    let texts = allCases.filter(used.contains).map { $0.text(for: target) }
    let indented = { (text: String) in
      text.split(separator: "\n").map { "  \($0)\n" }.joined()
    }
    var result = """
      fileprivate typealias Vector = SIMD\(target.lanes)<Float>
      fileprivate typealias Integers = SIMD\(target.lanes)<Int32>

      """
    let basic = texts.filter { !$0.builtin.isEmpty }
    if !basic.isEmpty {
      let forms = [basic.map(\.builtin), basic.map(\.standard).filter { !$0.isEmpty }]
        .map { $0.map(indented).joined(separator: "\n") }
      result += "\n#if hasFeature(BuiltinModule)\n  import Builtin\n\n\(forms[0])"
      result += "#else\n\(forms[1])#endif\n"
    }
    for text in texts where !text.common.isEmpty {
      result += "\n\(text.common)\n"
    }
    return result
  }

  /// Returns `operations` and all that they use.
  private static func closure(of operations: Set<VectorOperation>) -> Set<VectorOperation> {
    var result = operations
    var open = Array(operations)
    // Every operation enters `open` at most once.
    while let operation = open.popLast() {
      for used in operation.dependencies where result.insert(used).inserted {
        open.append(used)
      }
    }
    return result
  }

  /// The operations that the text of this one calls.
  private var dependencies: [VectorOperation] {
    switch self {
    case .splitAtExponent: [.convert]
    case .loadFirst, .storeFirst, .loadFirstIntegers, .storeFirstIntegers: [.firstLanes]
    case .merge: [.select, .integersLess, .splatIntegers]
    case .clamp: [.select, .less, .splat]
    case .relu: [.select, .lessEqual, .splat]
    case .reducedExponential: [.clamp, .multiplyAdd, .subtract, .multiply, .splat]
    case .exponential:
      [.reducedExponential, .powerOfTwo, .multiplyAdd, .add, .subtract, .multiply, .splat]
    case .hyperbolicTangent:
      [
        .reducedExponential, .powerOfTwo, .multiplyAdd, .add, .subtract, .divide, .splat, .copySign,
      ]
    case .sigmoid:
      [.reducedExponential, .powerOfTwo, .multiplyAdd, .add, .divide, .negate, .splat]
    case .logarithm:
      [
        .splitAtExponent, .multiplyAdd, .add, .subtract, .multiply, .splat, .select, .less, .equal,
      ]
    case .accumulate: [.add, .subtract, .absolute, .less, .select, .splat]
    case .scrambled: [.addIntegers, .multiplyIntegers, .exclusiveOr, .shiftRight, .splatIntegers]
    case .multiplyAdd, .add, .subtract, .multiply, .divide, .negate, .absolute, .squareRoot, .flush,
      .copySign, .minimum, .maximum, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual,
      .integersEqual,
      .integersNotEqual,
      .integersLess, .integersLessEqual, .integersGreater, .integersGreaterEqual, .and, .or, .not,
      .select, .selectIntegers, .addIntegers, .multiplyIntegers, .exclusiveOr, .shiftRight,
      .convert, .powerOfTwo, .firstLanes, .load, .loadStrided, .loadFirstStrided, .store,
      .storeStrided, .storeFirstStrided, .loadIntegers, .loadStridedIntegers,
      .loadFirstStridedIntegers, .storeIntegers, .storeStridedIntegers,
      .storeFirstStridedIntegers, .splat, .splatIntegers, .horizontalSum, .horizontalMaximum:
      []
    }
  }

}

extension VectorOperation {

  /// Returns the source text of this operation for `target`.
  private func text(for target: VectorTarget) -> OperationText {
    let n = target.lanes
    let floats = VectorNames(type: "Vector", element: "Float", builtin: "Vec\(n)xFPIEEE32")
    let integers = VectorNames(type: "Integers", element: "Int32", builtin: "Vec\(n)xInt32")
    return switch self {
    case .multiplyAdd: multiplyAddText(floats)
    case .add: arithmetic("fadd", "a + b", floats)
    case .subtract: arithmetic("fsub", "a - b", floats)
    case .multiply: arithmetic("fmul", "a * b", floats)
    case .divide: arithmetic("fdiv", "a / b", floats)
    case .and: arithmetic("and", "a & b", integers)
    case .or: arithmetic("or", "a | b", integers)
    case .negate: unary("fneg_\(floats.builtin)", "a * -1", floats, floats)
    case .absolute: absoluteText(floats)
    case .copySign: copySignText(floats)
    case .flush: flushText(n)
    case .squareRoot: squareRootText(floats)
    case .convert:
      unary("sitofp_\(integers.builtin)_\(floats.builtin)", "Vector(a)", integers, floats)
    case .not: notText(integers)
    case .equal: comparison("equal", "fcmp_oeq", ".==", floats, n)
    case .notEqual: comparison("notEqual", "fcmp_une", ".!=", floats, n)
    case .less: comparison("less", "fcmp_olt", ".<", floats, n)
    case .lessEqual: comparison("lessEqual", "fcmp_ole", ".<=", floats, n)
    case .greater: comparison("greater", "fcmp_ogt", ".>", floats, n)
    case .greaterEqual: comparison("greaterEqual", "fcmp_oge", ".>=", floats, n)
    case .integersEqual: comparison("equal", "cmp_eq", ".==", integers, n)
    case .integersNotEqual: comparison("notEqual", "cmp_ne", ".!=", integers, n)
    case .integersLess: comparison("less", "cmp_slt", ".<", integers, n)
    case .integersLessEqual: comparison("lessEqual", "cmp_sle", ".<=", integers, n)
    case .integersGreater: comparison("greater", "cmp_sgt", ".>", integers, n)
    case .integersGreaterEqual: comparison("greaterEqual", "cmp_sge", ".>=", integers, n)
    case .select: selectText(floats, n)
    case .selectIntegers: selectText(integers, n)
    case .merge: mergeText(n)
    case .addIntegers: arithmetic("add", "a &+ b", integers)
    case .multiplyIntegers: arithmetic("mul", "a &* b", integers)
    case .exclusiveOr: arithmetic("xor", "a ^ b", integers)
    case .shiftRight: shiftRightText(integers)
    case .scrambled: scrambledText(n)
    case .powerOfTwo: powerOfTwoText(n)
    case .splitAtExponent: splitAtExponentText(n)
    case .firstLanes: firstLanesText(n)
    case .load: loadText(floats)
    case .loadFirst: loadFirstText(floats)
    case .loadStrided: loadStridedText(floats, n)
    case .loadFirstStrided: loadFirstStridedText(floats, n)
    case .store: storeText(floats)
    case .storeFirst: storeFirstText(floats)
    case .storeStrided: storeStridedText(floats, n)
    case .storeFirstStrided: storeFirstStridedText(floats, n)
    case .loadIntegers: loadText(integers)
    case .loadFirstIntegers: loadFirstText(integers)
    case .loadStridedIntegers: loadStridedText(integers, n)
    case .loadFirstStridedIntegers: loadFirstStridedText(integers, n)
    case .storeIntegers: storeText(integers)
    case .storeFirstIntegers: storeFirstText(integers)
    case .storeStridedIntegers: storeStridedText(integers, n)
    case .storeFirstStridedIntegers: storeFirstStridedText(integers, n)
    case .splat: splatText(floats)
    case .splatIntegers: splatText(integers)
    case .minimum: extremeText(".<", union: "|", floats)
    case .maximum: extremeText(".>", union: "&", floats)
    case .clamp: clampText
    case .relu: reluText
    case .reducedExponential: reducedExponentialText
    case .exponential: exponentialText
    case .hyperbolicTangent: hyperbolicTangentText
    case .sigmoid: sigmoidText
    case .logarithm: logarithmText
    case .accumulate: accumulateText
    case .horizontalSum: horizontalSumText(n)
    case .horizontalMaximum: horizontalMaximumText(floats, n)
    }
  }

}

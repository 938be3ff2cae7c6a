import Foundation
import IR

// The functions of one and of two numbers. This file alone imports Foundation, for the library of
// elementary functions.

/// Returns *e* to the power of `x`.
func exponential(_ x: Double) -> Double { exp(x) }

/// Returns the natural logarithm of `x`.
func logarithm(_ x: Double) -> Double { log(x) }

/// Returns the hyperbolic tangent of `x`.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

/// Returns the larger of `x` and `y`, or NaN if one of them is NaN; 0 is larger than -0.
func larger(_ x: Double, _ y: Double) -> Double {
  if x.isNaN || y.isNaN { return .nan }
  return x < y || x == y && x.sign == .minus ? y : x
}

/// Returns the smaller of `x` and `y`, or NaN if one of them is NaN; -0 is smaller than 0.
func smaller(_ x: Double, _ y: Double) -> Double {
  if x.isNaN || y.isNaN { return .nan }
  return y < x || x == y && y.sign == .minus ? y : x
}

/// Returns 1 / (1 + *e* to the power of -`x`), without overflow.
private func logistic(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + exp(-x)) }
  let power = exp(x)
  return power / (1 + power)
}

extension Unary {

  /// The function itself.
  var function: (Double) -> Double {
    switch self {
    case .neg: { -$0 }
    case .exp: { exponential($0) }
    case .log: { logarithm($0) }
    case .sqrt: { $0.squareRoot() }
    case .abs: { $0.magnitude }
    case .tanh: { hyperbolicTangent($0) }
    case .sigmoid: { logistic($0) }
    case .relu: { larger($0, 0) }
    case .flush: { $0.magnitude < Unary.flushLimit ? Double(signOf: $0, magnitudeOf: 0) : $0 }
    case .not: { $0 == 0 ? 1 : 0 }
    }
  }

}

extension Binary {

  /// The function itself.
  var function: (Double, Double) -> Double {
    switch self {
    case .add: { $0 + $1 }
    case .sub: { $0 - $1 }
    case .mul: { $0 * $1 }
    case .div: { $0 / $1 }
    case .max: { larger($0, $1) }
    case .min: { smaller($0, $1) }
    case .and: { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: { $0 != 0 || $1 != 0 ? 1 : 0 }
    }
  }

}

extension Comparison {

  /// The relation itself, in which NaN is unequal to everything and neither less nor greater.
  var predicate: (Double, Double) -> Bool {
    switch self {
    case .equal: { $0 == $1 }
    case .notEqual: { $0 != $1 }
    case .less: { $0 < $1 }
    case .lessEqual: { $0 <= $1 }
    case .greater: { $0 > $1 }
    case .greaterEqual: { $0 >= $1 }
    }
  }

}

extension VectorOperation {

  /// Returns the text of the larger or the smaller of two operands, as IEEE 754-2019 has `maximum`
  /// and `minimum`: NaN if either is NaN, and -0 is smaller than 0.
  ///
  /// In the standard form a comparison with NaN is false, so that the result is `b` if either is
  /// NaN; it remains to replace that by an `a` that is NaN. `union` makes the right zero of the
  /// bits of two.
  func extremeText(_ comparison: String, union: String, _ v: VectorNames) -> OperationText {
    let head = "\(inlined) \(rawValue)(_ a: Vector, _ b: Vector) -> Vector {"
    return OperationText(
      builtin: """
        \(head)
          let (a, b) = (a._storage._value, b._storage._value)
          return Builtin.reinterpretCast(Builtin.int_\(rawValue)_\(v.builtin)(a, b))
        }
        """,
      standard: """
        \(head)
          let (i, j) = (unsafeBitCast(a, to: Integers.self), unsafeBitCast(b, to: Integers.self))
          let equal = unsafeBitCast(i \(union) j, to: Vector.self)
          let extreme = b.replacing(with: a, where: a \(comparison) b)
          return extreme.replacing(with: equal, where: a .== b).replacing(with: a, where: a .!= a)
        }
        """)
  }

  /// The text of clamping, in which NaN is not less than a bound, nor is a bound less than NaN.
  var clampText: OperationText {
    OperationText(
      common: """
        \(inlined) clamp(_ x: Vector, _ low: Float, _ high: Float) -> Vector {
          let y = select(less(x, splat(low)), splat(low), x)
          return select(less(splat(high), y), splat(high), y)
        }
        """)
  }

  var reluText: OperationText {
    OperationText(
      common: """
        \(inlined) relu(_ x: Vector) -> Vector {
          select(lessEqual(x, splat(0)), splat(0), x)
        }
        """)
  }

  /// The text of the part that exponential, hyperbolic tangent and sigmoid share.
  ///
  /// For x = n log 2 + r with an integer n and |r| at most (log 2)/2, it returns n + 127 +
  /// 12582912, whose low bits are those of n + 127, and exp(r) - 1. Adding 12582912 = 1.5 * 2^23
  /// rounds to an integer; log 2 is the sum of a number of 16 bits, whose product with n is exact,
  /// and a rest. exp(r) - 1 is r + r^2 q(r) with q of degree 4, fitted here to exp(r) - 1 by
  /// reweighted least squares (Lawson) at 4000 Chebyshev nodes, with relative error 1.4e-8 before
  /// rounding.
  var reducedExponentialText: OperationText {
    OperationText(
      common: """
        /// The biased exponent n and exp(x - n log 2) - 1, for `x` clamped to `low` and `high`.
        \(inlined) reducedExponential(
          _ x: Vector, _ low: Float, _ high: Float
        ) -> (Vector, Vector) {
          let x = clamp(x, low, high)
          let z = multiplyAdd(x, splat(0x1.715476p0), splat(12_583_039))
          let n = subtract(z, splat(12_583_039))
          var r = multiplyAdd(n, splat(-0x1.62e4p-1), x)
          r = multiplyAdd(n, splat(-0x1.7f7d1cp-20), r)
          var q = multiplyAdd(splat(0x1.6bebdcp-10), r, splat(0x1.122886p-7))
          q = multiplyAdd(q, r, splat(0x1.555676p-5))
          q = multiplyAdd(q, r, splat(0x1.5554aep-3))
          q = multiplyAdd(q, r, splat(0x1.fffffep-2))
          return (z, multiplyAdd(multiply(r, r), q, r))
        }
        """)
  }

  /// The text of the exponential.
  ///
  /// The power of two is applied in two halves, so that the ends of the range are right. Largest
  /// error over all floats with a normal result: 1.05 ulp fused, 1.03 ulp not fused.
  var exponentialText: OperationText {
    OperationText(
      common: """
        \(inlined) exponential(_ x: Vector) -> Vector {
          let (z, p) = reducedExponential(x, -104, 89)
          let n = subtract(z, splat(12_583_039))
          let half = multiplyAdd(n, splat(0.5), splat(12_583_039))
          let rest = subtract(n, subtract(half, splat(12_583_039)))
          let y = multiply(add(p, splat(1)), powerOfTwo(half))
          return multiply(y, powerOfTwo(add(rest, splat(12_583_039))))
        }
        """)
  }

  /// The text of the hyperbolic tangent: e / (e + 2) with e = exp(2x) - 1.
  ///
  /// e is 2^n (exp(r) - 1) + (2^n - 1), in which -0 loses its sign. Beyond the bounds the result
  /// rounds to 1 or -1. Largest error over all floats: 2.57 ulp fused, 2.61 ulp not fused, with
  /// results within [-1, 1].
  var hyperbolicTangentText: OperationText {
    OperationText(
      common: """
        \(inlined) hyperbolicTangent(_ x: Vector) -> Vector {
          let (z, p) = reducedExponential(add(x, x), -18.2, 18.2)
          let t = powerOfTwo(z)
          let e = multiplyAdd(t, p, subtract(t, splat(1)))
          return copySign(divide(e, add(e, splat(2))), x)
        }
        """)
  }

  /// The text of the sigmoid: 1 / (1 + exp(-x)).
  ///
  /// exp(-x) is lost beside 1 at the lower bound and infinite at the upper one. Largest error over
  /// all floats with a normal result: 2.49 ulp fused, 2.49 ulp not fused, with results within
  /// [0, 1].
  var sigmoidText: OperationText {
    OperationText(
      common: """
        \(inlined) sigmoid(_ x: Vector) -> Vector {
          let (z, p) = reducedExponential(negate(x), -87, 89)
          let e = multiplyAdd(add(p, splat(1)), powerOfTwo(z), splat(1))
          return divide(splat(1), e)
        }
        """)
  }

  /// The text of the natural logarithm.
  ///
  /// For x = 2^n (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), it is n log 2 + f - f^2/2 +
  /// f^3 p(f) with p of degree 7, fitted like the polynomial of the exponential to log(1 + f), with
  /// relative error 5.9e-9 before rounding. Subnormal numbers are scaled first. Largest error over
  /// all positive floats: 0.87 ulp fused, 0.86 ulp not fused.
  var logarithmText: OperationText {
    OperationText(
      common: """
        \(inlined) logarithm(_ x: Vector) -> Vector {
          let tiny = less(x, splat(0x1p-126))
          let (e, m) = splitAtExponent(select(tiny, multiply(x, splat(0x1p23)), x))
          let n = select(tiny, subtract(e, splat(23)), e)
          let f = subtract(m, splat(1))
          let s = multiply(f, f)
          var p = multiplyAdd(splat(-0.076_343_84), f, splat(0.127_654_27))
          p = multiplyAdd(p, f, splat(-0.131_620_05))
          p = multiplyAdd(p, f, splat(0.142_013_68))
          p = multiplyAdd(p, f, splat(-0.166_231_44))
          p = multiplyAdd(p, f, splat(0.200_012_36))
          p = multiplyAdd(p, f, splat(-0.250_008_26))
          p = multiplyAdd(p, f, splat(0.333_333_3))
          var y = multiplyAdd(multiply(s, f), p, multiply(n, splat(0x1.7f7d1cp-20)))
          y = add(f, multiplyAdd(s, splat(-0.5), y))
          y = multiplyAdd(n, splat(0x1.62e4p-1), y)
          y = select(equal(x, splat(0)), splat(-.infinity), y)
          y = select(less(x, splat(0)), splat(.nan), y)
          return select(less(x, splat(.infinity)), y, x)
        }
        """)
  }

  /// Compensated summation: W. Kahan, "Further remarks on reducing truncation errors",
  /// Communications of the ACM 8 (1), 1965. A sum that overflows stays infinite.
  var accumulateText: OperationText {
    OperationText(
      common: """
        \(inlined) accumulate(
          _ x: Vector, _ sum: inout Vector, _ error: inout Vector
        ) {
          let term = subtract(x, error)
          let next = add(sum, term)
          let e = subtract(subtract(next, sum), term)
          error = select(less(absolute(e), splat(.infinity)), e, Vector())
          sum = next
        }
        """)
  }

  func horizontalSumText(_ lanes: Int) -> OperationText {
    var text = "\(inlined) horizontalSum(_ v: Vector) -> Float {\n"
    var last = "v"
    var width = lanes
    while width > 2 {
      width /= 2
      text += "  let v\(width) = \(last).lowHalf + \(last).highHalf\n"
      last = "v\(width)"
    }
    return OperationText(common: text + "  return \(last).x + \(last).y\n}")
  }

  func horizontalMaximumText(_ v: VectorNames, _ lanes: Int) -> OperationText {
    let head = "\(inlined) horizontalMaximum(_ v: Vector) -> Float {"
    return OperationText(
      builtin: """
        \(head)
          Builtin.reinterpretCast(
            Builtin.int_vector_reduce_fmaximum_\(v.builtin)(v._storage._value))
        }
        """,
      standard: """
        \(head)
          var largest = v[0]
          for i in 1..<\(lanes) where largest == largest {
            let isZero = v[i] == largest && largest.sign == .minus
            if isZero || !(v[i] <= largest) { largest = v[i] }
          }
          return largest
        }
        """)
  }

}

/// Returns the number below which a standard normal variate lies with probability `p`.
///
/// Relative errors stay below 4e-15: the rational approximations are accurate to 1e-16, and they
/// are evaluated in about 30 rounded operations. Source: M. J. Wichura, Algorithm AS 241 (PPND16),
/// Applied Statistics 37 (1988), 477-484. Only correctly rounded operations occur, so that the
/// result has the same bits on all machines.
///
/// - Requires: 0 < `p` < 1.
func normalQuantile(_ p: Double) -> Double {
  precondition(p > 0 && p < 1, "a probability between 0 and 1")
  let q = p - 0.5
  if q.magnitude <= 0.425 {
    let r = 0.180625 - q * q
    return q * polynomial(centralNumerator, r) / polynomial(centralDenominator, r)
  }
  let r = (-naturalLogarithm(q < 0 ? p : 1 - p)).squareRoot()
  let magnitude =
    r <= 5
    ? polynomial(middleNumerator, r - 1.6) / polynomial(middleDenominator, r - 1.6)
    : polynomial(tailNumerator, r - 5) / polynomial(tailDenominator, r - 5)
  return q < 0 ? -magnitude : magnitude
}

/// Returns the natural logarithm of `x` with a relative error of a few units in the last place.
///
/// With x = m 2^e, sqrt(1/2) <= m < sqrt(2) and f = (m - 1) / (m + 1):
///
///     ln x = e ln 2 + 2 artanh f,   artanh f = f + f^3/3 + f^5/5 + ...
///
/// Since f^2 < 0.0295, the terms from f^27/27 on are less than 1e-20 of the first. The result is a
/// function of `x` alone, unlike that of a library's logarithm, which differs between systems.
///
/// - Requires: `x` is positive, normal and finite.
func naturalLogarithm(_ x: Double) -> Double {
  precondition(x.isNormal && x > 0, "a positive normal number")
  var (m, e) = (x.significand, Double(x.exponent))
  if m > 1.4142135623730951 {
    m /= 2
    e += 1
  }
  let f = (m - 1) / (m + 1)
  let square = f * f
  var sum = 0.0
  for n in stride(from: 25.0, through: 1.0, by: -2.0) { sum = sum * square + 1 / n }
  return e * 0.6931471805599453 + 2 * f * sum
}

/// Returns the value at `x` of the polynomial whose coefficients are `c`, the highest first.
private func polynomial(_ c: [Double], _ x: Double) -> Double {
  c.reduce(0) { $0 * x + $1 }
}

// The coefficients a, b, c, d, e, f of the algorithm, in this order.

private let centralNumerator = [
  2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
  13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080,
]

private let centralDenominator = [
  5226.4952788528545610, 28729.085735721942674, 39307.895800092710610, 21213.794301586595867,
  5394.1960214247511077, 687.18700749205790830, 42.313330701600911252, 1,
]

private let middleNumerator = [
  7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
  1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590,
  1.42343711074968357734,
]

private let middleDenominator = [
  1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
  1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940,
  2.05319162663775882187, 1,
]

private let tailNumerator = [
  2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
  2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580,
  5.46378491116411436990, 6.65790464350110377720,
]

private let tailDenominator = [
  2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
  7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
  5.99832206555887937690e-1, 1,
]

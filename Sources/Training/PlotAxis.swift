import Foundation

/// An axis of a plot: a range of numbers, a few of which are marked.
struct PlotAxis: Equatable {

  /// The ends of the range; the upper one is larger.
  let range: ClosedRange<Double>

  /// The numbers that are marked, rising.
  let ticks: [Double]

  /// `true` iff equal ratios, not equal differences, have equal lengths.
  let isLogarithmic: Bool

  /// The most numbers that are marked, those at the ends included.
  private static let tickLimit = 7
  private static let logarithmicTickLimit = 10

  /// Creates an axis from 0 to `limit` with steps of 1, 2 or 5 times a power of ten, at least
  /// `leastStep`, that ends with one of them if `isRounded` is true.
  init(to limit: Double, leastStep: Double = 0, isRounded: Bool) {
    let step = Self.step(atLeast: max(limit / Double(Self.tickLimit - 1), leastStep))
    let count = isRounded ? (limit / step).rounded(.up) : (limit / step).rounded(.down)
    ticks = (0...Int(count)).map { Double($0) * step }
    range = 0...(isRounded ? count * step : limit)
    isLogarithmic = false
  }

  /// Creates a logarithmic axis that `low` and `high` lie on, from one number of the form 1, 2 or 5
  /// times a power of ten to another.
  ///
  /// - Requires: both are positive, and `high` is larger than `low`.
  init(logarithmicFrom low: Double, to high: Double) {
    var numbers: [Double] = []
    let powers = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    for power in powers {
      for digit in [1.0, 2, 5] { numbers.append(digit * pow(10, Double(power))) }
    }
    let first = numbers.last { $0 <= low } ?? low
    let last = numbers.first { $0 >= high } ?? high
    var ticks = numbers.filter { (first...last).contains($0) }
    if ticks.count > Self.logarithmicTickLimit {
      // Only powers of ten, and of these not more than fit.
      let tens = powers.map { pow(10, Double($0)) }.filter { (first...last).contains($0) }
      let stride = (tens.count + Self.logarithmicTickLimit - 1) / Self.logarithmicTickLimit
      ticks = tens.enumerated().filter { $0.offset % max(stride, 1) == 0 }.map(\.element)
    }
    self.ticks = ticks
    range = first...last
    isLogarithmic = true
  }

  /// Returns the least number of the form 1, 2 or 5 times a power of ten that is at least `number`.
  private static func step(atLeast number: Double) -> Double {
    let power = pow(10, log10(number).rounded(.down))
    for digit in [1.0, 2, 5] where digit * power >= number * (1 - 1e-12) { return digit * power }
    return 10 * power
  }

  /// Returns the place of `number` on the axis: 0 at its start, 1 at its end.
  func place(of number: Double) -> Double {
    let (low, high) = (range.lowerBound, range.upperBound)
    return isLogarithmic
      ? log(number / low) / log(high / low) : (number - low) / (high - low)
  }

}

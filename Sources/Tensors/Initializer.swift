/// The rule by which a parameter or a state gets its first value, with all arguments evaluated.
package enum Initializer: Equatable, Sendable, Codable {

  /// Every element is 0.
  case zeros

  /// Every element is 1.
  case ones

  /// Every element is the given number.
  case constant(Double)

  /// The elements are 0, 1, 2 and so on in row-major order.
  case iota

  /// Elements are drawn uniformly from `low` up to, but not including, `high`.
  case uniform(low: Double, high: Double)

  /// Elements are drawn from the normal distribution.
  case normal(mean: Double, std: Double)

  /// The elements in row-major order.
  case literal([Double])

}

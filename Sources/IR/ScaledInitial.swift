/// A random initial value whose spread follows from the number of inputs and outputs of a weight.
///
/// A weight `f32[in, out]` has so many of them; a kernel `f32[out, in, height, width]` has height *
/// width times as many. The variance is that of X. Glorot and Y. Bengio, "Understanding the
/// difficulty of training deep feedforward neural networks", AISTATS 2010, or of K. He, X. Zhang,
/// S. Ren and J. Sun, "Delving deep into rectifiers", ICCV 2015, as in `torch.nn.init`.
///
///     xavier    gain² * 2 / (in + out)        gain 1 unless it is given
///     kaiming   gain² / in, or / out          gain √2
package struct ScaledInitial: Hashable, Sendable {

  /// How the variance follows.
  package enum Rule: String, CaseIterable, Hashable, Sendable {

    case xavier, kaiming

  }

  package var rule: Rule

  /// The gain, if it is written.
  package var gain: Scalar?

  /// `true` iff values are drawn from the normal distribution and not between two bounds.
  package var isNormal: Bool

  /// `true` iff `kaiming` divides by the number of outputs and not by that of inputs.
  package var countsOutputs: Bool

  /// Creates the rule with its arguments.
  package init(
    _ rule: Rule, gain: Scalar? = nil, isNormal: Bool = false, countsOutputs: Bool = false
  ) {
    self.rule = rule
    self.gain = gain
    self.isNormal = isNormal
    self.countsOutputs = countsOutputs
  }

  /// The gain that is written, or the one that the rule has without.
  package func gain(in dimensions: [Dimension]) -> Double {
    if let gain { return gain.value(in: dimensions) }
    switch rule {
    case .xavier: return 1
    case .kaiming: return Double(2).squareRoot()
    }
  }

  /// Returns the variance of the elements of a weight of `sizes`.
  ///
  /// - Requires: `sizes` has two or four elements.
  package func variance(sizes: [Int], in dimensions: [Dimension]) -> Double {
    let (inputs, outputs) = Self.connections(sizes)
    let gain = gain(in: dimensions)
    switch rule {
    case .xavier: return gain * gain * 2 / max(1, inputs + outputs)
    case .kaiming: return gain * gain / max(1, countsOutputs ? outputs : inputs)
    }
  }

  /// Returns the number of inputs and of outputs of a weight of `sizes`.
  private static func connections(_ sizes: [Int]) -> (inputs: Double, outputs: Double) {
    switch sizes.count {
    case 2: return (Double(sizes[0]), Double(sizes[1]))
    case 4:
      let places = Double(sizes[2] * sizes[3])
      return (Double(sizes[1]) * places, Double(sizes[0]) * places)
    default: preconditionFailure("a weight has two or four axes")
    }
  }

}

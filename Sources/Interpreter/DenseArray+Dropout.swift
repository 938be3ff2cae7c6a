import IR
import Tensors

extension DenseArray {

  /// Returns the elements that dropout keeps, divided by the probability of being kept, and zeros
  /// elsewhere; `self` where the counters are not written out.
  func dropping(by dropout: Dropout, _ counters: [DenseArray]) -> DenseArray {
    guard let site = dropout.site else { return self }
    let numbers = counters.map { Int($0.elements[0]) }
    let mask = DropoutMask(
      rate: dropout.rate, site: site, seed: numbers[0], update: numbers[1],
      step: numbers[2] + dropout.offset)
    return DenseArray(
      shape: shape,
      elements.enumerated().map { mask.keeps($0) ? $1 / (1 - dropout.rate) : 0 })
  }

}

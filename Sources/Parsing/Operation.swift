import IR

/// An operation as the text calls it.
enum Operation {

  case unary(Unary)
  case binary(Binary)
  case comparison(Comparison)

  /// A reduction that is not also an operation of two operands.
  case reduction(Reduction)

  /// The larger of two, or the largest along axes.
  case max

  case linear, matmul, oneHot, concat, split, slice, transpose, reshape, stack
  case select, softmax, logSoftmax, argmax, gather, convert, mask, old
  case detach, broadcast, crossEntropy, crossEntropyGradient, weightGradient, scatterAdd
  case dropout, flatten, convolution(Images), pool(Pool.Role)

  /// A convolution or one of its gradients.
  enum Images {

    case convolution, imageGradient, kernelGradient

  }

  /// The mean of the squares of differences; read as simpler operations.
  case squaredError

  /// The operation called `name`.
  init?(_ name: String) {
    guard let operation = Self.byName[name] else { return nil }
    self = operation
  }

  /// The most operands of an operation.
  static let mostOperands = 1024

  /// The names of all operations, sorted.
  static let names = byName.keys.sorted()

  private static let byName: [String: Operation] = {
    var result: [String: Operation] = [
      "linear": .linear, "matmul": .matmul, "one_hot": .oneHot, "concat": .concat,
      "split": .split, "slice": .slice, "transpose": .transpose, "reshape": .reshape,
      "stack": .stack, "where": .select, "softmax": .softmax, "log_softmax": .logSoftmax,
      "argmax": .argmax, "gather": .gather, "f32": .convert, "mask": .mask, "old": .old,
      "detach": .detach, "broadcast": .broadcast, "cross_entropy": .crossEntropy,
      "cross_entropy_gradient": .crossEntropyGradient, "weight_gradient": .weightGradient,
      "scatter_add": .scatterAdd, "mse": .squaredError, "dropout": .dropout,
      "flatten": .flatten, "conv2d": .convolution(.convolution),
      "conv2d_input_gradient": .convolution(.imageGradient),
      "conv2d_weight_gradient": .convolution(.kernelGradient), "max_pool2d": .pool(.largest),
      "max_pool2d_gradient": .pool(.gradient), "max_pool2d_choice": .pool(.chosen),
    ]
    for f in Unary.allCases { result[f.rawValue] = .unary(f) }
    for f in Binary.allCases { result[f.rawValue] = .binary(f) }
    for f in Comparison.allCases { result[f.rawValue] = .comparison(f) }
    for f in Reduction.allCases { result[f.rawValue] = .reduction(f) }
    result["max"] = .max
    return result
  }()

  /// The labels that arguments may have.
  var labels: [String] {
    switch self {
    case .linear: ["start"]
    case .matmul: ["transpose_a", "transpose_b"]
    case .concat, .split, .slice, .stack, .softmax, .logSoftmax, .argmax: ["axis"]
    case .transpose: ["axes"]
    case .reduction, .max: ["axis", "keepdims"]
    case .crossEntropy, .crossEntropyGradient: ["mask"]
    case .convolution: ["stride", "padding"]
    case .pool: ["size", "stride"]
    case .dropout: ["rate", "site", "seed", "update", "step"]
    case .unary, .binary, .comparison, .oneHot, .reshape, .select, .gather, .convert, .mask, .old,
      .detach, .broadcast, .weightGradient, .scatterAdd, .squaredError,
      .flatten:
      []
    }
  }

  /// The labels that arguments must have.
  var requiredLabels: [String] {
    switch self {
    case .concat, .split, .slice, .stack: ["axis"]
    case .pool: ["size"]
    case .dropout: ["rate"]
    case .unary, .binary, .comparison, .reduction, .max, .linear, .matmul, .oneHot, .transpose,
      .reshape, .select, .softmax, .logSoftmax, .argmax, .gather, .convert, .mask, .old, .detach,
      .broadcast, .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .squaredError,
      .flatten, .convolution:
      []
    }
  }

  /// The numbers of arguments without labels.
  var operandCounts: ClosedRange<Int> {
    switch self {
    case .unary, .oneHot, .transpose, .softmax, .logSoftmax, .argmax, .convert, .old, .reduction,
      .detach, .dropout, .flatten, .pool(.largest):
      1...1
    case .binary, .comparison, .matmul, .split, .slice, .reshape, .gather, .mask, .broadcast,
      .crossEntropy, .crossEntropyGradient, .weightGradient, .squaredError,
      .pool(.gradient), .pool(.chosen):
      2...2
    case .max: 1...2
    case .linear, .convolution(.convolution): 2...3
    case .select, .scatterAdd, .convolution(.imageGradient), .convolution(.kernelGradient): 3...3
    case .concat, .stack: 1...Self.mostOperands
    }
  }

}

/// What a node computes.
///
/// Cases hold attributes only. Operands belong to the node, in the order documented here. Axes
/// count from zero and are never negative.
package enum Op: Hashable, Sendable {

  /// A value that the graph is given; no operands.
  case source(Source)

  /// An argument of the body of a scan: its step, or the old value of a state; no operands.
  case argument

  /// The part of the first operand at one place of `axis`, which the result lacks.
  ///
  /// The place is the second operand, the step of a scan, plus `offset`; or `offset` itself where
  /// there is only one operand.
  case at(axis: Int, offset: Int)

  /// A matrix product over the concatenation of its parts; operands as in `Linear`.
  case linear(Linear)

  /// The matrix product of the last two axes of two operands, broadcast over the axes before them.
  case matmul(transposingLeft: Bool, transposingRight: Bool)

  /// The one-hot rows for an operand of indices.
  case oneHot

  /// The operands one after the other along `axis`.
  case concat(axis: Int)

  /// The range from `lower` up to, but not including, `upper` of the operand along `axis`.
  case slice(axis: Int, lower: Extent, upper: Extent)

  /// The operand with its axes reordered: axis *i* of the result is axis `permutation[i]`.
  case transpose(permutation: [Int])

  /// The elements of the operand, in row-major order, in another shape.
  case reshape([Extent])

  /// The operands, of one type, along a new axis.
  case stack(axis: Int)

  /// A function of each element of the operand.
  case unary(Unary)

  /// A function of each pair of elements of two operands, which are broadcast.
  case binary(Binary)

  /// A comparison of each pair of elements of two operands, which are broadcast.
  case compare(Comparison)

  /// Elements of the second operand where the first is true, of the third elsewhere.
  case select

  /// The softmax of the operand along `axis`, or its logarithm.
  case softmax(axis: Int, logarithmic: Bool)

  /// The operand reduced along `axes`, which are sorted.
  case reduce(Reduction, axes: [Int], keepingAxes: Bool)

  /// The first place of the largest element along `axis`.
  case argmax(axis: Int)

  /// The rows of the first operand, a table, for the indices in the second.
  case gather

  /// The operand as numbers: an index, or 1 for true and 0 for false.
  case convert

  /// For the lengths in the operand, `true` at the steps before them; a first axis of that many
  /// steps.
  case mask(steps: Extent)

  /// The operand itself, through which no gradient flows.
  case detach

  /// The operand, broadcast to a shape.
  case broadcast([Extent])

  /// The mean cross entropy of the softmax of rows of logits, the first operand, and the labels in
  /// the second, over the places where the third is true if there is one; 0 where none is.
  case crossEntropy(hasMask: Bool)

  /// The gradient of `crossEntropy` with respect to the logits.
  case crossEntropyGradient(hasMask: Bool)

  /// The sum of the outer products of rows of two operands, over all their leading axes.
  case weightGradient

  /// Sums of the parts of the first operand that have the same index in the second.
  case scatterAdd(rows: Extent)

  /// A convolution of images, or one of its gradients; operands as in `Convolution`.
  case convolution(Convolution)

  /// The largest elements of windows of images, or what follows their places; operands as in
  /// `Pool`.
  case pool(Pool)

  /// The first operand with some elements dropped and the others scaled; operands as in `Dropout`.
  case dropout(Dropout)

  /// Runs a body once per step; operands and results as in `Scan`.
  case scan(Scan)

}

/// Where a value comes from that no node computes.
package enum Source: Hashable, Sendable {

  /// A number in the text.
  case number(Number)

  case parameter(ID<Parameter>)
  case constant(ID<Constant>)

  /// An input or a label of the entry, by its position.
  case input(Int)

  /// The value of a state when the entry is called.
  case state(ID<State>)

  /// The value of a slot when the entry is called.
  case slot(ID<Slot>)

  /// A value that the section `bind` computes, by its position.
  case bound(Int)

}

/// A function of one number.
package enum Unary: String, CaseIterable, Hashable, Sendable {

  case neg, exp, log, sqrt, abs, tanh, sigmoid, relu

  /// The number, or zero of its sign if its magnitude is below `flushLimit`.
  case flush

  /// Of truth values.
  case not

  /// The least magnitude that `flush` keeps, about 8e-31.
  ///
  /// The least normal number in single precision is 2^-126. With that as the limit no state would
  /// be denormal, but its products with weights would be for some hundred steps on the way to zero:
  /// on x86-64 such a step of a small LSTM took 11 % longer. The product of what is kept and a
  /// weight of at least 2^-26 is a normal number.
  package static let flushLimit = 0x1p-100

}

/// A function of two numbers.
package enum Binary: String, CaseIterable, Hashable, Sendable {

  case add, sub, mul, div, max, min

  /// Of truth values.
  case and, or

  /// `true` iff the operands may be swapped.
  package var isCommutative: Bool {
    switch self {
    case .add, .mul, .max, .min, .and, .or: true
    case .sub, .div: false
    }
  }

  /// `true` iff the operands and the result are truth values.
  package var isLogical: Bool {
    switch self {
    case .and, .or: true
    case .add, .sub, .mul, .div, .max, .min: false
    }
  }

}

/// A relation of two numbers or two indices.
package enum Comparison: String, CaseIterable, Hashable, Sendable {

  case equal
  case notEqual = "not_equal"
  case less
  case lessEqual = "less_equal"
  case greater
  case greaterEqual = "greater_equal"

}

/// A way to make one number of many.
package enum Reduction: String, CaseIterable, Hashable, Sendable {

  case sum, mean, max

}

/// The attributes of a matrix product over the concatenation of its parts.
///
/// Operands are the parts, then the weights, then the bias and the start if there are any.
///
///     linear([gather x, h], W, b)                                 one weight for all parts
///     linear([x to 0 ..< 3 * n, h to n ..< 4 * n], [U, V], b)     one weight for each part
///     linear(h, W, start: p[t])                                   starts at p[t] instead of 0
package struct Linear: Hashable, Sendable {

  /// How a part takes part.
  package struct Part: Hashable, Sendable {

    /// `true` iff rows of the weight are read for the index behind a one-hot part.
    package var isGathered: Bool

    /// The columns of the result that the part feeds; `nil` for all of them.
    package var columns: Columns?

    /// Creates the description of a part.
    package init(isGathered: Bool = false, columns: Columns? = nil) {
      self.isGathered = isGathered
      self.columns = columns
    }

  }

  /// A range of columns of the result.
  package struct Columns: Hashable, Sendable {

    package var lower: Extent
    package var upper: Extent

    /// Creates the range from `lower` up to, but not including, `upper`.
    package init(lower: Extent, upper: Extent) {
      self.lower = lower
      self.upper = upper
    }

  }

  package var parts: [Part]

  /// `true` iff each part has a weight of its own; otherwise one weight has the rows of all.
  package var hasWeightPerPart: Bool

  package var hasBias: Bool
  package var hasStart: Bool

  /// Creates the attributes of a product.
  package init(
    parts: [Part] = [Part()], hasWeightPerPart: Bool = false, hasBias: Bool = false,
    hasStart: Bool = false
  ) {
    self.parts = parts
    self.hasWeightPerPart = hasWeightPerPart
    self.hasBias = hasBias
    self.hasStart = hasStart
  }

  /// The number of weights among the operands.
  package var weightCount: Int { hasWeightPerPart ? parts.count : 1 }

  /// The positions of the parts among the operands.
  package var partOperands: Range<Int> { 0..<parts.count }

  /// The positions of the weights among the operands.
  package var weightOperands: Range<Int> { parts.count..<parts.count + weightCount }

  /// The position of the bias among the operands.
  package var biasOperand: Int? { hasBias ? parts.count + weightCount : nil }

  /// The position of the start among the operands.
  package var startOperand: Int? {
    hasStart ? parts.count + weightCount + (hasBias ? 1 : 0) : nil
  }

  /// The number of operands.
  package var operandCount: Int {
    parts.count + weightCount + (hasBias ? 1 : 0) + (hasStart ? 1 : 0)
  }

}

/// A loop over the steps of a sequence.
///
/// Operands are the lengths, if there are any, then the initial value of each carried state.
/// Results are the final value of each carried state, then the stacked values, whose first axis is
/// the scanned one.
package struct Scan: Hashable, Sendable {

  /// A state that goes from step to step.
  package struct Carried: Hashable, Sendable {

    package var name: String

    /// The model's state of that name, or `nil` for a state of the scan alone.
    package var state: ID<State>?

    /// Creates a carried state.
    package init(name: String, state: ID<State>?) {
      self.name = name
      self.state = state
    }

  }

  /// The name of the step.
  package var variable: String

  /// The number of steps.
  package var count: Extent

  /// How many steps `body` does at once; at least one.
  package var factor: Int

  /// `true` iff the last step comes first.
  package var isReversed: Bool

  /// `true` iff rows end before the last step: where the step is not below a row's length, the row
  /// keeps its states and stacks zeros.
  package var hasLengths: Bool

  package var carried: [Carried]

  /// The names of the stacked values.
  package var stacked: [String]

  /// Does `factor` steps.
  package var body: Block

  /// Does one step, for what `factor` leaves of the count; absent iff `factor` is one.
  package var remainder: Block?

  /// Creates a loop.
  package init(
    variable: String, count: Extent, factor: Int = 1, isReversed: Bool = false,
    hasLengths: Bool = false, carried: [Carried], stacked: [String], body: Block,
    remainder: Block? = nil
  ) {
    self.variable = variable
    self.count = count
    self.factor = factor
    self.isReversed = isReversed
    self.hasLengths = hasLengths
    self.carried = carried
    self.stacked = stacked
    self.body = body
    self.remainder = remainder
  }

}

/// A list of nodes in the order in which they are computed.
///
/// The body of a scan has arguments: its step, then the old value of each carried state. Its
/// results are the new value of each carried state, then for each stacked value in turn one
/// element for each step that the body does.
package struct Block: Hashable, Sendable {

  package var arguments: [Value]
  package var nodes: [ID<Node>]
  package var results: [Value]

  /// The comments before the closing brace.
  package var closingComments: [String]

  /// Creates a block.
  package init(
    arguments: [Value] = [], nodes: [ID<Node>] = [], results: [Value] = [],
    closingComments: [String] = []
  ) {
    self.arguments = arguments
    self.nodes = nodes
    self.results = results
    self.closingComments = closingComments
  }

}

extension Op {

  /// `true` iff each element of the result depends on one of each operand alone, that at the same
  /// place.
  package var isElementwise: Bool {
    switch self {
    case .unary, .binary, .compare, .select, .convert: true
    case .source, .argument, .at, .linear, .matmul, .oneHot, .concat, .slice, .transpose,
      .reshape, .stack, .softmax, .reduce, .argmax, .gather, .mask, .detach, .broadcast,
      .crossEntropy, .crossEntropyGradient, .weightGradient, .scatterAdd, .convolution, .pool,
      .dropout, .scan:
      false
    }
  }

}

import IR

/// A piece of work that is one call in the generated code.
package indirect enum Kernel: Hashable, Sendable {

  case product(Product)
  case map(Map)
  case reduce(Reduce)
  case softmax(Softmax)
  case argmax(Argmax)
  case gather(Gather)
  case oneHot(OneHot)
  case mask(Mask)
  case pack(Pack)
  case literal(Literal)
  case crossEntropy(CrossEntropy)
  case scatter(Scatter)
  case drop(Drop)
  case convolve(Convolve)
  case convolveGradient(ConvolveGradient)
  case pooling(Pooling)

  /// Repeats kernels for each batch of a product of two tensors.
  case batched(Batched)

}

/// A tensor as a kernel walks over it.
package struct Operand: Hashable, Sendable {

  package var place: Place

  /// The elements between neighbours, for each loop of the kernel.
  package var strides: [Int]

  package var scalar: Scalar32

  /// Creates an operand.
  package init(place: Place, strides: [Int], scalar: Scalar32) {
    self.place = place
    self.strides = strides
    self.scalar = scalar
  }

}

/// What is computed for each element of an iteration.
///
/// Instructions refer to the results of earlier ones by their positions.
package struct Program: Hashable, Sendable {

  /// A step of a program.
  package enum Instruction: Hashable, Sendable {

    /// An element of an operand.
    case input(Int)

    /// A number in the text.
    case number(Number, Scalar32)

    /// The sum that a product has reached for a segment of its columns.
    case accumulator(segment: Int)

    case unary(Unary, Int)
    case binary(Binary, Int, Int)
    case compare(Comparison, Int, Int, of: Scalar32)
    case select(Int, Int, Int, of: Scalar32)
    case convert(Int)

  }

  /// A result that is stored.
  package struct Output: Hashable, Sendable {

    package var instruction: Int
    package var operand: Operand

  }

  package var inputs: [Operand] = []
  package var instructions: [Instruction] = []
  package var outputs: [Output] = []

}

/// A program for each element of an iteration space.
package struct Map: Hashable, Sendable {

  /// The extents, the outermost first; vectors run along the last.
  package var loops: [Count]

  package var program: Program

}

/// A matrix product over the concatenation of its parts, with a program behind it.
///
/// The result has `segments` segments of `units` columns each. A tile is `tile.rows` rows of
/// `tile.vectors` vectors of units of every segment. Packed weights are ordered by panel (a tile's
/// columns), then by row of the weight, then by segment, vector and lane.
package struct Product: Hashable, Sendable {

  /// A part that is multiplied.
  package struct Part: Hashable, Sendable {

    /// The rows, and the elements between neighbours in a column and in a row.
    package var place: Place
    package var rowStride: Int
    package var depthStride: Int

    /// The number of columns of the part, which is that of the rows of its weight.
    package var depth: Count

    /// The number of rows for which panels of the weight have room: at least `depth`.
    package var room: Int

    /// The packed weight.
    package var weight: Place

    /// The segments that the part feeds.
    package var segments: Range<Int>

  }

  /// A one-hot part: a row of a packed table.
  package struct Lookup: Hashable, Sendable {

    package var index: Place
    package var indexStride: Int

    /// The packed rows.
    package var table: Place

    package var segments: Range<Int>

  }

  /// A tensor at which sums start.
  package struct Start: Hashable, Sendable {

    package var place: Place
    package var rowStride: Int

    /// The elements between segments.
    package var segmentStride: Int

  }

  package var rows: Count
  package var units: Int
  package var segments: Int
  package var tile: Tile
  package var parts: [Part]
  package var lookups: [Lookup]

  /// The packed bias, unless a table has it.
  package var bias: Place?

  package var start: Start?

  /// What follows; strides of its operands are those of rows and units.
  package var program: Program

  /// The number of panels.
  package func panels(lanes: Int) -> Int {
    let vectors = (units + lanes - 1) / lanes
    return (vectors + tile.vectors - 1) / tile.vectors
  }

}

/// The part of a result that is kept in registers while its sums are formed.
package struct Tile: Hashable, Sendable {

  package var rows: Int

  /// The vectors of units, for each segment.
  package var vectors: Int

}

/// A reduction along some axes.
package struct Reduce: Hashable, Sendable {

  package var function: Reduction

  /// The extents of the result.
  package var outer: [Count]

  /// The extents that are reduced; at least one.
  package var inner: [Count]

  /// The extents of a sum or a mean that are reduced and along which the input is the same. These
  /// are not among `inner`.
  package var repeats: [Count] = []

  /// The strides of the outer extents, then of the inner.
  package var input: Operand

  package var output: Operand

}

/// A softmax along the last axis, whose elements are adjacent in the input and in the output.
package struct Softmax: Hashable, Sendable {

  package var isLogarithmic: Bool
  package var rows: Count
  package var columns: Int
  package var input: Operand
  package var output: Operand

}

/// The first place of the largest element.
package struct Argmax: Hashable, Sendable {

  package var outer: [Count]
  package var columns: Int

  /// The strides of the outer extents, then that of the axis.
  package var input: Operand

  package var output: Operand

}

/// Rows of a table, one for each index.
package struct Gather: Hashable, Sendable {

  package var outer: [Count]

  /// The elements of a row, which are adjacent in the table and in the output.
  package var columns: Int

  package var index: Operand
  package var table: Place
  package var output: Operand

}

/// One-hot rows written out.
package struct OneHot: Hashable, Sendable {

  package var outer: [Count]
  package var classes: Int
  package var index: Operand

  /// Rows are adjacent elements.
  package var output: Operand

}

/// Truth values: whether a step is below a row's length.
package struct Mask: Hashable, Sendable {

  package var steps: Count
  package var rows: Int
  package var lengths: Place
  package var output: Place

}

/// A weight in the order in which a product reads it.
package struct Pack: Hashable, Sendable {

  /// What a packed weight is for.
  package enum Layout: Hashable, Sendable {

    /// Panels for a product.
    case panels

    /// Rows for a lookup, to which the bias at the given place is added.
    case table(bias: Place?)

  }

  package var layout: Layout
  package var source: Place
  package var rowStride: Int
  package var columnStride: Int
  package var depth: Count

  /// The number of rows for which panels have room: at least `depth`.
  package var room: Int

  /// The columns of the result that the weight's columns are; others are zero.
  package var columns: Range<Int>

  /// The segments that are packed.
  package var segments: Range<Int>

  package var units: Int
  package var vectors: Int
  package var output: Place

}

/// Numbers that are written in the text.
package struct Literal: Hashable, Sendable {

  /// What the numbers are.
  package enum Contents: Hashable, Sendable {

    case constant(Double)

    /// 0, 1, 2 and so on.
    case iota

    case elements([Double])

    /// The step of a loop.
    case step(loop: Int)

  }

  package var contents: Contents
  package var scalar: Scalar32
  package var count: Int
  package var output: Place

}

/// The mean cross entropy of rows of logits and labels, or its gradient.
package struct CrossEntropy: Hashable, Sendable {

  package var isGradient: Bool
  package var rows: Count
  package var columns: Int

  /// The logits, without gaps.
  package var logits: Place

  /// The labels, one for each row.
  package var labels: Place

  /// Whether a row counts, for each row; all do without it.
  package var mask: Place?

  /// One number, or as many as there are logits.
  package var output: Place

}

/// Sums of rows that have the same index.
package struct Scatter: Hashable, Sendable {

  /// The number of rows that are summed up.
  package var rows: Count

  package var columns: Int

  /// The number of rows of the result.
  package var sums: Int

  /// The index of each row, and the rows, both without gaps.
  package var index: Place
  package var values: Place

  package var output: Place

  /// Room for what the sums have too much, as large as the output; absent where rows are few.
  package var errors: Place?

}

/// The elements of a tensor that dropout keeps, scaled, and zeros elsewhere.
package struct Drop: Hashable, Sendable {

  /// Where the number of the step is known.
  package enum Step: Hashable, Sendable {

    case number(Int)
    case loop(Int, offset: Int)

  }

  package var rate: Double
  package var site: Int

  /// The number of elements.
  package var count: Count

  package var step: Step

  /// The elements, without gaps.
  package var input: Place

  /// The seed and the number of the update, one integer each.
  package var seed: Place
  package var update: Place

  package var output: Place

}

/// A product of two tensors, batch by batch: the right factor is packed, then multiplied.
package struct Batched: Hashable, Sendable {

  package var batches: [Count]

  /// For each batch axis, the elements between neighbours of the left factor, the right factor and
  /// the result.
  package var strides: [[Int]]

  package var pack: Pack
  package var product: Product

}

import IR

/// What the generated code does and where it keeps its numbers.
///
/// All memory belongs to the caller: the block of weights, which `bind` fills and entries read; a
/// workspace for each call; the states, inputs and outputs. Every element takes four bytes: numbers
/// are `Float`, indices are `Int32`, truth values are `Int32` 0 or 1.
package struct Plan: Sendable {

  package var modelName: String
  package var machine: Machine

  /// The tensors in the block of weights.
  package var weights: [WeightItem]

  /// The size of the block of weights.
  package var weightBytes: Int

  /// The section `bind`: makes the block of weights from the parameters.
  package var bind: EntryPlan

  package var entries: [EntryPlan]

}

/// A tensor in the block of weights.
package struct WeightItem: Hashable, Sendable {

  /// What the tensor holds, for comments and messages.
  package var name: String

  /// The number of elements.
  package var count: Int

  /// Where the tensor starts, in elements; a multiple of 16.
  package var offset: Int

}

/// A stretch of the workspace.
package struct Buffer: Hashable, Sendable {

  /// The value that the buffer holds, for comments and messages.
  package var name: String

  /// The number of elements.
  package var count: Int

  /// The positions in the schedule from the first to the last at which the contents matter.
  package var life: ClosedRange<Int>

  /// Where the buffer starts, in elements; a multiple of 16.
  package var offset: Int

  /// `true` iff the buffer holds the values of all steps of a scan.
  ///
  /// Such buffers lie behind all others and have names in the generated code, so that little of
  /// that depends on the number of steps.
  package var isLong = false

}

/// The schedule of one entry.
package struct EntryPlan: Sendable {

  package var name: String
  package var buffers: [Buffer]

  /// The size of the workspace.
  package var workspaceBytes: Int

  /// The dimension whose steps a call may count itself, up to the dimension's value.
  package var countedDimension: ID<Dimension>?

  package var steps: [Step]

  /// The nodes whose lines stand behind the last step.
  package var closingNodes: [ID<Node>]

  /// `true` iff several workers can do the steps together.
  package var isParallel = false

}

/// A part of a schedule.
package indirect enum Step: Sendable {

  case kernel(KernelCall)
  case loop(Loop)

}

/// A kernel and the lines of the graph that it computes.
package struct KernelCall: Sendable {

  package var kernel: Kernel

  /// The nodes whose lines stand above the call.
  package var nodes: [ID<Node>]

  /// The position in the schedule.
  package var position: Int

  /// How workers divide the kernel; the first does it alone where this is `nil`.
  package var share: Share?

  /// `true` iff all workers meet before the kernel.
  package var meets = false

}

/// The steps of a scan.
package struct Loop: Sendable {

  /// A state of a scan: two buffers, which change places after each round.
  package struct Carried: Hashable, Sendable {

    package var name: String
    package var buffers: [ID<Buffer>]
    package var scalar: Scalar32

  }

  /// The node of the scan, whose head stands above the loop, after those of `nodes`.
  package var node: ID<Node>
  package var nodes: [ID<Node>]

  /// The identity that places refer to.
  package var id: Int

  package var variable: String
  package var count: Count
  package var factor: Int
  package var isReversed: Bool
  package var carried: [Carried]
  package var body: [Step]

  /// The nodes whose lines stand behind the last step of the body.
  package var closingNodes: [ID<Node>]

  /// `true` iff all workers meet before the loop.
  package var meets = false

  /// The steps of the remainder; empty without one.
  package var remainder: [Step]
  package var remainderClosingNodes: [ID<Node>]

}

/// A number of repetitions.
package enum Count: Hashable, Sendable {

  case fixed(Int)

  /// That many times the run-time count of steps.
  case steps(Int)

  /// The number if the run-time count is the full one, `steps`.
  package func value(steps: Int) -> Int {
    switch self {
    case .fixed(let n): n
    case .steps(let n): n * steps
    }
  }

  /// Returns `self` times `n`.
  package func multiplied(by n: Int) -> Count {
    switch self {
    case .fixed(let m): .fixed(m * n)
    case .steps(let m): .steps(m * n)
    }
  }

}

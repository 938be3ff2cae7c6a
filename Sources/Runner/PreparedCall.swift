/// A call of an entry whose inputs are in place, to be made as often as needed.
package struct PreparedCall {

  package let entry: Manifest.Entry

  let function: CompiledModel.Function

  /// The memory of the inputs and outputs, kept alive by the call.
  let buffers: EntryBuffers

  /// The count of steps that each call runs.
  package private(set) var steps: Int

  /// Creates a call.
  init(entry: Manifest.Entry, function: CompiledModel.Function, buffers: EntryBuffers, steps: Int) {
    self.entry = entry
    self.function = function
    self.buffers = buffers
    self.steps = steps
  }

  /// Makes `count` the number of steps of the calls to come.
  ///
  /// - Requires: the entry has a counted dim of at least that size.
  package mutating func setSteps(_ count: Int) {
    precondition(entry.countedDim != nil && (0...entry.steps).contains(count), "steps are counted")
    steps = count
  }

  /// Returns the memory of input `index` in the entry's order, as the calling convention lays it
  /// out; it may be written between calls, and lives as long as the call or its session.
  package func input(_ index: Int) -> UnsafeMutableRawPointer {
    buffers.inputs.blocks[index].pointer
  }

  /// Makes `elements` the first ones of input `index` in the entry's order.
  ///
  /// - Requires: the input has as many elements, and `elements` are possible for it.
  package func setInput<T: BitwiseCopyable>(_ index: Int, to elements: [T]) {
    buffers.inputs.blocks[index].store(elements)
  }

  /// Returns the number that the last call gave for output `index`, a scalar of `f32`.
  package func scalar(ofOutput index: Int) -> Float {
    precondition(entry.outputs[index].shape.isEmpty, "the output is a scalar")
    return buffers.outputs.blocks[index].pointer.load(as: Float.self)
  }

  /// Returns the numbers that the last call gave for output `index`, of `f32`.
  package func floats(ofOutput index: Int) -> [Float] {
    let value = entry.outputs[index]
    precondition(value.element == .f32, "the output is made of 32-bit numbers")
    return buffers.outputs.blocks[index].load(
      value.shape(steps: steps).elementCount, as: Float.self)
  }

  /// Returns the memory of output `index` in the entry's order; see `input(_:)`.
  package func output(_ index: Int) -> UnsafeMutableRawPointer {
    buffers.outputs.blocks[index].pointer
  }

}

/// The memory of the inputs and outputs of an entry.
///
/// A class, because prepared calls and the session share it.
final class EntryBuffers {

  let inputs: MemoryTable
  let outputs: MemoryTable

  /// Creates memory for `entry`.
  init(_ entry: Manifest.Entry) throws(RunnerError) {
    inputs = try MemoryTable(shapes: entry.inputs.map(\.shape), for: "inputs")
    outputs = try MemoryTable(shapes: entry.outputs.map(\.shape), for: "outputs")
  }

}

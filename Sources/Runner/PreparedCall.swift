/// A call of an entry whose inputs are in place, to be made as often as needed.
package struct PreparedCall {

  package let entry: Manifest.Entry

  let function: CompiledModel.EntryFunction

  /// The memory of the inputs and outputs, kept alive by the call.
  let buffers: EntryBuffers

  /// The count of steps that each call runs.
  package let steps: Int

  /// Returns the memory of input `index` in the entry's order, as the calling convention lays it
  /// out; it may be written between calls, and lives as long as the call or its session.
  package func input(_ index: Int) -> UnsafeMutableRawPointer {
    buffers.inputs.blocks[index].pointer
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
    // Every element type takes four bytes.
    inputs = try MemoryTable(
      byteCounts: entry.inputs.map { $0.shape.elementCount * MemoryLayout<Float>.stride },
      for: "inputs")
    outputs = try MemoryTable(
      byteCounts: entry.outputs.map { $0.shape.elementCount * MemoryLayout<Float>.stride },
      for: "outputs")
  }

}

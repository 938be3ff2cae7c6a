import Foundation

/// A block of memory as the calling convention asks for it: aligned to 64 bytes, zero at first,
/// with 64 spare bytes behind it that kernels may read.
///
/// A class, because the block is freed when its last user is gone.
///
/// Safety: `pointer` is valid for `byteCount` bytes and the spare ones as long as `self` lives, and
/// nothing else frees it. Accesses from here are checked against `byteCount`; those of a compiled
/// model are not, its manifest states the sizes that it needs.
package final class AlignedMemory {

  /// The alignment of every block and the number of spare bytes behind it.
  private static let alignment = 64

  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int

  /// Creates a block of `byteCount` bytes for `purpose`, which an error names.
  ///
  /// - Requires: `byteCount` is not negative.
  package init(byteCount: Int, for purpose: String) throws(RunnerError) {
    precondition(byteCount >= 0, "sizes are not negative")
    var block: UnsafeMutableRawPointer?
    let (total, overflow) = byteCount.addingReportingOverflow(Self.alignment)
    guard !overflow, posix_memalign(&block, Self.alignment, total) == 0, let block else {
      throw RunnerError(.environment, "no memory for \(byteCount) bytes of \(purpose)")
    }
    memset(block, 0, total)
    self.pointer = block
    self.byteCount = byteCount
  }

  deinit {
    free(pointer)
  }

  /// Replaces the first elements by `elements`.
  ///
  /// - Requires: they fit.
  package func store<T: BitwiseCopyable>(_ elements: [T]) {
    elements.withUnsafeBytes { bytes in
      precondition(bytes.count <= byteCount, "the elements fit into the block")
      if let start = bytes.baseAddress { pointer.copyMemory(from: start, byteCount: bytes.count) }
    }
  }

  /// Replaces all bytes by those of `other`.
  ///
  /// - Requires: `other` is as large.
  func copy(_ other: AlignedMemory) {
    precondition(other.byteCount == byteCount, "the blocks are equally large")
    pointer.copyMemory(from: other.pointer, byteCount: byteCount)
  }

  /// Returns the first `count` elements.
  ///
  /// - Requires: they lie in the block, and any bits are a `T`.
  package func load<T: BitwiseCopyable>(_ count: Int, as type: T.Type) -> [T] {
    let size = count * MemoryLayout<T>.stride
    precondition(size <= byteCount, "the elements lie in the block")
    return [T](unsafeUninitializedCapacity: count) { elements, initialized in
      UnsafeMutableRawBufferPointer(elements).copyMemory(
        from: UnsafeRawBufferPointer(start: pointer, count: size))
      initialized = count
    }
  }

}

/// The blocks of several tensors and the table of their addresses that a compiled model reads.
///
/// A class, because the table points into blocks that must live as long.
///
/// Safety: the table is written once, here, and every address in it is that of a block in `blocks`.
package final class MemoryTable {

  package let blocks: [AlignedMemory]

  private let table: AlignedMemory

  /// Creates one block for a tensor of each of `shapes`.
  package init(shapes: [[Int]], for purpose: String) throws(RunnerError) {
    var blocks: [AlignedMemory] = []
    for shape in shapes {
      // Every element type takes four bytes.
      let byteCount = shape.elementCount * MemoryLayout<Float>.stride
      blocks.append(try AlignedMemory(byteCount: byteCount, for: purpose))
    }
    self.blocks = blocks
    self.table = try AlignedMemory(
      byteCount: blocks.count * MemoryLayout<UnsafeRawPointer?>.stride, for: purpose)
    table.store(blocks.map { UInt(bitPattern: $0.pointer) })
  }

  /// The addresses of blocks that are read.
  package var addresses: UnsafePointer<UnsafeRawPointer?> {
    UnsafePointer(table.pointer.assumingMemoryBound(to: UnsafeRawPointer?.self))
  }

  /// The addresses of blocks that are written.
  package var mutableAddresses: UnsafePointer<UnsafeMutableRawPointer?> {
    UnsafePointer(table.pointer.assumingMemoryBound(to: UnsafeMutableRawPointer?.self))
  }

}

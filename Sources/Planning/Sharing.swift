import IR

// How several workers do one entry together.
//
// Every worker runs the whole schedule. A kernel is divided into grains, pieces of equal size along
// one axis, of which each worker does a contiguous range; what is not divided the first worker
// does. A grain is computed alike whoever does it, so that the bits are the same for every number
// of workers. Where a kernel touches memory that another worker may have written, or may still
// read, all meet before it. They need not where both kernels are divided alike: then each worker
// touches its own part alone. Rows of a batch are such parts: the steps of a scan need no meeting.

extension KernelCall {

  /// The axis along which a kernel is divided.
  package enum Axis: Hashable, Sendable {

    /// The rows of the result, by tiles; of a map the outermost loop.
    case rows

    /// The columns of the result, by panels; of sums by vectors.
    case columns

  }

  /// How a kernel is divided.
  package struct Share: Hashable, Sendable {

    package var axis: Axis

    /// The number of grains.
    package var grains: Int

    /// The rows, columns or elements of a grain; the last one may have less.
    package var size: Int

  }

}

/// What a grain of a kernel touches of a tensor.
struct Footprint: Hashable {

  /// The part of the tensor that grain *g* touches, if it touches nothing else: of every
  /// `grains * size` elements those from *g* `* size` up to the next grain's.
  struct Windows: Hashable {

    var grains: Int
    var size: Int

  }

  var place: Place

  /// `nil` where any grain may touch anything.
  var windows: Windows?

  /// Creates the footprint of a kernel that touches anything at `place`.
  init(_ place: Place) {
    self.place = place
  }

  /// Creates the footprint of a kernel of `grains` grains that are `stride` elements apart, each
  /// walking along `loops`, pairs of a number of elements and the distance between them.
  init(_ place: Place, grains: Int, stride: Int, loops: [(count: Int, stride: Int)]) {
    self.place = place
    let period = grains * stride
    guard stride > 0, place.offset >= 0, place.motions.allSatisfy({ $0.stride % period == 0 })
    else {
      return
    }
    var extent = 1
    for loop in loops where loop.count > 1 && loop.stride % period != 0 {
      if loop.stride < 0 { return }
      extent += (loop.count - 1) * loop.stride
    }
    if place.offset % period + extent > stride { return }
    windows = Windows(grains: grains, size: stride)
  }

}

extension Kernel {

  /// Returns how the kernel can be divided, the best first; empty if it cannot.
  ///
  /// Maps are divided as one of `hints` says, the numbers of grains of the products around them.
  func shares(hints: [Int], lanes: Int) -> [KernelCall.Share] {
    switch self {
    case .product(let k): return k.shares(lanes: lanes)
    case .map(let k): return k.shares(hints: hints)
    case .drop(let k):
      guard case .fixed(let n) = k.count, n >= 256 else { return [] }
      return evenShares(of: n, unit: 16, hints: hints)
    case .pack(let k):
      let width = k.vectors * lanes
      let panels = (k.units + width - 1) / width
      return panels > 1 ? [.init(axis: .columns, grains: panels, size: width)] : []
    case .reduce(let k):
      guard let columns = k.columns(lanes: lanes) else { return [] }
      return [.init(axis: .columns, grains: columns / lanes, size: lanes)]
    case .scatter(let k):
      guard k.columns > lanes, k.columns % lanes == 0 else { return [] }
      return [.init(axis: .columns, grains: k.columns / lanes, size: lanes)]
    case .crossEntropy(let k):
      guard k.isGradient, case .fixed(let n) = k.rows, n >= 16, n % 8 == 0 else { return [] }
      return [.init(axis: .rows, grains: n / 8, size: 8)]
    case .convolve(let k):
      return k.images > 1 ? [.init(axis: .rows, grains: k.images, size: 1)] : []
    case .convolveGradient(let k):
      let size = k.channelsOfGrain(lanes: lanes)
      let grains = k.channels / size
      return grains > 1 ? [.init(axis: .rows, grains: grains, size: size)] : []
    case .pooling(let k):
      return k.images > 1 ? [.init(axis: .rows, grains: k.images, size: k.channels)] : []
    case .softmax, .argmax, .gather, .oneHot, .mask, .literal, .batched: return []
    }
  }

  /// Returns what a grain of the kernel, divided by `share`, reads and writes.
  func footprints(
    _ share: KernelCall.Share, lanes: Int
  ) -> (reads: [Footprint], writes: [Footprint]) {
    switch self {
    case .product(let k): return k.footprints(share, lanes: lanes)
    case .map(let k):
      let loops = k.loops.dropFirst().map { $0.value(steps: 1) }
      func footprint(_ x: Operand) -> Footprint {
        Footprint(
          x.place, grains: share.grains, stride: x.strides[0] * share.size,
          loops: [(share.size, x.strides[0])] + zip(loops, x.strides.dropFirst()).map { ($0, $1) })
      }
      return (k.program.inputs.map(footprint), k.program.outputs.map { footprint($0.operand) })
    case .pack(let k):
      var (row, panel) = (share.size * k.segments.count, 0)
      panel = k.room * row
      if case .table = k.layout { (row, panel) = (row * share.grains, row) }
      let width = share.size * k.segments.count
      let output = Footprint(
        k.output, grains: share.grains, stride: panel, loops: [(k.room, row), (width, 1)])
      return ([Footprint(k.source)] + access.reads.dropFirst().map { Footprint($0) }, [output])
    case .reduce(let k):
      let rank = k.outer.count
      let strides = k.input.strides
      var loops = zip(
        k.outer.dropLast() + k.inner, strides.prefix(rank - 1) + strides.dropFirst(rank)
      )
      .map { ($0.value(steps: 1), $1) }
      loops.append((share.size, 1))
      let input = Footprint(k.input.place, grains: share.grains, stride: share.size, loops: loops)
      let last = k.output.strides[rank - 1]
      let output = Footprint(
        k.output.place, grains: share.grains, stride: share.size * last,
        loops: zip(k.outer.dropLast(), k.output.strides).map { ($0.value(steps: 1), $1) }
          + [(share.size, last)])
      return ([input], [output])
    case .scatter(let k):
      func footprint(_ place: Place, _ rows: Int) -> Footprint {
        Footprint(
          place, grains: share.grains, stride: share.size,
          loops: [(rows, k.columns), (share.size, 1)])
      }
      return (
        [Footprint(k.index), footprint(k.values, k.rows.value(steps: 1))],
        access.writes.map { footprint($0, k.sums) }
      )
    case .convolve, .convolveGradient, .pooling: return imageFootprints(share)
    case .drop(let k):
      let ends = [k.input, k.output].map {
        Footprint($0, grains: share.grains, stride: share.size, loops: [(share.size, 1)])
      }
      return ([ends[0], Footprint(k.seed), Footprint(k.update)], [ends[1]])
    case .crossEntropy(let k):
      func footprint(_ place: Place, _ width: Int) -> Footprint {
        Footprint(
          place, grains: share.grains, stride: share.size * width, loops: [(share.size * width, 1)])
      }
      // Every worker counts all places of the mask.
      return (
        [footprint(k.logits, k.columns), footprint(k.labels, 1)]
          + (k.mask.map { [Footprint($0)] } ?? []),
        [footprint(k.output, k.columns)]
      )
    case .softmax, .argmax, .gather, .oneHot, .mask, .literal, .batched:
      return (access.reads.map { Footprint($0) }, access.writes.map { Footprint($0) })
    }
  }

  /// About how many cycles the kernel takes on `machine`.
  func cycles(on machine: Machine) -> Double {
    let rate = machine.multiplyAddsPerCycle * Double(machine.lanes)
    switch self {
    case .product(let k):
      let depth = k.parts.reduce(0) { $0 + $1.depth.value(steps: 1) * $1.segments.count }
      return Double(k.rows.value(steps: 1) * k.units * (depth + 8 * k.segments)) / rate
    case .map(let k):
      return Double(k.loops.reduce(1) { $0 * $1.value(steps: 1) }) / Double(machine.lanes) * 2
    case .drop(let k): return Double(k.count.value(steps: 1)) / Double(machine.lanes) * 20
    case .convolve(let k):
      return Double(k.images * k.channels * k.places.reduce(1, *)) * k.depth / rate
    case .convolveGradient(let k):
      return Double(k.images * k.channels * k.places.reduce(1, *)) * k.depth / rate
    case .pooling(let k):
      return Double(k.images * k.channels * k.places.reduce(1, *) * k.pool.size * k.pool.size)
    case .reduce(let k):
      return Double((k.outer + k.inner).reduce(1) { $0 * $1.value(steps: 1) })
        / Double(machine.lanes)
    case .scatter(let k):
      return Double(k.rows.value(steps: 1) * k.columns) / Double(machine.lanes) * 2
    case .crossEntropy(let k): return Double(k.rows.value(steps: 1) * (k.columns + 64))
    case .pack(let k): return Double(k.depth.value(steps: 1) * k.units * k.segments.count) / 8
    case .softmax(let k): return Double(k.rows.value(steps: 1) * (k.columns + 64))
    case .argmax, .gather, .oneHot, .mask, .literal, .batched: return 0
    }
  }

}

extension Product {

  fileprivate func shares(lanes: Int) -> [KernelCall.Share] {
    var result: [KernelCall.Share] = []
    if case .fixed(let n) = rows, n > tile.rows {
      result.append(.init(axis: .rows, grains: (n + tile.rows - 1) / tile.rows, size: tile.rows))
    }
    let panels = panels(lanes: lanes)
    if panels > 1 {
      result.append(.init(axis: .columns, grains: panels, size: tile.vectors * lanes))
    }
    return result
  }

  fileprivate func footprints(
    _ share: KernelCall.Share, lanes: Int
  ) -> (reads: [Footprint], writes: [Footprint]) {
    let rowCount = rows.value(steps: 1)
    // What one row holds of an operand of the program, and where neighbours are.
    func operand(_ place: Place, row: Int, unit: Int) -> Footprint {
      switch share.axis {
      case .rows:
        Footprint(
          place, grains: share.grains, stride: share.size * row,
          loops: [(share.size, row), (units, unit)])
      case .columns:
        Footprint(
          place, grains: share.grains, stride: share.size * unit,
          loops: [(rowCount, row), (share.size, unit)])
      }
    }
    var reads: [Footprint] = []
    for part in parts {
      let depth = part.depth.value(steps: 1)
      switch share.axis {
      case .rows:
        reads.append(
          Footprint(
            part.place, grains: share.grains, stride: share.size * part.rowStride,
            loops: [(share.size, part.rowStride), (depth, part.depthStride)]))
        reads.append(Footprint(part.weight))
      case .columns:
        let panel = part.room * part.segments.count * share.size
        reads.append(Footprint(part.place))
        reads.append(
          Footprint(part.weight, grains: share.grains, stride: panel, loops: [(panel, 1)]))
      }
    }
    for lookup in lookups {
      reads.append(Footprint(lookup.table))
      reads.append(
        share.axis == .rows
          ? Footprint(
            lookup.index, grains: share.grains, stride: share.size * lookup.indexStride,
            loops: [(share.size, lookup.indexStride)]) : Footprint(lookup.index))
    }
    if let bias { reads.append(Footprint(bias)) }
    if let start {
      reads.append(
        share.axis == .rows
          ? Footprint(
            start.place, grains: share.grains, stride: share.size * start.rowStride,
            loops: [
              (share.size, start.rowStride), (segments, start.segmentStride), (units, 1),
            ]) : Footprint(start.place))
    }
    for x in program.inputs {
      reads.append(operand(x.place, row: x.strides[0], unit: x.strides[1]))
    }
    let writes = program.outputs.map {
      operand($0.operand.place, row: $0.operand.strides[0], unit: $0.operand.strides[1])
    }
    return (reads, writes)
  }

}

extension Map {

  /// A map is divided along its outermost loop, if all that it writes lies apart there.
  fileprivate func shares(hints: [Int]) -> [KernelCall.Share] {
    guard case .fixed(let n) = loops[0], program.outputs.allSatisfy({ $0.operand.strides[0] > 0 })
    else {
      return []
    }
    let whole = loops.dropFirst().reduce(n) { $0 * $1.value(steps: 1) }
    guard whole >= 256 else { return [] }
    // Whole vectors, where those run along the loop that is divided.
    return evenShares(of: n, unit: loops.count == 1 ? 16 : 1, hints: hints)
  }

}

/// Returns the divisions of `n` elements into equal grains of a multiple of `unit`, those into as
/// many as `hints` say first.
private func evenShares(of n: Int, unit: Int, hints: [Int]) -> [KernelCall.Share] {
  (hints + [32, 16, 8, 4, 2]).filter { $0 > 1 && n % ($0 * unit) == 0 }
    .map { KernelCall.Share(axis: .rows, grains: $0, size: n / $0) }
}

extension Reduce {

  /// The number of results that vectors run along, if all are whole vectors.
  fileprivate func columns(lanes: Int) -> Int? {
    guard isAcross, case .fixed(let n) = outer[outer.count - 1], n > lanes, n % lanes == 0,
      output.strides[outer.count - 1] > 0
    else { return nil }
    return n
  }

  /// `true` iff vectors run along the last axis of the result, whose elements are adjacent in the
  /// input; otherwise they run along the last one that is reduced.
  package var isAcross: Bool {
    let last = outer.count - 1
    return input.strides[last] == 1 && outer[last] != .fixed(1)
      && input.strides[input.strides.count - 1] != 1
  }

}

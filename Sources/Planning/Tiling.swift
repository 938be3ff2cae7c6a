import IR

extension Tile {

  /// Returns the tile for a product of `rows` rows, whose result has `segments` segments of
  /// `units` columns.
  ///
  /// A multiply-add needs a register for its sum for as long as its latency, two vectors a cycle
  /// start: from eight sums on, the units are busy. Every row costs a broadcast, every vector of
  /// columns a load, so tiles are near to square where there are many rows; with few rows they are
  /// as wide as registers allow. Besides the sums, registers hold a vector of factors for each
  /// column and two broadcasts. Of tiles that are nearly as high, one that divides the rows is
  /// taken: a low tile at the end reads all weights for few sums.
  static func best(rows: Count, units: Int, segments: Int, machine: Machine) -> Tile {
    let wanted = (units + machine.lanes - 1) / machine.lanes
    let highest = machine.registers > 16 ? 8 : 4
    var rowLimit = highest
    if case .fixed(let n) = rows { rowLimit = min(max(n, 1), highest) }
    // Narrower tiles first where there are many rows: they leave the panel of weights in the
    // nearest cache.
    let widest = rowLimit >= 4 ? 2 : rowLimit >= 2 ? 4 : 8
    var vectors = max(1, min(wanted, widest / segments))
    func fits(_ height: Int) -> Bool {
      let columns = vectors * segments
      // A single row has no factors that are used twice.
      return (height == 1 ? columns : (height + 1) * columns) + 2 <= machine.registers
    }
    while vectors > 1, !fits(rowLimit) { vectors -= 1 }
    while rowLimit > 1, !fits(rowLimit) { rowLimit -= 1 }
    if case .fixed(let n) = rows, n > rowLimit {
      let low = max(1, (rowLimit * 2 + 2) / 3)
      rowLimit = (low...rowLimit).last { n % $0 == 0 } ?? rowLimit
    }
    return Tile(rows: rowLimit, vectors: vectors)
  }

}

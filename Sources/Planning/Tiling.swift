import IR

extension Tile {

  /// Returns the tile for a product of `rows` rows, whose result has `segments` segments of
  /// `units` columns.
  ///
  /// A multiply-add needs a register for its sum for as long as its latency, two vectors a cycle
  /// start: from eight sums on, the units are busy. Every row costs a broadcast, every vector of
  /// columns a load, so tiles are near to square where there are many rows; with few rows they are
  /// as wide as registers allow. Four registers are left for factors.
  static func best(rows: Count, units: Int, segments: Int, machine: Machine) -> Tile {
    let available = machine.registers - 4
    let wanted = (units + machine.lanes - 1) / machine.lanes
    var rowLimit = 8
    if case .fixed(let n) = rows { rowLimit = min(max(n, 1), machine.registers > 16 ? 8 : 4) }
    if machine.registers <= 16 { rowLimit = min(rowLimit, 4) }
    // Narrower tiles first where there are many rows: they leave the panel of weights in the
    // nearest cache.
    let widest = rowLimit >= 4 ? 2 : rowLimit >= 2 ? 4 : 8
    var vectors = max(1, min(wanted, widest / segments))
    while vectors > 1, vectors * segments * rowLimit > available { vectors -= 1 }
    while rowLimit > 1, vectors * segments * rowLimit > available { rowLimit -= 1 }
    return Tile(rows: rowLimit, vectors: vectors)
  }

}

import IR
import Optimizer
import Testing

@Suite struct CellTests {

  /// Runs the passes up to `gather-one-hot` on a model with `cell`.
  private func merged(_ text: String) throws -> ProductModel {
    var model = try ProductModel(text)
    try model.apply(
      .foldConstants, .simplifyAlgebra, .mergeDuplicates, .concatenateLinears, .mergeLinears,
      .gatherOneHot)
    return model
  }

  @Test(arguments: [(Cell.lstm, 1), (.gruResetAfter, 1), (.gruResetBefore, 2)])
  func cellsHaveFewProducts(_ cell: Cell, _ count: Int) throws {
    let model = try merged(cell.text)
    // One more product is the output layer.
    #expect(model.productCount(of: "forward") == count + 1)
    #expect(model.productCount(of: "step") == count + 1)
  }

  @Test(
    arguments: Cell.allCases, [PassContext.Schedule.auto, .concat, .hoist])
  func everyScheduleGivesTheSameNumbers(_ cell: Cell, _ schedule: PassContext.Schedule) throws {
    var model = try merged(cell.text)
    try model.apply(.hoistProducts, .fuseElementwise, schedule: schedule)
  }

  @Test func gatesOfAnLSTMStandSideBySide() throws {
    let model = try merged(Cell.lstm.text)
    #expect(
      model.bindLines == [
        "add_1_weight = concat(W_xi, W_hi, axis: 0)",
        "add_3_weight = concat(W_xf, W_hf, axis: 0)",
        "add_5_weight = concat(W_xg, W_hg, axis: 0)",
        "add_7_weight = concat(W_xo, W_ho, axis: 0)",
        "add_1_merged_weight = "
          + "concat(add_1_weight, add_3_weight, add_5_weight, add_7_weight, axis: 1)",
        "add_1_merged_bias = concat(b_i, b_f, b_g, b_o, axis: 0)",
      ])
    let step = model.lines(of: "step")
    #expect(
      step[0].hasPrefix("add_1_merged = linear([x, h], add_1_merged_weight, add_1_merged_bias)"))
    #expect(step[1].hasPrefix("add_1 = slice(add_1_merged, 0 ..< hidden, axis: 1)"))
    #expect(step[4].hasPrefix("add_7 = slice(add_1_merged, 3 * hidden ..< 4 * hidden, axis: 1)"))
  }

  @Test func noZerosAreMultipliedInAGRU() throws {
    let model = try merged(Cell.gruResetAfter.text)
    #expect(
      model.bindLines == [
        "linear_4_merged_weight = concat(W_xn, W_xr, W_xz, axis: 1)",
        "linear_4_merged_weight_1 = concat(W_hr, W_hz, W_hn, axis: 1)",
        "linear_4_merged_bias = concat(b_n, b_r, b_z, b_hn, axis: 0)",
      ])
    #expect(
      model.lines(of: "step")[0].hasPrefix(
        "linear_4_merged = linear([x to 0 ..< 3 * hidden, h to hidden ..< 4 * hidden], "
          + "[linear_4_merged_weight, linear_4_merged_weight_1], linear_4_merged_bias)"))
  }

  @Test func hoistingAMergedCellSplitsItsColumns() throws {
    var model = try merged(Cell.gruResetAfter.text)
    try model.apply(.hoistProducts, schedule: .hoist)
    let lines = model.lines(of: "forward")
    #expect(
      lines[0].hasPrefix(
        "linear_4_merged_hoisted = linear([x to 0 ..< 3 * hidden], [linear_4_merged_weight], "
          + "linear_4_merged_bias)"))
    #expect(
      lines[2].hasPrefix(
        "linear_4_merged = linear([h to hidden ..< 4 * hidden], [linear_4_merged_weight_1], "
          + "start: linear_4_merged_hoisted[t])"))
    #expect(lines.last == "y = linear(h_all, W_q, b_q)")
  }

  @Test func hoistingAnLSTMLeavesNoWeightTwice() throws {
    var model = try merged(Cell.lstm.text)
    // Without `step`, nothing needs the weights of x and h together.
    let text = model.module.description
    model = try ProductModel(text.components(before: "  entry step {") + "}\n")
    try model.apply(.hoistProducts, schedule: .hoist)
    #expect(
      model.bindLines == [
        "add_1_merged_bias = concat(b_i, b_f, b_g, b_o, axis: 0)",
        "add_1_merged_weight = concat(W_xi, W_xf, W_xg, W_xo, axis: 1)",
        "add_1_merged_weight_1 = concat(W_hi, W_hf, W_hg, W_ho, axis: 1)",
      ])
  }

  @Test(arguments: Cell.allCases)
  func updatesAreFusedBehindTheirProducts(_ cell: Cell) throws {
    var model = try merged(cell.text)
    try model.apply(.hoistProducts, .fuseElementwise)
    let lines = model.lines(of: "step")
    // The groups, with all lines but the output layer in them.
    #expect(lines.filter { $0 == "fused {" }.count == (cell == .gruResetBefore ? 2 : 1))
    #expect(lines.last == "y = linear(h, W_q, b_q)")
    #expect(lines[lines.count - 2] == "}")
  }

  @Test func theOrderOfGatesAndNamesDoesNotMatter() throws {
    var text = Cell.lstm.text
    for (old, new) in [("W_h", "u."), ("W_x", "v."), ("b_", "rho"), ("LSTM", "M")] {
      text = text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
    var lines = text.split(separator: "\n").map(String.init)
    let gates = lines.indices.filter { lines[$0].contains(" i = ") || lines[$0].contains(" o = ") }
    lines.swapAt(gates[0], gates[1])
    let model = try merged(lines.joined(separator: "\n"))
    #expect(model.productCount(of: "forward") == 2)
  }

}

extension String {

  /// Returns what stands before `marker`.
  fileprivate func components(before marker: String) -> String {
    String(split(separator: marker, maxSplits: 1, omittingEmptySubsequences: false)[0])
  }

}

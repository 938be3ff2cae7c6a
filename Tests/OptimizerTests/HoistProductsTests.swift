import IR
import Optimizer
import Testing

@Suite struct HoistProductsTests {

  private let head = """
    model M {
      dim m = 3, n = 4, k = 2, batch = 2, steps = 5
      input x : f32[steps, batch, m]
      input tokens : index<m>[steps, batch]
      state h : f32[batch, n] = zeros
      param A : f32[m, n] = zeros
      param C : f32[n, n] = zeros
      param D : f32[n, k] = zeros
      param E : f32[k, k] = zeros
      param W : f32[m + n, n] = zeros
      param b : f32[n] = zeros
      param d : f32[k] = zeros

    """

  private func hoisted(
    _ lines: String..., schedule: PassContext.Schedule = .hoist
  ) throws -> ProductModel {
    var model = try ProductModel(
      head + "scan t in steps {\n\(lines.joined(separator: "\n"))\n}\n output o\n}\n")
    try model.apply(.hoistProducts, schedule: schedule)
    return model
  }

  @Test func partsOfSequencesLeaveInFront() throws {
    let model = try hoisted("h = tanh(linear([x[t], h], W, b))", "o[t] = h")
    #expect(
      model.lines(of: "forward") == [
        "linear_hoisted = linear(x, linear_weight, b) from h",
        "scan t in steps {",
        "linear = linear(h, linear_weight_1, start: linear_hoisted[t]) from h",
        "h_1 = tanh(linear) from h", "h = flush(h_1)", "o[t] = h", "}",
      ])
    #expect(
      model.bindLines == [
        "linear_weight = slice(W, 0 ..< m, axis: 0)",
        "linear_weight_1 = slice(W, m ..< m + n, axis: 0)",
      ])
    #expect(model.lines(of: "step")[0] == "linear = linear([x, h], W, b) from h")
    #expect(model.choices.count == 1)
    #expect(model.choices[0].hasPrefix("h: hoisted x ("), "\(model.choices)")
    #expect(model.choices[0].contains("over keeping the concatenation [x, h] ("))
  }

  @Test func computedPartsLeaveWithWhatTheyNeed() throws {
    let model = try hoisted(
      "e = relu(linear(x[t], A)) + b", "h = tanh(linear([softmax(e), h], concat(C, C, axis: 0)))",
      "o[t] = h * e")
    #expect(
      model.lines(of: "forward").prefix { !$0.hasPrefix("scan") }.map { $0.prefix { $0 != "(" } }
        == [
          "concat = concat", "linear_hoisted = linear", "relu_hoisted = relu", "e_hoisted = add",
          "softmax_hoisted = softmax", "linear_1_hoisted = linear",
        ])
    #expect(model.lines(of: "forward").contains("o[t] = mul(h, e_hoisted[t])"))
  }

  @Test func valuesThatVaryInFewerAxesAreLeft() throws {
    // `v` has one axis: for all steps, the axis of the steps would be taken for that of the rows.
    let model = try hoisted(
      "v = mean(x[t], axis: 0)", "h = tanh(linear([x[t] * v, h], W, b))", "o[t] = h")
    #expect(model.rewrites == 0)
  }

  @Test func gatheredPartsStay() throws {
    var model = try ProductModel(
      head + "scan t in steps {\n h = tanh(linear([one_hot(tokens[t]), x[t], h], "
        + "concat(A, A, C, axis: 0), b))\n o[t] = h\n}\n output o\n}\n")
    try model.apply(.foldConstants, .gatherOneHot, .hoistProducts, schedule: .hoist)
    #expect(
      model.lines(of: "forward").contains {
        $0.hasPrefix("linear = linear([gather one_hot, h], ")
          && $0.hasSuffix("start: linear_hoisted[t]) from h")
      })
    try model.apply(.fuseElementwise)
  }

  @Test func reversedScansAreLeftToo() throws {
    var model = try ProductModel(
      head + "scan t in steps reverse {\n h = tanh(linear([x[t], h], W, b))\n"
        + "o[t] = linear(h, D, d)\n}\n output o\n}\n")
    try model.apply(.hoistProducts, schedule: .hoist)
    #expect(model.rewrites == 2)
  }

  @Test func productsThatNoStateNeedsLeaveBehind() throws {
    let model = try hoisted(
      "h = tanh(linear(h, C))", "a = relu(linear(h, D, d))",
      "o[t] = log_softmax(linear(a, E), axis: 1)")
    #expect(
      model.lines(of: "forward") == [
        "scan t in steps {", "linear = linear(h, C) from h", "h_1 = tanh(linear) from h",
        "h = flush(h_1)", "h_all[t] = h", "}", "linear_1 = linear(h_all, D, d) from a",
        "a = relu(linear_1)",
        "linear_2 = linear(a, E) from o",
        "o = log_softmax(linear_2, axis: 2)",
      ])
    #expect(model.choices.count == 1)
  }

  @Test func whatIsStackedAlreadyIsNotStackedTwice() throws {
    var model = try ProductModel(
      head + "scan t in steps {\n h = tanh(linear(h, C))\n all[t] = h\n"
        + "o[t] = linear(h, D, d)\n}\n output o\n output all\n}\n")
    try model.apply(.hoistProducts, schedule: .hoist)
    #expect(model.lines(of: "forward").last == "o = linear(all, D, d)")
  }

  @Test func oldStatesAndGatheredPartsLeaveBehind() throws {
    var model = try ProductModel(
      head + "scan t in steps {\n o[t] = linear([one_hot(tokens[t]), h], W, b)\n"
        + "h = tanh(linear(h, C) + x[t, 0, 0])\n}\n output o\n}\n")
    try model.apply(.gatherOneHot, .hoistProducts, schedule: .hoist)
    #expect(
      model.lines(of: "forward").suffix(2) == [
        "one_hot = one_hot(tokens) from o", "o = linear([gather one_hot, h_all], W, b)",
      ])
  }

  @Test func aScanThatNothingIsLeftOfDisappears() throws {
    let model = try hoisted("o[t] = tanh(linear(x[t], A, b))")
    #expect(
      model.lines(of: "forward") == ["linear = linear(x, A, b) from o", "o = tanh(linear)"])
  }

  @Test func theScheduleForbidsHoisting() throws {
    let model = try hoisted(
      "h = tanh(linear([x[t], h], W, b))", "o[t] = h", schedule: .concat)
    #expect(model.rewrites == 0)
    #expect(model.choices.count == 1)
    #expect(model.choices[0].hasPrefix("h: kept the concatenation [x, h] ("), "\(model.choices)")
    #expect(model.choices[0].hasSuffix("as the schedule asks"))
  }

  @Test func nestedScansAreLeftFromTheInnermost() throws {
    let model = try hoisted(
      "scan u in steps {\n state s : f32[batch, n] = h\n s = tanh(linear([x[u], s], W, b))\n"
        + "p[u] = s\n}", "h = tanh(linear(p[0], C))", "o[t] = h")
    let lines = model.lines(of: "forward")
    #expect(lines[1].hasPrefix("linear_hoisted = linear(x, "), "\(lines)")
  }

  @Test(arguments: [(1, true), (32, false)])
  func priceDecides(_ batch: Int, _ isHoisted: Bool) throws {
    let text = """
      model M {
        dim n = 512, batch = \(batch), steps = 35
        input x : f32[steps, batch, n]
        state h : f32[batch, n] = zeros
        param U : f32[n, n] = zeros
        param V : f32[n, n] = zeros
        scan t in steps {
          h = tanh(linear(x[t], U) + linear(h, V))
        }
        output h
      }
      """
    var model = try ProductModel(text)
    for pass in [Pass.concatenateLinears, .hoistProducts] { try model.run(pass, .auto, .test) }
    #expect(model.rewrites == (isHoisted ? 1 : 0))
    #expect(model.choices.count == 1)
    #expect(
      model.choices[0].hasSuffix(
        isHoisted
          ? "1 row a step are bound by reading weights, hoisting leaves 1.0 MB of 2.1 MB in a step"
          : "32 rows a step are bound by arithmetic either way, hoisting adds 4.6 MB of traffic"),
      "\(model.choices)")
  }

}

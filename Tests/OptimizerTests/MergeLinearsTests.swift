import IR
import Optimizer
import Testing

@Suite struct MergeLinearsTests {

  private let head = """
    model M {
      dim m = 3, n = 4, k = 2, batch = 2, steps = 5
      input x : f32[batch, m]
      input y : f32[batch, n]
      input s : f32[steps, batch, m]
      state h : f32[batch, n] = zeros
      param A : f32[m, n] = zeros
      param B : f32[m, k] = zeros
      param C : f32[n, n] = zeros
      param D : f32[n, k] = zeros
      param U : f32[m + n, k] = zeros
      param V : f32[n + m, n] = zeros
      param b : f32[n] = zeros
      param d : f32[k] = zeros

    """

  private func merged(_ lines: String, _ outputs: String...) throws -> ProductModel {
    let list = outputs.map { "  output \($0)\n" }.joined()
    var model = try ProductModel(head + lines + "\n" + list + "}\n")
    try model.apply(.mergeLinears)
    return model
  }

  @Test func productsOfOnePartStandSideBySide() throws {
    let model = try merged("p = linear(x, A, b)\n q = linear(x, B)", "p", "q")
    #expect(
      model.lines(of: "forward") == [
        "p_merged = linear(x, p_merged_weight, p_merged_bias) from p, q",
        "p = slice(p_merged, 0 ..< n, axis: 1)",
        "q = slice(p_merged, n ..< n + k, axis: 1)",
      ])
    #expect(
      model.bindLines == [
        "p_merged_weight = concat(A, B, axis: 1)", "p_merged_bias = concat(b, no_bias, axis: 0)",
      ])
    #expect(model.module.constants.map(\.name) == ["no_bias"])
  }

  @Test func partsInAnotherOrderAreSorted() throws {
    let model = try merged("p = linear([x, y], U)\n q = linear([y, x], V)", "p", "q")
    #expect(model.lines(of: "forward")[0].contains("= linear([x, y], p_merged_weight)"))
    #expect(
      model.bindLines == [
        "q_weight = slice(V, n ..< m + n, axis: 0)", "q_weight_1 = slice(V, 0 ..< n, axis: 0)",
        "q_weight_2 = concat(q_weight, q_weight_1, axis: 0)",
        "p_merged_weight = concat(U, q_weight_2, axis: 1)",
      ])
  }

  @Test func dependentProductsAreLeft() throws {
    let model = try merged("p = linear(x, A)\n q = linear([x, p], U)", "p", "q")
    #expect(model.rewrites == 0)
  }

  @Test func productsWithoutACommonPartAreLeft() throws {
    let model = try merged("p = linear(x, A)\n q = linear(y, C)", "p", "q")
    #expect(model.rewrites == 0)
  }

  @Test func whatAProductNeedsIsComputedBefore() throws {
    let model = try merged(
      "p = linear(x, A)\n r = tanh(p)\n v = exp(y)\n q = linear([x, v], U)", "r", "q")
    #expect(
      model.lines(of: "forward") == [
        "v = exp(y)",
        "p_merged = linear([x, v to n ..< n + k], [p_merged_weight, q_weight_1]) from p, q",
        "p = slice(p_merged, 0 ..< n, axis: 1)", "q = slice(p_merged, n ..< n + k, axis: 1)",
        "r = tanh(p)",
      ])
    #expect(
      model.bindLines == [
        "q_weight = slice(U, 0 ..< m, axis: 0)", "p_merged_weight = concat(A, q_weight, axis: 1)",
        "q_weight_1 = slice(U, m ..< m + n, axis: 0)",
      ])
  }

  @Test func productsInARingAreNotAllMerged() throws {
    // Each pair shares a part, and no order makes neighbours of all three pairs.
    let model = try merged(
      "v = tanh(y)\n p = linear([x, y], U)\n q = linear([y, v], concat(C, C, axis: 0))\n"
        + "r = linear([v, x], V)", "p", "q", "r")
    #expect(
      model.lines(of: "forward").contains {
        $0.contains("linear([x to 0 ..< k, y, v to k ..< n + k], ")
      })
    #expect(model.rewrites == 1)
    #expect(model.productCount(of: "forward") == 2)
  }

  @Test func anOutputLayerOfTheOldStateIsLeft() throws {
    let model = try merged(
      "scan t in steps {\n o[t] = linear(h, D, d)\n"
        + "h = tanh(linear([s[t], h], concat(A, C, axis: 0)))\n}", "o")
    #expect(model.rewrites == 0)
  }

}

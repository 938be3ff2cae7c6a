import IR
import Optimizer
import Testing

@Suite struct FuseElementwiseTests {

  private let head = """
    model M {
      dim m = 3, n = 4, batch = 2
      input x : f32[batch, m]
      input y : f32[batch, n]
      param A : f32[m, n] = zeros
      param B : f32[m, 3 * n] = zeros
      param C : f32[n, n] = zeros
      param b : f32[n] = zeros

    """

  private func fused(_ lines: String..., output: String = "z") throws -> [String] {
    var model = try ProductModel(
      head + lines.joined(separator: "\n") + "\n output \(output)\n}\n")
    try model.apply(.fuseElementwise)
    return model.lines(of: "forward")
  }

  @Test func chainsJoinTheProductBeforeThem() throws {
    let lines = try fused("p = linear(x, A, b)", "q = tanh(p)", "z = where(q > y, q, b)")
    #expect(
      lines == [
        "fused {", "p = linear(x, A, b)", "q = tanh(p)", "greater = greater(q, y) from z",
        "z = where(greater, q, b)", "}",
      ])
  }

  @Test func productsAloneAreNoGroup() throws {
    #expect(try fused("z = linear(x, A, b)") == ["z = linear(x, A, b)"])
  }

  @Test func whatAGroupReadsComesBeforeIt() throws {
    let lines = try fused("p = linear(x, A)", "s = softmax(y, axis: 1)", "q = tanh(p)", "z = q * s")
    #expect(
      lines == [
        "s = softmax(y, axis: 1)", "fused {", "p = linear(x, A)", "q = tanh(p)", "z = mul(q, s)",
        "}",
      ])
  }

  @Test func aGroupIsNotLeftAndEnteredAgain() throws {
    let lines = try fused(
      "p = linear(x, A)", "q = tanh(p)", "s = softmax(q, axis: 1)", "z = q * s")
    #expect(
      lines == [
        "fused {", "p = linear(x, A)", "q = tanh(p)", "}", "s = softmax(q, axis: 1)",
        "z = mul(q, s)",
      ])
  }

  @Test func slicesOfEqualWidthAreUnits() throws {
    let lines = try fused(
      "p = linear(x, B)", "q = sigmoid(slice(p, 0 ..< n, axis: 1))",
      "r = tanh(slice(p, n ..< 2 * n, axis: 1))",
      "z = q * r + slice(p, 2 * n ..< 3 * n, axis: 1)")
    #expect(lines.first == "fused {" && lines.last == "}" && lines.count == 10)
  }

  @Test func slicesOfOtherWidthsStandAlone() throws {
    let lines = try fused(
      "p = linear(x, B)", "q = sigmoid(slice(p, 0 ..< 2 * n, axis: 1))",
      "r = tanh(slice(p, 2 * n ..< 3 * n, axis: 1))",
      "z = concat(q, r, axis: 1)")
    #expect(!lines.contains("fused {"))
  }

  @Test func twoProductsNeverShareAGroup() throws {
    let lines = try fused("p = tanh(linear(x, A))", "q = tanh(linear(p, C))", "z = p + q")
    #expect(
      lines == [
        "fused {", "linear = linear(x, A) from p", "p = tanh(linear)", "}", "fused {",
        "linear_1 = linear(p, C) from q", "q = tanh(linear_1)", "z = add(p, q)", "}",
      ])
  }

  @Test func elementwiseNodesFormGroupsWithoutAProduct() throws {
    let lines = try fused("p = exp(y)", "q = p * b", "z = sum(q + 1, axis: 1)")
    #expect(
      lines == [
        "fused {", "p = exp(y)", "q = mul(p, b)", "add = add(q, 1) from z", "}",
        "z = sum(add, axis: 1)",
      ])
  }

  @Test func otherShapesDoNotJoin() throws {
    let lines = try fused("p = tanh(linear(x, A))", "z = p + reshape(y, [batch, 1, n])")
    #expect(lines.last == "z = add(p, reshape)")
  }

  @Test func groupsAreLimited() throws {
    let chain = (0..<60).map { "v\($0) = tanh(\($0 == 0 ? "linear(x, A)" : "v\($0 - 1)"))" }
    let lines = try fused(chain.joined(separator: "\n"), output: "v59")
    #expect(lines.filter { $0 == "fused {" }.count == 3)
  }

}

import IR
import Optimizer
import Testing

@Suite struct ConcatenateLinearsTests {

  private let head = """
    model M {
      dim m = 3, n = 4, batch = 2
      input x : f32[batch, m]
      input y : f32[batch, n]
      param U : f32[m, n] = zeros
      param V : f32[n, n] = zeros
      param W : f32[m + n, n] = zeros
      param b : f32[n] = zeros
      param c : f32[n] = zeros

    """

  private func concatenated(_ lines: String) throws -> ProductModel {
    var model = try ProductModel(head + lines + "\n  output z\n}\n")
    try model.apply(.concatenateLinears)
    return model
  }

  @Test func sumsBecomeOneProduct() throws {
    let model = try concatenated("z = linear(x, U, c) + linear(y, V) + b + W[0, 0] * U[0]")
    #expect(model.rewrites == 1)
    #expect(
      model.bindLines == [
        "linear_weight = concat(U, V, axis: 0)", "linear_bias = add(c, b)",
      ])
  }

  @Test func aLineIsNoOriginOfItself() throws {
    let line = try concatenated("z = linear(x, U) + linear(y, V)")
    #expect(line.lines(of: "forward") == ["z = linear([x, y], z_weight)"])
    let nested = try concatenated("z = tanh(linear(x, U) + linear(y, V))")
    #expect(
      nested.lines(of: "forward") == [
        "add = linear([x, y], add_weight) from z", "z = tanh(add)",
      ])
    let lines = try concatenated("p = linear(x, U)\n z = p + linear(y, V)")
    #expect(lines.lines(of: "forward") == ["z = linear([x, y], z_weight) from p, z"])
  }

  @Test func otherAddendsStayOutside() throws {
    let model = try concatenated("z = y + linear(x, U) + tanh(y) + b + linear(y, V)")
    #expect(
      model.lines(of: "forward") == [
        "tanh = tanh(y) from z", "linear = linear([x, y], linear_weight, b) from z",
        "linear_1 = add(linear, y) from z",
        "z = add(linear_1, tanh)",
      ])
  }

  @Test func aConcatenationBecomesAListOfParts() throws {
    let model = try concatenated("v = concat(x, y, axis: 1)\n z = linear(v, W, b)")
    #expect(
      model.lines(of: "forward") == ["v = concat(x, y, axis: 1)", "z = linear([x, y], W, b)"])
  }

  @Test func sharedProductsAreLeft() throws {
    let model = try concatenated("p = linear(x, U)\n z = (p + linear(y, V)) * p")
    #expect(model.rewrites == 0)
  }

  @Test func widerSumsAreLeft() throws {
    let model = try concatenated(
      "s = linear(x, U) + b\n z = reshape(y, [batch, 1, n]) + s")
    #expect(model.lines(of: "forward").contains { $0.hasPrefix("s = linear(x, U, b)") })
    #expect(model.lines(of: "forward").last?.hasPrefix("z = add(") == true)
  }

  @Test func weightsThatDependOnInputsAreLeft() throws {
    let model = try concatenated("z = linear(x, U * y[0]) + linear(y, V * 2) + b")
    // The second product gets its bias, and the first is added.
    #expect(model.lines(of: "forward").filter { $0.contains("linear(") }.count == 2)
  }

  @Test func theLimitOfRewritesIsKept() throws {
    var model = try ProductModel(
      head + "z = linear(x, U) + b\n w = linear(y, V) + c\n output z\n output w\n}\n")
    let before = model
    try model.run(.concatenateLinears, .auto, .test, limit: 1)
    #expect(model.rewrites == 1)
    #expect(model.lines(of: "forward")[0].hasPrefix("z = linear(x, U, b)"))
    #expect(model.lines(of: "forward")[2] == "w = add(linear_1, c)")
    try model.expectSameNumbers(as: before)
    try model.run(.concatenateLinears, .auto, .test, limit: 0)
    #expect(model.rewrites == 0)
  }

  @Test func entriesShareWeights() throws {
    var model = try ProductModel(Cell.gruResetBefore.text)
    try model.apply(.concatenateLinears)
    #expect(model.bindLines.count == 3)
  }

}

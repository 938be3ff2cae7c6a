import IR
import Testing

@testable import Optimizer

@Suite struct RewriteTests {

  /// Returns the lines of `forward` after `passes`.
  private func forward(_ text: String, after passes: [Pass]) throws -> [String] {
    lines(try module(text, after: [.writeEntries, .maskLengths] + passes), entry: "forward")
  }

  @Test func aBiasIsNotAddedToAProductThatOthersUse() throws {
    let text = """
      model M {
        input x : f32[2, 3]
        param W : f32[3, 4] = ones
        param b : f32[4] = ones
        z = linear(x, W)
        y = z + b
        output y
        output z
      }
      """
    #expect(try forward(text, after: [.simplifyAlgebra]).contains("y = add(z, b)"))
  }

  @Test func aProductIsNotPulledIntoAScan() throws {
    let text = """
      model M {
        dim n = 4
        input x : f32[2, 3]
        input s : f32[n]
        param W : f32[3, 4] = ones
        param b : f32[4] = ones
        z = linear(x, W)
        scan t in n {
          y[t] = (z + b) * s[t]
        }
        output y
      }
      """
    #expect(
      try forward(text, after: [.simplifyAlgebra]).dropFirst(2) == [
        "z = linear(x, W)", "scan t in n {", "add = add(z, b) from y", "y[t] = mul(add, s[t])",
        "}", "output y",
      ])
  }

  @Test func bodiesShareWithWhatSurroundsThemOnly() throws {
    let text = """
      model M {
        dim n = 4
        input x : f32[3]
        input s : f32[n, 3]
        a = tanh(x)
        scan t in n {
          y[t] = tanh(x) + exp(x) + s[t]
        }
        scan k in n {
          z[k] = exp(x) + s[k]
        }
        b = exp(x) + a
        output y
        output z
        output b
      }
      """
    #expect(
      try forward(text, after: [.mergeDuplicates]).dropFirst(2) == [
        "a = tanh(x)", "scan t in n {", "exp = exp(x) from y", "add = add(a, exp) from y",
        "y[t] = add(add, s[t])", "}", "scan k in n {", "exp = exp(x) from z",
        "z[k] = add(exp, s[k])", "}", "exp = exp(x) from b", "b = add(exp, a)", "output y",
        "output z", "output b",
      ])
  }

  @Test func statesThatFeedOnlyThemselvesGo() throws {
    let text = """
      model M {
        dim n = 4
        input s : f32[n, 3]
        state h : f32[3] = zeros
        scan t in n {
          state a : f32[3] = zeros
          state b : f32[3] = ones
          a = b + 1
          b = a * 2
          h = h + s[t]
          y[t] = a
        }
        output h
      }
      """
    #expect(
      try forward(text, after: [.removeDeadNodes]) == [
        "input s : f32[n, 3]", "scan t in n {", "h_1 = add(h, s[t]) from h", "h = flush(h_1)", "}",
        "output h",
      ])
  }

  @Test func entriesShareWhatIsBound() throws {
    let text = """
      model M {
        dim n = 4
        input x : f32[n, 2, 3]
        state h : f32[2, 3] = zeros
        param W : f32[3, 3] = ones
        scan t in n {
          h = tanh(matmul(x[t], W, transpose_b: true) + h)  // the cell
        }
        output h
      }
      """
    let module = try module(text, after: [.writeEntries, .simplifyAlgebra])
    #expect(module.bindLines.map(\.text) == ["matmul_weight = transpose(W) from h"])
    #expect(lines(module, entry: "step").contains("matmul = linear(x, matmul_weight) from h"))
  }

  @Test func numbersAreRoundedToSinglePrecision() throws {
    let text = """
      model M {
        input x : f32[2]
        const K : f32[2] = [0.1, 0.2]
        y = x * (1 / 3) + K * 3 + x * (1 / 0)
        output y
      }
      """
    let module = try module(text, after: [.writeEntries, .foldConstants])
    #expect(
      lines(module, entry: "forward") == [
        "input x : f32[2]", "mul = mul(x, 0.33333334) from y", "add = add(mul, mul_1) from y",
        "div_1 = div(1, 0) from y", "mul_2 = mul(x, div_1) from y", "y = add(add, mul_2)",
        "output y",
      ])
    #expect(module.constants.map(\.initial) == [.literal([0.1, 0.2]), .literal([0.3, 0.6])])
  }

}

import IR
import Testing

@testable import Optimizer

@Suite struct StepTests {

  private static let head = """
    model M {
      dim n = 3, m = 4, batch = 2
      input x : f32[n, batch]
      input z : f32[m, batch]
      input k : index<n + 1>[batch]
      param P : f32[n, batch] = ones
      state h : f32[batch] = zeros

    """

  @Test(arguments: [
    ("scan t in n reverse { h = h + x[t] }", "the scan 't in n' is reversed"),
    ("scan t in n { h = h + x[t] * f32(t) }", "the scan 't in n' computes with 't'"),
    ("scan t in n { h = h + P[t] }", "'P' has one place for each step"),
    (
      "scan t in n {\nstate s : f32[batch] = zeros\ns = s + x[t]\nh = h + s }",
      "the scan 't in n' starts its state 's' again at each call"
    ),
    ("scan t in n { h = h + x[t] }\ny = sum(x, axis: 0)\nh2 = y", "'y' makes one value of all"),
    ("scan t in n { h = h + x[t] }\ny = softmax(x, axis: 0)", "'y' is normalised along the steps"),
    ("scan t in n { h = h + x[t] }\ny = slice(x, 0 ..< 2, axis: 0)", "'y' makes one value of all"),
    ("scan t in n { h = h + x[t] }\ny = x[0] + 1", "a place of 'n' is read"),
    ("scan t in n { h = h + x[t] }\ny = reshape(x, [n * batch])", "'y' mixes the steps"),
    ("scan t in n { h = h + x[t] }\ny = transpose(x) @ x", "'y' makes one value of all steps"),
    ("scan t in n { h = h + x[t] + sum(x, axis: 0) }", "sees more than one step"),
    (
      "scan t in n { h = h + x[t] }\nscan s in m { h = h * z[s] }",
      "the scan 's in m' goes on with 'h' where another scan ends"
    ),
    (
      "scan t in n { h = h + x[t] }\nscan s in m { v[s] = h * z[s] }",
      "the scan 's in m' reads what another scan ends with"
    ),
    ("scan t in n { h = h + x[t] }\ny = h * x", "'y' reads what a scan ends with"),
    (
      "q = h * 2\nscan t in n { h = h + q * x[t] }",
      "'q' reads 'h' as it is in front of all steps"
    ),
    (
      "scan t in n { h = h + x[t] }\noutput first = old(h)",
      "'first' reads 'h' as it is in front of all steps"
    ),
    (
      "state g : f32[batch] = zeros\nscan t in n { h = h + x[t] }\ng = g + 1",
      "state 'g' is assigned once a call, not once a step"
    ),
    (
      "scan t in n {\nh = h + x[t]\nu[t] = h }\nscan s in m {\nh = h + z[s]\nv[s] = h }\n"
        + "y = reshape(u, [n, 1, batch]) * v", "'y' mixes the steps"
    ),
  ])
  func refusals(lines: String, reason: String) throws {
    let module = try module(Self.head + lines + "\noutput h\n}")
    let refusal = try #require(stepRefusal(of: module))
    #expect(refusal.message.contains(reason), "\(refusal.message)")
    #expect(refusal.message.hasPrefix("the model has no entry 'step': "))
    #expect(refusal.span.file != nil)
    let written = try OptimizerTests.module(
      Self.head + lines + "\noutput h\n}", after: [.writeEntries])
    #expect(written.entries.map(\.name) == ["forward"])
    #expect(stepRefusal(of: written) != nil)
  }

  @Test func twoDimensionsAreDropped() throws {
    let text =
      Self.head + """
        scan t in n {
          h = h + x[t]
          u[t] = h * 2
        }
        state g : f32[batch] = zeros
        scan s in m {
          g = g + z[s]
          v[s] = g
        }
        y = tanh(v)
        output u
        output y
        }
        """
    let written = try module(text, after: [.writeEntries])
    #expect(
      lines(written, entry: "step") == [
        "input x : f32[batch]", "input z : f32[batch]", "input k : index<n + 1>[batch]",
        "h_1 = add(h, x) from h", "h = flush(h_1)", "u = mul(h, 2)", "g_1 = add(g, z) from g",
        "g = flush(g_1)", "y = tanh(g)", "output u", "output y",
      ])
    #expect(stepRefusal(of: try module(text)) == nil)
  }

  @Test func axesAreShifted() throws {
    let text =
      Self.head + """
        scan t in n { h = h + x[t] }
        a = reshape(z, [1, m, batch])
        b = stack(x, x, axis: 0)
        c = concat(b, b, axis: 2)
        d = transpose(c, axes: [2, 1, 0])
        e = sum(d, axis: [0, 2])
        output e
        output mask = mask(k, n)
        }
        """
    let written = try module(text, after: [.writeEntries])
    #expect(
      lines(written, entry: "step").dropFirst(3) == [
        "h_1 = add(h, x) from h", "h = flush(h_1)", "a = reshape(z, [1, m, batch])",
        "b = stack(x, x, axis: 0)", "c = concat(b, b, axis: 1)", "d = transpose(c)", "e = sum(d)",
        "mask = less(0, k)", "output e", "output mask",
      ])
  }

  @Test func modelsWithoutScansHaveNoStep() throws {
    let text = "model M {\ninput x : f32[2]\ny = tanh(x)\noutput y\n}"
    let written = try module(text, after: [.writeEntries])
    #expect(written.entries.map(\.name) == ["forward"])
    #expect(stepRefusal(of: written)?.message.contains("no scan") == true)
  }

}

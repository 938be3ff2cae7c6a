import IR
import Testing

@testable import Parsing

@Suite struct ScanTests {

  @Test(arguments: ["", " reverse"])
  func `a scan by several steps has a remainder`(_ direction: String) throws {
    let sign = direction.isEmpty ? "+" : "-"
    let found = canonical(
      """
      dim n = 5
      input xs : f32[n, 2]
      state h : f32[2] = zeros
      scan t in n by 2\(direction) {
        h_1 = h + xs[t]
        ys[t] = h_1
        h = h_1 * xs[t \(sign) 1]
        ys[t \(sign) 1] = h
      } remainder {
        h = h + xs[t]
        ys[t] = h
      }
      output ys
      """)
    #expect(
      found == """
        scan t in n by 2\(direction) {
          h_1 = add(h, xs[t])
          ys[t] = h_1
          h = mul(h_1, xs[t \(sign) 1])
          ys[t \(sign) 1] = h
        } remainder {
          h = add(h, xs[t])
          ys[t] = h
        }
        output ys
        """, "\(found)")
  }

  @Test func `lengths are read and checked`() {
    let head = """
      dim n = 4, batch = 2
      input xs : f32[n, batch, 3]
      input l : index<n + 1>[batch]
      state h : f32[batch, 3] = zeros
      """
    let found = canonical(
      """
      \(head)
      scan t in n reverse lengths l {
        h = h + xs[t]
        ys[t] = h
      }
      output ys
      """)
    #expect(
      found == """
        scan t in n reverse lengths l {
          h = add(h, xs[t])
          ys[t] = h
        }
        output ys
        """, "\(found)")
    let wrong = parse(
      "model M {\n\(head)\nscan t in n lengths l {\nh = h + xs[t]\nys[t] = sum(h)\n}\noutput ys\n}")
    #expect(wrong.codes == ["wrong-lengths"])
  }

  @Test(arguments: [
    ("lengths l", "'lengths l'"), ("lengths l[0]", "'lengths'"),
    ("reverse lengths l", "'lengths l'"),
  ])
  func `lengths and several steps at once exclude each other`(_ end: String, _ title: String) {
    let text = { (factor: Int) in
      """
      model M {
        dim n = 4, batch = 2
        input xs : f32[n, batch, 3]
        input l : index<n + 1>\(end.hasSuffix("]") ? "[1, batch]" : "[batch]")
        state h : f32[batch, 3] = zeros
        scan t in n by \(factor) \(end) {
          h = h + xs[t]
        }
        output h
      }
      """
    }
    #expect(parse(text(1)).rendered == "")
    let outcome = parse(text(4))
    #expect(outcome.codes == ["lengths-by-steps"])
    #expect(
      outcome.diagnostics.map(\.message) == [
        "a scan with lengths does one step at a time; 'by 4' and \(title) exclude each other"
      ])
  }

  @Test func `a later line reads an element of an earlier one`() {
    let found = canonical(
      """
      input xs : f32[3, 2]
      scan t in 3 {
        a[t] = xs[t] * 2
        b[t] = a[t] + a[t][0]
      }
      output a, b
      """)
    #expect(
      found == """
        scan t in 3 {
          a[t] = mul(xs[t], 2)
          b[t] = add(a[t], a[t][0])
        }
        output a
        output b
        """, "\(found)")
  }

  @Test func `other axes are scanned too`() {
    let found = canonical(
      """
      dim n = 3
      input xs : f32[2, n]
      scan t in n {
        y[t] = exp(xs[:, t])
      }
      output y
      """)
    #expect(found.contains("y[t] = exp(xs[:, t])"))
  }

  @Test func `a zero count of steps is possible, another zero is not`() {
    let text = """
      model M {
        dim n = 3, batch = 2
        input xs : f32[n, batch]
        scan t in n {
          y[t] = xs[t] * 2
        }
        output y
      }
      """
    #expect(parse(text, overriding: [("n", 0)]).rendered == "")
    let outcome = parse(text, overriding: [("batch", 0)])
    #expect(outcome.codes == ["impossible-size"])
  }

  @Test func `groups are numbered in the order of the text`() throws {
    let text = """
      model M {
        input xs : f32[3, 2]
        scan t in 3 {
          fused {
            a = exp(xs[t])
            b = a + 1
          }
          c = b * 2
          fused {
            y[t] = tanh(c)
          }
        }
        output y
      }
      """
    let outcome = parse(text)
    let module = try #require(outcome.module, "\(outcome.rendered)")
    let graph = module.entries[0].graph
    guard case .scan(let scan) = graph[graph.body.nodes[0]].op else {
      Issue.record("the first node is no scan")
      return
    }
    #expect(scan.body.nodes.map { graph[$0].group } == [0, 0, nil, 1])
    #expect(parse(outcome.text ?? "").text == outcome.text)
  }

  @Test(arguments: [
    ("y[t + 1] = xs[t]", "step-out-of-range"),
    ("y[0] = xs[t]", "step-out-of-range"),
    ("y[t] = xs[t - 1]", "step-out-of-range"),
    ("y[t] = ys[t]", "range-out-of-bounds"),
    ("y[t] = y[t]", "used-before-definition"),
    ("y[t] = sum(y)", "used-before-definition"),
    ("y[t] = xs[t]\n y[t] = xs[t]", "assigned-twice"),
    ("y[t] = xs[t]\n z = sum(y)", "not-a-value"),
    ("xs[t] = xs[t]\n y[t] = 1", "not-assignable"),
    ("input z : f32\n y[t] = z * xs[t]", "misplaced-statement"),
    ("y[t] = xs[t]\n state s : f32 = 0", "misplaced-statement"),
    ("y[t] = xs[t]\n output y", "misplaced-statement"),
    ("fused {\n scan u in n {\n z[u] = xs[u]\n }\n }\n y[t] = xs[t]", "misplaced-statement"),
    ("scan u in n {\n y[t] = xs[u]\n }\n y[t] = xs[t]", "step-out-of-range"),
    ("scan t in n {\n z[t] = xs[t]\n }\n y[t] = xs[t]", "duplicate-name"),
    ("state h : f32 = [0]\n h = h + 1\n y[t] = xs[t]", "unknown-initialiser"),
    ("state h : f32[2] = xs[0][0]\n h = h + 1\n y[t] = xs[t]", "type-mismatch"),
  ])
  func `mistakes in a body are one error each`(_ body: String, _ code: String) {
    let outcome = parse(
      """
      model M {
        dim n = 3, m = 4
        input xs : f32[n, 2]
        input ys : f32[m, 2]
        scan t in n {
          \(body)
        }
        used = sum(ys)
        output y, used
      }
      """)
    #expect(outcome.codes == [code], "\(outcome.rendered)")
  }

  @Test func `stacks of both bodies have one type`() {
    let outcome = parse(
      """
      model M {
        input xs : f32[4, 2]
        scan t in 4 by 2 {
          y[t] = xs[t]
          y[t + 1] = xs[t + 1]
        } remainder {
          y[t] = sum(xs[t])
        }
        output y
      }
      """)
    #expect(outcome.codes == ["type-mismatch"])
  }

}

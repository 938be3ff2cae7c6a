import IR
import Testing

@testable import Parsing

@Suite struct ModuleTests {

  @Test func `comments are kept`() throws {
    let outcome = parse(
      """
      // Above.
      // Above too.
      model M {  // behind the model
        // above n
        dim n = 3, m = 4  // behind m
        // above x
        input x : f32[n, m]  // behind x

        // above the scan
        scan t in n {  // behind the scan
          // above y
          y[t] = exp(  // inside
            x[t])  // behind y
          // at the end of the body
        }  // behind the body
        // above the alias
        z = y  // behind the alias
        // above the output
        output z  // behind the output
        // at the end
      }
      // After.
      """)
    #expect(outcome.rendered == "")
    let text = try #require(outcome.text)
    #expect(
      text == """
        // Above.
        // Above too.
        model M {  // behind the model
          // above n
          dim n = 3
          dim m = 4  // behind m

          // above x
          input x : f32[n, m]  // behind x

          // above the scan
          scan t in n {  // behind the scan
            // above y
            // inside
            y[t] = exp(x[t])  // behind y
            // at the end of the body
          }

          // behind the body
          // above the alias
          // behind the alias
          // above the output
          output z = y  // behind the output
          // at the end
        }
        // After.

        """)
    #expect(parse(text).text == text)
  }

  @Test func `the form with entries is read`() throws {
    let text = """
      model M {
        dim n = 3, batch = 2
        carried state h : f32[batch, n] = zeros
        param U : f32[n, n] = uniform(low: -1 / sqrt(n), high: 1 / sqrt(n))
        param V : f32[n, n] = normal(std: 0.01)
        passes done entries, concat-linears
        bind {
          // above W
          W = concat(U, V, axis: 0)
          _rest = exp(U)
          R = V
        }
        entry forward {
          input xs : f32[4, batch, n]
          scan t in 4 {
            h = tanh(linear([xs[t], h], W))
            hs[t] = h
          }
          output hs
        }
        // above step
        entry step {
          input x : f32[batch, n]
          h = tanh(linear([x, h], W)) @ R
          output h
        }
      }
      """
    let outcome = parse(text)
    #expect(outcome.rendered == "")
    let module = try #require(outcome.module)
    #expect(module.form == .entries)
    #expect(module.finishedPasses == ["entries", "concat-linears"])
    #expect(module.bind.results.map(\.name) == ["W"])
    #expect(module.entries.map(\.name) == ["forward", "step"])
    #expect(module.entries[1].comments.leading == ["above step"])
    #expect(module.entries.map(\.updates.count) == [1, 1])
    let printed = try #require(outcome.text)
    #expect(parse(printed).text == printed)
    #expect(printed.contains("matmul(tanh, V)"), "\(printed)")
  }

  @Test func `finished passes have names of passes`() {
    let text =
      "model M {\n passes done entries, nonsense,\n  fodl\n entry forward {\n"
      + " input x : f32\n output x\n }\n}"
    let outcome = parse(text, knownPasses: ["entries", "fold"])
    #expect(
      outcome.summary == [
        "2:23 no pass is called 'nonsense'; there are entries, fold",
        "3:3 no pass is called 'fodl'; did you mean 'fold'?",
      ])
    #expect(outcome.codes == ["unknown-pass", "unknown-pass"])
  }

  @Test func `a place of a value of bind can be read by an entry`() throws {
    let outcome = parse(
      """
      model M {
        param U : f32[2, 3] = zeros
        bind {
          W = U * 2
          first = W[0]
          other = U[1]
        }
        entry forward {
          y = first + other
          output y
        }
      }
      """)
    #expect(outcome.rendered == "")
    let text = try #require(outcome.text)
    #expect(text.contains("y = add(W[0], U[1])"), "\(text)")
    #expect(parse(text).text == text)
  }

  @Test(arguments: [
    "dim n = 3\n bind {\n a = h * 2\n }\n entry forward {\n output a\n }": "not-a-value",
    "bind {\n scan t in 3 {\n y[t] = h\n }\n }\n entry forward {\n output h\n }":
      "misplaced-statement",
    "entry forward {\n param W : f32 = zeros\n output h\n }": "misplaced-statement",
    "entry forward {\n y = h * 2\n }": "no-output",
    "x = h * 2\n entry forward {\n output h\n }": "mixed-forms",
    "passes done a\n passes done b\n output h": "duplicate-section",
    "output h, h": "duplicate-name",
    "bind {\n W = p * 2\n }\n entry forward {\n W = h * 2\n output W\n }": "duplicate-name",
  ])
  func `mistakes in sections are one error each`(_ lines: String, _ code: String) {
    let outcome = parse(
      "model M {\n state h : f32[3] = zeros\n param p : f32[3] = zeros\n _q = 1\n \(lines)\n}"
        .replacing(" _q = 1\n", with: ""))
    let errors = outcome.diagnostics.filter { $0.severity == .error }
    #expect(errors.map(\.code.name) == [code], "\(outcome.rendered)")
  }

  @Test func `dimensions are computed and replaced`() throws {
    let text = """
      model M {
        dim a = 2, b = 3 * a + 1
        dim c = b * (a - 1)
        input x : f32[a, b, 2 * c * a]
        output x
      }
      """
    #expect(try #require(parse(text).module).dimensions.map(\.value) == [2, 7, 7])
    let printed = try #require(parse(text).text)
    #expect(printed.contains("dim b = 3 * a + 1\n  dim c = a * b - b\n"), "\(printed)")
    #expect(parse(printed).text == printed)
    let fixed = try #require(parse(text, overriding: [("b", 5)]).text)
    #expect(fixed.contains("dim b = 5\n  dim c = a * b - b\n"), "\(fixed)")
    let replaced = parse(text, overriding: [("a", 4)])
    #expect(try #require(replaced.module).dimensions.map(\.value) == [4, 13, 39])
    let type = try #require(replaced.module).entries[0].inputs[0].type
    #expect(type.sizes(in: try #require(replaced.module).dimensions) == [4, 13, 312])
    let unknown = parse(text, overriding: [("d", 4)])
    #expect(unknown.summary == ["there is no dimension 'd'; did you mean 'a'?"])
  }

  @Test func `a dimension that a pass has used stays`() {
    let text = { (passes: String) in
      "model M {\n dim n = 3\n passes done \(passes)\n input x : f32[n]\n output x\n}"
    }
    let fixed = text("entries, hoist, dead")
    let passes = ["hoist", "unroll"]
    #expect(parse(text("entries"), overriding: [("n", 4)], fixingPasses: passes).rendered == "")
    #expect(parse(fixed, overriding: [("n", 3)], fixingPasses: passes).rendered == "")
    let outcome = parse(fixed, overriding: [("n", 4)], fixingPasses: passes)
    #expect(outcome.summary == ["2:6 'n' cannot be 4: the finished pass 'hoist' has used 3"])
  }

  @Test(arguments: [
    ("dim n = 2147483648", "impossible-size"),
    ("dim n = -1", "impossible-size"),
    ("dim n = 3 * (2 - 2)", "impossible-size"),
    ("dim n = 9223372036854775807 + 1", "size-overflow"),
    ("dim n = m, m = 3", "used-before-definition"),
    ("dim n = 3, n = 4", "duplicate-name"),
    ("dim n = 3 / 2", "not-a-size"),
    ("dim n = 3\n input y : f32[n - 3]", "impossible-size"),
    ("dim n = 3\n input y : f32[n - 4]", "impossible-size"),
    ("dim n = 2000000000\n input y : f32[n, n, n]", "size-overflow"),
    ("dim n = 65537\n input y : f32[n, n]", "tensor-too-large"),
    ("dim n = 65537\n input y : f32[n, 1]\n input z : f32[n]\n _q = y * z", "tensor-too-large"),
    ("input y : f32[x]", "not-a-size"),
    ("input y : f32[3", "unexpected-token"),
    ("input y : f32[]", "unexpected-token"),
    ("input y : index[3]", "invalid-type"),
    ("input y : f32<3>", "invalid-type"),
    ("param y : index<3> = zeros", "invalid-type"),
    ("const y : index<3>[2] = [1, 3]", "invalid-initialiser"),
    ("const y : bool[2] = [1, 2]", "invalid-initialiser"),
    ("const y : f32[2, 2] = [[1, 2], [3]]", "literal-shape"),
    ("const y : f32[2] = 3", "literal-shape"),
    ("param y : f32[2] = normal(mean: 1)", "missing-label"),
    ("param y : f32[2] = normal(std: -1)", "invalid-initialiser"),
    ("param y : f32[2] = uniform(low: 1, high: 0)", "invalid-initialiser"),
    ("param y : f32[2] = uniform(lo: 1, high: 2)", "unknown-label"),
    ("param y : f32[2] = constant(1, 2)", "wrong-operand-count"),
    ("param y : f32[2] = constant(1 / 0)", "not-a-number"),
    ("param y : f32[2] = constant(x)", "not-a-size"),
    ("param y : f32[2] = x", "unknown-initialiser"),
    ("state y : f32[2] = z", "unknown-initialiser"),
    ("param y : f32[2]", "unexpected-token"),
  ])
  func `mistakes in declarations are errors`(_ line: String, _ code: String) {
    let outcome = parse("model M {\n input x : f32[3]\n \(line)\n output x\n}")
    let errors = outcome.diagnostics.filter { $0.severity == .error }
    #expect(errors.map(\.code.name) == [code], "\(outcome.rendered)")
  }

  @Test func `initial values are kept as they are written`() throws {
    let outcome = parse(
      """
      model M {
        dim n = 4
        param a : f32[n] = uniform(low: -1 / sqrt(n), high: (n + 1) * 2)
        param b : f32[2, 2] = [[1, -2], [0.5, 1e-3]]
        param c : f32 = -3
        const d : index<n>[n] = iota
        const e : f32[n] = constant(n - 2 - 1)
        const f : bool[2] = [0, 1]
        y = a + sum(b) + c + f32(d) + e + sum(f32(f))
        output y
      }
      """)
    #expect(outcome.rendered == "")
    let text = try #require(outcome.text)
    #expect(text.contains("= uniform(low: -1 / sqrt(n), high: (n + 1) * 2)\n"))
    #expect(text.contains("= [[1, -2], [0.5, 0.001]]\n"))
    #expect(text.contains("param c : f32 = -3\n"))
    #expect(text.contains("= constant(n - 2 - 1)\n"))
    #expect(parse(text).text == text)
  }

}

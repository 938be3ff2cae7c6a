import IR
import Testing

@testable import Parsing

@Suite struct StateTests {

  private func lines(_ body: String) -> String {
    canonical(
      """
      dim n = 3
      input xs : f32[n, 2]
      carried state h : f32[2] = zeros
      \(body)
      """)
  }

  @Test func `a state means its old value up to its line and its new value after it`() {
    let found = lines(
      """
      scan t in n {
        before[t] = h * 2
        h = h + xs[t]
        after[t] = h * 2
        both[t] = h - old(h)
      }
      output before, after, both
      """)
    #expect(
      found == """
        scan t in n {
          before[t] = mul(h, 2)
          h = add(h, xs[t])
          after[t] = mul(h, 2)
          both[t] = sub(h, old(h))
        }
        output before
        output after
        output both
        """, "\(found)")
  }

  @Test func `moving a line above the assignment changes what it reads`() throws {
    let after = lines("scan t in n {\nh = h + xs[t]\ny[t] = exp(h)\n}\noutput y")
    let before = lines("scan t in n {\ny[t] = exp(h)\nh = h + xs[t]\n}\noutput y")
    let same = lines("scan t in n {\nh = h + xs[t]\ny[t] = exp(old(h))\n}\noutput y")
    #expect(after.contains("y[t] = exp(h)"))
    #expect(before.contains("y[t] = exp(h)"))
    #expect(same.contains("y[t] = exp(old(h))"))
    let module = try #require(
      parse(
        "model M {\ndim n = 3\ninput xs : f32[n, 2]\nstate h : f32[2] = zeros\n"
          + "scan t in n {\ny[t] = exp(h)\nh = h + xs[t]\n}\noutput y\n}"
      ).module)
    let graph = module.entries[0].graph
    guard case .scan(let scan) = graph[graph.body.nodes[0]].op else {
      Issue.record("the first node is no scan")
      return
    }
    #expect(graph[scan.body.nodes[0]].operands == [scan.body.arguments[1]])
  }

  @Test func `a state goes on from one scan to the next and is updated once`() throws {
    let text = """
      model M {
        dim n = 3
        input xs : f32[n, 2]
        carried state h : f32[2] = zeros
        scan t in n {
          h = h + xs[t]
        }
        scan t in n reverse {
          h = h * xs[t]
        }
        first = old(h) + h
        output first, h
      }
      """
    let module = try #require(parse(text).module)
    let entry = module.entries[0]
    #expect(entry.updates.count == 1)
    let scans = entry.graph.body.nodes.prefix(2)
    #expect(entry.updates[0].value == Value(scans[1], 0))
    #expect(entry.graph[scans[1]].operands == [Value(scans[0], 0)])
    #expect(entry.graph.op(of: entry.graph[scans[0]].operands[0]) == .source(.state(ID(0))))
    let add = entry.graph[entry.graph.body.nodes[2]]
    #expect(entry.graph.op(of: add.operands[0]) == .source(.state(ID(0))))
    #expect(add.operands[1] == Value(scans[1], 0))
  }

  @Test func `outside of scans a state is assigned too`() {
    let found = lines(
      """
      z = h + xs[0]
      h = z * 2
      y = h + old(h)
      output y
      """)
    #expect(
      found == """
        z = add(h, xs[0])
        h = mul(z, 2)
        y = add(h, old(h))
        output y
        """, "\(found)")
  }

  @Test func `states are carried in the order of their declarations`() throws {
    let text = """
      model M {
        dim n = 3
        state a : f32 = zeros
        state b : f32 = ones
        scan t in n {
          state d : f32 = constant(2)
          state c : f32 = zeros
          b = b + c
          c = c + d
          a = a + b
          d = d * 2
        }
        output a, b
      }
      """
    let outcome = parse(text)
    let module = try #require(outcome.module, "\(outcome.rendered)")
    let graph = module.entries[0].graph
    guard case .scan(let scan) = graph[graph.body.nodes[0]].op else {
      Issue.record("the first node is no scan")
      return
    }
    #expect(scan.carried.map(\.name) == ["a", "b", "d", "c"])
    #expect(scan.carried.map(\.state) == [ID(0), ID(1), nil, nil])
    let initial = graph[graph.body.nodes[0]].operands.map { graph.op(of: $0) }
    #expect(
      initial == [
        .source(.state(ID(0))), .source(.state(ID(1))), .source(.number(2)), .source(.number(0)),
      ])
  }

  @Test func `a local state may start at a computed value`() {
    let found = lines(
      """
      h = h + 1
      scan t in n {
        state s : f32[2] = h * 3
        s = s + xs[t] * h
        y[t] = s
      }
      output y
      """)
    #expect(
      found == """
        h = add(h, 1)
        mul = mul(h, 3)
        scan t in n {
          state s : f32[2] = mul
          mul_1 = mul(xs[t], h) from s
          s = add(s, mul_1)
          y[t] = s
        }
        output y
        """, "\(found)")
  }

  @Test func `an inner scan carries the states of an outer one`() {
    let found = lines(
      """
      scan t in n {
        state s : f32[2] = zeros
        scan u in n {
          s = s + xs[u]
          z[u] = s * h
        }
        h = h + s
        y[t] = z
      }
      output y
      """)
    // In the text an inner scan goes on with a state of its own.
    #expect(
      found == """
        scan t in n {
          state s : f32[2] = zeros
          scan u in n {
            state s_1 : f32[2] = s
            s_2 = add(s_1, xs[u])
            s_1 = s_2
            z[u] = mul(s_1, h)
          }
          s = s_1
          y[t] = z
          h = add(h, s_1)
        }
        output y
        """, "\(found)")
  }

  @Test func `scans may have states of one name, and the last value can be read`() {
    let found = lines(
      """
      h = h + 1
      scan t in n {
        state s : f32[2] = zeros
        s = s + xs[t]
      }
      z = s * 2
      scan t in n {
        state s : f32[2] = z
        s = s + xs[t]
        y[t] = s
      }
      output y
      """)
    #expect(
      found == """
        h = add(h, 1)
        scan t in n {
          state s : f32[2] = zeros
          s = add(s, xs[t])
        }
        z = mul(s, 2)
        scan t in n {
          state s_1 : f32[2] = z
          s_2 = add(s_1, xs[t])
          s_1 = s_2
          y[t] = s_1
        }
        output y
        """, "\(found)")
  }

  @Test func `a state may start at a parameter`() throws {
    let module = try #require(
      parse(
        "model M {\nstate h : f32[2] = h0\nparam h0 : f32[2] = zeros\nh = h + 1\noutput h\n}"
      ).module)
    #expect(module.states[0].initial == .parameter(ID(0)))
  }

  @Test func `a state assigned twice is reported with the first place`() {
    let outcome = parse(
      """
      model M {
        state h : f32[2] = zeros
        scan t in 3 {
          h = h + 1
          h = h * 2
        }
        output h
      }
      """)
    #expect(outcome.summary == ["5:5 'h' is assigned twice"])
    #expect(outcome.diagnostics.first?.notes.first?.message == "it is assigned first here")
  }

}

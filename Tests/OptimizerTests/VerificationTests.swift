import IR
import Testing

@Suite struct VerificationTests {

  private static let text = """
    model M {
      dim n = 3
      input x : f32[n, 2]
      state h : f32[2] = zeros
      scan t in n {
        h = tanh(h + x[t])
        y[t] = h
      }
      z = y * 2
      w = z + 1
      output w
    }
    """

  /// Returns the errors of a module after `change`.
  private func errors(_ change: (inout Module) -> Void) throws -> [String] {
    var result = try module(Self.text)
    change(&result)
    return result.verificationErrors()
  }

  private func scan(_ module: Module, _ change: (inout Scan) -> Void) -> Module {
    var result = module
    let id = result.entries[0].graph.body.nodes[0]
    guard case .scan(var scan) = result.entries[0].graph[id].op else { return result }
    change(&scan)
    result.entries[0].graph[id].op = .scan(scan)
    return result
  }

  @Test func wellFormed() throws {
    #expect(try errors { _ in } == [])
  }

  @Test func orderOfNodes() throws {
    let errors = try errors { $0.entries[0].graph.body.nodes.swapAt(1, 2) }
    #expect(errors == ["entry 'model': 'w' uses 'z' where it is not visible"])
  }

  @Test func twoPlaces() throws {
    let errors = try errors { module in
      module.entries[0].graph.body.nodes.append(module.entries[0].graph.body.nodes[1])
    }
    #expect(errors == ["entry 'model': 'z' stands in two places"])
  }

  @Test func wrongTypes() throws {
    let errors = try errors { module in
      let id = module.entries[0].graph.body.nodes[2]
      module.entries[0].graph[id].results[0].type = .scalar
    }
    #expect(errors == ["entry 'model': 'w' has the type [\"f32\"], expected [\"f32[n, 2]\"]"])
  }

  @Test func bodiesOfScans() throws {
    let missing = try errors { $0 = scan($0) { $0.body.results.removeLast() } }
    #expect(missing.first?.contains("wrong number of arguments or results") == true)
    let torn = try errors { $0 = scan($0) { $0.factor = 2 } }
    #expect(torn.first?.contains("a remainder iff") == true)
    let swapped = try errors { $0 = scan($0) { $0.body.results[0] = $0.body.arguments[0] } }
    #expect(swapped == ["entry 'model': 'h' of 'scan t' is given another type"])
    let leaked = try errors { module in
      let graph = module.entries[0].graph
      guard case .scan(let scan) = graph[graph.body.nodes[0]].op else { return }
      module.entries[0].outputs[0].value = scan.body.results[0]
      module.entries[0].updates[0].value = scan.body.results[0]
    }
    #expect(leaked == ["entry 'model': 'a result' uses 'h' where it is not visible"])
  }

  @Test func tornGroups() throws {
    let errors = try errors { module in
      let nodes = module.entries[0].graph.body.nodes
      module.entries[0].graph[nodes[0]].group = 0
      module.entries[0].graph[nodes[2]].group = 0
    }
    #expect(errors == ["entry 'model': the group of 'w' is torn apart"])
  }

  @Test func numbersAndSources() throws {
    let infinite = try errors { module in
      let id = module.entries[0].graph.body.nodes[2]
      let x = module.entries[0].graph.value(of: .number(Number(.infinity)), type: .scalar)
      module.entries[0].graph[id].operands[1] = x
    }
    #expect(infinite == ["entry 'model': 'w' uses a number that is not finite"])
    let missing = try errors { module in
      let id = module.entries[0].graph.body.nodes[2]
      let x = module.entries[0].graph.value(of: .input(7), type: .scalar)
      module.entries[0].graph[id].operands[1] = x
    }
    #expect(missing.first?.contains("does not exist here") == true)
  }

  @Test func names() throws {
    let errors = try errors { module in
      let id = module.entries[0].graph.body.nodes[2]
      module.entries[0].graph[id].results[0].name = "z"
    }
    #expect(errors == ["settling changes '  z = add(z, 1)' to '  z_1 = add(z, 1)'"])
  }

}

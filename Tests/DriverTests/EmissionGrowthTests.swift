import Driver
import Testing

/// Layers of one shape share their kernels: more of them are more calls.
@Suite struct EmissionGrowthTests {

  /// Returns the Swift text of `count` layers of long short-term memory, to be trained or not.
  private static func text(layers count: Int, isTrained: Bool) throws -> String {
    let uses = (0..<count).map {
      "  use l\($0) = lstm(inputs: \($0 == 0 ? "vocab" : "hidden"), hidden: hidden) carried\n"
    }
    let calls = (0..<count).map { "    y\($0) = l\($0)(\($0 == 0 ? "x" : "y\($0 - 1)"))\n" }
    let training = """
        train {
          loss = cross_entropy(logits, next)
          clip = global_norm(1)
          optimizer = adam(lr: 0.001)
        }
      """
    let graph = """
      model Deep {
        dim vocab = 28, hidden = 32, batch = 8, num_steps = 12
        input tokens : index<vocab>[num_steps, batch]
        label next : index<vocab>[num_steps, batch]
      \(uses.joined())
        param W : f32[hidden, vocab] = zeros
        scan t in num_steps {
          x = one_hot(tokens[t])
      \(calls.joined())
          logits[t] = linear(y\(count - 1), W)
        }
        output logits
      \(isTrained ? training : "")
      }
      """
    let source = GraphSource(path: "deep.graph", utf8: Array(graph.utf8))
    return try Compilation(source, options: CompilationOptions(target: FileTest.target)).file.text
  }

  /// Returns the number of functions in `text` that are kernels, and that of its lines.
  private static func size(_ text: String) -> (kernels: Int, lines: Int) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let heads = lines.filter { line in
      line.hasPrefix("fileprivate func ") && !line.contains("Part") && !line.contains("Entry")
    }
    return (heads.count, lines.count)
  }

  @Test(arguments: [false, true])
  func growsByCallsAlone(_ isTrained: Bool) throws {
    let counts = [8, 12, 16]
    let sizes = try counts.map { try Self.size(Self.text(layers: $0, isTrained: isTrained)) }
    #expect(sizes.map(\.kernels) == Array(repeating: sizes[0].kernels, count: 3))
    // A layer needs lines of the API for its 12 parameters and 2 states, and calls in `step`; its
    // calls elsewhere are in loops, but for those that do not repeat exactly. At most 148 and 222
    // lines a layer were measured, up to 24 layers; without loops it would be 211 and 1,447.
    for (size, deeper) in zip(sizes, sizes.dropFirst()) {
      #expect(deeper.lines - size.lines < 4 * (isTrained ? 235 : 160), "\(sizes)")
    }
  }

  /// What is called for each layer is compiled once: no copy of it in its callers, no argument for
  /// each parameter and slot.
  @Test(arguments: [false, true])
  func compilesWhatLayersShareOnce(_ isTrained: Bool) throws {
    let text = try Self.text(layers: 4, isTrained: isTrained)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var calls: [Substring: Int] = [:]
    var isEntry = false
    for line in lines {
      if line.hasPrefix("fileprivate func ") { isEntry = line.contains("Part") }
      let code = line.drop { $0 == " " }
      let name = code.prefix { $0.isLetter || $0.isNumber }
      if isEntry, code.dropFirst(name.count).first == "(" { calls[name, default: 0] += 1 }
    }
    let shared = calls.filter { $0.value > 8 && $0.key != "swap" }.keys
    #expect(!shared.isEmpty, "\(calls)")
    for name in shared {
      let head = try #require(
        lines.firstIndex { $0.hasPrefix("fileprivate func \(name)(") }, "\(name)")
      #expect(lines[head - 1] == "@inline(never)", "\(name) is called often")
    }
    for name in ["bindEntry"] + (isTrained ? ["trainEntry"] : []) {
      let head = try #require(lines.firstIndex { $0.hasPrefix("fileprivate func \(name)(") })
      let rest = lines[head...].prefix { !$0.hasSuffix("{") }
      #expect(rest.count < (name == "bindEntry" ? 4 : 16), "\(rest)")
    }
  }

}

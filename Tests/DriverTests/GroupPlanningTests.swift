import Driver
import Graphs
import IR
import Planning
import Testing

/// What is printed as `fused` is one kernel, whatever the target has registers for.
@Suite struct GroupPlanningTests {

  private static let tenGates = """
    model Gates {
      dim n = 6
      input x : f32[4, n]
    \((0..<10).map { "  param W\($0) : f32[n, n] = zeros\n" }.joined())
      y = \((0..<10).map { "tanh(linear(x, W\($0)))" }.joined(separator: " + "))
      output y
    }
    """

  private static let views = """
    model Views {
      input x : f32[2, 3, 4]
      input c : f32[6, 3, 2]
      input d : f32[3, 6]
      param W : f32[4, 6] = zeros
      param V : f32[4, 6] = zeros
      y = tanh(linear(x, W) + transpose(c))
      z = tanh(linear(x, V) * d)
      output y, z
    }
    """

  private static let shipped = ["rnn.graph", "gru.graph", "lstm.graph", "bidirectional_lstm.graph"]

  @Test(arguments: ["x86-64", "x86-64-v3", "x86-64-v4"])
  func groupsAreKernels(_ target: String) throws {
    let target = try #require(TargetCPU.named(target))
    var texts = [Self.tenGates, Self.views]
    for name in Self.shipped { texts.append(try #require(EmbeddedGraphs.text(named: name))) }
    var groupCount = 0
    for text in texts {
      let source = GraphSource(path: "model.graph", utf8: Array(text.utf8))
      let compilation = try Compilation(source, options: CompilationOptions(target: target))
      for (entry, plan) in zip(compilation.module.entries, compilation.plan.entries) {
        var kernels: [Int: Int] = [:]
        for nodes in Self.kernels(in: plan.steps) {
          for group in Set(nodes.compactMap { entry.graph[$0].group }) {
            kernels[group, default: 0] += 1
          }
        }
        groupCount += kernels.count
        #expect(kernels.values.allSatisfy { $0 == 1 }, "\(entry.name): \(plan)")
      }
    }
    #expect(groupCount > 20)
  }

  /// Returns the nodes whose lines are above each kernel in `steps`.
  private static func kernels(in steps: [Step]) -> [[ID<Node>]] {
    steps.flatMap { step -> [[ID<Node>]] in
      switch step {
      case .kernel(let call): [call.nodes]
      case .loop(let loop): kernels(in: loop.body) + kernels(in: loop.remainder)
      }
    }
  }

}

import IR
import Optimizer
import Testing

/// Whatever is wrong with a module, the verifier says so instead of trapping; what it finds nothing
/// wrong with can be settled and printed.
@Suite struct VerifierFuzzTests {

  private static let texts = [
    """
    model M {
      dim n = 4, b = 2
      input x : f32[n, b, 3]
      input k : index<5>[b]
      input lengths : index<n + 1>[b]
      param W : f32[3, 6] = zeros
      param U : f32[6, 6] = zeros
      param E : f32[5, 6] = zeros
      state h : f32[b, 6] = zeros
      scan t in n lengths lengths {
        z = linear(x[t], W) + linear(h, U)
        h = tanh(z) * sigmoid(z) + linear(one_hot(k), E)
        y[t] = where(z > 0, z, h)
      }
      m = mean(concat(y, y, axis: 2), axis: [0, 1], keepdims: true)
      output m, y
    }
    """,
    """
    model T {
      input x : f32[2, 3]
      label y : index<4>[2]
      param W : f32[3, 4] = zeros
      param b : f32[4] = zeros
      logits = linear(x, W, b)
      output logits
      train {
        loss = cross_entropy(logits, y)
        optimizer = adam(lr: 0.1)
        clip = global_norm(1)
      }
    }
    """,
  ]

  @Test(arguments: texts.indices)
  func brokenModulesAreRefused(_ index: Int) throws {
    var module = try GradientTests.module(Self.texts[index])
    var stages = [module]
    var context = PassContext(machine: FileTest.target.machine, unrolling: .by(2))
    try Pipeline.standard.run(on: &module, context: &context) { _, stage in stages.append(stage) }
    var random = SplitMix64(seed: UInt64(index) + 1)
    var refused = 0
    for _ in 0..<2000 {
      var broken = stages[Int.random(in: stages.indices, using: &random)]
      for _ in 0..<Int.random(in: 1...2, using: &random) { Self.change(&broken, &random) }
      var isRefused = !broken.structuralErrors().isEmpty
      if !isRefused {
        broken.settle()
        isRefused = !broken.verificationErrors().isEmpty
        #expect(!broken.description.isEmpty)
      }
      refused += isRefused ? 1 : 0
    }
    // A change may leave a module as good as it was, such as one of the order of operands.
    #expect(refused > 1000)
  }

  /// Changes something in an entry of `module`.
  private static func change(_ module: inout Module, _ random: inout SplitMix64) {
    let e = Int.random(in: module.entries.indices, using: &random)
    var graph = module.entries[e].graph
    let count = graph.nodes.count
    let id = ID<Node>(Int.random(in: 0..<count, using: &random))
    // One position more than there are.
    func value() -> Value {
      Value(
        ID(Int.random(in: 0...count, using: &random)), Int.random(in: 0...1, using: &random))
    }
    let other = graph.nodes[Int.random(in: 0..<count, using: &random)]
    let operand = graph[id].operands.indices.randomElement(using: &random)
    switch Int.random(in: 0..<13, using: &random) {
    case 0: if let operand { graph[id].operands[operand] = value() }
    case 1: if let operand { graph[id].operands.remove(at: operand) }
    case 2: graph[id].operands.append(value())
    case 3: graph[id].op = other.op
    case 4: graph[id].results = other.results
    case 5: graph[id].group = Int.random(in: 0...1, using: &random)
    case 6: graph.body.nodes.shuffle(using: &random)
    case 7: graph.body.nodes.append(ID(Int.random(in: 0...count, using: &random)))
    case 8: if !graph.body.nodes.isEmpty { graph.body.nodes.removeLast() }
    case 9:
      if let i = module.entries[e].outputs.indices.randomElement(using: &random) {
        module.entries[e].outputs[i].value = value()
      }
    case 10:
      if let i = module.entries[e].updates.indices.randomElement(using: &random) {
        module.entries[e].updates[i].value = value()
      }
    case 11: graph[id].results.removeAll()
    default:
      guard case .scan(var scan) = graph[id].op else { break }
      switch Int.random(in: 0..<6, using: &random) {
      case 0: scan.factor = Int.random(in: 0...3, using: &random)
      case 1: scan.body.results.append(value())
      case 2: if !scan.body.results.isEmpty { scan.body.results[0] = value() }
      case 3: scan.body.arguments.append(value())
      case 4: scan.body.nodes.append(ID(Int.random(in: 0...count, using: &random)))
      default: (scan.body, scan.remainder) = (scan.remainder ?? scan.body, scan.body)
      }
      graph[id].op = .scan(scan)
    }
    module.entries[e].graph = graph
  }

}

import Diagnostics
import Driver
import Graphs
import Runner
import Tensors
import Testing

/// Results have the same bits for every number of threads.
@Suite struct ThreadTests {

  /// The numbers of threads; more than there are cores, and more than there are grains, too.
  private static let counts = [1, 2, 3, 5, 40]

  private static let text = """
    model Gated {
      dim vocab = 11, hidden = 48, batch = 20, num_steps = 6
      input tokens    : index<vocab>[num_steps, batch]
      label next      : index<vocab>[num_steps, batch]
      carried state h : f32[batch, hidden] = zeros
      param W : f32[vocab, 2 * hidden]  = uniform(low: -0.2, high: 0.2)
      param U : f32[hidden, 2 * hidden] = uniform(low: -0.2, high: 0.2)
      param V : f32[hidden, vocab]      = uniform(low: -0.2, high: 0.2)
      param b : f32[vocab]              = zeros
      scan t in num_steps {
        a = linear(one_hot(tokens[t]), W) + linear(h, U)
        z, c = split(a, 2, axis: 1)
        h = h + sigmoid(z) * (tanh(c) - h)
        logits[t] = linear(h, V, b)
      }
      output logits
      train {
        loss = cross_entropy(logits, next)
        clip = global_norm(0.2)
        optimizer = adam(lr: 0.01)
      }
    }
    """

  @Test func countsDoNotChangeBits() throws {
    var batch = CompilerBatch("Threads")
    var options = CompilationOptions(target: .native)
    options.dividesAll = true
    var warnings = DiagnosticSet()
    let shipped = try #require(EmbeddedGraphs.text(named: "rnn.graph"))
    for (name, text) in [("Gated", Self.text), ("Shipped", shipped)] {
      let source = GraphSource(path: "\(name).graph", utf8: Array(text.utf8))
      let dims = name == "Shipped" ? [("hidden", 40), ("batch", 17), ("num_steps", 5)] : []
      let module = try source.module(overriding: dims, warnings: &warnings)
      batch.add(module, as: name, options: options)
    }
    let outcomes = try batch.outcomes()
    for name in ["Gated", "Shipped"] {
      let model = try #require(outcomes[name]).get()
      #expect(model.manifest.entries.allSatisfy { $0.isParallel }, "\(name)")
      let expected = try Self.bits(of: model, threads: 1)
      #expect(Set(expected).count > 100, "\(name)")
      for count in Self.counts.dropFirst() {
        let found = try Self.bits(of: model, threads: count)
        #expect(found == expected, "\(name) on \(count) threads")
      }
    }
  }

  /// Returns the bits of all outputs, states, parameters and slots over some updates and calls.
  private static func bits(of model: CompiledModel, threads: Int) throws -> [UInt32] {
    let session = try Session(model, threads: threads)
    try session.bindInitial(seed: 3)
    var result: [UInt32] = []
    for call in 0..<4 {
      for entry in model.manifest.entries {
        var inputs: [String: Tensor] = [:]
        for input in entry.inputs where input.defaultValue == nil {
          let count = input.shape.reduce(1, *)
          let elements = (0..<count).map { Int64(($0 * 7 + call * 5) % (input.classes ?? 1)) }
          inputs[input.name] = Tensor(shape: input.shape, .int64(elements))
        }
        let outputs = try session.run(entry: entry.name, inputs: inputs)
        for output in entry.outputs { result += outputs[output.name].map(bits) ?? [] }
      }
    }
    let tensors = [session.currentParameters(), session.currentSlots()]
    for values in tensors {
      for (_, tensor) in values.sorted(by: { $0.key < $1.key }) { result += bits(tensor) }
    }
    return try result + bits(session.state(named: "h"))
  }

  private static func bits(_ tensor: Tensor) -> [UInt32] {
    guard case .float32(let elements) = tensor.elements else { return [] }
    return elements.map(\.bitPattern)
  }

}

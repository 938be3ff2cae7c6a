import Diagnostics
import Runner
import Tensors
import Text

/// The run of a model over a text.
struct TextReading {

  /// What a model made of a text.
  struct Result {

    /// What messages call the text.
    let name: String

    let perplexity: Perplexity

    /// The shape of a window and the number of windows.
    let steps: Int
    let batch: Int
    let windows: Int

    /// The time of all calls.
    let seconds: Double

    var tokensPerSecond: Double { Double(perplexity.tokenCount) / max(seconds, 1e-9) }

    /// The result in one line.
    var summary: String {
      "\(name.printable): \(grouped(perplexity.tokenCount)) tokens in \(counted(windows, "window")) "
        + "of \(steps) × \(batch), cross entropy \(fixed(perplexity.averageCrossEntropy, 3)), "
        + "perplexity \(fixed(perplexity.perplexity, 2))"
    }

  }

  let port: TextPort
  let corpus: Corpus

  /// What messages call the text.
  let name: String

  /// Throws if a model that `manifest` describes cannot be called with a window and `given`.
  func check(_ manifest: Manifest, given: [String: Tensor]) throws(RunnerError) {
    var inputs = given
    let entry = manifest.entries.first { $0.name == "forward" }
    for value in entry?.inputs ?? [] where value.name == port.input || value.name == port.label {
      inputs[value.name] = value.zeros
    }
    _ = try manifest.arguments(of: "forward", inputs, steps: nil)
  }

  /// Runs `session`, whose weights are bound, over all windows of the text.
  ///
  /// Of `given`, carried states start there; all else is given to every call.
  func run(_ session: any ModelSession, given: [String: Tensor]) throws -> Result {
    guard let entry = session.manifest.entries.first(where: { $0.name == "forward" }),
      let input = entry.inputs.first(where: { $0.name == port.input }),
      let logits = entry.outputs.first(where: { $0.name == port.logits })
    else { preconditionFailure("the model has the values of its port") }
    let extents = port.isBatchFirst ? input.shape.reversed() : input.shape
    let (steps, batch) = (extents[0], extents.count > 1 ? extents[1] : 1)
    let windows = try SequentialWindows(corpus.tokens, batch: batch, steps: steps)
    let classes = logits.shape.last ?? 1
    let takesLabel = entry.inputs.contains { $0.name == port.label }
    let carried = Set(session.manifest.states.filter(\.carried).map(\.name))

    var perplexity = Perplexity()
    var seconds = 0.0
    var rest = given
    let clock = ContinuousClock()
    for window in windows {
      let tokens = port.isBatchFirst ? transposed(window.inputs, steps) : window.inputs
      let labels = port.isBatchFirst ? transposed(window.labels, steps) : window.labels
      var inputs = rest
      inputs[port.input] = tensor(tokens, input.shape)
      if takesLabel, let label = port.label { inputs[label] = tensor(labels, input.shape) }
      let start = clock.now
      let results = try session.run(entry: "forward", inputs: inputs, steps: nil)
      seconds += (clock.now - start) / .seconds(1)
      guard case .float32(let elements) = results[port.logits]?.elements else {
        preconditionFailure("logits are 32-bit numbers")
      }
      perplexity.add(logits: elements, classes: classes, labels: labels)
      rest = rest.filter { !carried.contains($0.key) }
    }
    return Result(
      name: name, perplexity: perplexity, steps: steps, batch: batch, windows: windows.count,
      seconds: seconds)
  }

  private func tensor(_ tokens: [Int32], _ shape: [Int]) -> Tensor {
    Tensor(shape: shape, .int64(tokens.map(Int64.init)))
  }

  /// Returns `elements` of `rows` rows with rows and columns exchanged.
  private func transposed(_ elements: [Int32], _ rows: Int) -> [Int32] {
    let columns = elements.count / rows
    return (0..<elements.count).map { i in elements[i % rows * columns + i / rows] }
  }

}

import Graphs
import Runner
import Tensors
import Testing

@testable import Driver

/// The convolutional model learns to tell drawn shapes apart.
@Suite struct LeNetTests {

  private static let batch = 32

  @Test func tellsShapesApart() throws {
    let text = try #require(EmbeddedGraphs.text(named: "lenet.graph"))
    let module = try GradientTests.module(text)
    var compiler = CompilerBatch("LeNetModule")
    var options = CompilationOptions(target: .native)
    options.dividesAll = false
    compiler.add(module, as: "LeNet", options: options)
    let model = try #require(try compiler.outcomes()["LeNet"]).get()
    let session = try Session(model)
    try session.bindInitial(seed: 1)

    let training = ShapeImages(count: 64 * Self.batch, seed: 1)
    let heldOut = ShapeImages(count: 16 * Self.batch, seed: 2)
    for _ in 0..<4 { _ = try Self.run(session, "train", training) }
    let right = try Self.run(session, "forward", heldOut)
    // Less than a standard error of one point above the limit that users are promised.
    #expect(Double(right) >= 0.95 * Double(heldOut.labels.count), "\(right) are right")
  }

  /// Calls `entry` for the batches of `images`, and returns how many the logits, if there are some,
  /// tell rightly.
  private static func run(_ session: Session, _ entry: String, _ images: ShapeImages) throws -> Int
  {
    let pixels = ShapeImages.side * ShapeImages.side
    let isTraining = entry == "train"
    var inputs = [
      "x": Tensor(shape: [batch, 1, 32, 32], Array(images.pixels.prefix(batch * pixels)))
    ]
    if isTraining {
      inputs["y"] = Tensor(shape: [batch], .int64(Array(repeating: 0, count: batch)))
    }
    let call = try session.prepare(entry: entry, inputs: inputs)
    let x = try #require(call.entry.inputs.firstIndex { $0.name == "x" })
    var right = 0
    for start in stride(from: 0, to: images.labels.count, by: batch) {
      let labels = images.labels[start..<start + batch]
      call.setInput(x, to: Array(images.pixels[start * pixels..<(start + batch) * pixels]))
      if isTraining {
        let y = try #require(call.entry.inputs.firstIndex { $0.name == "y" })
        call.setInput(y, to: Array(labels))
      }
      try session.runPrepared(call)
      guard !isTraining else { continue }
      let logits = try #require(call.entry.outputs.firstIndex { $0.name == "logits" })
      let values = call.floats(ofOutput: logits)
      for (i, label) in labels.enumerated() {
        let row = values[i * ShapeImages.classes..<(i + 1) * ShapeImages.classes]
        let best = row.indices.max { row[$0] < row[$1] } ?? row.startIndex
        if best - row.startIndex == Int(label) { right += 1 }
      }
    }
    return right
  }

}

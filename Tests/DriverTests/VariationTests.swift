import Testing

@testable import Interpreter

/// Variations leave open what may differ, and nothing else.
@Suite struct VariationTests {

  /// Where a zero around an image, or around its gradient, meets an infinite number, a result may
  /// be NaN.
  @Test func zerosAroundImagesAreLeftOpen() throws {
    let module = try GradientTests.gradient(
      """
      model M {
        input x : f32[1, 1, 3, 3]
        input w : f32[1, 1, 3, 3]
        y = conv2d(x, w, stride: 1, padding: 1)
        output y
      }
      """)
    let entry = try #require(module.entries.first)
    var inputs: [String: DenseArray] = [:]
    for input in entry.inputs {
      // The first element of the kernel, and of the gradient of the result, is infinite.
      let first = input.name == "x" ? 1 : Double.infinity
      inputs[input.name] = DenseArray(
        shape: [1, 1, 3, 3], [first] + Array(repeating: 1, count: 8))
    }
    let results = try VariedResults(isSpecial: true) {
      try Interpreter(module).evaluate(
        entry: entry.name, parameters: [:], inputs: inputs, states: [:], reading: $0)
    }
    let (first, last) = ([0, 1, 2, 3, 6], [2, 5, 6, 7, 8])
    let open = ["y": first, "d_x": last, "d_w": first]
    #expect(results.expected.outputs.map(\.name).sorted() == open.keys.sorted())
    for (i, output) in results.expected.outputs.enumerated() {
      for place in output.value.elements.indices {
        var found = results.expected
        var elements = output.value.elements
        elements[place] = .nan
        found.outputs[i].value = DenseArray(shape: output.value.shape, elements)
        let isAllowed = results.difference(found) { _, _ in nil } == nil
        #expect(isAllowed == open[output.name]?.contains(place), "\(output.name) at \(place)")
      }
    }
  }

}

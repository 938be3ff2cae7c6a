import IR
import Testing

@testable import Optimizer

@Suite struct UnrollTests {

  private static func text(steps: Int) -> String {
    """
    model M {
      dim n = \(steps)
      input x : f32[n, 2]
      state h : f32[2] = zeros
      // The loop.
      scan t in n reverse {
        // The sum.
        h = h + x[t]  // here
        y[t] = h
      }
      output y
    }
    """
  }

  @Test func commentsStayWithTheFirstStep() throws {
    let module = try module(
      Self.text(steps: 5), after: [.writeEntries, .unrollScans], unrolling: .by(2))
    #expect(
      lines(module, entry: "forward").prefix(16) == [
        "input x : f32[n, 2]", "// The loop.", "scan t in n by 2 reverse {", "// The sum.",
        "h_1 = add(h, x[t]) from h", "h_2 = flush(h_1)", "y[t] = h_2",
        "h_3 = add(h_2, x[t - 1]) from h", "h = flush(h_3)", "y[t - 1] = h", "} remainder {",
        "h_1 = add(h, x[t]) from h", "h = flush(h_1)", "y[t] = h", "}", "output y",
      ])
  }

  @Test func allStepsStandInOrder() throws {
    let module = try module(
      Self.text(steps: 2), after: [.writeEntries, .unrollScans], unrolling: .full)
    #expect(
      lines(module, entry: "forward") == [
        "input x : f32[n, 2]", "// The sum.", "h_1 = add(h, x[1]) from h", "h_2 = flush(h_1)",
        "h_3 = add(h_2, x[0]) from h", "h = flush(h_3)", "y = stack(h, h_2, axis: 0)", "output y",
      ])
  }

  @Test func tooManyStepsAreAnError() throws {
    for (steps, unrolling) in [(257, PassContext.Unrolling.full), (5, .by(257))] {
      var module = try module(Self.text(steps: steps))
      var context = PassContext(machine: testMachine, unrolling: unrolling)
      try Pipeline([.unrollScans], after: []).run(on: &module, context: &context)
      let messages = context.diagnostics.elements.map(\.message)
      #expect(messages.count == 1)
      #expect(messages.first?.contains("would have 257 steps; at most 256") == true)
    }
  }

  @Test func zeroStepsAndOneStep() throws {
    for steps in [0, 1] {
      for unrolling in [PassContext.Unrolling.by(4), .full, .auto] {
        try PassCheck(Self.text(steps: steps), unrolling: unrolling).run()
      }
    }
  }

  @Test func largeStepsAreNotRepeated() throws {
    let text = Self.text(steps: 5).replacing("2]", with: "100000]")
    var module = try module(text)
    var context = PassContext(machine: testMachine)
    var choices: [String] = []
    try Pipeline([.unrollScans], after: []).run(on: &module, context: &context) { record, _ in
      choices += record.choices.map(\.reason)
    }
    #expect(choices.last == "n by 1: the step's 200 kFLOP outweigh the loop")
  }

}

import IR
import Interpreter
import Tensors
import Testing

@Suite struct InterpreterTests {

  /// Returns a model with a parameter, a state that adds it up, an index and a label, used or not.
  private func model(usesLabel: Bool = false) throws -> TestModel {
    var m = TestModel()
    let w = m.parameter("w", [Extent(2)], .iota)
    let (h, old) = m.state("h", [Extent(2)], .constant(.number(10)))
    let tokens = m.input("tokens", [Extent(2)], of: .index(Extent(3)))
    let label = m.input("next", [Extent(2)], of: .index(Extent(3)), role: .label)
    let sum = try m.line(named: "sum", .binary(.add), w, old)
    m.entry.updates = [Entry.Update(.state(h), value: sum)]
    m.output("sum", sum)
    m.output("rows", try m.line(named: "rows", .oneHot, tokens))
    if usesLabel { m.output("same", try m.line(named: "same", .compare(.equal), tokens, label)) }
    return m
  }

  private let w = DenseArray(shape: [2], [0, 1])
  private let tokens = DenseArray(shape: [2], [2, 0])

  @Test func yieldsOutputsAndStates() throws {
    let interpreter = try model().interpreter
    var r = try interpreter.evaluate(
      entry: "forward", parameters: ["w": w], inputs: ["tokens": tokens])
    #expect(r.outputs.map(\.name) == ["sum", "rows"])
    #expect(r.outputs[0].value.elements == [10, 11])
    #expect(r.outputs[1].value.elements == [0, 0, 1, 1, 0, 0])
    r = try interpreter.evaluate(
      entry: "forward", parameters: ["w": w], inputs: ["tokens": tokens], states: r.states)
    #expect(r.states == ["h": DenseArray(shape: [2], [10, 12])])
  }

  @Test func asksForLabelsThatAreUsed() throws {
    let interpreter = try model(usesLabel: true).interpreter
    #expect(
      message {
        try interpreter.evaluate(
          entry: "forward", parameters: ["w": w], inputs: ["tokens": tokens])
      } == "label 'next' is missing")
    let r = try interpreter.evaluate(
      entry: "forward", parameters: ["w": w],
      inputs: ["tokens": tokens, "next": DenseArray(shape: [2], [2, 1])])
    #expect(r.outputs[2].value.elements == [1, 0])
  }

  @Test func listsEverythingThatIsWrong() throws {
    let interpreter = try model().interpreter
    #expect(
      message {
        try interpreter.evaluate(
          entry: "forward", parameters: ["v": w, "u": w],
          inputs: ["tokens": DenseArray(shape: [2], [1, 3]), "x": w],
          states: ["h": DenseArray(1)])
      }
        == "parameter 'w' is missing; no parameter is called 'u'; no parameter is called 'v'; "
        + "input 'tokens' has 3 at [1], expected an index below 3; no input is called 'x'; "
        + "state 'h' has the shape [], expected [2]")
    #expect(message { try interpreter.evaluate(entry: "step") } == "no entry is called 'step'")
  }

  @Test func bindIsEvaluatedFirst() throws {
    var m = TestModel()
    let type = TensorType(.f32, [Extent(2)])
    _ = m.parameter("w", [Extent(2)])
    let c = m.module.constants.add(
      Constant(name: "c", type: type, initial: .literal([0.1, 16_777_217])))
    let operands = [
      m.module.bind.graph.value(of: .parameter(ID(0)), type: type),
      m.module.bind.graph.value(of: .constant(c), type: type),
    ]
    let sum = m.module.bind.graph.add(
      Node(op: .binary(.add), operands: operands, results: [Node.Result(name: "b", type: type)]))
    m.module.bind.graph.body.nodes = [sum]
    m.module.bind.results = [Bind.Result(name: "b", value: Value(sum))]
    let b = m.entry.graph.value(of: .bound(0), type: type)
    m.output("y", try m.line(.unary(.neg), b))
    let r = try m.interpreter.evaluate(entry: "forward", parameters: ["w": w])
    // Constants are rounded to single precision, what is computed of them is not.
    #expect(r.outputs[0].value.elements == [-Double(0.1 as Float), -16_777_217])
  }

  /// Outside of scans, too, an entry sees the dimension with its value at run time; a parameter
  /// over it is cut to its first steps.
  @Test func sizesFollowTheSteps() throws {
    var m = TestModel()
    let n = m.dimension("n", 4)
    let x = m.input("x", [n, Extent(2)])
    let w = m.parameter("w", [n, Extent(1)])
    let results = try m.scan(n, initial: [m.number(0)], types: [.scalar]) { m, t, old, _ in
      let row = m.entry.graph.element(of: w, axis: 0, step: t, offset: 0)
      let number = try m.line(.reshape([]), row)
      return ([try m.line(.binary(.add), old[0], number)], [])
    }
    m.output("total", results[0])
    let sum = try m.line(.binary(.add), x, w)
    let twice = try #require(n.multiplied(by: Extent(2)))
    m.output("flat", try m.line(.reshape([twice]), sum))
    let before = try #require(n.subtracting(Extent(1)))
    m.output("last", try m.line(.slice(axis: 0, lower: before, upper: n), x))
    let r = try m.interpreter.evaluate(
      entry: "forward", parameters: ["w": DenseArray(shape: [4, 1], [10, 20, 30, 40])],
      inputs: ["x": DenseArray(shape: [2, 2], [1, 2, 3, 4])], steps: 2)
    #expect(r.outputs[0].value == DenseArray(30))
    #expect(r.outputs[1].value == DenseArray(shape: [4], [11, 12, 23, 24]))
    #expect(r.outputs[2].value == DenseArray(shape: [1, 2], [3, 4]))
  }

  @Test func stepsNeedADimension() throws {
    let interpreter = try model().interpreter
    #expect(
      message { try interpreter.evaluate(entry: "forward", steps: 1) }
        == "entry 'forward' has no dimension that counts steps")
  }

  @Test func initialValues() throws {
    var m = TestModel()
    let n = m.dimension("n", 4)
    let d = try #require(n.dimension)
    let bound = Scalar.binary(.divide, .number(1), .squareRoot(.dimension(d)))
    _ = m.parameter("a", [n], .constant(.number(0.1)))
    _ = m.parameter("b", [Extent(2), Extent(2)], .literal([1, 2, 3, 4]))
    _ = m.parameter("c", [Extent(100)], .uniform(low: .negated(bound), high: bound))
    _ = m.state("s", [Extent(3), n], .parameter(ID(0)))
    _ = m.state("z", [n], .ones)
    let interpreter = m.interpreter
    let p = try interpreter.parameters(seed: 1)
    #expect(p["a"] == DenseArray(shape: [4], repeating: Double(0.1 as Float)))
    #expect(p["b"] == DenseArray(shape: [2, 2], [1, 2, 3, 4]))
    let c = try #require(p["c"])
    #expect(c.elements.allSatisfy { -0.5 <= $0 && $0 < 0.5 })
    #expect(
      c.elements
        == Initializer.uniform(low: -0.5, high: 0.5).values(count: 100, seed: 1, name: "c")
        .map(Double.init))
    let s = try interpreter.initialStates(parameters: p)
    #expect(s["s"] == DenseArray(shape: [3, 4], repeating: Double(0.1 as Float)))
    #expect(s["z"] == DenseArray(shape: [4], repeating: 1))
  }

}

import IR
import Interpreter
import Testing

@Suite struct ScanTests {

  /// Returns a model that adds up `x[t]` in `s`, at first `initial`, doubling it before each
  /// addition, and stacks the old `s` and the new one.
  private func doubling(
    steps: Int, factor: Int = 1, isReversed: Bool = false, hasLengths: Bool = false
  ) throws -> TestModel {
    var m = TestModel()
    let n = m.dimension("n", steps)
    let batch = Extent(3)
    let x = m.input("x", [n, batch])
    let adding: Extent? = n.adding(Extent(1))
    let lengths =
      hasLengths ? m.input("lengths", [batch], of: .index(try #require(adding))) : nil
    let results = try m.scan(
      n, factor: factor, isReversed: isReversed, lengths: lengths, initial: [m.number(1)],
      types: [TensorType(.f32, [batch])], stacked: 2
    ) { m, t, old, steps in
      var s = old[0]
      var stacked: [[Value]] = [[], []]
      for j in 0..<steps {
        let element = m.entry.graph.element(
          of: x, axis: 0, step: t, offset: isReversed ? -j : j)
        let twice = try m.line(.binary(.mul), s, m.number(2))
        stacked[0].append(s)
        s = try m.line(.binary(.add), twice, element)
        stacked[1].append(s)
      }
      return ([s], stacked)
    }
    m.output("s", results[0])
    m.output("before", results[1])
    m.output("after", results[2])
    return m
  }

  private func run(
    _ m: TestModel, steps: Int, lengths: [Double]? = nil, only: Int? = nil
  ) throws -> [DenseArray] {
    let count = only ?? steps
    let x = DenseArray(shape: [count, 3], (0..<count * 3).map { Double($0) + 1 })
    var inputs = ["x": x]
    if let lengths { inputs["lengths"] = DenseArray(shape: [3], lengths) }
    return try m.interpreter.evaluate(entry: "forward", inputs: inputs, steps: only).outputs
      .map(\.value)
  }

  @Test func goesForward() throws {
    let r = try run(try doubling(steps: 2), steps: 2)
    #expect(r[0].elements == [10, 13, 16])
    #expect(r[1] == DenseArray(shape: [2, 3], [1, 1, 1, 3, 4, 5]))
    #expect(r[2] == DenseArray(shape: [2, 3], [3, 4, 5, 10, 13, 16]))
  }

  @Test func goesBackward() throws {
    let r = try run(try doubling(steps: 2, isReversed: true), steps: 2)
    #expect(r[0].elements == [13, 16, 19])
    #expect(r[1] == DenseArray(shape: [2, 3], [6, 7, 8, 1, 1, 1]))
    #expect(r[2] == DenseArray(shape: [2, 3], [13, 16, 19, 6, 7, 8]))
  }

  @Test func doesNothingInNoSteps() throws {
    for factor in [1, 2] {
      let r = try run(try doubling(steps: 0, factor: factor), steps: 0)
      #expect(r[0] == DenseArray(shape: [3], [1, 1, 1]))
      #expect(r[1] == DenseArray(shape: [0, 3], []))
    }
  }

  @Test(arguments: [0, 1, 2, 3, 5, 6], [false, true])
  func severalStepsAtOnceAreTheSame(steps: Int, isReversed: Bool) throws {
    let single = try run(try doubling(steps: steps, isReversed: isReversed), steps: steps)
    for factor in [2, 3, 7] {
      let m = try doubling(steps: steps, factor: factor, isReversed: isReversed)
      #expect(try run(m, steps: steps) == single)
    }
  }

  @Test func rowsEndAtTheirLengths() throws {
    let r = try run(try doubling(steps: 2, hasLengths: true), steps: 2, lengths: [0, 1, 2])
    #expect(r[0].elements == [1, 4, 16])
    #expect(r[1].elements == [0, 1, 1, 0, 0, 5])
    #expect(r[2].elements == [0, 4, 5, 0, 0, 16])
  }

  @Test func rowsStartAtTheirLengthsInReverse() throws {
    let m = try doubling(steps: 2, isReversed: true, hasLengths: true)
    let r = try run(m, steps: 2, lengths: [0, 1, 2])
    #expect(r[0].elements == [1, 4, 19])
    #expect(r[1].elements == [0, 1, 8, 0, 0, 1])
    #expect(r[2].elements == [0, 4, 19, 0, 0, 8])
  }

  @Test func lengthsOfSeveralStepsAreRefused() throws {
    let m = try doubling(steps: 2, factor: 2, hasLengths: true)
    #expect(
      message { try run(m, steps: 2, lengths: [0, 1, 2]) }
        == "the scan over 't' has lengths and does 2 steps at once")
  }

  @Test(arguments: [0, 1, 3, 4])
  func doesFewerSteps(count: Int) throws {
    for factor in [1, 2] {
      let r = try run(try doubling(steps: 4, factor: factor), steps: 4, only: count)
      let short = try run(try doubling(steps: count), steps: count)
      #expect(r == short)
    }
  }

  @Test func lengthsMayExceedTheSteps() throws {
    let r = try run(
      try doubling(steps: 4, hasLengths: true), steps: 4, lengths: [4, 1, 0], only: 2)
    #expect(r[0].elements == [10, 4, 1])
  }

  @Test func refusesStepsThatDoNotFit() throws {
    let m = try doubling(steps: 2)
    #expect(
      message { try run(m, steps: 2, only: 3) }
        == "found 3 steps, expected at most 2, the value of 'n'")
  }

  /// The body of a scan may hold a scan that goes over another axis, with the outer step in use.
  @Test func scansNest() throws {
    var m = TestModel()
    let (rows, columns) = (m.dimension("rows", 2), m.dimension("columns", 3))
    let x = m.input("x", [rows, columns])
    let outer = try m.scan(
      rows, initial: [m.number(0)], types: [.scalar], stacked: 1
    ) { m, r, old, _ in
      let inner = try m.scan(
        columns, isReversed: true, initial: [old[0]], types: [.scalar], stacked: 1
      ) { m, c, old, _ in
        let row = m.entry.graph.element(of: x, axis: 0, step: r, offset: 0)
        let element = m.entry.graph.element(of: row, axis: 0, step: c, offset: 0)
        let ten = try m.line(.binary(.mul), old[0], m.number(10))
        let sum = try m.line(.binary(.add), ten, element)
        return ([sum], [[sum]])
      }
      return ([inner[0]], [[inner[1]]])
    }
    m.output("digits", outer[0])
    m.output("prefixes", outer[1])
    let r = try m.interpreter.evaluate(
      entry: "forward", inputs: ["x": DenseArray(shape: [2, 3], [1, 2, 3, 4, 5, 6])])
    #expect(r.outputs[0].value == DenseArray(321654))
    #expect(
      r.outputs[1].value == DenseArray(shape: [2, 3], [321, 32, 3, 321654, 32165, 3216]))
  }

  /// All states change at once: each new value is made of old ones.
  @Test func statesChangeTogether() throws {
    var m = TestModel()
    let results = try m.scan(
      Extent(5), initial: [m.number(0), m.number(1)], types: [.scalar, .scalar]
    ) { m, _, old, _ in
      ([old[1], try m.line(.binary(.add), old[0], old[1])], [])
    }
    m.output("a", results[0])
    m.output("b", results[1])
    let r = try m.interpreter.evaluate(entry: "forward")
    #expect(r.outputs.map(\.value) == [DenseArray(5), DenseArray(8)])
  }

  @Test func namesTheLineOfAPlaceOutOfRange() throws {
    var m = TestModel()
    let n = m.dimension("n", 2)
    let x = m.input("x", [n])
    let results = try m.scan(n, initial: [m.number(0)], types: [.scalar]) { m, t, old, _ in
      let next = m.entry.graph.element(of: x, axis: 0, step: t, offset: 1)
      return ([try m.line(named: "sum", .binary(.add), old[0], next)], [])
    }
    m.output("s", results[0])
    #expect(
      message {
        try m.interpreter.evaluate(
          entry: "forward", inputs: ["x": DenseArray(shape: [2], [1, 2])])
      } == "place 2 is out of range for axis 0 of [2], in 'sum'")
  }

}

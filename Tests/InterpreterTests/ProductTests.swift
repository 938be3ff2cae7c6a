import IR
import Interpreter
import Testing

@Suite struct ProductTests {

  /// The example of the book: X and W_xh, H and W_hh.
  let x = Operand([3, 1], [0, 1, 2])
  let wx = Operand([1, 4], [0, 1, 2, 3])
  let h = Operand([3, 4], (0..<12).map(Double.init))
  let wh = Operand([4, 4], (0..<16).map(Double.init))
  let sum: [Double] = [56, 62, 68, 74, 152, 175, 198, 221, 248, 288, 328, 368]

  @Test func sumOfTwoProducts() throws {
    let a = try apply(.linear(Linear()), x, wx)
    let b = try apply(.linear(Linear()), h, wh)
    let c = try apply(.binary(.add), Operand([3, 4], a.elements), Operand([3, 4], b.elements))
    #expect(c.elements == sum)
  }

  @Test func oneConcatenatedProduct() throws {
    let w = try apply(.concat(axis: 0), wx, wh)
    let parts = try apply(
      .linear(Linear(parts: [.init(), .init()])), x, h, Operand([5, 4], w.elements))
    #expect(parts == DenseArray(shape: [3, 4], sum))
    let xh = try apply(.concat(axis: 1), x, h)
    let whole = try apply(
      .linear(Linear()), Operand([3, 5], xh.elements), Operand([5, 4], w.elements))
    #expect(whole.elements == sum)
  }

  @Test func oneWeightPerPart() throws {
    let linear = Linear(parts: [.init(), .init()], hasWeightPerPart: true)
    #expect(try apply(.linear(linear), x, h, wx, wh).elements == sum)
  }

  @Test func addsBiasAndStart() throws {
    let linear = Linear(hasBias: true, hasStart: true)
    let result = try apply(
      .linear(linear), x, wx, Operand([4], [10, 20, 30, 40]),
      Operand([3, 4], (0..<12).map { Double($0) * 100 }))
    #expect(
      result.elements == [10, 120, 230, 340, 410, 521, 632, 743, 810, 922, 1034, 1146])
  }

  @Test func partsFeedRangesOfColumns() throws {
    let linear = Linear(
      parts: [
        .init(columns: .init(lower: Extent(0), upper: Extent(2))),
        .init(columns: .init(lower: Extent(1), upper: Extent(3))),
      ], hasWeightPerPart: true)
    let result = try apply(
      .linear(linear), Operand([2, 1], [1, 2]), Operand([2, 1], [3, 4]), Operand([1, 2], [1, 10]),
      Operand([1, 2], [100, 1000]))
    #expect(result == DenseArray(shape: [2, 3], [1, 310, 3000, 2, 420, 4000]))
  }

  @Test func gathersRowsWithoutReadingOthers() throws {
    let linear = Linear(parts: [.init(isGathered: true), .init()])
    let result = try apply(
      .linear(linear), Operand(oneHot: [2, 3], [0, 0, 1, 1, 0, 0]), Operand([2, 1], [1, 2]),
      Operand([4, 2], [1, 2, .nan, .infinity, 5, 6, 10, 20]))
    #expect(result == DenseArray(shape: [2, 2], [15, 26, 21, 42]))
  }

  @Test func keepsLeadingAxes() throws {
    let w = Operand([2, 1], [1, 10])
    #expect(try apply(.linear(Linear()), Operand([2], [3, 4]), w) == DenseArray(shape: [1], [43]))
    #expect(
      try apply(.linear(Linear()), Operand([2, 1, 2], [1, 2, 3, 4]), w)
        == DenseArray(shape: [2, 1, 1], [21, 43]))
    #expect(
      try apply(.linear(Linear()), Operand([0, 2], []), w) == DenseArray(shape: [0, 1], []))
    #expect(
      try apply(.linear(Linear()), Operand([2, 0], []), Operand([0, 1], [])).elements == [0, 0])
  }

  @Test func propagatesNaN() throws {
    let result = try apply(
      .linear(Linear()), Operand([1, 2], [0, 1]), Operand([2, 2], [.nan, 1, 2, 3]))
    #expect(areSame(result.elements, [.nan, 3]))
  }

  @Test func multipliesBroadcastMatrices() throws {
    let plain = Op.matmul(transposingLeft: false, transposingRight: false)
    let a = Operand([2, 1, 1, 2], [1, 2, 3, 4])
    let b = Operand([2, 2, 1], [1, 10, 100, 1000])
    #expect(
      try apply(plain, a, b) == DenseArray(shape: [2, 2, 1, 1], [21, 2100, 43, 4300]))
  }

  @Test func multipliesTransposedMatrices() throws {
    let a = Operand([2, 3], [1, 2, 3, 4, 5, 6])
    let left = Op.matmul(transposingLeft: true, transposingRight: false)
    let right = Op.matmul(transposingLeft: false, transposingRight: true)
    #expect(try apply(left, a, a).elements == [17, 22, 27, 22, 29, 36, 27, 36, 45])
    #expect(try apply(right, a, a).elements == [14, 32, 32, 77])
    let both = Op.matmul(transposingLeft: true, transposingRight: true)
    #expect(
      try apply(both, a, Operand([1, 2], [1, 10])) == DenseArray(shape: [3, 1], [41, 52, 63]))
  }

}

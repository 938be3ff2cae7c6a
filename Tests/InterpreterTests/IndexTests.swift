import IR
import Interpreter
import Testing

@Suite struct IndexTests {

  @Test func writesOneHotRows() throws {
    #expect(
      try apply(.oneHot, Operand(below: 3, [2], [2, 0]))
        == DenseArray(shape: [2, 3], [0, 0, 1, 1, 0, 0]))
  }

  @Test(arguments: [3, -1, 0.5, .nan, 1e30] as [Double])
  func refusesIndicesOutOfRange(index: Double) {
    let text = index == 3 || index == -1 ? "\(Int(index))" : "\(index)"
    #expect(
      message { try apply(.oneHot, Operand(below: 3, [2, 2], [0, 1, 2, index])) }
        == "found \(text) at [1, 1], expected an index below 3")
  }

  @Test func gathersRows() throws {
    let table = Operand([3, 2], [1, 2, 3, 4, 5, 6])
    #expect(
      try apply(.gather, table, Operand(below: 3, [2, 1], [2, 0]))
        == DenseArray(shape: [2, 1, 2], [5, 6, 1, 2]))
    #expect(
      try apply(.gather, Operand([3], [7, 8, 9]), Operand(below: 3, [], [1])) == DenseArray(8))
    #expect(
      message { try apply(.gather, table, Operand(below: 3, [1], [3])) }
        == "found 3 at [0], expected an index below 3")
  }

  @Test func masksSteps() throws {
    #expect(
      try apply(.mask(steps: Extent(3)), Operand(below: 4, [3], [0, 1, 3]))
        == DenseArray(shape: [3, 3], [0, 1, 1, 0, 0, 1, 0, 0, 1]))
  }

}

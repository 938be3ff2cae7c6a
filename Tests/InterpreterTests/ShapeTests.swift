import IR
import Interpreter
import Testing

@Suite struct ShapeTests {

  let x = Operand([2, 3], [1, 2, 3, 4, 5, 6])

  @Test func concatenates() throws {
    let y = Operand([2, 1], [7, 8])
    #expect(
      try apply(.concat(axis: 1), x, y, x)
        == DenseArray(shape: [2, 7], [1, 2, 3, 7, 1, 2, 3, 4, 5, 6, 8, 4, 5, 6]))
    #expect(try apply(.concat(axis: 0), x, Operand([0, 3], [])).elements == x.array.elements)
    let hot = Operand(oneHot: [2, 2], [1, 0, 0, 1])
    #expect(try apply(.concat(axis: 1), hot, y).elements == [1, 0, 7, 0, 1, 8])
  }

  @Test func slices() throws {
    #expect(
      try apply(.slice(axis: 1, lower: Extent(1), upper: Extent(3)), x)
        == DenseArray(shape: [2, 2], [2, 3, 5, 6]))
    #expect(
      try apply(.slice(axis: 0, lower: Extent(2), upper: Extent(2)), x)
        == DenseArray(shape: [0, 3], []))
  }

  @Test func transposes() throws {
    #expect(
      try apply(.transpose(permutation: [1, 0]), x)
        == DenseArray(shape: [3, 2], [1, 4, 2, 5, 3, 6]))
    // The element at [i, j, k] of the result is the one at [k, i, j], 6 k + 3 i + j.
    let y = Operand([2, 2, 3], (0..<12).map(Double.init))
    #expect(
      try apply(.transpose(permutation: [1, 2, 0]), y)
        == DenseArray(shape: [2, 3, 2], [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]))
    #expect(try apply(.transpose(permutation: []), Operand([], [5])) == DenseArray(5))
  }

  @Test func reshapes() throws {
    #expect(
      try apply(.reshape([Extent(3), Extent(1), Extent(2)]), x)
        == DenseArray(shape: [3, 1, 2], [1, 2, 3, 4, 5, 6]))
    #expect(try apply(.reshape([]), Operand([1, 1], [4])) == DenseArray(4))
  }

  @Test func stacks() throws {
    let (a, b) = (Operand([2], [1, 2]), Operand([2], [3, 4]))
    #expect(try apply(.stack(axis: 0), a, b) == DenseArray(shape: [2, 2], [1, 2, 3, 4]))
    #expect(try apply(.stack(axis: 1), a, b) == DenseArray(shape: [2, 2], [1, 3, 2, 4]))
    #expect(
      try apply(.stack(axis: 0), Operand([], [1]), Operand([], [2]))
        == DenseArray(shape: [2], [1, 2]))
  }

  @Test func takesPlaces() throws {
    #expect(try apply(.at(axis: 0, offset: 1), x) == DenseArray(shape: [3], [4, 5, 6]))
    let step = Operand(below: 2, [], [1])
    #expect(try apply(.at(axis: 1, offset: 1), x, step) == DenseArray(shape: [2], [3, 6]))
    #expect(
      message { try apply(.at(axis: 1, offset: 2), x, step) }
        == "place 3 is out of range for axis 1 of [2, 3]")
  }

}

import IR
import Interpreter
import Tensors
import Testing

@Suite struct DenseArrayTests {

  @Test func broadcastsAlignedAtTheLastAxis() throws {
    #expect(try DenseArray.broadcastShape([[3, 1], [4]]) == [3, 4])
    #expect(try DenseArray.broadcastShape([[], [2, 0], [1, 1]]) == [2, 0])
    let x = DenseArray(shape: [2, 1], [5, 6])
    #expect(try x.broadcast(to: [2, 2, 3]).elements == [5, 5, 5, 6, 6, 6, 5, 5, 5, 6, 6, 6])
    #expect(try DenseArray(7).broadcast(to: [2]).elements == [7, 7])
  }

  @Test func refusesOtherShapes() {
    #expect(
      message { try DenseArray.broadcastShape([[2, 3], [4, 3]]) }
        == "cannot broadcast [4, 3] and [2, 3] to one shape")
    #expect(
      message { try DenseArray(shape: [2], [1, 2]).broadcast(to: [1]) }
        == "cannot broadcast [2] to [1]")
  }

  @Test func convertsFromAndToTensors() {
    let indices = Tensor(shape: [2], .int64([3, 4]))
    #expect(DenseArray(indices).elements == [3, 4])
    #expect(DenseArray(indices).tensor(of: .index(Extent(5))) == indices)
    let truths = Tensor(shape: [2], .bool([true, false]))
    #expect(DenseArray(truths).tensor(of: .bool) == truths)
    let numbers = Tensor(shape: [1], [0.1 as Float])
    #expect(DenseArray(numbers).tensor(of: .f32) == numbers)
  }

}

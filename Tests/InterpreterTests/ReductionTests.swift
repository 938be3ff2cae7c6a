import Foundation
import IR
import Interpreter
import Testing

@Suite struct ReductionTests {

  let x = Operand([2, 3], [1, 2, 3, 4, 5, 9])

  private func reduce(
    _ reduction: Reduction, _ axes: [Int], keepingAxes: Bool = false, _ x: Operand
  ) throws -> DenseArray {
    try apply(.reduce(reduction, axes: axes, keepingAxes: keepingAxes), x)
  }

  @Test func reducesAxes() throws {
    #expect(try reduce(.sum, [1], x) == DenseArray(shape: [2], [6, 18]))
    #expect(try reduce(.sum, [0], keepingAxes: true, x) == DenseArray(shape: [1, 3], [5, 7, 12]))
    #expect(try reduce(.mean, [0, 1], x) == DenseArray(4))
    #expect(try reduce(.max, [1], keepingAxes: true, x) == DenseArray(shape: [2, 1], [3, 9]))
    let y = Operand([2, 2, 2], (0..<8).map(Double.init))
    #expect(try reduce(.sum, [0, 2], y) == DenseArray(shape: [2], [10, 18]))
    #expect(try reduce(.sum, [], y) == y.array)
  }

  @Test func reducesNothing() throws {
    let empty = Operand([2, 0], [])
    #expect(try reduce(.sum, [1], empty).elements == [0, 0])
    #expect(areSame(try reduce(.mean, [1], empty).elements, [.nan, .nan]))
    #expect(try reduce(.max, [1], empty).elements == [-.infinity, -.infinity])
    #expect(try reduce(.max, [0], empty) == DenseArray(shape: [0], []))
  }

  @Test func maximumOfNaNIsNaN() throws {
    let y = Operand([3, 2], [.nan, 1, 2, .nan, 3, -.infinity])
    #expect(areSame(try reduce(.max, [1], y).elements, [.nan, .nan, 3]))
  }

  @Test func findsTheFirstPlaceOfTheLargest() throws {
    let y = Operand([4, 3], [1, 3, 3, 5, 4, 5, 9, .nan, .nan, -.infinity, -.infinity, -.infinity])
    #expect(try apply(.argmax(axis: 1), y) == DenseArray(shape: [4], [1, 0, 1, 0]))
    #expect(try apply(.argmax(axis: 0), x) == DenseArray(shape: [3], [1, 1, 1]))
    #expect(try apply(.argmax(axis: 1), Operand([0, 0], [])) == DenseArray(shape: [0], []))
    #expect(
      message { try apply(.argmax(axis: 1), Operand([2, 0], [])) }
        == "axis 1 of [2, 0] has no elements and no largest one")
  }

  @Test func softmaxSumsToOne() throws {
    let l = log(3.0)
    let y = Operand([2, 2], [0, l, 1000, 1000 + l])
    let expected = [0.25, 0.75, 0.25, 0.75]
    let result = try apply(.softmax(axis: 1, logarithmic: false), y).elements
    let logarithms = try apply(.softmax(axis: 1, logarithmic: true), y).elements
    // A few units in the last place of 1000.
    for i in 0..<4 {
      #expect(abs(result[i] - expected[i]) < 1e-12)
      #expect(abs(logarithms[i] - log(expected[i])) < 1e-12)
    }
  }

  @Test func softmaxAlongTheFirstAxis() throws {
    let l = log(3.0)
    let y = Operand([2, 2], [0, 5, l, 5])
    let result = try apply(.softmax(axis: 0, logarithmic: false), y).elements
    for (a, b) in zip(result, [0.25, 0.5, 0.75, 0.5]) { #expect(abs(a - b) < 1e-15) }
  }

  @Test func softmaxOfNothing() throws {
    for logarithmic in [false, true] {
      let op = Op.softmax(axis: 1, logarithmic: logarithmic)
      #expect(try apply(op, Operand([2, 0], [])) == DenseArray(shape: [2, 0], []))
      #expect(try apply(op, Operand([0, 2], [])) == DenseArray(shape: [0, 2], []))
      #expect(try apply(op, Operand([1, 2], [.nan, 1])).elements.allSatisfy(\.isNaN))
    }
  }

}

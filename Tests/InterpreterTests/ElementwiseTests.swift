import Foundation
import IR
import Interpreter
import Testing

@Suite struct ElementwiseTests {

  @Test(
    arguments: [
      (.neg, [1, -2], [-1, 2]), (.exp, [0, 1], [1, M_E]),
      (.log, [1, 0, -1], [0, -.infinity, .nan]),
      (.sqrt, [4, 2, -1], [2, 2.0.squareRoot(), .nan]), (.abs, [-3, 3], [3, 3]),
      (.tanh, [0, 1000, -1000], [0, 1, -1]),
      (.sigmoid, [0, 1000, -1000, .nan], [0.5, 1, 0, .nan]),
      (.relu, [-1, 2, .nan, -.infinity], [0, 2, .nan, 0]),
      (.flush, [0x1p-100, -0x1p-100, 0x1p-101], [0x1p-100, -0x1p-100, 0]),
      (.flush, [.nan, -.infinity, -0x1p-200], [.nan, -.infinity, -0.0]),
    ] as [(Unary, [Double], [Double])])
  func appliesFunctions(f: Unary, x: [Double], y: [Double]) throws {
    let result = try apply(.unary(f), Operand([x.count], x)).elements
    #expect(areSame(result, y), "\(result)")
  }

  @Test func smallSigmoidsKeepTheirDigits() throws {
    let result = try apply(.unary(.sigmoid), Operand([1], [-40])).elements[0]
    #expect(abs(result / exp(-40) - 1) < 1e-15)
  }

  @Test func negatesTruth() throws {
    #expect(try apply(.unary(.not), Operand(truth: [2], [0, 1])).elements == [1, 0])
  }

  @Test(
    arguments: [
      (.add, [7, 4, 0]), (.sub, [3, -2, 0]), (.mul, [10, 3, 0]), (.div, [2.5, 1.0 / 3, .nan]),
      (.max, [5, 3, 0]), (.min, [2, 1, 0]),
    ] as [(Binary, [Double])])
  func appliesFunctionsOfTwo(f: Binary, expected: [Double]) throws {
    let (a, b) = (Operand([4], [5, 1, 0, .nan]), Operand([4], [2, 3, 0, 1]))
    let result = try apply(.binary(f), a, b).elements
    #expect(areSame(result, expected + [.nan]), "\(result)")
    #expect(try apply(.binary(f), b, a).elements[3].isNaN)
  }

  @Test func combinesTruth() throws {
    let (a, b) = (Operand(truth: [4], [0, 0, 1, 1]), Operand(truth: [4], [0, 1, 0, 1]))
    #expect(try apply(.binary(.and), a, b).elements == [0, 0, 0, 1])
    #expect(try apply(.binary(.or), a, b).elements == [0, 1, 1, 1])
  }

  @Test func broadcasts() throws {
    let column = Operand([2, 1], [10, 20])
    let row = Operand([3], [1, 2, 3])
    #expect(
      try apply(.binary(.add), column, row)
        == DenseArray(shape: [2, 3], [11, 12, 13, 21, 22, 23]))
    #expect(try apply(.binary(.sub), row, Operand([], [1])).elements == [0, 1, 2])
    #expect(try apply(.binary(.add), Operand([0, 3], []), row) == DenseArray(shape: [0, 3], []))
  }

  @Test(
    arguments: [
      (.equal, [0, 1, 0, 0]), (.notEqual, [1, 0, 1, 1]), (.less, [1, 0, 0, 0]),
      (.lessEqual, [1, 1, 0, 0]), (.greater, [0, 0, 1, 0]), (.greaterEqual, [0, 1, 1, 0]),
    ] as [(Comparison, [Double])])
  func compares(relation: Comparison, expected: [Double]) throws {
    let a = Operand([4], [1, 2, 3, .nan])
    #expect(try apply(.compare(relation), a, Operand([], [2])).elements == expected)
  }

  @Test func selects() throws {
    let result = try apply(
      .select, Operand(truth: [2, 1], [1, 0]), Operand([3], [1, 2, 3]), Operand([], [.nan]))
    #expect(result.shape == [2, 3])
    #expect(areSame(result.elements, [1, 2, 3, .nan, .nan, .nan]))
  }

  @Test func convertsToNumbers() throws {
    #expect(try apply(.convert, Operand(below: 9, [2], [3, 8])).elements == [3, 8])
    #expect(try apply(.convert, Operand(truth: [2], [1, 0])).elements == [1, 0])
  }

}

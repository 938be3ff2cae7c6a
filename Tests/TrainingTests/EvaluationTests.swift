import Foundation
import Runner
import Testing

@testable import Training

@Suite struct EvaluationTests {

  /// Three rows and two steps, time outermost: labels [[0, 1, 2], [1, 1, 0]].
  private func set() throws -> ExampleSet {
    try ExampleSet([
      RowTensor(name: "y", shape: [2, 3], axis: 1, .integers([0, 1, 2, 1, 1, 0])),
      RowTensor(name: "n", shape: [3], axis: 0, .integers([2, 1, 2])),
      RowTensor(name: "m", shape: [2, 3], axis: 1, .integers([1, 0, 1, 0, 0, 1])),
    ])
  }

  private func goal(_ mask: ExampleRoles.Mask?) -> ExampleRoles.Goal {
    ExampleRoles.Goal(
      task: .classes(3), output: "logits",
      label: Manifest.Value(name: "y", element: .index, classes: 3, shape: [2, 2]), stepAxis: 0,
      mask: mask)
  }

  /// Logits that name `classes`, one for each place.
  private func logits(_ classes: [Int]) -> [Float] {
    classes.flatMap { c in (0..<3).map { $0 == c ? 10 : 0 } }
  }

  @Test func countsWhatClassesAreTakenFor() throws {
    var evaluation = Evaluation(.classes(3))
    // Rows 2 and 0: labels [[2, 0], [0, 1]].
    evaluation.add(logits([2, 1, 0, 1]), for: [2, 0], count: 2, of: try set(), goal(nil))
    #expect(evaluation.count == 4 && evaluation.accuracy == 0.75)
    #expect(evaluation.counts?.found == [2, 1, 1] && evaluation.counts?.correct == [1, 1, 1])
    #expect(evaluation.counts?.confusion == [1, 1, 0, 0, 1, 0, 0, 0, 1])
    // log(1 + 2 exp(-10)) where it is right, 10 more where it is not; summed in double precision.
    #expect(abs(evaluation.loss - (log(1 + 2 * exp(-10.0)) + 2.5)) < 1e-12)
  }

  /// What fills a batch, what lies behind the end of a row and what a mask leaves out does not
  /// count.
  @Test func leavesOutWhatDoesNotCount() throws {
    var filled = Evaluation(.classes(3))
    filled.add(logits([2, 0, 0, 0]), for: [2, 2], count: 1, of: try set(), goal(nil))
    #expect(filled.count == 2 && filled.accuracy == 1)
    var lengths = Evaluation(.classes(3))
    // Row 1 ends after the first of its labels, [1, 1]; row 0 has [0, 1].
    lengths.add(logits([1, 0, 0, 1]), for: [1, 0], count: 2, of: try set(), goal(.lengths("n")))
    #expect(lengths.count == 3 && lengths.accuracy == 1)
    var places = Evaluation(.classes(3))
    // The second place of row 0 and both of row 1 are left out.
    places.add(logits([0, 0, 0, 0]), for: [1, 0], count: 2, of: try set(), goal(.places("m")))
    #expect(places.count == 1 && places.accuracy == 1)
    // A call that ends after the first step says nothing of the second.
    var short = Evaluation(.classes(3))
    short.add(logits([2, 0]), for: [2, 0], count: 2, of: try set(), goal(nil))
    #expect(short.count == 2 && short.accuracy == 1)
  }

  @Test func findsTheErrorOfNumbers() throws {
    let set = try ExampleSet([RowTensor(name: "y", shape: [2, 2], axis: 0, .floats([1, 2, 3, 4]))])
    let goal = ExampleRoles.Goal(
      task: .numbers, output: "out",
      label: Manifest.Value(name: "y", element: .f32, shape: [2, 2]), stepAxis: nil, mask: nil)
    var evaluation = Evaluation(.numbers)
    evaluation.add([1, 2, 3, 0, 100, 100], for: [0, 1, 0], count: 2, of: set, goal)
    #expect(evaluation.count == 4 && evaluation.loss == 4 && evaluation.rootMeanSquare == 2)
    #expect(evaluation.accuracy == nil && evaluation.counts == nil)
  }

  @Test func isNoNumberForWhatIsNotFinite() {
    var evaluation = Evaluation(.classes(2))
    evaluation.add(logits: [.nan, 0], label: 0)
    evaluation.add(logits: [1, 0], label: 0)
    #expect(evaluation.loss.isNaN && evaluation.count == 2)
  }

}

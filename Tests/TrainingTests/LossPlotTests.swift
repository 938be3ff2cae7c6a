import Foundation
import Testing

@testable import Training

@Suite struct LossPlotTests {

  private func svg(_ train: [Double], _ valid: [Double?] = []) -> String {
    LossPlot(
      train.enumerated().map { i, perplexity in
        .init(
          number: i + 1, trainingLoss: log(perplexity),
          validationLoss: i < valid.count ? valid[i].map { log($0) } : nil)
      }
    ).svg
  }

  /// The parts of `svg` between `start` and the next quotation mark.
  private func values(_ start: String, in svg: String) -> [String] {
    svg.components(separatedBy: start).dropFirst().map { String($0.prefix { $0 != "\"" }) }
  }

  private func labels(_ svg: String) -> [String] {
    svg.components(separatedBy: "</text>").dropLast().map { part in
      String(part[(part.lastIndex(of: ">").map { part.index(after: $0) } ?? part.startIndex)...])
    }
  }

  @Test func drawsCurvesAxesAndLegend() {
    let svg = svg([28, 14, 7, 4], [29, 16, 10, 9])
    #expect(
      labels(svg) == [
        "0", "5", "10", "15", "20", "25", "30", "0", "1", "2", "3", "4", "epoch", "perplexity",
        "train", "valid",
      ])
    #expect(
      values(#"<path class="train" d=""#, in: svg) == [
        "M202.0 45.6L340.0 196.8L478.0 272.4L616.0 304.8", "M520.0 38.0h32",
      ])
    #expect(values(#"<path class="valid" d=""#, in: svg).count == 2)
    #expect(svg.contains("@media (prefers-color-scheme: dark)"))
  }

  @Test func dependsOnTheNumbersAlone() {
    #expect(svg([3, 2], [4, 3]) == svg([3, 2], [4, 3]))
  }

  @Test func leavesOutWhatIsNotThere() {
    let train = svg([3, .infinity, 2, .nan, 1.5])
    #expect(!labels(train).contains("valid"))
    #expect(values(#"<path class="train" d=""#, in: train)[0].count { $0 == "L" } == 2)
    let none = svg([])
    #expect(
      labels(none) == ["0", "0.2", "0.4", "0.6", "0.8", "1", "0", "1", "epoch", "perplexity"])
    #expect(svg([.nan, .infinity]).contains("</svg>"))
  }

  @Test func dotsASingleEpoch() {
    #expect(values(#"<path class="train" d=""#, in: svg([8]))[0] == "M616.0 24.0h0")
  }

  @Test(
    arguments: [
      ([1e6, 30, 1], ["1", "10", "100", "1000", "10000", "100000", "1e+06"]),
      ([500, 3], ["2", "5", "10", "20", "50", "100", "200", "500"]),
      ([1e299, 2], ["10", "1e+31"]), ([1e-8, 1e-5], ["1e-08"]), ([1e-8, 1e200], ["1e-08"]),
    ] as [([Double], [String])])
  func usesALogarithmicAxisForLargeRatios(_ numbers: [Double], _ start: [String]) {
    let svg = svg(numbers)
    #expect(Array(labels(svg).prefix(start.count)) == start, "\(labels(svg))")
    #expect(labels(svg).count <= 10 + 7 + 3)
    for place in values(#"d=""#, in: svg) + values(#"y1=""#, in: svg) {
      #expect(!place.contains("nan") && !place.contains("inf"))
    }
  }

  @Test func thinsLongCurves() {
    let svg = svg((0..<100_000).map { 2 + 1 / Double($0 + 1) })
    #expect(values(#"<path class="train" d=""#, in: svg)[0].count { $0 == "L" } <= 1000)
    #expect(svg.contains("L616.0 "))
  }

  @Test func drawsTheLossOfWhatReadsNoText() {
    let svg = LossPlot(
      [.init(number: 1, trainingLoss: 3, validationLoss: nil)], of: .rows
    ).svg
    #expect(svg.contains("<title>Loss over epochs</title>"))
    #expect(labels(svg).contains("3") && labels(svg).contains("loss"))
    #expect(!svg.contains("erplexity"))
  }

}

import Foundation
import Testing

@testable import Driver
@testable import Training

@Suite struct TrainingReporterTests {

  private func status(
    epochs: Int, position: Int, update: Int, valid: Double? = nil, norm: Double? = nil,
    expected: Int? = 4000, unit: TrainingUnit = .tokens, evaluation: Evaluation? = nil
  ) -> TrainingStatus {
    var work = TrainingWork()
    for _ in 0..<update { work.add(tokens: 1120, 0.002) }
    return TrainingStatus(
      epochs: epochs, position: position, update: update, expectedUpdates: expected,
      epochLimit: expected.map { $0 / 8 }, unit: unit, trainLoss: log(9.1234),
      validLoss: valid.map { log($0) }, evaluation: evaluation, gradientNorm: norm, work: work)
  }

  private func report(
    width: Int?, _ statuses: [TrainingStatus]
  ) -> (text: String, summary: String) {
    var text = ""
    let console = Console(
      environment: [:], terminalWidth: width, print: { _ in }, report: { text += $0 })
    let reporter = TrainingReporter(console)
    for status in statuses { reporter.observe(status) }
    reporter.finish()
    return (text, statuses.last.map(reporter.summary) ?? "")
  }

  @Test func printsPlainLinesInAPipe() {
    let (text, summary) = report(
      width: nil,
      (1...7).map { status(epochs: 0, position: $0, update: $0) } + [
        status(epochs: 1, position: 0, update: 8, valid: 10, norm: 0.5),
        status(epochs: 1, position: 1, update: 9, valid: 10),
        status(epochs: 1, position: 2, update: 10, valid: 10),
      ])
    #expect(
      text == """
        epoch 1/500, update 8, train perplexity 9.123, valid perplexity 10.000, gradient norm \
        0.500, 560 k tokens/s, 8 s left
        epoch 2/500, update 10, train perplexity 9.123, valid perplexity 10.000, 560 k tokens/s, \
        8 s left

        """)
    #expect(
      summary
        == "done: epoch 2, update 10, train perplexity 9.123, valid perplexity 10.000, "
        + "560 k tokens/s")
  }

  @Test func redrawsOneLineOnATerminal() {
    let statuses = [
      status(epochs: 1, position: 0, update: 8, valid: 10, norm: 0.5),
      status(epochs: 1, position: 1, update: 9, expected: nil),
    ]
    #expect(
      report(width: 80, statuses).text
        == "\r\u{1B}[Kepoch 1/500: perplexity 9.12, valid 10.00, norm 0.50, 560 k tokens/s, 8 s left"
        + "\r\u{1B}[Kepoch 2: perplexity 9.12, 560 k tokens/s\n")
    #expect(
      report(width: 20, statuses).text
        == "\r\u{1B}[Kepoch 1/500: perple\r\u{1B}[Kepoch 2: perplexity\n")
  }

  @Test func saysNothingOfNothing() {
    #expect(report(width: nil, []).text == "")
    #expect(report(width: 80, []).text == "")
  }

  @Test func summarisesAnEpochThatIsComplete() {
    #expect(
      report(width: nil, [status(epochs: 500, position: 0, update: 4000)]).summary
        == "done: epoch 500, update 4000, train perplexity 9.123, 560 k tokens/s")
  }

  @Test func saysTheLossOfWhatReadsNoText() {
    let updates = status(epochs: 2, position: 0, update: 8, unit: .updates)
    #expect(
      report(width: nil, [updates]).summary
        == "done: epoch 2, update 8, train loss 2.211, 560 k updates/s")
    var evaluation = Evaluation(.classes(2))
    for label: Int32 in [0, 1, 1] { evaluation.add(logits: [0, 1], label: label) }
    let rows = status(
      epochs: 2, position: 0, update: 8, valid: 2, unit: .rows, evaluation: evaluation)
    let (text, summary) = report(width: nil, [rows])
    #expect(
      summary
        == "done: epoch 2, update 8, 560 k rows/s, train loss 2.211, valid loss 0.6466, "
        + "valid accuracy 66.7 %")
    #expect(text.hasPrefix("epoch 2/500, update 8, train loss 2.211, valid loss 0.6466, valid acc"))
    #expect(
      report(width: 80, [rows]).text
        == "\r\u{1B}[Kepoch 2/500: loss 2.211, valid 66.7 %, 560 k rows/s, 8 s left\n")
    var errors = Evaluation(.numbers)
    errors.add(value: 1, label: 3)
    errors.add(value: 1, label: 1)
    #expect(
      report(
        width: nil, [status(epochs: 2, position: 0, update: 8, unit: .rows, evaluation: errors)]
      ).summary.hasSuffix(", valid mean squared error 2, valid root mean squared error 1.414"))
  }

}

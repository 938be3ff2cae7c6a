import Foundation
import Testing

@testable import Driver
@testable import Training

@Suite struct TrainingReporterTests {

  private func status(
    epochs: Int, position: Int, update: Int, valid: Double? = nil, norm: Double? = nil,
    expected: Int? = 4000
  ) -> TrainingStatus {
    var work = TrainingWork()
    for _ in 0..<update { work.add(tokens: 1120, 0.002) }
    return TrainingStatus(
      epochs: epochs, position: position, update: update, expectedUpdates: expected,
      epochLimit: expected.map { $0 / 8 }, trainPerplexity: 9.1234, validPerplexity: valid,
      gradientNorm: norm, work: work)
  }

  private func report(
    width: Int?, _ statuses: [TrainingStatus]
  ) -> (text: String, summary: String) {
    var text = ""
    let console = Console(
      environment: [:], terminalWidth: width, print: { _ in }, report: { text += $0 })
    let reporter = TrainingReporter(console, unit: "tokens")
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
        + "560000 tokens/s")
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
        == "done: epoch 500, update 4000, train perplexity 9.123, 560000 tokens/s")
  }

}

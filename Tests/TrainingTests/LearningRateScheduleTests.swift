import Foundation
import Testing

@testable import Training

@Suite struct LearningRateScheduleTests {

  private func rates(_ text: String, _ rate: Double, count: Int) throws -> [Double] {
    let schedule = try LearningRateSchedule(parsing: text)
    return (0..<count).map { schedule.rate(rate, update: $0) }
  }

  @Test func staysConstant() throws {
    #expect(try rates("constant", 0.3, count: 4) == [0.3, 0.3, 0.3, 0.3])
    #expect(try rates(" constant( warmup : 4 ) ", 1, count: 6) == [0.25, 0.5, 0.75, 1, 1, 1])
  }

  /// As the recursion of PyTorch's `StepLR`: the rate times `gamma` at each multiple of `step_size`.
  @Test func goesDownInSteps() throws {
    let rates = try rates("step(every: 3, factor: 0.1)", 0.5, count: 20)
    var expected = 0.5
    for (update, rate) in rates.enumerated() {
      if update > 0, update % 3 == 0 { expected *= 0.1 }
      #expect(abs(rate - expected) <= 1e-15 * expected * Double(update + 1))
    }
    #expect(try self.rates("step(factor: 2, every: 1)", 1, count: 4) == [1, 2, 4, 8])
  }

  /// As the recursion of PyTorch's `CosineAnnealingLR`, which takes each rate from the one before.
  @Test func followsTheCosine() throws {
    let (limit, low, full) = (10.0, 0.02, 0.7)
    let rates = try rates("cosine(updates: 10, low: 0.02)", full, count: 31)
    #expect(rates[0] == full)
    #expect(abs(rates[10] - low) <= 1e-15 && abs(rates[5] - (full + low) / 2) <= 1e-15)
    var expected = full
    for t in 1...10 {
      expected =
        (1 + cos(.pi * Double(t) / limit)) / (1 + cos(.pi * Double(t - 1) / limit))
        * (expected - low) + low
      #expect(abs(rates[t] - expected) <= 1e-14, "update \(t)")
    }
    // Behind its end the closed form has the period 20.
    for t in 0...10 { #expect(abs(rates[t + 20] - rates[t]) <= 1e-14) }
  }

  @Test func startsBehindTheWarmup() throws {
    let warm = try rates("cosine(updates: 10, low: 0, warmup: 5)", 1, count: 12)
    let plain = try rates("cosine(updates: 10, low: 0)", 1, count: 7)
    #expect(warm == [0.2, 0.4, 0.6, 0.8, 1] + plain)
  }

  @Test(arguments: [
    ("", "unknown schedule ''; there are constant, step(every: 100, factor: 0.5), "),
    ("stp(every: 1)", "unknown schedule 'stp'; did you mean 'step'?"),
    ("step", "'step' needs 'every'; for example step(every: 100, factor: 0.5)"),
    ("step(every: 3)", "'step' needs 'factor'; for example step("),
    ("step(every: 0, factor: 1)", "'every' needs a whole number of at least 1, found '0'"),
    ("step(every: 2.5, factor: 1)", "'every' needs a whole number of at least 1, found '2.5'"),
    ("step(every: 2, factor: -1)", "'factor' needs a number of at least 0, found '-1'"),
    ("step(every: 2, factor: inf)", "'factor' needs a number of at least 0, found 'inf'"),
    ("step(every: 2, every: 3, factor: 1)", "'every' occurs twice in "),
    ("constant(low: 1)", "'constant' has no 'low'; for example constant"),
    ("constant(warmup: -1)", "'warmup' needs a whole number of at least 0, found '-1'"),
    ("cosine(updates: 99999999999999999999, low: 0)", "'updates' needs a whole number"),
    ("cosine(updates 3, low: 0)", "expected a schedule such as step(every: 100, factor: 0.5)"),
    ("cosine(updates: 3", "expected a schedule such as step(every: 100, factor: 0.5)"),
    ("constant()", "expected a schedule such as step(every: 100, factor: 0.5)"),
  ])
  func refusesOtherTexts(_ text: String, _ message: String) {
    do {
      _ = try LearningRateSchedule(parsing: text)
      Issue.record("'\(text)' is no schedule")
    } catch {
      #expect(error.message.hasPrefix(message), "\(error.message)")
    }
  }

}

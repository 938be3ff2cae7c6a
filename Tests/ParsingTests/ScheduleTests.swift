import IR
import Testing

@testable import Parsing

/// Schedules of the learning rate, as a graph and a command line write them.
@Suite struct ScheduleTests {

  @Test(
    arguments: [
      ("constant", .constant, nil),
      (" constant( warmup : 4 ) ", .init(.constant, warmup: .updates(4)), "constant(warmup: 4)"),
      ("constant(warmup: 0)", .constant, "constant"),
      (
        "step(factor: 1 / 4, every: 3)", .init(.step(every: .updates(3), factor: 0.25)),
        "step(every: 3, factor: 0.25)"
      ),
      (
        "step(every: epochs(4.5), factor: 0.5, warmup: part(0.1))",
        .init(.step(every: .epochs(4.5), factor: 0.5), warmup: .part(0.1)), nil
      ),
      ("cosine", .init(.cosine(over: .part(1), low: 0)), nil),
      ("cosine(over: part(1))", .init(.cosine(over: .part(1), low: 0)), "cosine"),
      (
        "cosine(updates: 10, low: 0.5)", .init(.cosine(over: .updates(10), low: 0.5)),
        "cosine(over: 10, low: 0.5)"
      ),
      (
        "cosine(over: epochs(16), warmup: epochs(2))",
        .init(.cosine(over: .epochs(16), low: 0), warmup: .epochs(2)), nil
      ),
    ] as [(String, LearningRateSchedule, String?)])
  func readsAndWritesSchedules(
    _ text: String, _ expected: LearningRateSchedule, _ printed: String?
  ) throws {
    let schedule = try LearningRateSchedule(parsing: text)
    #expect(schedule == expected)
    #expect(schedule.description == printed ?? text)
    #expect(try LearningRateSchedule(parsing: schedule.description) == schedule)
  }

  @Test(arguments: [
    (
      "",
      "expected one such as 'constant' or 'step(every: 100, factor: 0.5)' or "
        + "'cosine(over: epochs(20), low: 0.01)' for 'schedule'"
    ),
    ("stp(every: 1)", "expected 'step' for 'schedule'"),
    ("step", "'step' needs the argument 'every: ...'"),
    ("step(every: 3)", "'step' needs the argument 'factor: ...'"),
    (
      "step(every: 0, factor: 1)",
      "expected an integer of at least 1, 'epochs(x)' or 'part(x)' for 'every'"
    ),
    ("step(every: 2.5, factor: 1)", "expected an integer of at least 1, "),
    ("step(every: epochs(0), factor: 1)", "expected a number above 0 for 'epochs'"),
    ("step(every: epochs(1, 2), factor: 1)", "found 2 operands of 'epochs', expected 1"),
    ("step(every: part(1.5), factor: 1)", "expected a number above 0, at most 1 for 'part'"),
    ("step(every: 2, factor: -1)", "expected a number from 0 on for 'factor'"),
    ("step(every: 2, factor: inf)", "'inf' is not defined"),
    ("step(every: 2, every: 3, factor: 1)", "the argument 'every' is given twice"),
    ("constant(low: 1)", "'constant' has no argument 'low'; it has 'warmup'"),
    (
      "constant(warmup: -1)",
      "expected an integer of at least 0, 'epochs(x)' or 'part(x)' for 'warmup'"
    ),
    ("cosine(updates: 99999999999999999999)", "the number '99999999999999999999' is out of range"),
    ("cosine(updates: 3, over: 4)", "the argument 'over' is given twice"),
    ("cosine(updates: epochs(3))", "'cosine' has no argument 'updates'; "),
    ("cosine(updates 3, low: 0)", "found '3', expected"),
    ("cosine(updates: 3", "found the end of the file, expected ')'"),
    ("constant constant", "found 'constant', expected the end of the text"),
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

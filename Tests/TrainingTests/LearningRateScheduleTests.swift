import Foundation
import IR
import Testing

@testable import Training

@Suite struct LearningRateScheduleTests {

  /// Returns the rates of the first `count` updates of a training of `total`, whose epochs have the
  /// numbers of updates `epochs`, and then the last of them again and again.
  private func rates(
    _ schedule: LearningRateSchedule, _ rate: Double = 1, count: Int, total: Int = 1 << 40,
    epochs: [Int] = [10]
  ) -> [Double] {
    func size(_ epoch: Int) -> Int { epochs[min(epoch, epochs.count - 1)] }
    let rates = LearningRates(schedule, count: total, updatesOfEpoch: size)
    var (epoch, position) = (0, 0)
    return (0..<count).map { update in
      if position == size(epoch) { (epoch, position) = (epoch + 1, 0) }
      defer { position += 1 }
      return rates.rate(
        rate,
        at: LearningRates.Place(
          updates: update, epochs: Double(epoch) + Double(position) / Double(size(epoch))))
    }
  }

  private func cosine(
    _ over: LearningRateSchedule.Length, low: Double = 0,
    warmup: LearningRateSchedule.Length = .updates(0)
  ) -> LearningRateSchedule {
    LearningRateSchedule(.cosine(over: over, low: low), warmup: warmup)
  }

  @Test func staysConstant() {
    #expect(rates(.constant, 0.3, count: 4) == [0.3, 0.3, 0.3, 0.3])
    #expect(
      rates(LearningRateSchedule(.constant, warmup: .updates(4)), count: 6)
        == [0.25, 0.5, 0.75, 1, 1, 1])
    #expect(rates(LearningRateSchedule(.constant, warmup: .updates(1)), count: 2) == [1, 1])
  }

  /// As the recursion of PyTorch's `StepLR`: the rate times `gamma` at each multiple of
  /// `step_size`.
  @Test func goesDownInSteps() {
    let found = rates(
      LearningRateSchedule(.step(every: .updates(3), factor: 0.1)), 0.5, count: 20)
    var expected = 0.5
    for (update, rate) in found.enumerated() {
      if update > 0, update % 3 == 0 { expected *= 0.1 }
      #expect(abs(rate - expected) <= 1e-15 * expected * Double(update + 1))
    }
    let doubling = LearningRateSchedule(.step(every: .updates(1), factor: 2), warmup: .updates(2))
    #expect(rates(doubling, count: 5) == [0.5, 1, 1, 2, 4])
  }

  /// As the recursion of PyTorch's `CosineAnnealingLR`, which takes each rate from the one before;
  /// it stays where it ends.
  @Test func followsTheCosineToItsEnd() {
    let (limit, low, full) = (10.0, 0.02, 0.7)
    let found = rates(cosine(.updates(10), low: low), full, count: 31)
    #expect(found[0] == full)
    #expect(abs(found[5] - (full + low) / 2) <= 1e-15)
    var expected = full
    for t in 1...10 {
      expected =
        (1 + cos(.pi * Double(t) / limit)) / (1 + cos(.pi * Double(t - 1) / limit))
        * (expected - low) + low
      #expect(abs(found[t] - expected) <= 1e-14, "update \(t)")
    }
    #expect(found[10...].allSatisfy { $0 == low })
    #expect(rates(cosine(.updates(1), low: 0.5), count: 4) == [1, 0.5, 0.5, 0.5])
  }

  /// The rule counts from the end of the warm-up, as `SequentialLR` has it.
  @Test func startsAfterTheWarmup() {
    let found = rates(cosine(.updates(2), low: 0.5, warmup: .updates(5)), count: 12)
    #expect(
      zip(found, [0.2, 0.4, 0.6, 0.8, 1, 1, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5]).allSatisfy {
        abs($0 - $1) <= 1e-15
      })
    // A training that ends before the warm-up does.
    #expect(
      rates(cosine(.part(1), warmup: .updates(8)), count: 3, total: 3) == [0.125, 0.25, 0.375])
  }

  /// Epochs may have different numbers of updates.
  @Test func countsEpochs() {
    let step = LearningRateSchedule(.step(every: .epochs(2), factor: 0.5))
    #expect(
      rates(step, count: 12, epochs: [3, 2, 4, 1, 2])
        == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25])
    // Tenths of an epoch of ten updates, whose sums are not exact.
    let tenths = LearningRateSchedule(.step(every: .epochs(0.1), factor: 2))
    #expect(rates(tenths, count: 12) == (0..<12).map { pow(2, Double($0)) })
    let warm = LearningRateSchedule(
      .step(every: .epochs(1), factor: 0.5), warmup: .epochs(1.5))
    #expect(
      rates(warm, count: 10, epochs: [2, 4])
        == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 0.5, 0.5])
    let down = rates(cosine(.epochs(2), low: 0.25), count: 8, epochs: [2, 4, 1])
    #expect(down[0] == 1 && abs(down[2] - 0.625) <= 1e-15 && down[6...] == [0.25, 0.25])
  }

  /// A part of a warm-up is one of all updates, any other part one of those that are left.
  @Test func countsPartsOfTheTraining() {
    let step = LearningRateSchedule(.step(every: .part(0.7), factor: 0.1))
    #expect(rates(step, count: 10, total: 10) == Array(repeating: 1, count: 7) + [0.1, 0.1, 0.1])
    let found = rates(cosine(.part(1), low: 0.5, warmup: .part(0.2)), count: 12, total: 10)
    #expect(found[..<3] == [0.5, 1, 1] && found[10...] == [0.5, 0.5])
    #expect(abs(found[6] - 0.75) <= 1e-15)
    let half = rates(cosine(.part(0.5), low: 0.5, warmup: .updates(2)), count: 10, total: 10)
    #expect(abs(half[4] - 0.75) <= 1e-15 && half[6...] == [0.5, 0.5, 0.5, 0.5])
  }

}

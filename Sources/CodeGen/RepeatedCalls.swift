import Planning

/// A call of a kernel's function.
struct PlainCall {

  let call: KernelCall
  let emitted: EmittedCall

  /// The text, but for the numbers in it that move pointers.
  let shape: String

  /// Those numbers.
  let numbers: [Int]

}

/// Rounds of calls, such as one for each layer of a deep model or for each parameter to update.
///
/// They differ by the numbers in them alone, and each number grows by a constant from one round to
/// the next.
struct RepeatedCalls {

  /// How many calls a round has, and how many rounds there are.
  let period: Int
  let count: Int

  /// By how much the numbers of each call grow in a round.
  let growth: [[Int]]

  /// The most calls in a round: more than there are for a layer.
  private static let longestPeriod = 128

  /// The fewest rounds that are worth a loop, and the fewest calls that it saves.
  ///
  /// With fewer, each line of the graph is better seen by its own call.
  struct Minimum {

    let rounds: Int
    let saved: Int

    /// The minimum for calls of each step, of which there are few for a layer, and for others.
    static let ofStep = Minimum(rounds: 4, saved: 12)
    static let ofEntry = Minimum(rounds: 4, saved: 32)

    /// The minimum for loops wherever there can be one.
    static let any = Minimum(rounds: 2, saved: 1)

  }

  /// Finds the longest repetition that `calls` begin with, if it is worth a loop by `minimum`.
  init?(in calls: ArraySlice<PlainCall>, atLeast minimum: Minimum) {
    var best: (period: Int, count: Int, growth: [[Int]])?
    for period in 1...max(1, min(Self.longestPeriod, calls.count / minimum.rounds)) {
      guard let growth = Self.growth(of: calls, after: period) else { continue }
      var count = 2
      while calls.count >= (count + 1) * period,
        Self.growth(of: calls.dropFirst((count - 1) * period), after: period) == growth
      {
        count += 1
      }
      if period * (count - 1) > best.map({ $0.period * ($0.count - 1) }) ?? 0 {
        best = (period, count, growth)
      }
    }
    guard let best, best.count >= minimum.rounds,
      best.period * (best.count - 1) >= minimum.saved
    else { return nil }
    (period, count, growth) = best
  }

  /// Returns by how much the numbers of each of the first `period` calls differ from those of the
  /// call that is as many later, or `nil` if something else differs too.
  private static func growth(of calls: ArraySlice<PlainCall>, after period: Int) -> [[Int]]? {
    guard calls.count >= 2 * period else { return nil }
    var result: [[Int]] = []
    for (call, later) in zip(calls.prefix(period), calls.dropFirst(period)) {
      guard call.shape == later.shape else { return nil }
      result.append(zip(call.numbers, later.numbers).map { $1 - $0 })
    }
    return result
  }

}

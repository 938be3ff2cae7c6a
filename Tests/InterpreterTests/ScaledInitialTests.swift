import IR
import Tensors
import Testing

@testable import Interpreter

@Suite struct ScaledInitialTests {

  private static let dense = TensorType(.f32, [Extent(24), Extent(72)])

  /// 24 inputs and 48 outputs.
  private static let kernel = TensorType(.f32, [Extent(4), Extent(2), Extent(3), Extent(4)])

  /// A rule, the type that it is for and the spread that follows.
  struct Case: Sendable {
    let scaled: ScaledInitial
    let type: TensorType
    let spread: Double
  }

  private static let cases: [Case] = [
    Case(scaled: .init(.xavier), type: dense, spread: 0.25),
    Case(scaled: .init(.xavier, gain: .number(3)), type: kernel, spread: 0.866_025_403_784_438_6),
    Case(scaled: .init(.xavier, isNormal: true), type: dense, spread: 0.144_337_567_297_406_44),
    Case(scaled: .init(.kaiming), type: dense, spread: 0.5),
    Case(scaled: .init(.kaiming), type: kernel, spread: 0.5),
    Case(
      scaled: .init(.kaiming, gain: .number(1), isNormal: true), type: kernel,
      spread: 0.204_124_145_231_931_5),
    Case(
      scaled: .init(.kaiming, countsOutputs: true), type: kernel, spread: 0.353_553_390_593_273_8),
    Case(
      scaled: .init(.kaiming, isNormal: true, countsOutputs: true), type: dense,
      spread: 0.166_666_666_666_666_66),
  ]

  /// The formulas are those of `torch.nn.init`: half the width is gain * sqrt(6 / (in + out)) or
  /// gain * sqrt(3 / fan), the deviation gain * sqrt(2 / (in + out)) or gain / sqrt(fan).
  @Test(arguments: cases)
  func followsTheNumberOfConnections(_ example: Case) throws {
    let (scaled, spread) = (example.scaled, example.spread)
    let rule = InitialValue.scaled(scaled).evaluated(for: example.type, in: [])
    // The bits are those of a few correctly rounded operations.
    let tolerance = 4 * spread.ulp
    switch try #require(rule) {
    case .uniform(let low, let high):
      #expect(!scaled.isNormal)
      #expect(low == -high && abs(high - spread) <= tolerance, "\(high)")
    case .normal(let mean, let std):
      #expect(scaled.isNormal)
      #expect(mean == 0 && abs(std - spread) <= tolerance, "\(std)")
    default: Issue.record("the values are not random")
    }
  }

}

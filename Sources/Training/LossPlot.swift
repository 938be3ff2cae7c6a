import Foundation

/// A picture of perplexity, or of another loss, over epochs, as SVG.
///
/// It depends on the numbers alone, needs no other file, and follows the reader's choice of light
/// or dark.
package struct LossPlot {

  /// A curve.
  private struct Curve {

    let name: String

    /// The epochs, from one, with their numbers, all of which can be drawn.
    let points: [(epoch: Int, number: Double)]

    init(_ name: String, _ losses: [(epoch: Int, loss: Double?)], ofText: Bool) {
      self.name = name
      points = losses.compactMap { epoch, loss in
        guard let number = ofText ? loss.map({ exp($0) }) : loss, number > 1e-9, number < 1e300
        else { return nil }
        return (epoch, number)
      }
    }

  }

  /// The size of the picture and the space around the axes, in units of the picture.
  private static let size = (width: 640.0, height: 400.0)
  private static let margin = (left: 64.0, right: 24.0, top: 24.0, bottom: 52.0)

  /// The most points of a curve; more cannot be told apart.
  private static let pointLimit = 1000

  /// The ratio of numbers from which on a logarithmic axis shows more.
  private static let ratioLimit = 100.0

  /// What is drawn.
  private let quantity: String

  private let curves: [Curve]
  private let x: PlotAxis
  private let y: PlotAxis

  /// Creates the picture of `epochs`, in order, of a training that counts `unit`.
  package init(_ epochs: [TrainingProgress.Epoch], of unit: TrainingUnit = .tokens) {
    quantity = unit.quantity
    let isText = unit == .tokens
    curves = [
      Curve("train", epochs.map { ($0.number, $0.trainingLoss) }, ofText: isText),
      Curve("valid", epochs.map { ($0.number, $0.validationLoss) }, ofText: isText),
    ].filter { !$0.points.isEmpty }
    let numbers = curves.flatMap { $0.points.map(\.number) }
    let (low, high) = (numbers.min() ?? 1, numbers.max() ?? 1)
    x = PlotAxis(to: Double(epochs.last?.number ?? 1), leastStep: 1, isRounded: false)
    y =
      high > Self.ratioLimit * low
      ? PlotAxis(logarithmicFrom: low, to: high) : PlotAxis(to: high, isRounded: true)
  }

  /// The text of the picture.
  package var svg: String {
    let (width, height) = (Int(Self.size.width), Int(Self.size.height))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
      height="\(height)" role="img" font-family="sans-serif" font-size="13">
      <title>\(quantity.prefix(1).uppercased())\(quantity.dropFirst()) over epochs</title>
      <style>
      .back { fill: #ffffff } text { fill: #24292f } .grid { stroke: #d0d7de } .axis { stroke: #57606a }
      path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
      .train { stroke: #0969da } .valid { stroke: #bc4c00; stroke-dasharray: 6 4 }
      @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
      .train { stroke: #58a6ff } .valid { stroke: #f0883e }
      }
      </style>
      <rect class="back" width="\(width)" height="\(height)"/>
      \(axes)\(curves.map(path).joined())\(legend)</svg>

      """
  }

  /// Returns the place of epoch `epoch`, and of number `number`, in the picture.
  private func horizontal(_ epoch: Double) -> Double {
    let width = Self.size.width - Self.margin.left - Self.margin.right
    return Self.margin.left + width * x.place(of: epoch)
  }

  private func vertical(_ number: Double) -> Double {
    let height = Self.size.height - Self.margin.top - Self.margin.bottom
    return Self.size.height - Self.margin.bottom - height * y.place(of: number)
  }

  /// The axes with their grid, numbers and names.
  private var axes: String {
    let (left, right) = (horizontal(0), horizontal(x.range.upperBound))
    let (bottom, top) = (vertical(y.range.lowerBound), vertical(y.range.upperBound))
    var lines: [String] = []
    for tick in y.ticks {
      let place = vertical(tick)
      lines.append(line("grid", left, place, right, place))
      lines.append(text(number(tick), left - 8, place + 4.5, anchor: "end"))
    }
    for tick in x.ticks {
      let place = horizontal(tick)
      lines.append(line("axis", place, bottom, place, bottom + 5))
      lines.append(text(number(tick), place, bottom + 20, anchor: "middle"))
    }
    lines.append(line("axis", left, bottom, right, bottom))
    lines.append(line("axis", left, bottom, left, top))
    lines.append(text("epoch", (left + right) / 2, Self.size.height - 10, anchor: "middle"))
    let middle = coordinate((top + bottom) / 2)
    lines.append(
      "<text x=\"16\" y=\"\(middle)\" text-anchor=\"middle\" "
        + "transform=\"rotate(-90 16 \(middle))\">\(quantity)</text>")
    return lines.map { "\($0)\n" }.joined()
  }

  /// Returns the line of `curve`; a single point is a dot.
  private func path(_ curve: Curve) -> String {
    let stride = (curve.points.count + Self.pointLimit - 1) / Self.pointLimit
    let shown = curve.points.enumerated().filter { index, _ in
      index % stride == 0 || index == curve.points.count - 1
    }.map(\.element)
    let places = shown.map { point in
      "\(coordinate(horizontal(Double(point.epoch)))) \(coordinate(vertical(point.number)))"
    }
    let path = "M\(places.joined(separator: "L"))" + (places.count == 1 ? "h0" : "")
    return "<path class=\"\(curve.name)\" d=\"\(path)\"/>\n"
  }

  /// The names of the curves beside pieces of them.
  private var legend: String {
    curves.enumerated().map { index, curve in
      let (place, right) = (Self.margin.top + 14 + 20 * Double(index), Self.size.width - 40)
      return
        "<path class=\"\(curve.name)\" d=\"M\(coordinate(right - 80)) \(coordinate(place))h32\"/>\n"
        + text(curve.name, right - 40, place + 4.5, anchor: "start") + "\n"
    }.joined()
  }

  private func line(
    _ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double
  ) -> String {
    "<line class=\"\(style)\" x1=\"\(coordinate(x1))\" y1=\"\(coordinate(y1))\" "
      + "x2=\"\(coordinate(x2))\" y2=\"\(coordinate(y2))\"/>"
  }

  private func text(_ text: String, _ x: Double, _ y: Double, anchor: String) -> String {
    "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" text-anchor=\"\(anchor)\">\(text)</text>"
  }

  /// Returns a length in units of the picture.
  private func coordinate(_ length: Double) -> String { String(format: "%.1f", length) }

  /// Returns a number beside an axis.
  private func number(_ number: Double) -> String { String(format: "%.6g", number) }

}

import Tensors

extension Tensor {

  /// The most elements that a line about a tensor holds.
  private static let printedCount = 64

  /// Returns a line about the elements: `total: f32[2, 2] = [[1, 2], [3, 4]]` if they are few,
  /// `logits: f32[35, 32, 28], min -0.1, max 0.1, mean 0.0` otherwise.
  package func summary(named name: String) -> String {
    let head = "\(name): \(type)"
    guard elements.count > 0 else { return "\(head), no elements" }
    if elements.count <= Self.printedCount { return "\(head) = \(literal)" }
    switch elements {
    case .float32(let e): return head + statistics(e)
    case .float64(let e): return head + statistics(e)
    case .int64(let e): return head + statistics(e)
    case .bool(let e): return "\(head), \(e.count { $0 }) of \(e.count) true"
    }
  }

}

extension Tensor {

  /// The elements as a graph writes a literal: rows in brackets.
  private var literal: String {
    let numerals: [String] =
      switch elements {
      case .float32(let e): e.map { numeral("\($0)") }
      case .float64(let e): e.map { numeral("\($0)") }
      case .int64(let e): e.map { "\($0)" }
      case .bool(let e): e.map { "\($0)" }
      }
    var parts = numerals
    // From the innermost axis outwards, each round puts brackets around as many parts as the axis
    // has.
    for extent in shape.reversed() {
      parts = stride(from: 0, to: parts.count, by: extent).map { start in
        "[\(parts[start..<start + extent].joined(separator: ", "))]"
      }
    }
    return parts.joined()
  }

}

/// Returns the text of a number without the fraction of a whole one; NaN has no sign.
private func numeral(_ text: String) -> String {
  if text == "-nan" { return "nan" }
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Returns the extremes and the mean of `elements`, which is not empty.
///
/// What is not a number is counted and left out.
private func statistics<T: SummaryElement>(_ elements: [T]) -> String {
  let numbers = elements.filter { $0 == $0 }
  let others = elements.count - numbers.count
  let remark = others == 0 ? "" : ", \(others) not a number"
  guard let least = numbers.min(), let greatest = numbers.max() else { return remark }
  let mean = Float(numbers.reduce(0) { $0 + $1.asDouble } / Double(numbers.count))
  return ", min \(least), max \(greatest), mean \(mean)\(remark)"
}

/// An element type with a mean.
private protocol SummaryElement: Comparable {

  /// The nearest number of double precision.
  var asDouble: Double { get }

}

extension Float: SummaryElement {

  fileprivate var asDouble: Double { Double(self) }

}

extension Double: SummaryElement {

  fileprivate var asDouble: Double { self }

}

extension Int64: SummaryElement {

  fileprivate var asDouble: Double { Double(self) }

}

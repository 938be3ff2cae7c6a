import Tensors

extension Tensor {

  /// Returns a line about the elements: `logits: f32[35, 32, 28], min -0.1, max 0.1, mean 0.0`.
  package func summary(named name: String) -> String {
    let head = "\(name): \(type)"
    guard elements.count > 0 else { return "\(head), no elements" }
    switch elements {
    case .float32(let e): return head + statistics(e)
    case .float64(let e): return head + statistics(e)
    case .int64(let e): return head + statistics(e)
    case .bool(let e): return "\(head), \(e.count { $0 }) of \(e.count) true"
    }
  }

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

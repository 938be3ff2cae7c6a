import Interpreter

/// Returns a phrase about the first element in which `found` differs from `expected` by more than
/// `tolerance`, or `nil`.
///
/// Two NaNs are equal, and so are equal infinities.
func difference(
  _ expected: DenseArray, _ found: DenseArray, absolute tolerance: Double
) -> String? {
  guard expected.shape == found.shape else {
    return "found the shape \(found.shape), expected \(expected.shape)"
  }
  for (i, (a, b)) in zip(expected.elements, found.elements).enumerated() {
    if a == b || a.isNaN && b.isNaN { continue }
    if !(abs(a - b) <= tolerance) {
      return "found \(b), expected \(a) +- \(tolerance), at element \(i) of \(expected.shape)"
    }
  }
  return nil
}

/// Returns a phrase about the first element that differs by more than `tolerance` times the largest
/// expected number, at least 1, or `nil`.
func difference(
  _ expected: DenseArray, _ found: DenseArray, relative tolerance: Double
) -> String? {
  difference(expected, found, absolute: tolerance * expected.scale)
}

/// Returns a phrase about the first output, state, parameter or slot that differs, or `nil`; all but
/// outputs that only one side has are not looked at.
func difference(
  _ expected: Interpreter.Results, _ found: Interpreter.Results, relative tolerance: Double
) -> String? {
  let names = expected.outputs.map(\.name)
  guard names == found.outputs.map(\.name) else {
    return "found the outputs \(found.outputs.map(\.name)), expected \(names)"
  }
  for (a, b) in zip(expected.outputs, found.outputs) {
    if let problem = difference(a.value, b.value, relative: tolerance) {
      return "output '\(a.name)': \(problem)"
    }
  }
  let kept = [
    ("state", expected.states, found.states),
    ("parameter", expected.parameters, found.parameters),
    ("slot", expected.slots, found.slots),
  ]
  for (kind, expected, found) in kept {
    for (name, a) in expected.sorted(by: { $0.key < $1.key }) {
      guard let b = found[name] else { continue }
      if let problem = difference(a, b, relative: tolerance) {
        return "\(kind) '\(name)': \(problem)"
      }
    }
  }
  return nil
}

extension DenseArray {

  /// The magnitude of the largest finite element, at least 1.
  var scale: Double { elements.reduce(1) { $1.isFinite ? max($0, abs($1)) : $0 } }

  /// Returns what is at `place` of the first axis.
  func part(at place: Int) -> DenseArray {
    let rest = Array(shape.dropFirst())
    let count = rest.reduce(1, *)
    return DenseArray(shape: rest, Array(elements[place * count..<(place + 1) * count]))
  }

}

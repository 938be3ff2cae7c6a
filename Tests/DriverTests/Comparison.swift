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

/// Returns a phrase about the first output, state, parameter or slot that differs, or `nil`; all
/// but outputs that only one side has are not looked at.
func difference(
  _ expected: Interpreter.Results, _ found: Interpreter.Results, relative tolerance: Double
) -> String? {
  VariedResults(expected).difference(found) { tolerance * $1.scale }
}

extension DenseArray {

  /// The magnitude of the largest finite element, at least 1.
  var scale: Double { elements.reduce(1) { $1.isFinite ? max($0, abs($1)) : $0 } }

  /// Returns `true` iff the elements have the bits of those of `other`, or are NaN where these are.
  func hasSameNumbers(as other: DenseArray) -> Bool {
    elements.count == other.elements.count
      && zip(elements, other.elements).allSatisfy {
        $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN
      }
  }

  /// Returns what is at `place` of the first axis.
  func part(at place: Int) -> DenseArray {
    let rest = Array(shape.dropFirst())
    let count = rest.reduce(1, *)
    return DenseArray(shape: rest, Array(elements[place * count..<(place + 1) * count]))
  }

}

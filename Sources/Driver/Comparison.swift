import Runner
import Tensors

/// How far an output, or a state, of a compiled model is from what is expected.
///
/// The tolerance of numbers is 1e-5 * max(1, max |x|) over the elements x that are expected in a
/// call. The units of the last place of single precision are 1.2e-7, and their errors add up over a
/// sum of n terms like a random walk, to about sqrt(n) units of its largest partial sum: for the
/// thousands of terms of a large layer, and a chain of some steps behind it, that is below 1e-5.
struct Comparison {

  /// The tolerance for numbers of magnitude one.
  static let unitTolerance = 1e-5

  /// The first element that differs by more than the tolerance.
  struct Mismatch {

    let call: Int
    let place: [Int]
    let expected: Double
    let found: Double

  }

  let entry: String

  /// What is compared.
  enum Kind: String {

    case output, state, parameter, slot

  }

  /// The name of what is compared.
  let value: String
  let kind: Kind

  /// `true` iff elements are indices or truth values.
  private(set) var isDiscrete = false

  /// The largest difference, and the tolerance in the call that comes nearest to it.
  private(set) var difference = 0.0
  private(set) var tolerance = Self.unitTolerance

  /// The number of indices or truth values that differ.
  private(set) var mismatchCount = 0

  /// The number of indices or truth values that differ where small errors decide.
  private(set) var tieCount = 0

  /// The first element that differs by more than the tolerance.
  private(set) var mismatch: Mismatch?

  /// Creates a comparison of nothing yet.
  init(entry: String, value: String, kind: Kind) {
    self.entry = entry
    self.value = value
    self.kind = kind
  }

  /// `true` iff no element differs by more than the tolerance.
  var isWithinTolerance: Bool { mismatch == nil }

  /// Adds what call `call` gave.
  ///
  /// Calls `alternatives` for other answers that are as good, if indices or truth values differ.
  mutating func add(
    _ expected: Tensor, _ found: Tensor, call: Int,
    alternatives: () throws(RunnerError) -> [Tensor]
  ) throws(RunnerError) {
    guard expected.shape == found.shape else {
      preconditionFailure("'\(value)' has the same shape in both")
    }
    let x = expected.numbers
    let y = found.numbers
    switch expected.elements {
    case .float32, .float64: addNumbers(x, y, expected.shape, call)
    case .int64, .bool:
      isDiscrete = true
      let places = x.indices.filter { x[$0] != y[$0] }
      if places.isEmpty { return }
      let others = try alternatives().map(\.numbers)
      for i in places {
        if others.contains(where: { $0[i] != x[i] }) {
          tieCount += 1
        } else {
          mismatchCount += 1
          note(i, x[i], y[i], expected.shape, call)
        }
      }
    }
  }

  private mutating func addNumbers(_ x: [Double], _ y: [Double], _ shape: [Int], _ call: Int) {
    let scale = x.reduce(1) { $1.isFinite ? max($0, abs($1)) : $0 }
    let tolerance = Self.unitTolerance * scale
    for i in x.indices {
      // Where nothing finite is expected, the same is.
      let isSame = x[i] == y[i] || x[i].isNaN && y[i].isNaN
      let d = isSame ? 0 : x[i].isFinite && y[i].isFinite ? abs(x[i] - y[i]) : .infinity
      if d / tolerance > difference / self.tolerance {
        (difference, self.tolerance) = (d, tolerance)
      }
      if d > tolerance { note(i, x[i], y[i], shape, call) }
    }
  }

  private mutating func note(
    _ offset: Int, _ expected: Double, _ found: Double, _ shape: [Int], _ call: Int
  ) {
    guard mismatch == nil else { return }
    var place: [Int] = []
    var rest = offset
    for extent in shape.reversed() {
      place.insert(rest % extent, at: 0)
      rest /= extent
    }
    mismatch = Mismatch(call: call, place: place, expected: expected, found: found)
  }

  /// The comparison in one line, or two if something differs.
  var summary: String {
    var text = "\(entry): \(kind == .output ? "" : "\(kind.rawValue) ")\(value): "
    if isDiscrete {
      text += mismatchCount == 0 ? "equal" : "\(grouped(mismatchCount)) differ"
      if tieCount > 0 { text += ", but for \(counted(tieCount, "near tie"))" }
    } else {
      text +=
        "largest difference \(scientific(difference)), tolerance \(scientific(tolerance))"
    }
    guard let mismatch else { return "\(text): ok" }
    return "\(text): DIFFERS\n  in call \(mismatch.call + 1) at \(mismatch.place): found "
      + "\(mismatch.found), expected \(mismatch.expected)"
  }

  /// The comparison as a program reads it.
  var json: JSON {
    let number: JSON = difference.isFinite ? .number(difference) : .null
    return [
      "entry": .string(entry), "name": .string(value), "kind": .string(kind.rawValue),
      "difference": isDiscrete ? .integer(mismatchCount) : number,
      "tolerance": isDiscrete ? .integer(0) : .number(tolerance),
      "ties": .integer(tieCount), "ok": .bool(isWithinTolerance),
    ]
  }

}

extension Tensor {

  /// The elements in double precision.
  fileprivate var numbers: [Double] {
    switch elements {
    case .float32(let e): e.map(Double.init)
    case .float64(let e): e
    case .int64(let e): e.map(Double.init)
    case .bool(let e): e.map { $0 ? 1 : 0 }
    }
  }

}

import Foundation

/// Returns `n` with its digits in groups of three.
func grouped(_ n: Int) -> String {
  let digits = String(n.magnitude)
  var result = ""
  for (i, digit) in digits.enumerated() {
    if i > 0, (digits.count - i) % 3 == 0 { result += " " }
    result.append(digit)
  }
  return n < 0 ? "-\(result)" : result
}

/// Returns `n` things: `1 step`, `2 steps`.
func counted(_ n: Int, _ thing: String) -> String {
  "\(grouped(n)) \(thing)\(n == 1 ? "" : "s")"
}

/// Returns `x`, which is not negative, in three digits with a unit of thousands: `160 M`.
func short(_ x: Double) -> String {
  for (scale, unit) in [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")] where x >= scale {
    let scaled = x / scale
    return String(format: scaled >= 99.95 ? "%.0f" : scaled >= 9.995 ? "%.1f" : "%.2f", scaled)
      + unit
  }
  return String(format: "%.0f", x)
}

/// Returns `x` with `digits` behind the point.
func fixed(_ x: Double, _ digits: Int) -> String {
  String(format: "%.\(digits)f", x)
}

/// Returns `x` in two digits with an exponent.
func scientific(_ x: Double) -> String {
  x == 0 ? "0" : String(format: "%.1e", x)
}

/// Returns a duration as a person reads it.
func duration(_ seconds: Double) -> String {
  seconds < 1 ? "\(fixed(seconds * 1000, 0)) ms" : "\(fixed(seconds, 2)) s"
}

/// Returns `rows` as lines of aligned columns; the first one to the left, the others to the right.
func table(_ rows: [[String]], indentation: String = "") -> String {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { c in
    rows.map { c < $0.count ? $0[c].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    let cells = row.enumerated().map { c, cell in
      let padding = String(repeating: " ", count: widths[c] - cell.count)
      return c == 0 ? cell + padding : padding + cell
    }
    var line = indentation + cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }.joined()
}

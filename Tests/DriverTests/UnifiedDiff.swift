/// Returns how `found` differs from `expected`, line by line, or `nil` if it does not.
///
/// Lines that are only expected start with `-`, those only found with `+`; three lines of context
/// stand around them.
func unifiedDiff(expected: [String], found: [String]) -> String? {
  if expected == found { return nil }
  var lines: [(mark: Character, text: String)] = []
  let difference = found.difference(from: expected)
  var removed = Set<Int>()
  var inserted = Set<Int>()
  for change in difference {
    switch change {
    case .remove(let offset, _, _): removed.insert(offset)
    case .insert(let offset, _, _): inserted.insert(offset)
    }
  }
  var (i, j) = (0, 0)
  // Each round advances in at least one of the two lists.
  while i < expected.count || j < found.count {
    if removed.contains(i) {
      lines.append(("-", expected[i]))
      i += 1
    } else if inserted.contains(j) {
      lines.append(("+", found[j]))
      j += 1
    } else {
      lines.append((" ", expected[i]))
      i += 1
      j += 1
    }
  }
  let changed = lines.indices.filter { lines[$0].mark != " " }
  let shown = lines.indices.filter { k in changed.contains { abs($0 - k) <= 3 } }
  var result: [String] = []
  for (position, k) in shown.enumerated() {
    if position == 0 || shown[position - 1] != k - 1 { result.append("@@") }
    result.append("\(lines[k].mark)\(lines[k].text)")
  }
  return result.joined(separator: "\n")
}

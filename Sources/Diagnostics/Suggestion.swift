/// Returns the element of `candidates` that `name` was probably meant to be, or `nil`.
///
/// That is the nearest by edit distance (insertions, deletions, replacements and swaps of
/// neighbours, letter case free), if it is near: at most a third of the longer name's length.
/// Of several equally near ones, the first is taken.
package func suggestion(for name: String, among candidates: some Sequence<String>) -> String? {
  guard name.utf8.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in candidates where candidate != name && candidate.utf8.count <= 64 {
    let d = editDistance(Array(name.lowercased()), Array(candidate.lowercased()))
    guard d <= max(1, max(name.count, candidate.count) / 3), d < (best?.distance ?? .max) else {
      continue
    }
    best = (candidate, d)
  }
  return best?.name
}

/// Returns a phrase about an unknown `name`: the element of `known` that was probably meant, or
/// else all of them.
package func alternatives(to name: String, among known: [String]) -> String {
  suggestion(for: name, among: known).map { "did you mean '\($0)'?" } ?? listed(known)
}

/// Returns a phrase about what there is: the names `known`.
package func listed(_ known: [String]) -> String {
  switch known.count {
  case 0: "there is none"
  case 1: "there is only \(known[0])"
  default: "there are \(known.joined(separator: ", "))"
  }
}

/// Returns the number of single-letter edits and swaps of neighbours that turn `a` into `b`.
///
/// - Complexity: O(*nm*), where *n* and *m* are the lengths of `a` and `b`.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var d = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { d = min(d, beforeLast[j - 1] + 1) }
      row.append(d)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}

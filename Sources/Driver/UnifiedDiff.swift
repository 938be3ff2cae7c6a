/// Returns the lines in which `new` differs from `old`, in the unified format with three lines
/// around each change; empty if the texts are equal.
///
/// - Complexity: O(*nd*), where *n* is the number of lines and *d* that of the changed ones.
package func unifiedDiff(
  from old: String, named oldName: String, to new: String, named newName: String
) -> String {
  let edits = edits(from: lines(of: old), to: lines(of: new))
  let hunks = hunks(of: edits, context: 3)
  if hunks.isEmpty { return "" }
  return "--- \(oldName)\n+++ \(newName)\n" + hunks.map { text(of: edits[$0]) }.joined()
}

/// A line of two texts.
private struct Edit {

  /// In which of the texts a line is.
  enum Kind: String {

    case both = " "
    case old = "-"
    case new = "+"

  }

  let kind: Kind
  let line: Substring

  /// The numbers of the lines of each text that stand before this one.
  let oldOffset: Int
  let newOffset: Int

}

/// Returns the lines of `text`, without what stands behind the last line feed if that is nothing.
private func lines(of text: String) -> [Substring] {
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  if lines.last == "" { lines.removeLast() }
  return lines
}

/// Returns all lines of both texts in their order, removed ones before those that replace them.
private func edits(from old: [Substring], to new: [Substring]) -> [Edit] {
  var removed: Set<Int> = []
  var inserted: Set<Int> = []
  for change in new.difference(from: old) {
    switch change {
    case .remove(let offset, _, _): removed.insert(offset)
    case .insert(let offset, _, _): inserted.insert(offset)
    }
  }
  var result: [Edit] = []
  var (i, j) = (0, 0)
  // Each round takes a line of one of the texts, or of both.
  while i < old.count || j < new.count {
    if removed.contains(i) {
      result.append(Edit(kind: .old, line: old[i], oldOffset: i, newOffset: j))
      i += 1
    } else if inserted.contains(j) {
      result.append(Edit(kind: .new, line: new[j], oldOffset: i, newOffset: j))
      j += 1
    } else {
      result.append(Edit(kind: .both, line: old[i], oldOffset: i, newOffset: j))
      i += 1
      j += 1
    }
  }
  return result
}

/// Returns the ranges of `edits` that hold all changes and `context` lines around each.
private func hunks(of edits: [Edit], context: Int) -> [Range<Int>] {
  var result: [Range<Int>] = []
  for i in edits.indices where edits[i].kind != .both {
    let range = max(0, i - context)..<min(edits.count, i + context + 1)
    if let last = result.last, last.upperBound >= range.lowerBound {
      result[result.count - 1] = last.lowerBound..<range.upperBound
    } else {
      result.append(range)
    }
  }
  return result
}

private func text(of hunk: ArraySlice<Edit>) -> String {
  guard let first = hunk.first else { return "" }
  let oldCount = hunk.count { $0.kind != .new }
  let newCount = hunk.count { $0.kind != .old }
  // An empty range is named by the line before it.
  let oldStart = first.oldOffset + (oldCount == 0 ? 0 : 1)
  let newStart = first.newOffset + (newCount == 0 ? 0 : 1)
  return "@@ -\(oldStart),\(oldCount) +\(newStart),\(newCount) @@\n"
    + hunk.map { "\($0.kind.rawValue)\($0.line)\n" }.joined()
}

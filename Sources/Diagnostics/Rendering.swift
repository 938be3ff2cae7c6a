extension Diagnostic {

  /// Returns the text of `self`: position, message, source line, underline, fixes and notes.
  package func rendered(in files: SourceFiles, colored: Bool = false) -> String {
    let style = Style(colored: colored)
    let heading = "\(style.emphasized(severity.rawValue, as: severity)): \(message) [\(code.name)]"
    var result = render(heading, at: span, in: files, style)
    for fixIt in fixIts {
      result += render(
        "fix-it: \(fixIt.message): '\(fixIt.replacement)'", at: fixIt.span, in: files, style)
    }
    for note in notes {
      result += render("note: \(note.message)", at: note.span, in: files, style)
    }
    return result
  }

}

/// Returns `heading` behind its position, above the line that it speaks of and an underline.
private func render(
  _ heading: String, at span: SourceSpan, in files: SourceFiles, _ style: Style
) -> String {
  guard let id = span.file else { return "\(heading)\n" }
  let file = files[id]
  let start = file.position(at: span.range.lowerBound)
  let bounds = file.bounds(ofLine: start.line)
  let from = min(span.range.lowerBound, bounds.upperBound)
  let to = max(from, min(span.range.upperBound, bounds.upperBound))
  let window = Window(
    before: file.substring(bounds.lowerBound..<from), marked: file.substring(from..<to),
    after: file.substring(to..<bounds.upperBound))
  return """
    \(file.name.printable):\(start.line):\(start.column): \(heading)
      \(window.line)
      \(style.underline(window.underline))

    """
}

/// The part of a source line that is shown: all of it unless it is very long.
private struct Window {

  /// The most characters that are shown before and after the start of the marked text.
  private static let reach = 100

  let line: String
  let underline: String

  init(before: String, marked: String, after: String) {
    let shownBefore =
      before.count > Self.reach ? "..." + before.suffix(Self.reach) : before
    let shownMarked = String(marked.prefix(Self.reach))
    let shownAfter =
      after.count > Self.reach ? after.prefix(Self.reach) + "..." : after
    let shown = shownMarked.count < marked.count ? "..." : shownAfter
    line = (shownBefore + shownMarked + shown).printable
    // A tab stays a tab, so that the underline stands below what it marks at any tab width.
    let indent = String(shownBefore.printable.map { $0 == "\t" ? "\t" : " " })
    let length = shownMarked.printable.count
    underline = indent + (length > 1 ? String(repeating: "~", count: length) : "^")
  }

}

/// How emphasis is written.
private struct Style {

  let colored: Bool

  func emphasized(_ text: String, as severity: Diagnostic.Severity) -> String {
    guard colored else { return text }
    return "\u{1B}[1;\(severity == .error ? 31 : 35)m\(text)\u{1B}[0m"
  }

  func underline(_ text: String) -> String {
    colored ? "\u{1B}[32m\(text)\u{1B}[0m" : text
  }

}

extension String {

  /// `self` with control characters and characters that reorder text written as escapes, so that
  /// a hostile text cannot drive the terminal that shows it.
  package var printable: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where scalar != "\t", .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

}

/// Swift source text in the making.
struct SourceWriter {

  /// The longest line.
  static let width = 100

  private(set) var lines: [String] = []
  private var depth = 0

  /// The columns by which the lines will be moved when another writer appends them.
  private let margin: Int

  /// Creates a writer of lines that another one will move by `margin` columns.
  init(margin: Int = 0) {
    self.margin = margin
  }

  /// A writer of lines to be appended one level deeper.
  var inner: SourceWriter { SourceWriter(margin: margin + 2 * (depth + 1)) }

  /// The text, ending in a newline unless there is none.
  var text: String { lines.map { $0 + "\n" }.joined() }

  /// Appends `line` at the present depth.
  mutating func line(_ line: String) {
    lines.append(line.isEmpty ? "" : String(repeating: "  ", count: depth) + line)
  }

  /// Appends an empty line, unless the text begins here or a brace has just been opened.
  mutating func gap() {
    if let last = lines.last, !last.isEmpty, !last.hasSuffix("{") { lines.append("") }
  }

  /// Appends `head`, which opens a brace, then `body` one level deeper, then the closing brace.
  mutating func block(
    _ head: String, closing: String = "}", _ body: (inout SourceWriter) -> Void
  ) {
    line(head)
    indented(body)
    line(closing)
  }

  /// Appends `body` one level deeper.
  mutating func indented(_ body: (inout SourceWriter) -> Void) {
    depth += 1
    body(&self)
    depth -= 1
  }

  /// Appends `head`, `items` separated by commas, and `tail`; on one line if it fits, otherwise
  /// with the items on lines of their own.
  mutating func list(_ head: String, _ items: [String], _ tail: String) {
    let flat = head + items.joined(separator: ", ") + tail
    if fits(flat) || items.isEmpty {
      line(flat)
      return
    }
    line(head)
    indented { writer in
      var row = ""
      for (i, item) in items.enumerated() {
        let piece = item + (i + 1 < items.count ? "," : "")
        let longer = row.isEmpty ? piece : "\(row) \(piece)"
        if writer.fits(longer) {
          row = longer
        } else {
          if !row.isEmpty { writer.line(row) }
          row = piece
        }
      }
      writer.line(row)
    }
    line(tail)
  }

  /// Appends a function: its head on one line if it fits, its body, its end.
  mutating func function(
    _ head: String, _ parameters: [String], _ result: String = "",
    _ body: (inout SourceWriter) -> Void
  ) {
    list("\(head)(", parameters, ")\(result) {")
    indented(body)
    line("}")
  }

  /// Appends `text` as a comment, broken at spaces where it is too long.
  mutating func comment(_ text: String, mark: String = "//") {
    var row = mark
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let longer = "\(row) \(word)"
      if fits(longer) || row == mark {
        row = longer
      } else {
        line(row)
        row = "\(mark)   \(word)"
      }
    }
    line(row)
  }

  /// Appends the lines of `other` at the present depth.
  mutating func append(_ other: SourceWriter) {
    for text in other.lines { line(text) }
  }

  /// `true` iff `text` fits on a line at the present depth.
  private func fits(_ text: String) -> Bool {
    margin + 2 * depth + text.utf8.count <= Self.width
  }

}

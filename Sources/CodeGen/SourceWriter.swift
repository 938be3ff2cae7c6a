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

  /// A writer of lines to be appended at the present depth.
  var same: SourceWriter { SourceWriter(margin: margin + 2 * depth) }

  /// The text, ending in a newline unless there is none.
  var text: String { lines.map { $0 + "\n" }.joined() }

  /// The identifiers in the lines that are not comments.
  var words: Set<String> {
    var result: Set<String> = []
    for line in lines { result.formUnion(Self.words(in: line)) }
    return result
  }

  /// Returns the identifiers in `line`, unless it is a comment.
  static func words(in line: String) -> [String] {
    let code = line.utf8.drop { $0 == UInt8(ascii: " ") }
    let keyword = GeneratedFile.Location.keyword
    if code.starts(with: "//".utf8) || code.starts(with: keyword.utf8) { return [] }
    return code.split { !isPartOfIdentifier($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  static func isPartOfIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
      true
    default: false
    }
  }

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

  /// Appends `body`, in a scope of its own if it declares names.
  mutating func scope(_ body: (inout SourceWriter) -> Void) {
    var inner = self.inner
    body(&inner)
    if inner.lines.contains(where: { $0.hasPrefix("let ") || $0.hasPrefix("var ") }) {
      block("do {") { $0.append(inner) }
    } else {
      append(inner)
    }
  }

  /// Appends `head`, which opens a brace, the statement `body` and the closing brace; on one line
  /// if they fit.
  mutating func braced(_ head: String, _ body: String) {
    let flat = "\(head) \(body) }"
    if fits(flat) {
      line(flat)
    } else {
      block(head) { $0.line(body) }
    }
  }

  /// Appends `body` one level deeper.
  mutating func indented(_ body: (inout SourceWriter) -> Void) {
    depth += 1
    body(&self)
    depth -= 1
  }

  /// Appends `head`, `items` separated by commas, and `tail`; on one line if it fits, otherwise
  /// with the items on lines of their own, and without the spaces that separate them.
  mutating func list(_ head: String, _ items: [String], _ tail: String) {
    let flat = head + items.joined(separator: ", ") + tail
    if fits(flat) || items.isEmpty {
      line(flat)
      return
    }
    line(head.last == " " ? String(head.dropLast()) : head)
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
    line(tail.first == " " ? String(tail.dropFirst()) : tail)
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

extension JSON {

  /// How a value is laid out as text.
  package enum Layout: Sendable {

    /// Without any white space.
    case compact

    /// One member or element a line, two spaces a level, arrays of plain values on one line.
    case indented

  }

  /// Returns the value as text, without a newline at the end.
  ///
  /// The text depends on the value alone, keeps the order of members, and parses to the same value.
  ///
  /// - Requires: all numbers are finite.
  /// - Complexity: O(*n*), where *n* is the length of the text.
  package func printed(_ layout: Layout) -> String {
    var result = ""
    print(to: &result, layout, indentation: 0)
    return result
  }

  private func print(to out: inout String, _ layout: Layout, indentation: Int) {
    switch self {
    case .null: out += "null"
    case .bool(let b): out += b ? "true" : "false"
    case .integer(let i): out += String(i)
    case .number(let d):
      precondition(d.isFinite, "JSON has no infinite numbers")
      // The shortest text that gives the same number, which Swift writes in JSON's grammar.
      out += String(d)
    case .string(let s): JSON.printString(s, to: &out)
    case .array(let e):
      let breaks = layout == .indented && e.contains(where: \.isCollection)
      JSON.printList(e, "[", "]", to: &out, layout, indentation, breaksLines: breaks) { e, out in
        e.print(to: &out, layout, indentation: indentation + 2)
      }
    case .object(let m):
      let breaks = layout == .indented && !m.isEmpty
      JSON.printList(m, "{", "}", to: &out, layout, indentation, breaksLines: breaks) { m, out in
        JSON.printString(m.key, to: &out)
        out += layout == .compact ? ":" : ": "
        m.value.print(to: &out, layout, indentation: indentation + 2)
      }
    }
  }

  /// `true` iff this is an array or an object.
  private var isCollection: Bool {
    switch self {
    case .array, .object: true
    case .null, .bool, .integer, .number, .string: false
    }
  }

  private static func printList<Item>(
    _ items: [Item], _ open: String, _ close: String, to out: inout String, _ layout: Layout,
    _ indentation: Int, breaksLines: Bool, _ printItem: (Item, inout String) -> Void
  ) {
    out += open
    for (i, item) in items.enumerated() {
      if i > 0 { out += layout == .compact || breaksLines ? "," : ", " }
      if breaksLines { out += "\n" + String(repeating: " ", count: indentation + 2) }
      printItem(item, &out)
    }
    if breaksLines { out += "\n" + String(repeating: " ", count: indentation) }
    out += close
  }

  private static func printString(_ s: String, to out: inout String) {
    out += "\""
    for c in s.unicodeScalars {
      switch c {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\u{8}": out += "\\b"
      case "\u{c}": out += "\\f"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\0"..<" ":
        let digits = String(c.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: out.unicodeScalars.append(c)
      }
    }
    out += "\""
  }

}

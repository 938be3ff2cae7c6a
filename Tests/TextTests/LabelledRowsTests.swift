import Testing

@testable import Text

@Suite struct LabelledRowsTests {

  private func file(_ name: String, _ text: String) -> LabelledRows.File {
    LabelledRows.File(name: name, path: "\(name).txt", text: text)
  }

  private func message(_ body: () throws(TextError) -> LabelledRows) -> String? {
    do throws(TextError) {
      _ = try body()
      return nil
    } catch {
      return error.message
    }
  }

  /// A line is a row, without spaces at its ends; lines without anything else, and those that occur
  /// again in a class, are left out. The classes are the files in their order.
  @Test func readsLines() throws {
    let rows = try LabelledRows(
      [file("Elvish", "ab\n\n  ba \t\r\nab\rc"), file("Dwarvish", "ab\n")], name: "names",
      tokenizer: .characters)
    #expect(rows.coding.vocabulary.symbols == ["<unk>", "a", "b", "c"])
    #expect(rows.coding.classes == ["Elvish", "Dwarvish"])
    #expect(rows.rows.map(\.tokens) == [[1, 2], [2, 1], [3], [1, 2]])
    #expect(rows.rows.map(\.label) == [0, 0, 0, 1])
    #expect(rows.rows.map(\.line) == [1, 3, 5, 1])
    #expect(rows.rows.map(\.path) == ["Elvish.txt", "Elvish.txt", "Elvish.txt", "Dwarvish.txt"])
    #expect(rows.repetitionCount == 1 && rows.tokenCount == 7 && rows.unknownCount == 0)
  }

  /// Spellings that Unicode calls equivalent are rows and classes of their own; a byte order mark
  /// and the spaces at the ends of a line are no part of a row, a mark after a space is.
  @Test func tellsSpellingsApart() throws {
    let rows = try LabelledRows(
      [
        file("\u{E9}", "\u{FEFF}e\u{301}\r\u{E9}\r\n\n \u{301}x\u{301} \n\u{E9}"),
        file("e\u{301}", "\u{212A}\nK"),
      ], name: "names", tokenizer: .characters)
    #expect(rows.coding.classes == ["\u{E9}", "e\u{301}"])
    #expect(
      rows.coding.vocabulary.symbols
        == ["<unk>", "\u{301}", "e", "\u{E9}", "x", "\u{212A}", "K"])
    #expect(rows.rows.map(\.tokens) == [[2, 1], [3], [1, 4, 1], [5], [6]])
    #expect(rows.rows.map(\.label) == [0, 0, 0, 1, 1] && rows.repetitionCount == 1)
    #expect(rows.rows.map(\.line) == [1, 2, 4, 1, 2])
    let again = try LabelledRows(
      [file("e\u{301}", "K")], name: "names", tokenizer: .characters, coding: rows.coding)
    #expect(again.rows.map(\.label) == [1] && again.rows.map(\.tokens) == [[6]])
  }

  @Test func knowsTheCodingOfWeights() throws {
    let coding = TextCoding(
      tokenizer: .characters, vocabulary: try Vocabulary(symbols: ["<unk>", "b", "a"]),
      classes: ["x", "y"])
    let rows = try LabelledRows(
      [file("y", "abc")], name: "names", tokenizer: .characters, coding: coding)
    #expect(rows.rows[0].tokens == [2, 1, 0] && rows.rows[0].label == 1 && rows.unknownCount == 1)
    #expect(
      message { () throws(TextError) in
        try LabelledRows([file("z", "a")], name: "n", tokenizer: .characters, coding: coding)
      } == "the weights know no class 'z', that of 'z.txt'")
  }

  @Test func refusesWhatHasNoRows() {
    let cases: [([LabelledRows.File], String)] = [
      ([], "'names' has no files, expected one for each class"),
      ([file("a", "x"), file("b", "\n \n")], "'b.txt' has no rows, expected one a line"),
      ([file("a", "x\n12\n")], "line 2 of 'a.txt' has no tokens under 'letters'"),
      (
        [file("a", "x"), LabelledRows.File(name: "a", path: "a.md", text: "y")],
        "'a.txt' and 'a.md' are both of class 'a'"
      ),
    ]
    for (files, expected) in cases {
      #expect(
        message { () throws(TextError) in
          try LabelledRows(files, name: "names", tokenizer: .letters)
        } == expected)
    }
  }

}

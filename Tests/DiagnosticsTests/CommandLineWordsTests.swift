import Testing

@testable import Diagnostics

@Suite struct CommandLineWordsTests {

  @Test func refusesWordsThatAreNotUTF8() throws {
    let prefix = Array("--prefix".utf8)
    #expect(try CommandLineArguments.decode([prefix, [0xC3, 0xA9]]) == ["--prefix", "\u{E9}"])
    #expect(
      throws: CommandLineError(
        "the word after '--prefix' is not UTF-8: ill-formed byte at offset 2")
    ) { try CommandLineArguments.decode([prefix, [0x61, 0x62, 0xFF, 0x63]]) }
    #expect(
      throws: CommandLineError("the first word is not UTF-8: ill-formed byte at offset 0")
    ) { try CommandLineArguments.decode([[0xC3]]) }
  }

  /// A mark after an equals sign, or a dash, makes one character with it, but is text of its own.
  @Test func dividesWordsByTheirBytes() throws {
    let options = [
      CommandLineOption("--prefix", value: "TEXT", "a text"),
      CommandLineOption("--output", value: "NAME=FILE", "a file"),
    ]
    let words = try CommandLineArguments(
      ["--prefix=\u{301}e", "--output", "h=\u{301}.npy", "-"], options: options)
    #expect(words.value(of: "--prefix").map { Array($0.utf8) } == Array("\u{301}e".utf8))
    #expect(try words.assignments(of: "--output").map(\.name) == ["h"])
    #expect(words.operands == ["-"])
    #expect(throws: CommandLineError("unknown option '-\u{301}'")) {
      try CommandLineArguments(["-\u{301}"], options: options)
    }
    #expect(
      try CommandLineArguments(["--prefix", "=a=b"], options: options)
        .value(of: "--prefix") == "=a=b")
  }

}

import Testing

@testable import Tensors

@Suite struct JSONTests {

  @Test(
    arguments: [
      ("null", JSON.null), (" true\n", .bool(true)), ("false", .bool(false)),
      ("0", .integer(0)), ("-12", .integer(-12)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(0x1p63)), ("1.0", .number(1)), ("1e2", .number(100)),
      ("-2.5E-1", .number(-0.25)), ("1e-400", .number(0)),
      ("5e-324", .number(.leastNonzeroMagnitude)),
      ("\"\"", .string("")), ("\"a\\u00e9\\n\\/\\\"\\\\\"", .string("aé\n/\"\\")),
      ("\"\\ud83d\\uDE00 😀\"", .string("😀 😀")), ("\"\\u0000\"", .string("\0")),
      ("[]", []), ("[1, [2], {}]", [.integer(1), [.integer(2)], [:]]),
      ("{\"b\": 1, \"a\" : {\"b\":null}}", ["b": .integer(1), "a": ["b": .null]]),
    ] as [(String, JSON)])
  func parses(_ text: String, _ value: JSON) throws {
    #expect(try JSON(parsing: Array(text.utf8)) == value)
  }

  @Test(
    arguments: [
      ("", "found the end of the text, expected a value", 0),
      (" ", "found the end of the text, expected a value", 1),
      ("nul", "found 'n', expected 'null'", 0),
      ("True", "found 'T', expected a value", 0),
      ("1 2", "found '2', expected the end of the text", 2),
      ("01", "found '1', expected no digit after a leading zero", 1),
      ("-", "found the end of the text, expected a digit", 1),
      ("+1", "found '+', expected a value", 0),
      ("1.", "found the end of the text, expected a digit", 2),
      (".5", "found '.', expected a value", 0),
      ("1e+", "found the end of the text, expected a digit", 3),
      ("0x1", "found 'x', expected the end of the text", 1),
      ("NaN", "found 'N', expected a value", 0),
      ("[1e999]", "found the number '1e999', expected one in range", 1),
      ("[1,]", "found ']', expected a value", 3),
      ("[1 2]", "found '2', expected ',' or ']'", 3),
      ("[1", "found the end of the text, expected ',' or ']'", 2),
      ("{1: 2}", "found '1', expected a key in quotes", 1),
      ("{\"a\" 2}", "found '2', expected ':'", 5),
      ("{\"a\": 2,}", "found '}', expected a key in quotes", 8),
      ("{\"a\": 2 \"b\"}", "found '\"', expected ',' or '}'", 8),
      ("{\"a\": 1, \"\\u0061\": 2}", "found the key 'a' twice, expected it once", 9),
      ("\"a", "found the end of the text, expected a character of a string", 2),
      ("\"a\nb\"", "found '\\x0a', expected a character of a string", 2),
      ("\"\\x\"", "found 'x', expected an escape such as '\\n'", 2),
      ("\"\\u12g4\"", "found 'g', expected a hexadecimal digit", 5),
      ("\"\\ud800\"", "found an unpaired surrogate, expected a pair", 1),
      ("\"\\udc00\\ud800\"", "found an unpaired surrogate, expected a pair", 1),
      ("\"\\ud800\\u0041\"", "found an unpaired surrogate, expected a pair", 1),
      ("\u{feff}1", "found '\\xef', expected a value", 0),
      ("// x\n1", "found '/', expected a value", 0),
    ] as [(String, String, Int)])
  func refuses(_ text: String, _ message: String, _ offset: Int) {
    #expect(throws: JSON.ParseError(message: message, offset: offset)) {
      try JSON(parsing: Array(text.utf8))
    }
  }

  @Test(
    arguments: [
      [0x22, 0xff, 0x22], [0x22, 0xc0, 0xaf, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xe2, 0x82, 0x22],
    ] as [[UInt8]])
  func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
    #expect(
      throws: JSON.ParseError(
        message: "found a string that is not UTF-8, expected one that is", offset: 0)
    ) {
      try JSON(parsing: bytes)
    }
  }

  @Test func boundsNesting() throws {
    let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(try JSON(parsing: Array(deepest.utf8)).printed(.compact) == deepest)
    let error = JSON.ParseError(
      message: "found more than 64 levels of nesting, expected fewer", offset: 64)
    #expect(throws: error) { try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 65)) }
    #expect(throws: error) {
      try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 100_000))
    }
  }

  @Test func prints() {
    let value: JSON = [
      "name": .string("a\"\\\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é😀/"),
      "shape": [.integer(2), .integer(-3)],
      "empty": [[], [:]],
      "numbers": [.number(1), .number(0.1), .number(-0.0), .number(1e300), .null, .bool(false)],
      "list": [["a": .integer(1)]],
    ]
    let name = #""a\"\\\b\f\n\r\t\u0001\u001f\#u{7f}é😀/""#
    #expect(
      value.printed(.compact) == #"{"name":\#(name),"shape":[2,-3],"empty":[[],{}],"#
        + #""numbers":[1.0,0.1,-0.0,1e+300,null,false],"list":[{"a":1}]}"#)
    #expect(
      value.printed(.indented) == """
        {
          "name": \(name),
          "shape": [2, -3],
          "empty": [
            [],
            {}
          ],
          "numbers": [1.0, 0.1, -0.0, 1e+300, null, false],
          "list": [
            {
              "a": 1
            }
          ]
        }
        """)
  }

  @Test(arguments: [JSON.Layout.compact, .indented])
  func parsesWhatItPrints(_ layout: JSON.Layout) throws {
    let numbers = [
      0.1, -Double.leastNormalMagnitude / 8, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e15,
      1e16, 123456789.125,
    ]
    let value: JSON = [
      "x": .array(numbers.map(JSON.number)), "": [.integer(.min), .string("\0\u{2028}")],
    ]
    #expect(try JSON(parsing: Array(value.printed(layout).utf8)) == value)
  }

  @Test func givesAccess() {
    let value: JSON = ["a": [.integer(1), .number(0.5)], "b": .string("x")]
    #expect(value["a"]?.elements?.compactMap(\.double) == [1, 0.5])
    #expect(value["a"]?.elements?.map(\.int) == [1, nil])
    #expect(value["b"]?.text == "x")
    #expect(value["c"] == nil)
    #expect(value.members?.map(\.key) == ["a", "b"])
    #expect(JSON.null["a"] == nil)
  }

}

import Diagnostics
import Foundation
import Testing

/// A case: a graph file whose comments say what to do with it and what must come of that.
///
/// The comments in front of the model are the header. Its first line names the test:
///
///     // test: parse          reading and printing gives what `expect` says, twice
///     // test: check          reading gives the diagnostics that the lines say
///     // test: cse, dead      these passes give what `expect` says, or rewrite nothing
///     // test: plan           the plan is what `expect` says
///     // test: codegen        the Swift file is that of the sidecar `NAME.swift.expected`
///     // test: run            interpreter and compiled code give what the `run` lines say
///
/// Further lines of the header that start with a key and a colon are options, all others prose,
/// which must not be missing: it says what must be true.
///
///     // options: unroll 4, schedule hoist, dim n = 3
///     // tolerance: 1e-4
///     // repeatable: no, because the second run has more to share
///
/// `unroll` takes a number, `full` or `auto`; without options a case is run as `graphc` would do.
/// The tolerance is that of the comparison before and after the passes.
///
/// Expectations stand in comments anywhere else:
///
///     // expect:                           the lines that follow, as far as they are comments, are
///     //   model M {                       the whole text, without the header and this block
///     // unchanged                         the passes rewrite nothing
///     … // error(code): message            a diagnostic on this line; all of them must be there
///     … // warning(code): message          likewise
///     // run: forward(x: [1, 2], h: [[0]]) == (y: [3, nan], h: [[inf]]) +- 1e-6
///     // run: forward(x: [1, 2]) in 2 steps == (y: [3, 4])
///     // then: forward(x: [5, 6]) == (y: [7, 8])
///
/// Numbers are checked before texts. `GRAPHC_BLESS=1` writes the text that is found into the block
/// `expect`, or the sidecar, of a case whose numbers are right, and refuses one whose numbers have
/// changed; it changes no other line.
///
/// Arguments of a run are inputs, states and parameters, all by name; what is missing starts as it
/// is declared. Results are outputs and final states; those not named are not looked at. `then`
/// goes on with the states and parameters of the line before it. The tolerance is absolute, and
/// 1e-6 times the largest expected number, at least 1, if it is not given. A comment that starts
/// with three spaces goes on with the line above it.
struct FileTest: Sendable, CustomTestStringConvertible {

  /// `true` iff expectations are to be rewritten instead of checked.
  static let isBlessing = ProcessInfo.processInfo.environment["GRAPHC_BLESS"] == "1"

  /// The folder of all cases.
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Cases").path

  /// All cases, in the order of their names.
  static let all: [FileTest] = {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".graph") }.sorted().map { FileTest(name: $0) }
  }()

  /// The path in the folder of cases.
  let name: String

  /// The folder that the case is in.
  let root: String

  /// The lines of the file.
  let lines: [String]

  /// The lines of the header, without slashes.
  let header: [String]

  var testDescription: String { name }

  /// The path of the file.
  var path: String { "\(root)/\(name)" }

  /// The name of the folder that the case lies in.
  var folderName: String { String(name.prefix { $0 != "/" }) }

  /// Reads the case `name` in the folder `root`; one that cannot be read is empty and fails.
  init(name: String, in root: String = FileTest.folder) {
    self.name = name
    self.root = root
    let text = try? String(contentsOfFile: "\(root)/\(name)", encoding: .utf8)
    lines = (text ?? "").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    header = lines.prefix { $0.hasPrefix("//") }.map { line in
      String(line.dropFirst(line.hasPrefix("// ") ? 3 : 2))
    }
  }

  /// Returns the value of `key` in the header.
  func option(_ key: String) -> String? {
    header.first { $0.hasPrefix("\(key): ") }.map { String($0.dropFirst(key.count + 2)) }
  }

  /// What the header says to do: names of passes, or one of the other commands.
  var commands: [String] {
    (option("test") ?? "").split(separator: ",").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
  }

  /// `true` iff the header says what must be true.
  var hasProse: Bool {
    let keys = ["test", "options", "tolerance", "repeatable"]
    return header.contains { line in
      !line.isEmpty && !keys.contains { line.hasPrefix("\($0): ") }
    }
  }

  /// `true` iff the passes must rewrite nothing.
  var expectsNoChange: Bool { lines.contains("// unchanged") }

  /// The position of the line `// expect:`.
  private var expectPosition: Int? { lines.firstIndex(of: "// expect:") }

  /// The lines of the block `expect`, if there is one.
  var expectation: [String]? {
    expectPosition.map { start in
      lines[(start + 1)...].prefix { $0.hasPrefix("//") }.map { line in
        String(line.dropFirst(line.hasPrefix("//   ") ? 5 : 2))
      }
    }
  }

  /// Returns the text of the file with `expectation` in the block `expect`, which is made if it is
  /// missing.
  func text(expecting expectation: [String]) -> String {
    let block =
      ["// expect:"] + expectation.map { $0.isEmpty ? "//" : "//   \($0)" }
    var result = lines
    if let start = expectPosition {
      let end = lines[start...].firstIndex { !$0.hasPrefix("//") } ?? lines.count
      result.replaceSubrange(start..<end, with: block)
    } else {
      while result.last == "" { result.removeLast() }
      result += [""] + block + [""]
    }
    return result.joined(separator: "\n")
  }

  /// The diagnostics that the lines expect, each as line, severity, code and message.
  var expectedDiagnostics: [String] {
    var result: [String] = []
    for (i, line) in lines.enumerated() {
      for severity in [Diagnostic.Severity.error, .warning] {
        guard let start = line.range(of: "// \(severity.rawValue)(") else { continue }
        result.append("\(i + 1): \(line[start.lowerBound...].dropFirst(3))")
      }
    }
    return result
  }

}

import Foundation
import Tensors
import Testing

@testable import Runner

@Suite struct ManifestTests {

  @Test func survivesWritingAndReading() throws {
    let bytes = try Toy.manifest.encoded()
    let again = try Manifest(decoding: bytes, file: "m.json")
    #expect(again == Toy.manifest)
    #expect(try again.encoded() == bytes)
    #expect(bytes.last == UInt8(ascii: "\n"))
  }

  @Test(arguments: [
    (Initializer.normal(mean: 0, std: 0.1), [2]), (.uniform(low: -1 / 3, high: 1e-300), [2]),
    (.constant(.infinity), []), (.literal([0.1, -0.0]), [2]), (.iota, [0, 7]),
  ])
  func keepsInitializers(_ initializer: Initializer, _ shape: [Int]) throws {
    let m = Manifest(
      model: "M", symbolPrefix: "m", library: "l.so", source: "s.swift", target: .none,
      compiler: "", dims: [],
      parameters: [.init(name: "p", shape: shape, initializer: initializer)], states: [],
      weightBytes: 0, bindWorkspaceBytes: 0, entries: [])
    #expect(try Manifest(decoding: m.encoded(), file: "m.json") == m)
  }

  @Test func readsTheFormatVersionFirst() throws {
    let error = runnerError {
      _ = try Manifest(decoding: Array(#"{"formatVersion": 1}"#.utf8), file: "m")
    }
    #expect(
      error?.rendered
        == "m: error: the manifest has format version 1, expected 3; compile the model again\n")
  }

  @Test(arguments: [
    "", "[", "{}", "null", "[1]", #"{"formatVersion": "1"}"#, #"{"formatVersion": 3}"#,
  ])
  func refusesOtherTexts(_ text: String) throws {
    let error = runnerError { _ = try Manifest(decoding: Array(text.utf8), file: "m") }
    #expect(error?.message.hasPrefix("not a manifest: ") == true)
  }

  @Test func refusesTruncatedTexts() throws {
    let bytes = try Toy.manifest.encoded()
    for count in stride(from: 0, to: bytes.count - 2, by: 37) {
      let part = Array(bytes.prefix(count))
      #expect(runnerError { _ = try Manifest(decoding: part, file: "m") }?.kind == .input)
    }
  }

  @Test(arguments: [
    Change(
      "library", #""../evil.so""#,
      "the name of the library, '../evil.so', is not a plain file name"),
    Change("library", #""..""#, "the name of the library, '..', is not a plain file name"),
    Change("library", #""/l.so""#, "the name of the library, '/l.so', is not a plain file name"),
    Change("source", #""""#, "the name of the source, '', is not a plain file name"),
    Change("symbolPrefix", #""a.b""#, "the symbol prefix contains '.'"),
    Change("symbolPrefix", #""1a""#, "the name of the symbol prefix, '1a', is not an identifier"),
    Change("model", #""é""#, "the name of the model, 'é', is not an identifier"),
    Change("weightBytes", #"-1"#, "the weights take -1 bytes"),
    Change("weightBytes", #"1000000000000000"#, "the weights take 1000000000000000 bytes"),
    Change("bindWorkspaceBytes", #"-8"#, "the workspace of bind takes -8 bytes"),
    Change("dims.0.size", #"-1"#, "dim 'num_steps' has size -1"),
    Change("parameters.1.name", #""W""#, "parameter 'W' occurs twice"),
    Change(
      "parameters.1.name", #""b\u001B[2J""#,
      "the name of parameter, 'b\\u{1B}[2J', is not an identifier"),
    Change("parameters.0.shape", #"[3, -2]"#, "parameter 'W' has the shape [3, -2]"),
    Change(
      "parameters.0.shape", #"[1048576, 1048576]"#,
      "parameter 'W' has the shape [1048576, 1048576]"),
    Change(
      "parameters.0.shape", #"[4611686018427387904, 4, 0]"#,
      "parameter 'W' has the shape [4611686018427387904, 4, 0]"),
    Change("states.0.element", #""index""#, "state 'count' has a wrong number of classes"),
    Change("states.0.classes", "4", "state 'count' has a wrong number of classes"),
    Change("states.4.classes", "-1", "state 'place' has a wrong number of classes"),
    Change("states.4.classes", "4", "state 'place' has an impossible first value"),
    Change(
      "states.4.initializer", #"{"literal": {"_0": [3, 0.5]}}"#,
      "state 'place' has an impossible first value"),
    Change(
      "states.4.initializer", #"{"literal": {"_0": [3]}}"#, "state 'place' has 1 elements for 2"),
    Change(
      "states.4.initializer", #"{"constant": {"_0": "nan"}}"#,
      "state 'place' has an impossible first value"),
    Change(
      "states.5.initializer", #"{"uniform": {"low": 0, "high": 1}}"#,
      "state 'odd' has an impossible first value"),
    Change(
      "states.5.initializer", #"{"constant": {"_0": 2}}"#,
      "state 'odd' has an impossible first value"),
    Change("states.2.element", #""bool""#, "state 'learned' starts at no parameter of its type"),
    Change("states.2.parameter", #""W""#, "state 'learned' starts at no parameter of its type"),
    Change("states.0.parameter", #""b""#, "state 'count' has two first values"),
    Change("states.0.name", #""x""#, "input or state of entry 'forward', 'x' occurs twice"),
    Change("entries.1.name", #""bind""#, "entry 'bind' is not a name for an entry"),
    Change("entries.1.name", #""a.b""#, "entry 'a.b' is not a name for an entry"),
    Change("entries.0.steps", #"3"#, "entry 'forward' counts no dim of 3 steps"),
    Change("entries.1.steps", #"-1"#, "entry 'step' has -1 steps"),
    Change("entries.0.countedDim", #""t""#, "entry 'forward' counts no dim of 4 steps"),
    Change(
      "entries.0.inputs.1.classes", #"-1"#,
      "'tokens' of entry 'forward' has a wrong number of classes"),
    Change(
      "entries.0.inputs.0.classes", #"4"#,
      "'x' of entry 'forward' has a wrong number of classes"),
    Change(
      "entries.0.inputs.2.counted", #"true"#,
      "'flag' of entry 'forward' is counted, but its first axis is not"),
    Change("slots.0.shape", #"[3, -2]"#, "slot 'momentum.W' has the shape [3, -2]"),
    Change("slots.0.name", #""a b""#, "the name of slot, 'a b', is not an identifier"),
    Change(
      "slots.0.initializer", #"{"literal": {"_0": [3]}}"#,
      "slot 'momentum.W' has 1 elements for 6"),
    Change(
      "entries.2.inputs.0.defaultValue", "1",
      "'gradient' of entry 'train' has a default, but is no scalar"),
    Change(
      "entries.2.inputs.1.element", #""bool""#,
      "'lr' of entry 'train' has a default, but is no scalar"),
    Change(
      "entries.2.inputs.1.defaultValue", #""nan""#,
      "'lr' of entry 'train' has a default that is no number"),
    Change(
      "entries.2.inputs.1.classes", "1",
      "'lr' of entry 'train' has a default that is out of range"),
    Change(
      "entries.2.outputs.0.defaultValue", "1",
      "'loss' of entry 'train' is an output, but has a default"),
    Change(
      "entries.0.outputs.0.shape", #"[]"#,
      "'y' of entry 'forward' is counted, but its first axis is not"),
  ])
  private func refusesHostileValues(_ change: Change) throws {
    let error = runnerError { _ = try Manifest(decoding: change.applied(), file: "m") }
    #expect(error?.message == "the manifest is damaged")
    #expect(error?.details.contains(change.problem) == true, "\(error?.details ?? [])")
  }

  @Test(arguments: [
    Change("entries.0.inputs.0.element", #""f64""#, "a value is wrong at"),
    Change("weightBytes", #""many""#, "a value of another type was expected at 'weightBytes'"),
    Change("weightBytes", "1e300", "a number is out of range"),
    Change("parameters.0.initializer", #"{"random": {}}"#, "at 'parameters.0.initializer'"),
    Change("entries.2.updatesParameters", "2", "at 'entries.2.updatesParameters'"),
    Change("target", #""znver4""#, "a value of another type was expected at 'target'"),
    Change("target", #"{"name": "a", "architecture": "b"}"#, "'features' is missing at 'target'"),
    Change("states", "null", "a value of another type was expected at 'states'"),
  ])
  private func refusesValuesOfOtherTypes(_ change: Change) {
    let error = runnerError { _ = try Manifest(decoding: change.applied(), file: "m") }
    #expect(error?.message.hasPrefix("not a manifest: ") == true)
    #expect(error?.message.contains(change.problem) == true, "\(error?.message ?? "")")
  }

}

/// A change of the toy's manifest, and what is wrong then.
private struct Change: CustomTestStringConvertible {

  let path: String
  let value: String
  let problem: String

  /// Creates a change of what stands at `path`, keys and positions, to the JSON text `value`.
  init(_ path: String, _ value: String, _ problem: String) {
    self.path = path
    self.value = value
    self.problem = problem
  }

  var testDescription: String { "\(path) = \(value)" }

  /// Returns the changed text.
  func applied() throws -> [UInt8] {
    let original = try JSONSerialization.jsonObject(with: Data(Toy.manifest.encoded()))
    let value = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
    let path = path.split(separator: ".").map(String.init)
    return Array(
      try JSONSerialization.data(withJSONObject: setting(path[...], to: value, in: original)))
  }

}

/// Returns `object` with `value` at the end of `path`, which is made of keys and positions.
private func setting(_ path: ArraySlice<String>, to value: Any, in object: Any) -> Any {
  guard let key = path.first else { return value }
  if var elements = object as? [Any], let index = Int(key) {
    elements[index] = setting(path.dropFirst(), to: value, in: elements[index])
    return elements
  }
  guard var members = object as? [String: Any] else { return value }
  members[key] = setting(path.dropFirst(), to: value, in: members[key] ?? NSNull())
  return members
}

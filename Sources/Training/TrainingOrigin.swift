import Diagnostics
import Runner
import Tensors
import Text

/// What a training starts from, apart from its rates and its length.
///
/// Two trainings with equal origins see the same numbers in the same order.
package struct TrainingOrigin: Equatable, Sendable {

  /// A digest of the graph: of its text in the canonical form.
  package let graph: String

  /// The text itself, a line each; `nil` if it is unknown.
  package let lines: [String]?

  /// The dims of the graph, which the digest covers, too.
  package let dims: [Manifest.Dimension]

  /// How the text is cut, and its symbols; `nil` if the model reads none.
  package let coding: TextCoding?

  /// A digest of the tokens and of their division into parts.
  package let text: String

  /// How the text is divided into windows.
  package let partition: Partition

  /// The seed of all that is random.
  package let seed: UInt64

  /// Creates the origin of a training on `data`.
  package init(
    graph: String, lines: [String]? = nil, dims: [Manifest.Dimension], coding: TextCoding?,
    data: TrainingData, partition: Partition, seed: UInt64
  ) {
    self.init(
      graph: graph, lines: lines, dims: dims, coding: coding, text: data.digest,
      partition: partition,
      seed: seed)
  }

  /// Creates an origin.
  init(
    graph: String, lines: [String]? = nil, dims: [Manifest.Dimension], coding: TextCoding?,
    text: String, partition: Partition, seed: UInt64
  ) {
    self.graph = graph
    self.lines = lines
    self.dims = dims
    self.coding = coding
    self.text = text
    self.partition = partition
    self.seed = seed
  }

  /// Returns in which ways `self`, which a file holds, differs from `expected`, one phrase each.
  func differences(from expected: TrainingOrigin) -> [String] {
    var result: [String] = []
    func compare(_ found: String, _ expected: String, _ what: String) {
      if found != expected { result.append("\(what) \(found), expected \(expected)") }
    }
    compare(
      String(graph.prefix(16)), String(expected.graph.prefix(16)), "the digest of the graph is")
    result += lineDifferences(from: expected)
    for dim in expected.dims {
      let found = dims.first { $0.name == dim.name }?.size
      compare(found.map(String.init) ?? "missing", "\(dim.size)", "dim '\(dim.name)' is")
    }
    result += codingDifferences(from: expected)
    if text != expected.text { result.append("the text is another one, or divided otherwise") }
    compare(partition.rawValue, expected.partition.rawValue, "the partition is")
    compare("\(seed)", "\(expected.seed)", "the seed is")
    return result
  }

  /// The most lines of a graph that are shown.
  private static let lineLimit = 8

  /// Returns the lines of the graph that only one of the two has.
  private func lineDifferences(from expected: TrainingOrigin) -> [String] {
    guard let found = lines, let wanted = expected.lines else { return [] }
    let differences = wanted.difference(from: found).map { change in
      switch change {
      case .remove(_, let line, _): "its graph has '\(line.printable)'"
      case .insert(_, let line, _): "its graph lacks '\(line.printable)'"
      }
    }
    let rest = differences.count - Self.lineLimit
    return differences.prefix(Self.lineLimit) + (rest > 0 ? ["and \(rest) lines more"] : [])
  }

  private func codingDifferences(from expected: TrainingOrigin) -> [String] {
    guard let found = coding, let wanted = expected.coding else {
      return coding == expected.coding ? [] : ["only one of the two reads a text"]
    }
    var result: [String] = []
    if found.tokenizer != wanted.tokenizer {
      result.append(
        "the tokenizer is '\(found.tokenizer.rawValue)', expected '\(wanted.tokenizer.rawValue)'")
    }
    let (a, b) = (found.vocabulary.symbols, wanted.vocabulary.symbols)
    if a.count != b.count {
      result.append("the vocabulary has \(a.count) symbols, expected \(b.count)")
    } else if let i = a.indices.first(where: { a[$0] != b[$0] }) {
      result.append(
        "symbol \(i) of the vocabulary is '\(a[i].string.printable)', "
          + "expected '\(b[i].string.printable)'")
    }
    return result
  }

}

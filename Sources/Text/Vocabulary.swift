import Tensors

/// The numbering of the symbols that a language model knows.
///
/// - Invariant: symbol 0 is `<unk>`, no symbol is empty, and no two are equal.
package struct Vocabulary: Equatable, Sendable {

  /// The symbol that stands for all those that are not in a vocabulary.
  package static let unknown: ExactText = "<unk>"

  /// The symbols in the order of their indices.
  package let symbols: [ExactText]

  /// The index of each symbol.
  private let indices: [ExactText: Int]

  /// How many characters symbols have that have several, each number once, the largest first; `nil`
  /// if no symbol has. The unknown one does not count.
  ///
  /// Only files have such symbols that were written when a letter with its accents was one.
  let lengthsOfSequences: [Int]?

  /// Creates the vocabulary of `tokens`: the unknown symbol, then the tokens by falling frequency,
  /// those of one frequency by first appearance.
  ///
  /// - Complexity: O(*n* + *m* log *m*), where *n* is the number of tokens, *m* of different ones.
  package init(tokens: [ExactText]) {
    var uses: [(token: ExactText, count: Int)] = []
    var places: [ExactText: Int] = [:]
    for token in tokens where token != Self.unknown {
      if let place = places[token] {
        uses[place].count += 1
      } else {
        places[token] = uses.count
        uses.append((token, 1))
      }
    }
    let order = uses.indices.sorted { (uses[$1].count, $0) < (uses[$0].count, $1) }

    symbols = [Self.unknown] + order.map { uses[$0].token }
    indices = Dictionary(uniqueKeysWithValues: zip(symbols, symbols.indices))
    lengthsOfSequences = Self.lengthsOfSequences(in: symbols)
  }

  /// Returns `lengthsOfSequences` of a vocabulary of `symbols`.
  private static func lengthsOfSequences(in symbols: [ExactText]) -> [Int]? {
    let lengths = Set(symbols.dropFirst().map(\.string.unicodeScalars.count)).subtracting([1])
    return lengths.isEmpty ? nil : lengths.sorted(by: >)
  }

  /// Creates the vocabulary of `symbols` in their order, such as one read from a file.
  ///
  /// Throws if the first is not `<unk>`, one is empty, or two are equal.
  package init(symbols: [ExactText]) throws(TextError) {
    guard let first = symbols.first else {
      throw TextError("the vocabulary is empty, expected '\(Self.unknown)'")
    }
    guard first == Self.unknown else {
      throw TextError(
        "the vocabulary starts with \(quoted(first)), expected '\(Self.unknown)'")
    }
    var indices: [ExactText: Int] = [:]
    for (index, symbol) in symbols.enumerated() {
      if symbol.isEmpty { throw TextError("symbol \(index) of the vocabulary is empty") }
      if let earlier = indices.updateValue(index, forKey: symbol) {
        throw TextError(
          "the vocabulary holds \(quoted(symbol)) twice, as symbols \(earlier) and \(index)")
      }
    }

    self.symbols = symbols
    self.indices = indices
    lengthsOfSequences = Self.lengthsOfSequences(in: symbols)
  }

  /// The number of symbols, the unknown one included.
  package var count: Int { symbols.count }

  /// Returns the index of `symbol`, or 0 if it is unknown.
  package func index(of symbol: ExactText) -> Int {
    indices[symbol] ?? 0
  }

  /// Returns the index of each of `tokens`, 0 for those that are unknown.
  package func indices(of tokens: [ExactText]) -> [Int32] {
    tokens.map { Int32(index(of: $0)) }
  }

  /// The symbol with index `index`.
  ///
  /// - Requires: `index` is at least 0 and less than `count`.
  package subscript(index: Int) -> ExactText { symbols[index] }

}

/// Returns `symbol` in single quotes, control characters written as escapes.
func quoted(_ symbol: ExactText) -> String {
  "'" + symbol.string.unicodeScalars.map { $0.escaped(asASCII: false) }.joined() + "'"
}

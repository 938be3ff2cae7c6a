// What counts as evidence that a layer of a file is a layer of a model
//
// Before: the first layer of the file, in the order of its names, whose shapes fit was taken for
// the first layer of the model. For two layers of one shape that is a guess, which gives numbers
// and no error: 'l10' comes before 'l2', and 'bwd' before 'fwd'.
//
// Shapes are evidence where they leave one choice: a layer whose tensors, by their names within the
// layer and their shapes, are in one place only. Otherwise all layers that have the same choices
// are decided together by their names, or none of them is. Names are compared as words and whole
// numbers ('l10' is the word 'l' and the number 10; case, leading zeros and the signs between do
// not count), and decide in two cases:
//
// 1. The file has each layer under its name in the model, between the same words: 'model.encoder'
//    and 'model.decoder' for 'encoder' and 'decoder'.
// 2. There are as many places as layers, and what is left of the names without the parts that all
//    of them have is the same on both sides: 'rnn.*_l0' ... 'rnn.*_l11' for 'l0' ... 'l11'. If two
//    parts or more differ, such as the numbers of a layer and of a direction, the words before them
//    have to say which is which, unless nothing but their order gives the same names.
//
// Rejected: the order in the file, that of the uses, numbers that differ by a constant ('l0', 'l1'
// for 'layer1', 'layer2': 'l1' could be meant for 'layer1'), abbreviations, and what is left after
// other layers have been decided by their names.

/// The name of a layer as it is compared.
struct LayerName: Hashable {

  /// A part of a name.
  enum Part: Hashable {

    case word(String)

    /// The digits without zeros in front.
    case number(String)

    var isNumber: Bool { if case .number = self { true } else { false } }

  }

  var parts: [Part] = []

  /// Creates a name of `parts`.
  init(_ parts: some Sequence<Part>) {
    self.parts = Array(parts)
  }

  /// Reads `text`.
  init(_ text: some StringProtocol) {
    var rest = text.lowercased()[...]
    // Each round takes a character at least.
    while let first = rest.first {
      if first.isDigit {
        let digits = rest.prefix(while: \.isDigit)
        let number = digits.drop { $0 == "0" }
        parts.append(.number(number.isEmpty ? "0" : String(number)))
        rest = rest.dropFirst(digits.count)
      } else if first.isLetter {
        let word = rest.prefix(while: \.isLetter)
        parts.append(.word(String(word)))
        rest = rest.dropFirst(word.count)
      } else {
        rest = rest.dropFirst()
      }
    }
  }

}

extension Character {

  fileprivate var isDigit: Bool { isASCII && isNumber }

}

/// Where the tensors of a layer can be in a file: between a prefix and a suffix.
struct LayerPlace: Hashable, Comparable {

  let prefix: String
  let suffix: String

  /// The place as a renaming writes it.
  var pattern: String { "\(prefix)*\(suffix)" }

  fileprivate var name: LayerName { LayerName(LayerName(prefix).parts + LayerName(suffix).parts) }

  static func < (a: LayerPlace, b: LayerPlace) -> Bool {
    (a.prefix, a.suffix) < (b.prefix, b.suffix)
  }

}

/// Returns the place of each of `layers` if their names decide it, or `nil`.
///
/// - Requires: `places` are distinct, as are `layers`, and each of them is possible for every
///   layer.
func placesByName(_ layers: [String], _ places: [LayerPlace]) -> [LayerPlace]? {
  if let own = ownPlaces(layers, places) { return own }
  let names = places.map(\.name)
  guard Set(names).count == names.count else { return nil }
  if let found = placesBetweenWords(layers.map { LayerName($0) }, places) { return found }
  guard layers.count == places.count,
    let match = NameMatch(layers.map { LayerName($0) }, names).positions
  else { return nil }
  return match.map { places[$0] }
}

/// Returns the places where each layer has its own name, and nothing else is there.
private func ownPlaces(_ layers: [String], _ places: [LayerPlace]) -> [LayerPlace]? {
  let own = layers.map { LayerPlace(prefix: $0.isEmpty ? "" : "\($0).", suffix: "") }
  return own.allSatisfy(places.contains) ? own : nil
}

/// Returns the places that have the layers' names between the same words, if there is one such
/// choice.
///
/// The name has to be in the prefix: a suffix such as '_l0' is not a name that somebody gave.
private func placesBetweenWords(_ layers: [LayerName], _ places: [LayerPlace]) -> [LayerPlace]? {
  guard let first = layers.first, !first.parts.isEmpty else { return nil }
  var byName: [[LayerName.Part]: LayerPlace] = [:]
  for place in places { byName[place.name.parts] = place }
  var result: Set<[LayerPlace]> = []
  for place in places {
    let (name, prefix) = (place.name.parts, LayerName(place.prefix).parts)
    guard prefix.count >= first.parts.count else { continue }
    for start in 0...prefix.count - first.parts.count
    where prefix[start..<start + first.parts.count].elementsEqual(first.parts) {
      let (before, after) = (name[..<start], name[(start + first.parts.count)...])
      let found = layers.compactMap { byName[before + $0.parts + after] }
      if found.count == layers.count, Set(found).count == found.count { result.insert(found) }
    }
  }
  return result.count == 1 ? result.first : nil
}

/// The comparison of as many names of layers as of places.
private struct NameMatch {

  /// What is left of the names without the parts that all of a side have.
  private var layers: [[LayerName.Part]]
  private var places: [[LayerName.Part]]

  /// The words before the parts that differ, if names have as many parts as all others of their
  /// side.
  private var labels: (layers: [String], places: [String])?

  /// The most parts of names that are compared in every order.
  private static let mostColumns = 4

  init(_ layers: [LayerName], _ places: [LayerName]) {
    let (a, b) = (layers.map(\.parts), places.map(\.parts))
    if let own = Columns(a), let other = Columns(b) {
      (self.layers, self.places) = (own.values, other.values)
      labels = (own.labels, other.labels)
    } else {
      (self.layers, self.places) = (Self.withoutEnds(a), Self.withoutEnds(b))
    }
  }

  /// The position of the place of each layer, or `nil` if names do not decide that.
  var positions: [Int]? {
    guard Set(layers).count == layers.count, Set(places).count == places.count else { return nil }
    guard let labels else {
      // Without columns nothing says which of two numbers is which.
      let isPlain = (layers + places).allSatisfy { $0.count(where: \.isNumber) <= 1 }
      return isPlain ? positions(of: layers) : nil
    }
    let count = labels.layers.count
    guard count == labels.places.count, (1...Self.mostColumns).contains(count) else { return nil }
    var matches: [(order: [Int], positions: [Int])] = []
    for order in Self.orders(count) {
      let reordered = layers.map { layer in
        order.indices.map { column in layer[order.firstIndex(of: column) ?? column] }
      }
      if let found = positions(of: reordered) { matches.append((order, found)) }
    }
    if Set(matches.map(\.positions)).count == 1, matches.count > 1 { return matches[0].positions }
    let named = matches.filter { isNamed($0.order, labels) }
    if named.count == 1 { return named[0].positions }
    let identity = Array(0..<count)
    guard named.isEmpty, matches.count == 1, matches[0].order == identity,
      !isContradicted(identity, labels)
    else { return nil }
    return matches[0].positions
  }

  private func positions(of names: [[LayerName.Part]]) -> [Int]? {
    let found = names.compactMap { places.firstIndex(of: $0) }
    return found.count == names.count && Set(found).count == found.count ? found : nil
  }

  /// `true` iff the words before the columns are alike where `order`, which has the column of
  /// places for each of layers, pairs them, and nowhere else; a single column needs no words.
  private func isNamed(_ order: [Int], _ labels: (layers: [String], places: [String])) -> Bool {
    order.count == 1
      || order.indices.allSatisfy { areAlike(labels.layers[$0], labels.places[order[$0]]) }
        && !isContradicted(order, labels)
  }

  private func isContradicted(
    _ order: [Int], _ labels: (layers: [String], places: [String])
  ) -> Bool {
    order.indices.contains { i in
      order.indices.contains { j in
        i != j && areAlike(labels.layers[i], labels.places[order[j]])
      }
    }
  }

  private func areAlike(_ a: String, _ b: String) -> Bool {
    !a.isEmpty && (a == b || a + "s" == b || a == b + "s")
  }

  /// Returns all orders of `count` things.
  private static func orders(_ count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return orders(count - 1).flatMap { order in
      (0...order.count).map { Array(order[..<$0]) + [count - 1] + order[$0...] }
    }
  }

  /// Returns `names` without what all of them begin with, and then what all of them end with.
  private static func withoutEnds(_ names: [[LayerName.Part]]) -> [[LayerName.Part]] {
    var result = names.map { $0[...] }
    while let part = result.first?.first, result.allSatisfy({ $0.first == part }) {
      result = result.map { $0.dropFirst() }
    }
    while let part = result.first?.last, result.allSatisfy({ $0.last == part }) {
      result = result.map { $0.dropLast() }
    }
    return result.map(Array.init)
  }

}

/// The parts of names that have equally many of them.
private struct Columns {

  /// The parts that are not the same in all names, of each name.
  let values: [[LayerName.Part]]

  /// The word that all names have before each of these parts; empty if there is none.
  let labels: [String]

  /// Creates the columns of `names`, or `nil` if these have different numbers of parts.
  init?(_ names: [[LayerName.Part]]) {
    guard let first = names.first, names.allSatisfy({ $0.count == first.count }) else { return nil }
    let varying = first.indices.filter { i in names.contains { $0[i] != first[i] } }
    values = names.map { name in varying.map { name[$0] } }
    labels = varying.map { column in
      guard column > 0, !varying.contains(column - 1), case .word(let word) = first[column - 1]
      else { return "" }
      return word
    }
  }

}

import Runner
import Tensors

/// The search for the layers of a model in a file that calls them otherwise.
///
/// `LayerNames.swift` says what decides it.
struct WeightSearch {

  /// Layers that could be in the same places, and nothing says which is where.
  struct Ambiguity: Equatable {

    let layers: [String]
    let places: [String]

  }

  /// What was found.
  enum Result: Equatable {

    /// Renamings that give each layer its place.
    case renamings([WeightRenaming])

    case ambiguous([Ambiguity])

    /// A layer has no place.
    case nothing

  }

  /// The tensors of a model that have a name in common, up to the last dot; the others are together
  /// a layer without a name.
  private struct Layer {

    let name: String
    var tensors: [String] = []

    /// The places where they can be, in order, with the tensors of the file that are there.
    var places: [(place: LayerPlace, tensors: Set<String>)] = []

    /// The name in the model of what the layer calls `tensor`.
    func fullName(_ tensor: String) -> String { name.isEmpty ? tensor : "\(name).\(tensor)" }

  }

  private let mapping: WeightMapping
  private let file: Safetensors

  /// The layers that no renaming of the mapping is for.
  private var layers: [Layer] = []

  /// The tensors of the file that may be theirs.
  private var free: Set<String>

  /// Searches `file` for what the renamings of `mapping` do not say.
  init(_ mapping: WeightMapping, _ file: Safetensors) {
    self.mapping = mapping
    self.file = file
    free = Set(file.entries.map(\.name).filter { !$0.belongsToTraining })
    for tensor in mapping.tensorNames {
      let layer = tensor.layer ?? ""
      let isGiven = mapping.renamings.contains {
        !$0.isUniversal && $0.fileName(of: tensor) != nil
      }
      if isGiven {
        free.remove(mapping.fileName(of: tensor, in: file))
        continue
      }
      let name = layer.isEmpty ? tensor : String(tensor.dropFirst(layer.count + 1))
      if let i = layers.firstIndex(where: { $0.name == layer }) {
        layers[i].tensors.append(name)
      } else {
        layers.append(Layer(name: layer, tensors: [name]))
      }
    }
  }

  /// The most pairs of a layer and a tensor that are looked at.
  private static let mostPairs = 4_000_000

  /// Returns what decides the place of each layer, or what does not.
  func result() -> Result {
    guard layers.count * free.count <= Self.mostPairs else { return .nothing }
    var search = self
    search.findPlaces()
    search.removeClaimedPlaces()
    guard search.layers.allSatisfy({ !$0.places.isEmpty }) else { return .nothing }
    return search.decided()
  }

  /// What the places of a layer depend on.
  private struct Signature: Hashable {

    let tensors: [String]
    let shapes: [[Int]]

    /// Which tensors are zero where the file lacks them, whatever it calls them.
    let areZero: [Bool]

  }

  private mutating func findPlaces() {
    var splits: [String: [LayerPlace]] = [:]
    var known: [Signature: [(place: LayerPlace, tensors: Set<String>)]] = [:]
    for i in layers.indices {
      let names = layers[i].tensors.map { layers[i].fullName($0) }
      let signature = Signature(
        tensors: layers[i].tensors, shapes: names.map { mapping.shape(of: $0) },
        areZero: names.map { name in mapping.zeros.contains { name.matches($0) } })
      if let places = known[signature] {
        layers[i].places = places
        continue
      }
      var places: Set<LayerPlace> = []
      for tensor in layers[i].tensors {
        let found = splits[tensor] ?? free.flatMap { Self.splits($0, around: tensor) }
        splits[tensor] = found
        places.formUnion(found)
      }
      layers[i].places = places.sorted().compactMap { place in
        tensors(of: layers[i], at: place).map { (place, $0) }
      }
      known[signature] = layers[i].places
    }
  }

  /// Returns where `part` is in `name`: at its beginning or after a sign between names, and
  /// before the end or a sign, of which one is an underscore.
  private static func splits(_ name: String, around part: String) -> [LayerPlace] {
    var result: [LayerPlace] = []
    for range in name.ranges(of: part) {
      let (prefix, suffix) = (name[..<range.lowerBound], name[range.upperBound...])
      if prefix.last.map(".:/".contains) ?? true, suffix.first.map("._:/".contains) ?? true {
        result.append(LayerPlace(prefix: String(prefix), suffix: String(suffix)))
      }
    }
    return result
  }

  /// Returns the tensors of the file that `layer` has at `place`, or `nil` if it cannot be there.
  private func tensors(of layer: Layer, at place: LayerPlace) -> Set<String>? {
    var result: Set<String> = []
    for tensor in layer.tensors {
      let (name, full) = (place.prefix + tensor + place.suffix, layer.fullName(tensor))
      if let given = file[name] {
        guard free.contains(name), given.isOfFloats, given.shape == mapping.shape(of: full) else {
          return nil
        }
        result.insert(name)
      } else if mapping.zero(full, name) == nil {
        return nil
      }
    }
    return result.isEmpty ? nil : result
  }

  /// Removes places that cannot be, because there are as many other layers as places that need
  /// their tensors.
  private mutating func removeClaimedPlaces() {
    var isChanged = true
    // Each round but the last removes a place.
    while isChanged {
      isChanged = false
      for group in groups() where group.count == layers[group[0]].places.count {
        guard let claimed = disjointTensors(of: group) else { continue }
        for i in layers.indices where !group.contains(i) {
          let kept = layers[i].places.filter { $0.tensors.isDisjoint(with: claimed) }
          if kept.count < layers[i].places.count {
            layers[i].places = kept
            isChanged = true
          }
        }
      }
    }
  }

  /// The positions of layers that have the same places and tensors, in order.
  private func groups() -> [[Int]] {
    var result: [[Int]] = []
    for i in layers.indices {
      if let j = result.firstIndex(where: {
        layers[$0[0]].places.elementsEqual(layers[i].places, by: ==)
      }) {
        result[j].append(i)
      } else {
        result.append([i])
      }
    }
    return result
  }

  /// Returns the tensors at all places of `group`, or `nil` if two of its places share one.
  private func disjointTensors(of group: [Int]) -> Set<String>? {
    var result: Set<String> = []
    for (_, tensors) in layers[group[0]].places {
      guard result.isDisjoint(with: tensors) else { return nil }
      result.formUnion(tensors)
    }
    return result
  }

  private func decided() -> Result {
    var choices: [LayerPlace?] = layers.map { _ in nil }
    var ambiguities: [Ambiguity] = []
    var claimed: Set<String> = []
    for group in groups() {
      let names = group.map { layers[$0].name }
      let places = layers[group[0]].places.map(\.place)
      guard group.count <= places.count else { return .nothing }
      let isApart = disjointTensors(of: group).map { claimed.isDisjoint(with: $0) } ?? false
      for (_, tensors) in layers[group[0]].places { claimed.formUnion(tensors) }
      let found =
        places.count == 1 ? places : isApart ? placesByName(names, places) : nil
      guard isApart, let found else {
        ambiguities.append(
          Ambiguity(layers: names, places: places.map(\.pattern)))
        continue
      }
      for (i, place) in zip(group, found) { choices[i] = place }
    }
    guard ambiguities.isEmpty else { return .ambiguous(ambiguities) }
    return renamings(zip(layers, choices.compactMap { $0 }).map { ($0, $1) })
  }

  /// Returns the renamings that give each layer its place, if they do exactly that.
  private func renamings(_ choices: [(layer: Layer, place: LayerPlace)]) -> Result {
    var result = mapping.renamings
    for (layer, place) in choices {
      let own = layer.fullName("*")
      if place.pattern != own { result.append(WeightRenaming(file: place.pattern, model: own)) }
    }
    guard
      let found = try? WeightMapping(
        mapping.module, convention: mapping.convention?.name, renamings: result,
        zeros: mapping.zeros, ignored: mapping.ignored),
      // What a shell and the command line make of the text has to be the same.
      result.allSatisfy({ (try? WeightRenaming($0.text)) == $0 && $0.text.isPrintable }),
      choices.allSatisfy({ layer, place in
        layer.tensors.allSatisfy { tensor in
          found.fileName(of: layer.fullName(tensor), in: file)
            == place.prefix + tensor + place.suffix
        }
      })
    else { return .nothing }
    return .renamings(result)
  }

}

extension Tensor {

  /// `true` iff the elements are numbers as parameters are.
  fileprivate var isOfFloats: Bool {
    switch elements {
    case .float32, .float64: true
    case .int64, .bool: false
    }
  }

}

extension String {

  /// `true` iff the text has neither control characters nor others that a terminal changes.
  fileprivate var isPrintable: Bool { printable == self }

}

import IR
import Runner
import Tensors

/// What would make weights fit a model that they do not fit as they are.
struct WeightAdvice {

  /// Layers that could be in the same places under a convention.
  struct Open {

    let convention: String?
    let ambiguities: [WeightSearch.Ambiguity]

  }

  /// The sizes of dims with which the file fits, if it does under the parameters' own names.
  private(set) var sizes: [(name: String, size: Int)] = []

  /// The mappings under which the file fits; with more than one, nothing says which is right.
  private(set) var offers: [WeightMapping] = []

  /// The mappings under which tensors of the file are left over, but nothing is missing.
  private(set) var partial: [(mapping: WeightMapping, leftOver: [String])] = []

  /// The conventions under which the names do not decide.
  private(set) var open: [Open] = []

  /// `true` iff the one convention that fits is the one to take.
  var isDecided: Bool { offers.count == 1 }

  /// Looks for what `mapping`, under which `file` does not fit, lacks.
  init(_ mapping: WeightMapping, _ file: Safetensors) {
    sizes = mapping.module.sizes(fitting: file) ?? []
    if !sizes.isEmpty { return }
    // What was asked for comes first, and is all that is offered if it fits.
    let names = [nil] + mapping.module.conventions.map { Optional($0.name) }
    let asked = mapping.convention?.name
    for name in [asked] + names.filter({ $0 != asked }) {
      consider(name, mapping, file)
      if name == asked, !offers.isEmpty { return }
    }
  }

  private mutating func consider(
    _ name: String?, _ mapping: WeightMapping, _ file: Safetensors
  ) {
    // Without the renamings that were given if these are for other names.
    let renamings = mapping.renamings.isEmpty ? [[]] : [mapping.renamings, []]
    for zeros in [mapping.zeros, mapping.zeros + ["*bias*"]] {
      for renamings in renamings {
        guard
          let start = try? WeightMapping(
            mapping.module, convention: name, renamings: renamings, zeros: zeros,
            ignored: mapping.ignored)
        else { continue }
        switch WeightSearch(start, file).result() {
        case .nothing: continue
        case .ambiguous(let ambiguities):
          open.append(Open(convention: name, ambiguities: ambiguities))
          return
        case .renamings(let renamings):
          guard
            let found = try? WeightMapping(
              mapping.module, convention: name, renamings: renamings, zeros: zeros,
              ignored: mapping.ignored)
          else { continue }
          let fit = found.fit(file)
          guard fit.idleOptions.isEmpty else { continue }
          if fit.isComplete {
            offers.append(found)
            return
          }
          // That biases are zero is no guess to make about a file of which there is more.
          let isWhole = fit.names(.missing).isEmpty && fit.names(.misshapen).isEmpty
          if isWhole, zeros == mapping.zeros {
            partial.append((found, fit.names(.leftOver)))
            return
          }
        }
      }
    }
  }

  /// The most names that a line lists.
  private static let mostNames = 6

  /// The advice, a sentence a line.
  var lines: [String] {
    if !sizes.isEmpty {
      return [sizes.map { "--dim \($0.name)=\($0.size)" }.joined(separator: " ") + " fits them"]
    }
    if isDecided { return ["they would fit with\(offers[0].options)"] }
    if !offers.isEmpty {
      let names = offers.map { $0.convention.map { "'\($0.name)'" } ?? "none" }
      return [
        "they would fit under the conventions \(names.joined(separator: ", ")); nothing in the "
          + "file says which it has"
      ]
    }
    let rest = partial.map { mapping, leftOver in
      let options = mapping.options.isEmpty ? "" : "with\(mapping.options) "
      return
        "\(options)only these would be left over: \(Self.list(leftOver)); '--ignore NAME' passes "
        + "over a tensor"
    }
    if !rest.isEmpty { return rest }
    return open.flatMap { open in
      let under = open.convention.map { "under convention '\($0)' " } ?? ""
      return open.ambiguities.map { ambiguity in
        let layers =
          ambiguity.layers == [""] ? "the tensors without a layer" : Self.list(ambiguity.layers)
        let places = Self.list(ambiguity.places)
        return "\(under)\(layers) could be any of \(places); '--map' says which"
      }
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(mostNames).map { "'\($0.printable)'" }.joined(separator: ", ")
    return names.count > mostNames ? "\(shown) and \(names.count - mostNames) more" : shown
  }

}

extension WeightMapping {

  /// The options of a command line that ask for the mapping, each with a space before it.
  var options: String {
    var words: [String] = []
    if let convention { words += ["--convention", convention.name] }
    for renaming in renamings { words += ["--map", renaming.text] }
    for zero in zeros { words += ["--zero", zero] }
    for pattern in ignored { words += ["--ignore", pattern] }
    return words.map { " \(shellWord($0))" }.joined()
  }

}

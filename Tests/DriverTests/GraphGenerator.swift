/// A generator of random well-formed graphs.
///
/// A seed gives the same graph everywhere. Values are kept tame: inputs are at most 1, weights at
/// most 1 over the number of their rows, and what is larger than 4 goes through `tanh`; logarithms,
/// roots and quotients are taken of positive numbers. Comparisons and choices of places read only
/// what is not rounded, so that no small error changes them. What remains is bounded by
/// `RoundingAnalysis`.
///
/// Graphs of some seeds are given special numbers. These have some themselves, and functions of
/// what is not tame.
struct GraphGenerator {

  /// What a name stands for.
  struct Quantity {

    /// What the elements are.
    enum Element: Equatable {

      case number
      case truth

      /// An index below the size of a dimension.
      case index(String)

      case oneHot(String)

    }

    /// The text by which it is read.
    var text: String

    var element: Element = .number

    /// The names of the sizes of its axes; a one-hot value is without that of its classes.
    var shape: [String]

    /// The largest magnitude.
    var magnitude = 1.0

    /// `true` iff single precision holds it exactly.
    var isExact = false

    /// The axes when it is written out.
    var denseShape: [String] {
      if case .oneHot(let n) = element { return shape + [n] }
      return shape
    }

    /// `true` iff it can be calculated with.
    var isNumeric: Bool {
      switch element {
      case .number, .oneHot: true
      case .truth, .index: false
      }
    }

    /// The type, if it can be an input.
    var type: String? {
      let suffix = shape.isEmpty ? "" : "[\(shape.joined(separator: ", "))]"
      switch element {
      case .number: return "f32\(suffix)"
      case .truth: return "bool\(suffix)"
      case .index(let n): return "index<\(n)>\(suffix)"
      case .oneHot: return nil
      }
    }

  }

  /// The names of dimensions: steps, batch, units, and steps of inner scans.
  static let dimensions = ["n", "b", "p", "q", "r"]

  /// The sizes that dimensions have.
  private static let sizes = [1, 2, 3, 5, 17, 33]

  var random: SplitMix64
  var graph: GraphText

  /// What can be read at the present place.
  var pool: [Quantity] = []

  /// The items of the open blocks, the innermost last.
  var items: [[GraphText.Item]] = [[]]

  /// The size of each dimension.
  private(set) var sizes: [String: Int] = [:]

  private var nameCount = 0

  /// `true` iff the graph is given special numbers, and has some itself.
  let isSpecial: Bool

  /// Creates a generator for `seed`.
  private init(seed: UInt64) {
    isSpecial = SpecialNumbers.isGiven(to: seed)
    random = SplitMix64(seed: seed)
    graph = GraphText(name: "G\(seed)")
  }

  /// Returns the graph of `seed`, whose outputs are all that can be, the best first.
  static func graph(seed: UInt64) -> GraphText {
    var generator = GraphGenerator(seed: seed)
    generator.generate()
    return generator.graph
  }

  /// Returns a name that starts with `stem` and is new.
  mutating func name(_ stem: String) -> String {
    nameCount += 1
    return "\(stem)\(nameCount)"
  }

  /// Returns `true` with the given probability.
  mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &random) < probability
  }

  /// Returns one of `list`.
  mutating func pick<Element>(_ list: [Element]) -> Element {
    guard let element = list.randomElement(using: &random) else {
      preconditionFailure("a choice is made from something")
    }
    return element
  }

  /// Returns something in the pool that satisfies `condition`.
  mutating func find(_ condition: (Quantity) -> Bool) -> Quantity? {
    // What is new is read more often than what is old.
    let found = pool.filter(condition)
    let one =
      chance(0.5)
      ? found.suffix(4).randomElement(using: &random) : found.randomElement(using: &random)
    return one.map { viewed($0) }
  }

  /// Returns a new parameter of `shape` with elements up to `magnitude`.
  mutating func parameter(_ shape: [String], magnitude: String) -> String {
    let name = name("w")
    graph.declarations.append(
      .init(
        kind: "param", name: name,
        rest: " : f32[\(shape.joined(separator: ", "))] = "
          + "uniform(low: -\(magnitude), high: \(magnitude))"))
    return name
  }

  /// Returns a new constant of `shape`.
  mutating func constant(_ shape: [String]) -> Quantity {
    let name = name("c")
    let first = pick(["zeros", "ones"] + Self.specials.map { "constant(\($0))" })
    graph.declarations.append(
      .init(
        kind: "const", name: name, rest: " : f32[\(shape.joined(separator: ", "))] = \(first)"))
    return Quantity(text: name, shape: shape, isExact: true)
  }

  /// Numbers that rewrites take to be neutral, or that are not normal.
  static let specials = ["0", "-0", "1", "-1", "1e-40", "1e-31"]

  /// Appends the line that gives `expression` a name, and returns what it is.
  @discardableResult
  mutating func line(_ expression: String, _ result: Quantity) -> Quantity {
    var result = result
    result.text = name("v")
    items[items.count - 1].append(
      .init(target: .value(result.text, type: result.type ?? ""), expression: expression))
    pool.append(result)
    if result.magnitude > 4 {
      var tame = result
      (tame.magnitude, tame.isExact) = (1, false)
      return line("tanh(\(result.text))", tame)
    }
    return result
  }

  private mutating func generate() {
    for d in Self.dimensions {
      // Few steps, so that rounding does not pile up; few columns of what is hot.
      let sizes = d == "n" || d == "r" ? [1, 2, 3, 5, 9] : Self.sizes
      let size = pick(sizes)
      self.sizes[d] = size
      graph.declarations.append(.init(kind: "dim", name: d, rest: " = \(size)"))
    }
    let inputs: [Quantity] = [
      Quantity(text: "x", shape: ["b", "p"]), Quantity(text: "xs", shape: ["n", "b", "p"]),
      Quantity(text: "z", shape: ["b", "q"]),
      Quantity(text: "k", element: .index("q"), shape: ["b"]),
      Quantity(text: "ks", element: .index("q"), shape: ["n", "b"]),
      Quantity(text: "m", element: .truth, shape: ["b", "p"]),
      Quantity(text: "rs", shape: ["r", "b", "p"]),
      Quantity(text: "s", shape: []), Quantity(text: "w", shape: ["p"]),
    ]
    for var input in inputs.shuffled(using: &random).prefix(Int.random(in: 5...7, using: &random)) {
      input.isExact = true
      graph.declarations.append(
        .init(kind: "input", name: input.text, rest: " : \(input.type ?? "")"))
      pool.append(input)
    }
    if !pool.contains(where: { $0.element == .number }) {
      graph.declarations.append(.init(kind: "input", name: "x", rest: " : f32[b, p]"))
      pool.append(Quantity(text: "x", shape: ["b", "p"], isExact: true))
    }
    if isSpecial { for _ in 0..<3 { calculateWithNumber() } }
    for _ in 0..<Int.random(in: 2...4, using: &random) { operate() }
    let scanCount = Int.random(in: 0...2, using: &random)
    for _ in 0..<scanCount {
      scan("n", depth: 1)
      operate()
    }
    for _ in 0..<Int.random(in: 1...4, using: &random) { operate() }
    graph.items = items[0]
    if chance(0.25) { train() }
    // The last values depend on most of the others. The first ones have the most special numbers.
    let candidates = pool.map(\.text).filter { $0.hasPrefix("v") || $0.hasPrefix("y") }
    let first = isSpecial ? candidates.prefix(3) : []
    let others = candidates.dropFirst(first.count)
    graph.outputs =
      first + others.suffix(6).shuffled(using: &random) + others.dropLast(6).reversed()
  }

}

import IR
import Planning

/// The collector of what a generated file needs: vector operations, tiles and kernels, each once.
struct Emitter {

  /// A function of a generated file.
  struct Function {

    let name: String
    let lines: [String]

  }

  let plan: Plan

  /// The vector operations that are called.
  private(set) var operations: Set<VectorOperation> = []

  /// The tiles, and for each the ranges of vectors to which products are added.
  private(set) var tiles: [TileShape: Set<Range<Int>>] = [:]

  /// How the sums of tiles of each shape are added to others.
  private(set) var folds: [TileShape: Set<TileFold>] = [:]

  /// The partial loads and stores that are called with a count that may be anything.
  private(set) var clipped: Set<VectorOperation> = []

  private var written: [Function] = []

  /// The functions, as they are declared.
  var functions: [Function] {
    written.map { function in
      guard calls[function.name, default: 0] > Self.mostInlined,
        let head = function.lines.firstIndex(where: { $0.hasPrefix("fileprivate func ") })
      else { return function }
      let lines = function.lines[..<head] + ["@inline(never)"] + function.lines[head...]
      return Function(name: function.name, lines: Array(lines))
    }
  }

  /// The functions by their text, in which the name stands as `placeholder`.
  private var known: [String: String] = [:]

  private var counts: [String: Int] = [:]

  /// How many lines of entries call each function.
  private var calls: [String: Int] = [:]

  /// The most calls of a function that the compiler may inline. More of them are parts of a deep
  /// model or of an update of many parameters, and each copy would have to be compiled.
  private static let mostInlined = 8

  /// The word that takes the place of a function's name while its text is written, about as long.
  static let placeholder = String(repeating: "\u{1}", count: 9)

  init(plan: Plan) {
    self.plan = plan
  }

  var lanes: Int { plan.machine.lanes }

  /// Records that generated code calls `operation`.
  mutating func use(_ operation: VectorOperation) {
    operations.insert(operation)
  }

  /// Records that generated code calls `operation`, a partial load or store, by a count that may
  /// be anything; where that is all lanes, `whole` is called.
  mutating func useClipped(_ operation: VectorOperation, whole: VectorOperation) {
    clipped.insert(operation)
    operations.formUnion([operation, whole])
  }

  /// Records that sums of `shape` are formed.
  mutating func use(_ shape: TileShape) {
    tiles[shape] = tiles[shape] ?? []
  }

  /// Records that products of `shape` add to the vectors in `range`.
  mutating func use(_ shape: TileShape, adding range: Range<Int>) {
    tiles[shape, default: []].insert(range)
  }

  /// Records that the sums of tiles of `shape` are added to others by `fold`.
  mutating func use(_ shape: TileShape, folding fold: TileFold) {
    folds[shape, default: []].insert(fold)
    use(fold == .plain ? .add : .accumulate)
  }

  /// Returns the name of the function whose text is `writer`'s, in which `placeholder` stands for
  /// it; functions with the same text are one.
  mutating func function(_ stem: String, _ writer: SourceWriter) -> String {
    let text = writer.text
    if let name = known[text] { return name }
    counts[stem, default: 0] += 1
    let name = "\(stem)\(counts[stem] ?? 1)"
    known[text] = name
    let lines = writer.lines.map { $0.replacing(Self.placeholder, with: name) }
    written.append(Function(name: name, lines: lines))
    return name
  }

  /// Records that a line of an entry calls `function`.
  mutating func call(_ function: String) {
    calls[function, default: 0] += 1
  }

}

/// The registers of a tile: rows, and the vectors of each.
struct TileShape: Hashable, Comparable {

  var rows: Int
  var vectors: Int

  /// The name of the type.
  var name: String { "Tile\(rows)x\(vectors)" }

  static func < (a: TileShape, b: TileShape) -> Bool {
    (a.rows, a.vectors) < (b.rows, b.vectors)
  }

}

/// How the sums of a tile are added to those of another one.
enum TileFold: CaseIterable {

  /// One after the other.
  case plain

  /// By compensated summation.
  case compensated

}

/// A pointer that a kernel is given.
struct PointerParameter {

  var name: String
  var scalar: Scalar32
  var isWritten: Bool

  /// The declaration of the parameter.
  var declaration: String {
    let element = scalar == .float ? "Float" : "Int32"
    return "_ \(name): Unsafe\(isWritten ? "Mutable" : "")Pointer<\(element)>"
  }

}

/// How the function of a kernel is told which grains to do; it does all where there is no share.
typealias Share = KernelCall.Share

extension KernelCall.Share {

  /// The parameter of a function that does some of the grains.
  static let parameter = "_ grains: Range<Int>"

  /// The argument for it.
  var argument: EmittedCall.Argument { .grains(count: grains) }

  /// The Swift expressions of the first row, column or element to do, and of the one behind the
  /// last.
  var bounds: (lower: String, upper: String) {
    size == 1
      ? ("grains.lowerBound", "grains.upperBound")
      : ("grains.lowerBound &* \(size)", "grains.upperBound &* \(size)")
  }

}

/// A call of a kernel: the function and what it is given.
struct EmittedCall {

  var function: String

  /// The places behind the pointers, in order.
  var arguments: [Argument]

  /// `true` iff the run-time count of steps comes first.
  var takesSteps: Bool

  /// What a kernel is given.
  enum Argument {

    case pointer(Place, Scalar32, isWritten: Bool, label: String? = nil)
    case text(String)

    /// The step of a loop, or one `offset` behind it.
    case step(loop: Int, offset: Int = 0)

    /// The grains that are to be done, of `count`.
    case grains(count: Int, label: String? = nil)

    /// The elements that are to be done, of `count`, which are divided as `share` says.
    case elements(Count, Share?)

  }

  /// Returns the texts of the arguments, where `pointer` gives that of a pointer, `step` the name
  /// of the step of a loop and `grains` the range to do of a number of grains of a size, unless all
  /// are.
  func texts(
    _ pointer: (Place, Scalar32) -> String, step: (Int) -> String = { _ in "" },
    grains: (_ count: Int, _ size: Int) -> String? = { _, _ in nil }
  ) -> [String] {
    arguments.map { argument in
      switch argument {
      case .text(let text): return text
      case .step(let loop, let offset):
        let distance = offset == 0 ? "" : offset < 0 ? " &- \(-offset)" : " &+ \(offset)"
        return "Int32(truncatingIfNeeded: \(step(loop))\(distance))"
      case .grains(let count, let label):
        let text = grains(count, 1) ?? "0..<\(count)"
        return label.map { "\($0): \(text)" } ?? text
      case .elements(let count, let share):
        return share.flatMap { grains($0.grains, $0.size) } ?? "0..<\(count.expression)"
      case .pointer(let place, let scalar, _, let label):
        let text = pointer(place, scalar)
        return label.map { "\($0): \(text)" } ?? text
      }
    }
  }

}

extension Count {

  /// The Swift expression of the number; `steps` is in scope where it is not fixed.
  var expression: String {
    switch self {
    case .fixed(let n): "\(n)"
    case .steps(1): "steps"
    case .steps(let n): "steps &* \(n)"
    }
  }

  /// `true` iff the number depends on the run-time count of steps.
  var isCounted: Bool {
    if case .steps = self { return true }
    return false
  }

}

/// Returns the Swift expression of the sum of `terms`, each a variable times a number.
func sum(_ terms: [(variable: String, factor: Int)]) -> String {
  let texts = terms.compactMap { variable, factor -> String? in
    if factor == 0 || variable == "0" { return nil }
    if let number = Int(variable) { return "\(number * factor)" }
    return factor == 1 ? variable : "\(variable) &* \(factor)"
  }
  return texts.isEmpty ? "0" : texts.joined(separator: " &+ ")
}

/// Returns the Swift expression of the pointer `name` moved by `terms`.
func pointer(_ name: String, _ terms: [(variable: String, factor: Int)]) -> String {
  let offset = sum(terms)
  if offset == "0" { return name }
  return offset.contains(" ") ? "\(name) + (\(offset))" : "\(name) + \(offset)"
}

/// Returns the Swift literal of `x` as an element of kind `scalar`.
func literal(_ x: Double, _ scalar: Scalar32) -> String {
  if scalar == .float { return literal(Float(x)) }
  return "\(Int32(exactly: x.rounded()) ?? 0)"
}

/// Returns the Swift literal of `x` as a `Float`.
func literal(_ x: Float) -> String {
  if x.isNaN { return ".nan" }
  if x.isInfinite { return x < 0 ? "-.infinity" : ".infinity" }
  // The compiler refuses literals of denormal numbers.
  if x.isSubnormal { return "Float(bitPattern: \(x.bitPattern))" }
  if x == x.rounded(), abs(x) < 1e7, !(x == 0 && x.sign == .minus) { return "\(Int(x))" }
  return "\(x)"
}

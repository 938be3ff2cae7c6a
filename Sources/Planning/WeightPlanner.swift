import IR

/// Where a weight comes from: what only `bind` can read.
enum WeightSource: Hashable {

  case parameter(ID<Parameter>)
  case constant(ID<Constant>)
  case bound(Int)

  /// Creates the weight source that `source` is, or `nil` if entries are given it otherwise.
  init?(_ source: Source) {
    switch source {
    case .parameter(let p): self = .parameter(p)
    case .constant(let c): self = .constant(c)
    case .bound(let i): self = .bound(i)
    case .number, .input, .state, .slot: return nil
    }
  }

}

/// The way in which a packed weight is made; equal recipes share one tensor.
struct PackRecipe: Hashable {

  /// Panels for a product, or rows for a lookup with a bias added.
  enum Layout: Hashable {

    case panels
    case table(bias: WeightSource?)

  }

  var layout: Layout

  /// The weight; a bias is one row.
  var source: WeightSource

  /// The rows of the weight that are packed.
  var rows: Range<Int>

  /// The columns of the result that the weight's columns are.
  var columns: Range<Int>

  /// The columns of the result that are packed: whole segments.
  var segments: Range<Int>

  var units: Int
  var vectors: Int

  /// The number of elements of the packed weight.
  func count(lanes: Int) -> Int {
    let panel = vectors * lanes
    return rows.count * segments.count * ((units + panel - 1) / panel) * panel
  }

}

/// The tensors in the block of weights, and how they are made.
struct WeightPlanner {

  /// How a tensor in the block is made.
  enum Making {

    /// A copy of the source.
    case dense(WeightSource)

    case packed(PackRecipe)

  }

  private(set) var items: [WeightItem] = []
  private(set) var makings: [Making] = []
  private var dense: [WeightSource: ID<WeightItem>] = [:]
  private var packed: [PackRecipe: ID<WeightItem>] = [:]
  private var end = 0

  /// The number of elements of the block.
  var count: Int { end }

  /// Returns the copy of `source`, which has `count` elements.
  mutating func copy(of source: WeightSource, name: String, count: Int) -> ID<WeightItem> {
    if let known = dense[source] { return known }
    let item = add(name, count, .dense(source))
    dense[source] = item
    return item
  }

  /// Returns the weight that `recipe` makes.
  mutating func pack(_ recipe: PackRecipe, name: String, lanes: Int) -> ID<WeightItem> {
    if let known = packed[recipe] { return known }
    let item = add(name, recipe.count(lanes: lanes), .packed(recipe))
    packed[recipe] = item
    return item
  }

  private mutating func add(_ name: String, _ count: Int, _ making: Making) -> ID<WeightItem> {
    let item = items.add(WeightItem(name: name, count: count, offset: end))
    makings.append(making)
    end += aligned(count)
    return item
  }

}

/// Returns `count` rounded up to whole cache lines, with a vector to spare.
func aligned(_ count: Int) -> Int { (count + 16 + 15) / 16 * 16 }

/// Drawn images of ten simple shapes, 32 × 32 grey values, whose places, sizes, brightness and
/// noise vary.
struct ShapeImages {

  /// The rows, and the columns, of an image.
  static let side = 32

  /// The number of shapes.
  static let classes = 10

  /// The grey values of all images, and the shape of each.
  private(set) var pixels: [Float] = []
  private(set) var labels: [Int32] = []

  /// Draws `count` images, which depend on `seed` alone.
  init(count: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<count {
      let shape = Int.random(in: 0..<Self.classes, using: &random)
      let radius = Float.random(in: 7...12, using: &random)
      let x = Float.random(in: 12...20, using: &random)
      let y = Float.random(in: 12...20, using: &random)
      let ground = Float.random(in: 0...0.4, using: &random)
      let contrast = Float.random(in: 0.35...0.6, using: &random)
      for i in 0..<Self.side * Self.side {
        let (dx, dy) = (Float(i % Self.side) - x, Float(i / Self.side) - y)
        let value = ground + (Self.contains(shape, dx, dy, radius) ? contrast : 0)
        pixels.append(value + Float.random(in: -0.2...0.2, using: &random))
      }
      labels.append(Int32(shape))
    }
  }

  /// Returns `true` iff `shape` of `radius` covers the point (`x`, `y`), seen from its centre.
  private static func contains(_ shape: Int, _ x: Float, _ y: Float, _ radius: Float) -> Bool {
    let distance = (x * x + y * y).squareRoot()
    let edge = max(abs(x), abs(y))
    let half = radius * 0.85
    switch shape {
    case 0: return distance <= radius
    case 1: return distance <= radius && distance >= radius - 3
    case 2: return edge <= half
    case 3: return edge <= half && edge >= half - 2.5
    case 4: return abs(y) <= 2.5 && abs(x) <= radius
    case 5: return abs(x) <= 2.5 && abs(y) <= radius
    case 6: return min(abs(x), abs(y)) <= 2 && edge <= radius
    case 7: return abs(abs(x) - abs(y)) <= 2.5 && edge <= half
    case 8: return abs(y) <= half && abs(x) <= (y + half) / 2
    default:
      let isEven = (Int((x + 32) / 4) + Int((y + 32) / 4)) % 2 == 0
      return edge <= half && isEven
    }
  }

}

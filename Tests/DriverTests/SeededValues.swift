import Driver
import IR
import Interpreter
import Runner
import Tensors

/// Inputs, parameters and states that depend on a seed and their names alone.
///
/// Numbers are multiples of 1/64 between -`range` and `range`, which single precision holds
/// exactly. In some arrays special numbers take the place of a few of them.
struct SeededValues {

  let seed: UInt64

  /// The largest magnitude.
  var range = 2.0

  /// The special numbers; none if it is empty.
  var specials: [Double] = []

  /// Creates the values of `seed`.
  init(seed: UInt64, range: Double = 2) {
    self.seed = seed
    self.range = range
  }

  /// Returns the array for `type` called `name`.
  func array(_ name: String, _ type: TensorType, in dimensions: [Dimension]) throws -> DenseArray {
    guard let shape = type.sizes(in: dimensions) else {
      throw TestFailure("'\(name)' is too large")
    }
    var random = SplitMix64(seed: hash(name))
    let count = shape.reduce(1, *)
    let limit = Int(range * 64)
    let array = DenseArray(
      shape: shape,
      try (0..<count).map { _ in
        switch type.element {
        case .f32: return Double(Int.random(in: -limit...limit, using: &random)) / 64
        case .bool: return Bool.random(using: &random) ? 1 : 0
        case .index(let n):
          guard let n = n.value(in: dimensions), n > 0 else {
            throw TestFailure("'\(name)' has no classes")
          }
          return Double(Int.random(in: 0..<n, using: &random))
        case .oneHot: throw TestFailure("'\(name)' is one-hot")
        }
      })
    return type.element == .f32 ? withSpecials(array, &random) : array
  }

  /// Returns `array` with special numbers in the place of some elements, or as it is.
  private func withSpecials(_ array: DenseArray, _ random: inout SplitMix64) -> DenseArray {
    guard !specials.isEmpty, Int.random(in: 0..<5, using: &random) < 4 else { return array }
    let share = max(1, min(array.elements.count / 2, 8))
    return array.map { x in
      guard Int.random(in: 0..<share, using: &random) == 0 else { return x }
      return specials.randomElement(using: &random) ?? x
    }
  }

  /// Returns `arrays`, by name, with special numbers in the place of some elements.
  func withSpecials(_ arrays: [String: DenseArray]) -> [String: DenseArray] {
    var result = arrays
    for (name, array) in arrays {
      var random = SplitMix64(seed: hash(name))
      result[name] = withSpecials(array, &random)
    }
    return result
  }

  /// The hash of Fowler, Noll and Vo, which keeps names apart.
  private func hash(_ name: String) -> UInt64 {
    var hash = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  /// Returns the inputs of `entry`.
  func inputs(of entry: Entry, in module: Module) throws -> [String: DenseArray] {
    var result: [String: DenseArray] = [:]
    for i in entry.inputs { result[i.name] = try array(i.name, i.type, in: module.dimensions) }
    return result
  }

  /// Returns the parameters of `module`, whatever they are declared to start as.
  func parameters(of module: Module) throws -> [String: DenseArray] {
    var result: [String: DenseArray] = [:]
    for p in module.parameters { result[p.name] = try array(p.name, p.type, in: module.dimensions) }
    return result
  }

  /// Returns the states of `module`.
  func states(of module: Module) throws -> [String: DenseArray] {
    var result: [String: DenseArray] = [:]
    for s in module.states { result[s.name] = try array(s.name, s.type, in: module.dimensions) }
    return result
  }

  /// Returns what the interpreter makes of these values, by `reading` results.
  func evaluate(
    _ module: Module, entry name: String, reading: Interpreter.Reading? = nil
  ) throws -> Interpreter.Results {
    guard let entry = module.entries.first(where: { $0.name == name }) else {
      throw TestFailure("there is no entry '\(name)'")
    }
    return try Interpreter(module).evaluate(
      entry: name, parameters: parameters(of: module), inputs: inputs(of: entry, in: module),
      states: states(of: module), reading: reading)
  }

}

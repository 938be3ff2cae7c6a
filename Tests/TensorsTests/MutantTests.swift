import Testing

@testable import Tensors

/// Readers face files that were damaged at random: they refuse them, or read what is there.
@Suite struct MutantTests {

  /// The number of mutants for each reader, all seeds together.
  private static let count = 20_000

  private static let tensors = [
    Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6]),
    Tensor(shape: [], .int64([-1])),
    Tensor(shape: [3], .bool([true, false, true])),
    Tensor(shape: [0, 2], .float64([])),
  ]

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func npyReaderSurvives(_ seed: UInt64) throws {
    var mutator = Mutator(seed: seed)
    let original = Self.tensors[Int(seed) - 1].npyBytes()
    var accepted = 0
    for _ in 0..<Self.count / 4 {
      let mutant = mutator.mutant(of: original)
      guard let t = try? Tensor(npy: mutant, name: "m") else { continue }
      accepted += 1
      #expect(t.elements.count == t.shape.reduce(1, *))
      #expect(t.elements.count <= mutant.count)
      let written = t.npyBytes()
      #expect(try Tensor(npy: written, name: "m").npyBytes() == written)
    }
    #expect(accepted > 0 && accepted < Self.count / 4)
  }

  @Test(arguments: [5, 6, 7, 8] as [UInt64])
  func safetensorsReaderSurvives(_ seed: UInt64) throws {
    var mutator = Mutator(seed: seed)
    let names = ["w", "layer0.b", "é"]
    let original = Safetensors(
      Dictionary(uniqueKeysWithValues: zip(names, Self.tensors)), metadata: ["k": "v"]
    ).bytes()
    var accepted = 0
    for _ in 0..<Self.count / 4 {
      let mutant = mutator.mutant(of: original)
      guard let file = try? Safetensors(bytes: mutant, name: "m") else { continue }
      accepted += 1
      for e in file.entries {
        #expect(e.tensor.elements.count == e.tensor.shape.reduce(1, *))
        #expect(e.tensor.elements.count <= mutant.count)
      }
      let written = file.bytes()
      #expect(try Safetensors(bytes: written, name: "m").bytes() == written)
    }
    #expect(accepted > 0 && accepted < Self.count / 4)
  }

  @Test func jsonReaderSurvives() throws {
    var mutator = Mutator(seed: 9)
    let original = Array(#"{"a":[1,-2.5e3,"\u00e9\ud83d\ude00"],"b":{"c":null,"d":[true]}}"#.utf8)
    for _ in 0..<Self.count {
      let mutant = mutator.mutant(of: original)
      guard let value = try? JSON(parsing: mutant) else { continue }
      for layout in [JSON.Layout.compact, .indented] {
        #expect(try JSON(parsing: Array(value.printed(layout).utf8)) == value)
      }
    }
  }

}

/// Makes damaged files from whole ones.
private struct Mutator {

  /// Texts that mean something to one of the readers.
  private static let words = [
    "{", "}", "[", "]", "(", ")", ",", ":", "'", "\"", "\\", "\\u", "\\ud800", "-", "0", "1", "e",
    "99999999999999999999", "2147483648", "-1", "<f4", ">i2", "|O", "True", "False", "shape",
    "descr", "fortran_order", "F32", "U64", "BOOL", "BF16", "dtype", "data_offsets",
    "__metadata__", "[0,4]", "(2, 3)", "(6,)", "null", "\0", "\n", "é",
  ].map { Array($0.utf8) }

  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014).
  private mutating func random(below bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    return Int(z % UInt64(bound))
  }

  /// Returns `original` with one to three changes.
  mutating func mutant(of original: [UInt8]) -> [UInt8] {
    var result = original
    for _ in 0...random(below: 3) where !result.isEmpty {
      let i = random(below: result.count)
      let j = min(result.count, i + random(below: 12))
      switch random(below: 7) {
      case 0: result[i] = UInt8(random(below: 256))
      case 1: result[i] ^= 1 << random(below: 8)
      case 2: result.removeSubrange(i..<j)
      case 3: result.insert(contentsOf: result[i..<j], at: random(below: result.count))
      case 4: result.removeLast(result.count - i)
      case 5: result.replaceSubrange(i..<j, with: Self.words[random(below: Self.words.count)])
      default: result.insert(contentsOf: Self.words[random(below: Self.words.count)], at: i)
      }
    }
    return result
  }

}

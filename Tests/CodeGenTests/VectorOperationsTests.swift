import Foundation
import IR
import Planning
import Testing

@testable import CodeGen

#if arch(x86_64)
  private let isX86 = true
#else
  private let isX86 = false
#endif

@Suite struct VectorOperationsTests {

  /// Only what was asked for and what it uses is emitted, once.
  @Test func emitsWhatIsUsed() {
    let text = VectorOperation.source(of: [.relu], for: VectorTarget(lanes: 8))
    #expect(text.contains("SIMD8<Float>"))
    #expect(text.contains("func lessEqual("))
    #expect(!text.contains("func less("))
    #expect(!text.contains("func multiplyAdd("))
    #expect(text.components(separatedBy: "func relu(").count == 2)
    #expect(text.components(separatedBy: "func lessEqual(").count == 3)
  }

  /// No line of the text is wider than the project's.
  @Test(arguments: [4, 8, 16]) func keepsToTheLineLength(lanes: Int) {
    let text = VectorOperation.source(
      of: Set(VectorOperation.allCases), for: VectorTarget(lanes: lanes))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  /// Every operation over builtins is the expected instruction and never a call.
  @Test(.enabled(if: isX86, "the instructions are those of x86-64"))
  func compilesToVectorInstructions() throws {
    let wrappers = instructions.map(\.source).joined(separator: "\n")
    let assembly = try compile(
      sourceOfAll(lanes: 16) + wrappers, "-Xcc", "-march=x86-64-v4", "-parse-as-library",
      "-emit-assembly", "-enable-experimental-feature", "BuiltinModule")
    defer { try? FileManager.default.removeItem(at: assembly.deletingLastPathComponent()) }
    let text = try String(contentsOf: assembly, encoding: .utf8)
    for operation in instructions {
      let body = body(of: operation.name, in: text)
      let found = body.contains { $0.contains(operation.instruction) && $0.contains("zmm") }
      #expect(found, "\(operation.name) lacks '\(operation.instruction)':\n\(body)")
      #expect(!body.contains { $0.contains("call") }, "\(operation.name) calls:\n\(body)")
    }
  }

  /// Both forms give right values: the one over builtins with the instructions of this machine and
  /// the other one with those of every x86-64.
  @Test(
    .enabled(if: isX86, "the flags are those of x86-64"),
    arguments: [
      (16, ["-Xcc", "-march=native", "-enable-experimental-feature", "BuiltinModule"]), (4, []),
    ])
  func computesRightValues(lanes: Int, flags: [String]) throws {
    let program = try compile(sourceOfAll(lanes: lanes) + valuesProgram(lanes: lanes), flags)
    defer { try? FileManager.default.removeItem(at: program.deletingLastPathComponent()) }
    let lines = try run(program.path, []).split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(lines.count > 10_000)
    for line in lines {
      let values = line.dropFirst().compactMap { UInt32($0) }.map(Float.init(bitPattern:))
      switch line[0] {
      case "functions": checkFunctions(values)
      case "pair": checkPair(values)
      case "memory": #expect(values.allSatisfy { $0 == 1 }, "\(line.joined(separator: " "))")
      default: Issue.record("unexpected output: \(line)")
      }
    }
  }

  // MARK: Values

  /// A function of one number, and what it must be.
  private struct Function {

    let operation: VectorOperation

    /// The largest error that has been measured over all floats, rounded up, in units in the last
    /// place.
    let bound: Double

    let exact: (Double) -> Double

  }

  private let functions = [
    Function(operation: .exponential, bound: 1.1) { exp($0) },
    Function(operation: .logarithm, bound: 0.9) { $0 < 0 ? .nan : log($0) },
    Function(operation: .hyperbolicTangent, bound: 2.7) { tanh($0) },
    Function(operation: .sigmoid, bound: 2.5) { 1 / (1 + exp(-$0)) },
    Function(operation: .relu, bound: 0) { $0 <= 0 ? 0 : $0 },
    Function(operation: .squareRoot, bound: 0.5) { $0.squareRoot() },
    Function(operation: .absolute, bound: 0) { abs($0) },
    Function(operation: .negate, bound: 0) { -$0 },
    Function(operation: .flush, bound: 0) { abs($0) < Unary.flushLimit ? 0 * $0 : $0 },
  ]

  /// A call with two numbers `a` and `b`, the operations that it is of, and what it must be.
  private typealias PairCall = (
    operations: [VectorOperation], call: String, exact: (Float, Float) -> Float
  )

  private let pairs: [PairCall] = [
    ([.minimum], "minimum(a, b)", { VectorOperationsTests.least($0, $1) }),
    ([.maximum], "maximum(a, b)", { -VectorOperationsTests.least(-$0, -$1) }),
    ([.equal, .convert], "convert(equal(a, b))", { $0 == $1 ? 1 : 0 }),
    ([.notEqual, .convert], "convert(notEqual(a, b))", { $0 != $1 ? 1 : 0 }),
    ([.less], "floats(less(a, b))", { $0 < $1 ? 1 : 0 }),
    ([.lessEqual], "floats(lessEqual(a, b))", { $0 <= $1 ? 1 : 0 }),
    ([.greater], "floats(greater(a, b))", { $0 > $1 ? 1 : 0 }),
    ([.greaterEqual], "floats(greaterEqual(a, b))", { $0 >= $1 ? 1 : 0 }),
    ([.add], "add(a, b)", { $0 + $1 }), ([.subtract], "subtract(a, b)", { $0 - $1 }),
    ([.multiply], "multiply(a, b)", { $0 * $1 }), ([.divide], "divide(a, b)", { $0 / $1 }),
    ([.select], "select(less(a, b), a, b)", { $0 < $1 ? $0 : $1 }),
    (
      [.horizontalMaximum], "splat(horizontalMaximum(sides))",
      { -VectorOperationsTests.least(-$0, -$1) }
    ),
  ]

  /// A call with the integers `j`, which are 1, 2, 3 and 4, and `k`, which are 3, the operations
  /// that it is of, and what it must be.
  private typealias IntegerCall = (operations: [VectorOperation], call: String, exact: String)

  private let integerCalls: [IntegerCall] = [
    ([.integersEqual], "equal(j, k)", "[0, 0, 1, 0]"),
    ([.integersNotEqual], "notEqual(j, k)", "[1, 1, 0, 1]"),
    ([.integersLess], "less(j, k)", "[1, 1, 0, 0]"),
    ([.integersLessEqual], "lessEqual(j, k)", "[1, 1, 1, 0]"),
    ([.integersGreater], "greater(j, k)", "[0, 0, 0, 1]"),
    ([.integersGreaterEqual], "greaterEqual(j, k)", "[0, 0, 1, 1]"),
    ([.and], "and(less(j, k), equal(j, k))", "[0, 0, 0, 0]"),
    ([.or], "or(less(j, k), equal(j, k))", "[1, 1, 1, 0]"),
    ([.not], "not(less(j, k))", "[0, 0, 1, 1]"),
    ([.selectIntegers], "select(less(j, k), j, k)", "[1, 2, 3, 3]"),
    ([.shiftRight], "shiftRight(splat(-8), 1)", "Array(repeating: .max - 3, count: 4)"),
    (
      [.exclusiveOr, .addIntegers, .multiplyIntegers],
      "exclusiveOr(addIntegers(j, k), multiplyIntegers(j, splat(-1)))", "[-5, -5, -5, -5]"
    ),
  ]

  /// Whatever can be calculated, its value and its instructions are checked.
  @Test func `every operation of the language is checked`() {
    let used =
      Unary.allCases.map { VectorOperation($0) } + Binary.allCases.map { VectorOperation($0) }
      + [.float, .integer].flatMap { (scalar: Scalar32) in
        Comparison.allCases.map { VectorOperation($0, of: scalar) }
      }
    let values = Set(
      functions.map(\.operation) + pairs.flatMap(\.operations)
        + integerCalls.flatMap(\.operations))
    let assembly = Set(instructions.map(\.operation))
    for operation in used {
      #expect(values.contains(operation), "no value of '\(operation)' is checked")
      #expect(assembly.contains(operation), "no instruction of '\(operation)' is checked")
    }
  }

  /// Checks the results of the functions of one number.
  private func checkFunctions(_ v: [Float]) {
    let x = Double(v[0])
    #expect(v.count == functions.count + 1)
    for (value, f) in zip(v.dropFirst(), functions) {
      check(value, f.exact(x), f.bound, "\(f.operation)(\(x))")
      if f.operation != .flush { continue }
      let isTiny = v[0].magnitude < Float(Unary.flushLimit)
      let flushed = isTiny ? Float(signOf: v[0], magnitudeOf: 0) : v[0]
      #expect(value.bitPattern == flushed.bitPattern, "flush(\(x)) is \(value)")
    }
  }

  /// Checks `value` to be within `bound` units in the last place of `expected`.
  private func check(_ value: Float, _ expected: Double, _ bound: Double, _ text: String) {
    let rounded = Float(expected)
    if expected.isNaN || value.isNaN {
      #expect(value.isNaN && expected.isNaN, "\(text) is \(value)")
    } else if rounded.isInfinite {
      #expect(value == rounded, "\(text) is \(value)")
    } else if abs(expected) < Double(Float.leastNormalMagnitude), value == 0 {
      // Results that are not normal may be lost, but not their signs.
      #expect(value.sign == expected.sign, "\(text) is \(value)")
    } else {
      // Just below a power of two, the value rounds to a number with a unit twice as large.
      let ulp = Double(max(abs(rounded), .leastNormalMagnitude).ulp)
      let error = abs(Double(value) - expected) / ulp
      #expect(error <= bound, "\(text) is \(value), off by \(error) ulp")
    }
  }

  /// Checks the results of the operations on two numbers.
  private func checkPair(_ v: [Float]) {
    #expect(v.count == pairs.count + 2)
    for (value, pair) in zip(v.dropFirst(2), pairs) {
      let expected = pair.exact(v[0], v[1])
      #expect(
        value.bitPattern == expected.bitPattern || value.isNaN && expected.isNaN,
        "\(pair.call) is \(value) for \(v[0]) and \(v[1])")
    }
  }

  /// Returns the smaller number, where -0 is smaller than 0, or NaN if one is.
  private static func least(_ a: Float, _ b: Float) -> Float {
    if a.isNaN || b.isNaN { return .nan }
    return a < b || a == b && a.sign == .minus ? a : b
  }

  /// A program that prints bits of values of the operations.
  private func valuesProgram(lanes: Int) -> String {
    """
    func main() {
      let lanes = \(lanes)
      let pointer = UnsafeMutablePointer<Float>.allocate(capacity: 1024)
      let integers = UnsafeMutablePointer<Int32>.allocate(capacity: 1024)
      func printed(_ name: String, _ values: [Float]) {
        print(name, values.map { String($0.bitPattern) }.joined(separator: " "))
      }
      func check(_ values: [Bool]) { printed("memory", values.map { $0 ? 1 : 0 }) }
      func functions(_ x: [Float]) {
        for i in 0..<lanes { pointer[i] = x[i] }
      let v = load(pointer)
        let results = [v, \(functions.map { "\($0.operation)(v)" }.joined(separator: ", "))]
        for i in 0..<lanes { printed("functions", results.map { $0[i] }) }
      }
      func floats(_ i: Integers) -> Vector { select(i, splat(1), splat(0)) }
      func pair(_ x: Float, _ y: Float) {
        let (a, b) = (splat(x), splat(y))
        var sides = a
        sides[lanes - 1] = y
        let results = [a, b, \(pairs.map(\.call).joined(separator: ", "))]
        printed("pair", results.map { $0[1] })
      }
      let special: [Float] = [
        0, -0.0, 1, -1, 1.5, .infinity, -.infinity, .nan, 88.7, -87.3, -103, 9, 0x1p-149, 0x1p-126,
        3.4e38, -1e30, -0x1p-126, -0x1.fffffep-101, 0x1.fffffep-101, 0x1p-100, -0x1p-100,
        0x1.fffffep127, 0x1p-63, -0x1p-75, -.nan, 2, -2, 3, 0x1p24, 0x1p31, -0x1p31, 0.5,
      ]
      functions(special)
      for i in stride(from: 0, to: special.count, by: lanes) { functions(Array(special[i...])) }
      for start in stride(from: UInt32(0), to: .max - 16 * 400_009, by: lanes * 400_009) {
        functions((0..<lanes).map { Float(bitPattern: start + UInt32($0) * 400_009) })
      }
      for x in special { for y in special { pair(x, y) } }
      // Memory: element i holds i + 1, what must not be touched holds -1.
      func reset() {
        for i in 0..<1024 { (pointer[i], integers[i]) = (i < 512 ? Float(i + 1) : -1, 0) }
        for i in 0..<1024 { integers[i] = i < 512 ? Int32(i + 1) : -1 }
      }
      for n in 1...lanes {
        reset()
        let (v, i) = (load(pointer, count: n), load(integers, count: n))
        check((0..<lanes).map { v[$0] == ($0 < n ? Float($0 + 1) : 0) && i[$0] == Int32(v[$0]) })
        let (w, j) = (load(pointer, stride: 3, count: n), load(integers, stride: 3, count: n))
        check((0..<lanes).map { w[$0] == ($0 < n ? Float(3 * $0 + 1) : 0) && j[$0] == Int32(w[$0]) })
        store(splat(7), pointer + 600, count: n)
        store(splat(7), integers + 600, count: n)
        check((0..<64).map { pointer[600 + $0] == ($0 < n ? 7 : -1) })
        check((0..<64).map { integers[600 + $0] == ($0 < n ? 7 : -1) })
        store(splat(8), pointer + 800, stride: 3, count: n)
        store(splat(8), integers + 800, stride: 3, count: n)
        check((0..<64).map { pointer[800 + $0] == ($0 % 3 == 0 && $0 < 3 * n ? 8 : -1) })
        check((0..<64).map { integers[800 + $0] == ($0 % 3 == 0 && $0 < 3 * n ? 8 : -1) })
      }
      reset()
      let (v, i) = (load(pointer + 1, stride: 5), load(integers + 1, stride: 5))
      check((0..<lanes).map { v[$0] == Float(5 * $0 + 2) && i[$0] == Int32(v[$0]) })
      store(v, pointer + 600, stride: 2)
      store(i, integers + 600, stride: 2)
      check((0..<lanes).map { pointer[600 + 2 * $0] == v[$0] && pointer[601 + 2 * $0] == -1 })
      check((0..<lanes).map { integers[600 + 2 * $0] == i[$0] && integers[601 + 2 * $0] == -1 })
      check([horizontalSum(load(pointer)) == Float(lanes * (lanes + 1) / 2)])
      let (j, k) = (load(integers), splat(Int32(3)))
      func same(_ found: Integers, _ expected: [Int32]) -> Bool {
        (0..<4).allSatisfy { found[$0] == expected[$0] }
      }
      check([
        \(integerCalls.map { "same(\($0.call), \($0.exact))" }.joined(separator: ",\n    "))
      ])
    }
    main()

    """
  }

  // MARK: Assembly

  /// A function around one operation, and the instruction that it must be.
  private struct Wrapper {

    let operation: VectorOperation
    let source: String
    let instruction: String

    /// The name of the operation.
    var name: String { operation.rawValue }

    /// Creates the function around `operation` that stores `value`, an expression over the vectors
    /// `a` and `b` and the integers `i` and `j`.
    init(
      _ operation: VectorOperation, _ value: String, _ instruction: String, storing: String = "r"
    ) {
      self.operation = operation
      self.instruction = instruction
      source = """
        @_cdecl("test_\(operation)") public func test_\(operation)(_ p: UnsafeMutablePointer<Float>) {
          let q = UnsafeMutableRawPointer(p).assumingMemoryBound(to: Int32.self)
          let (r, s, n) = (p + 256, q + 256, Int(q[512]))
          let (a, b, i, j) = (load(p), load(p + 16), load(q), load(q + 16))
          _ = (a, b, i, j, r, s, n)
          store(\(value), \(storing))
        }
        """
    }

  }

  /// The operations whose assembly is checked.
  private let instructions = [
    Wrapper(.multiplyAdd, "multiplyAdd(a, b, load(p + 32))", "vfmadd"),
    Wrapper(.add, "add(a, b)", "vaddps"),
    Wrapper(.subtract, "subtract(a, b)", "vsubps"),
    Wrapper(.multiply, "multiply(a, b)", "vmulps"),
    Wrapper(.divide, "divide(a, b)", "vdivps"),
    Wrapper(.squareRoot, "squareRoot(a)", "vsqrtps"),
    Wrapper(.negate, "negate(a)", "vxorps"),
    Wrapper(.absolute, "absolute(a)", "vandps"),
    Wrapper(.flush, "flush(a)", "vpand"),
    Wrapper(.relu, "relu(a)", "vcmp"),
    Wrapper(.clamp, "clamp(a, -1, 2)", "vminps"),
    Wrapper(.minimum, "minimum(a, b)", "vminps"),
    Wrapper(.maximum, "maximum(a, b)", "vmaxps"),
    Wrapper(.equal, "equal(a, b)", "vcmpeqps", storing: "s"),
    Wrapper(.notEqual, "notEqual(a, b)", "vcmpneqps", storing: "s"),
    Wrapper(.less, "less(a, b)", "vcmpltps", storing: "s"),
    Wrapper(.lessEqual, "lessEqual(a, b)", "vcmpleps", storing: "s"),
    Wrapper(.greater, "greater(a, b)", "vcmpltps", storing: "s"),
    Wrapper(.greaterEqual, "greaterEqual(a, b)", "vcmpleps", storing: "s"),
    Wrapper(.integersEqual, "equal(i, j)", "vpcmpeqd", storing: "s"),
    Wrapper(.integersNotEqual, "notEqual(i, j)", "vpcmpneqd", storing: "s"),
    Wrapper(.integersLess, "less(i, j)", "vpcmpgtd", storing: "s"),
    Wrapper(.integersLessEqual, "lessEqual(i, j)", "vpcmp", storing: "s"),
    Wrapper(.integersGreater, "greater(i, j)", "vpcmpgtd", storing: "s"),
    Wrapper(.integersGreaterEqual, "greaterEqual(i, j)", "vpcmp", storing: "s"),
    Wrapper(.and, "and(i, j)", "and", storing: "s"),
    Wrapper(.or, "or(i, j)", "or", storing: "s"),
    Wrapper(.not, "not(i)", "xor", storing: "s"),
    Wrapper(.select, "select(i, a, b)", "vmovups"),
    Wrapper(.convert, "convert(i)", "vcvtdq2ps"),
    Wrapper(.scrambled, "scrambled(n, i, j)", "vpmulld", storing: "s"),
    Wrapper(.shiftRight, "shiftRight(i, 17)", "vpsrld", storing: "s"),
    Wrapper(.exclusiveOr, "exclusiveOr(i, j)", "xor", storing: "s"),
    Wrapper(.loadFirst, "load(p + 64, count: n)", "{z}"),
    Wrapper(.storeFirst, "a", "{%k", storing: "r, count: n"),
    Wrapper(.splat, "splat(p[0])", "vbroadcastss"),
    Wrapper(.exponential, "exponential(a)", "vpslld"),
    Wrapper(.logarithm, "logarithm(a)", "vpsrad"),
    Wrapper(.hyperbolicTangent, "hyperbolicTangent(a)", "vdivps"),
    Wrapper(.sigmoid, "sigmoid(a)", "vdivps"),
  ]

  /// Returns the instructions of the wrapper `name` in `assembly`.
  private func body(of name: String, in assembly: String) -> [Substring] {
    let lines = assembly.split(separator: "\n")
    guard let start = lines.firstIndex(where: { $0.hasPrefix("test_\(name):") }) else { return [] }
    return Array(lines[start...].prefix { !$0.contains(".cfi_endproc") })
  }

  // MARK: Compiling

  private func sourceOfAll(lanes: Int) -> String {
    VectorOperation.source(
      of: Set(VectorOperation.allCases), for: VectorTarget(lanes: lanes))
  }

  /// Returns the output of compiling `source` without warnings.
  private func compile(_ source: String, _ flags: String...) throws -> URL {
    try compile(source, flags)
  }

  /// Returns the output of compiling `source` without warnings.
  private func compile(_ source: String, _ flags: [String]) throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let file = directory.appending(path: "main.swift")
    let output = directory.appending(path: "output")
    try Data(source.utf8).write(to: file)
    #if os(macOS)
      let command = ["xcrun", "swiftc"]
    #else
      let command = ["swiftc"]
    #endif
    _ = try run(
      "/usr/bin/env",
      command + ["-swift-version", "6", "-warnings-as-errors", "-O", "-wmo"]
        + flags + [file.path, "-o", output.path])
    return output
  }

  /// Returns what the program at `path` prints.
  private func run(_ path: String, _ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self)
    try #require(process.terminationStatus == 0, "\(text)")
    return text
  }

}

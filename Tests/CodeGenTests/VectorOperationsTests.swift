import Foundation
import IR
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

  /// Checks the results of the functions of one number, in the order of `valuesProgram`.
  private func checkFunctions(_ v: [Float]) {
    let x = Double(v[0])
    // The bounds are the errors measured over all floats, rounded up, in units in the last place.
    check(v[1], exp(x), 1.1, "exp(\(x))")
    check(v[2], x < 0 ? .nan : log(x), 0.9, "log(\(x))")
    check(v[3], tanh(x), 2.7, "tanh(\(x))")
    check(v[4], 1 / (1 + exp(-x)), 2.5, "sigmoid(\(x))")
    check(v[5], x <= 0 ? 0 : x, 0, "relu(\(x))")
    check(v[6], x.squareRoot(), 0.5, "squareRoot(\(x))")
    check(v[7], abs(x), 0, "absolute(\(x))")
    check(v[8], -x, 0, "negate(\(x))")
    let isTiny = v[0].magnitude < Float(Unary.flushLimit)
    let flushed = isTiny ? Float(signOf: v[0], magnitudeOf: 0) : v[0]
    #expect(v[9].bitPattern == flushed.bitPattern, "flush(\(x)) is \(v[9])")
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

  /// Checks the results of the operations on two numbers, in the order of `valuesProgram`.
  private func checkPair(_ v: [Float]) {
    let (a, b) = (v[0], v[1])
    let unordered = a.isNaN || b.isNaN
    let expected: [Float] =
      [unordered ? .nan : least(a, b), unordered ? .nan : -least(-a, -b)]
      + [a == b, a != b, a < b, a <= b, a > b, a >= b].map { $0 ? 1 : 0 }
      + [a + b, a - b, a * b, a / b, a < b ? a : b, unordered ? .nan : -least(-a, -b)]
    for (value, expected) in zip(v.dropFirst(2), expected) {
      #expect(
        value.bitPattern == expected.bitPattern || value.isNaN && expected.isNaN, "\(v)")
    }
  }

  /// Returns the smaller number; -0 is smaller than 0.
  private func least(_ a: Float, _ b: Float) -> Float {
    a < b || a == b && a.sign == .minus ? a : b
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
        let results = [
          v, exponential(v), logarithm(v), hyperbolicTangent(v), sigmoid(v), relu(v), squareRoot(v),
          absolute(v), negate(v), flush(v),
        ]
        for i in 0..<lanes { printed("functions", results.map { $0[i] }) }
      }
      func floats(_ i: Integers) -> Vector { select(i, splat(1), splat(0)) }
      func pair(_ x: Float, _ y: Float) {
        let (a, b) = (splat(x), splat(y))
        var sides = a
        sides[lanes - 1] = y
        let results = [
          a, b, minimum(a, b), maximum(a, b), convert(equal(a, b)), convert(notEqual(a, b)),
          floats(less(a, b)), floats(lessEqual(a, b)), floats(greater(a, b)),
          floats(greaterEqual(a, b)), add(a, b), subtract(a, b), multiply(a, b), divide(a, b),
          select(less(a, b), a, b), splat(horizontalMaximum(sides)),
        ]
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
      let comparisons = [
        equal(j, k), notEqual(j, k), less(j, k), lessEqual(j, k), greater(j, k), greaterEqual(j, k),
        and(less(j, k), equal(j, k)), or(less(j, k), equal(j, k)), not(less(j, k)),
        select(less(j, k), j, k), shiftRight(splat(-8), 1),
        exclusiveOr(addIntegers(j, k), multiplyIntegers(j, splat(-1))),
      ]
      check((0..<4).map { comparisons[0][$0] == [0, 0, 1, 0][$0] })
      check((0..<4).map { comparisons[1][$0] == [1, 1, 0, 1][$0] })
      check((0..<4).map { comparisons[2][$0] == [1, 1, 0, 0][$0] })
      check((0..<4).map { comparisons[3][$0] == [1, 1, 1, 0][$0] })
      check((0..<4).map { comparisons[4][$0] == [0, 0, 0, 1][$0] })
      check((0..<4).map { comparisons[5][$0] == [0, 0, 1, 1][$0] })
      check((0..<4).map { comparisons[6][$0] == 0 })
      check((0..<4).map { comparisons[7][$0] == [1, 1, 1, 0][$0] })
      check((0..<4).map { comparisons[8][$0] == [0, 0, 1, 1][$0] })
      check((0..<4).map { comparisons[9][$0] == [1, 2, 3, 3][$0] })
      check((0..<4).map { comparisons[10][$0] == Int32.max - 3 })
      check((0..<4).map { comparisons[11][$0] == [-5, -5, -5, -5][$0] })
    }
    main()

    """
  }

  // MARK: Assembly

  /// A function around one operation, and the instruction that it must be.
  private struct Wrapper {

    let name: String
    let source: String
    let instruction: String

    /// Creates the function `name` that stores `value`, an expression over the vectors `a` and `b`
    /// and the integers `i` and `j`.
    init(_ name: String, _ value: String, _ instruction: String, storing: String = "r") {
      self.name = name
      self.instruction = instruction
      source = """
        @_cdecl("test_\(name)") public func test_\(name)(_ p: UnsafeMutablePointer<Float>) {
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
    Wrapper("multiplyAdd", "multiplyAdd(a, b, load(p + 32))", "vfmadd"),
    Wrapper("add", "add(a, b)", "vaddps"),
    Wrapper("subtract", "subtract(a, b)", "vsubps"),
    Wrapper("multiply", "multiply(a, b)", "vmulps"),
    Wrapper("divide", "divide(a, b)", "vdivps"),
    Wrapper("squareRoot", "squareRoot(a)", "vsqrtps"),
    Wrapper("negate", "negate(a)", "vxorps"),
    Wrapper("absolute", "absolute(a)", "vandps"),
    Wrapper("flush", "flush(a)", "vpand"),
    Wrapper("relu", "relu(a)", "vcmp"),
    Wrapper("clamp", "clamp(a, -1, 2)", "vminps"),
    Wrapper("maximum", "maximum(a, b)", "vmaxps"),
    Wrapper("less", "less(a, b)", "vcmpltps", storing: "s"),
    Wrapper("equal", "equal(i, j)", "vpcmpeqd", storing: "s"),
    Wrapper("select", "select(i, a, b)", "vmovups"),
    Wrapper("convert", "convert(i)", "vcvtdq2ps"),
    Wrapper("scrambled", "scrambled(n, i, j)", "vpmulld", storing: "s"),
    Wrapper("shiftRight", "shiftRight(i, 17)", "vpsrld", storing: "s"),
    Wrapper("exclusiveOr", "exclusiveOr(i, j)", "xor", storing: "s"),
    Wrapper("loadFirst", "load(p + 64, count: n)", "{z}"),
    Wrapper("storeFirst", "a", "{%k", storing: "r, count: n"),
    Wrapper("splat", "splat(p[0])", "vbroadcastss"),
    Wrapper("exponential", "exponential(a)", "vpslld"),
    Wrapper("logarithm", "logarithm(a)", "vpsrad"),
    Wrapper("hyperbolicTangent", "hyperbolicTangent(a)", "vdivps"),
    Wrapper("sigmoid", "sigmoid(a)", "vdivps"),
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

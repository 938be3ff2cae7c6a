import CodeGen
import Foundation
import Tensors
import Testing

@testable import Driver

/// What generated code checks: each violation, by programs of a generated file and one that calls
/// it.
@Suite struct CheckTests {

  /// A model with an argument of each kind.
  private static let graph = """
    model Guarded {
      dim n = 3, batch = 2, vocab = 5, width = 4
      input tokens : index<vocab>[n, batch]
      input scale : f32[n, batch, width]
      label next : index<vocab>[n, batch]
      carried state h.a : f32[batch, width] = zeros
      carried state last : index<vocab>[batch] = [3, 4]
      param W : f32[vocab, width] = normal(std: 0.1)
      param U : f32[width, vocab] = normal(std: 0.1)
      scan t in n {
        x = one_hot(tokens[t]) + one_hot(last)
        last = tokens[t]
        h.a = tanh(linear(x, W) + h.a * scale[t])
        logits[t] = linear(dropout(h.a, rate: 0.5), U)
      }
      output logits
      train {
        loss = cross_entropy(logits, next)
        optimizer = sgd(lr: 0.1, momentum: 0.9)
      }
    }
    """

  /// The program: its argument says what to do wrong.
  private static let program = """
    import Foundation
    import Synchronization

    typealias Table = [UnsafeMutableRawPointer?]

    /// How often one of three workers has come to the barrier.
    let arrivals = Atomic(0)

    /// Waits until all three have come to the barrier as often as the caller.
    func meet(_ team: UnsafeMutableRawPointer?) {
      let round = arrivals.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue / 3
      while arrivals.load(ordering: .acquiring) / 3 == round { sched_yield() }
    }

    /// Returns what `call` returns to each of three workers that call it at the same time.
    func together(_ call: @escaping (_ worker: Int) -> Int32) -> [Int32] {
      nonisolated(unsafe) let call = call
      nonisolated(unsafe) let statuses = UnsafeMutablePointer<Int32>.allocate(capacity: 3)
      let done = DispatchGroup()
      for worker in 0..<3 {
        done.enter()
        Thread {
          statuses[worker] = call(worker)
          done.leave()
        }.start()
      }
      done.wait()
      return (0..<3).map { statuses[$0] }
    }

    /// Calls `forward` of the C functions with `tokens` and so many steps, without table `missing` or
    /// without element `element` of it, and returns what it returned.
    func status(
      tokens: [Int32] = [0, 1, 2, 3, 4, 0], last: [Int32] = [0, 4], steps: Int = 3, missing: Int = -1,
      element: Int? = nil, worker: Int = 0, workers: Int = 1
    ) -> Int32 {
      statuses(
        tokens: tokens, last: last, steps: steps, missing: missing, element: element, worker: worker,
        workers: workers)[0]
    }

    /// As `status`, and by three workers together if `areThree`.
    func statuses(
      tokens: [Int32] = [0, 1, 2, 3, 4, 0], last: [Int32] = [0, 4], steps: Int = 3, missing: Int = -1,
      element: Int? = nil, worker: Int = 0, workers: Int = 1, areThree: Bool = false
    ) -> [Int32] {
      func block(_ count: Int) -> UnsafeMutableRawPointer {
        let p = UnsafeMutableRawPointer.allocate(byteCount: 4 * count + 64, alignment: 64)
        p.initializeMemory(as: UInt8.self, repeating: 0, count: 4 * count + 64)
        return p
      }
      var tables: [Table] = [
        [block(1 << 16)], [block(1 << 16)], [block(8), block(2)], [block(6), block(24)], [block(30)],
      ]
      tables[3][0]?.copyMemory(from: tokens, byteCount: 24)
      tables[2][1]?.copyMemory(from: last, byteCount: 8)
      if let element { tables[missing][element] = nil }
      func table(_ i: Int) -> UnsafeMutablePointer<UnsafeMutableRawPointer?>? {
        if i == missing, element == nil { return nil }
        let p = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 2)
        p.initialize(from: tables[i], count: tables[i].count)
        return p
      }
      let inputs = table(3).map { UnsafeRawPointer($0).assumingMemoryBound(to: UnsafeRawPointer?.self) }
      let weights = missing == 0 ? nil : tables[0][0]
      let workspace = missing == 1 ? nil : tables[1][0]
      let (states, outputs) = (table(2), table(4))
      #if PARALLEL
        if areThree {
          return together {
            Guarded_forward(weights, workspace, states, inputs, outputs, steps, $0, 3, nil, meet)
          }
        }
        return [
          Guarded_forward(
            weights, workspace, states, inputs, outputs, steps, worker, workers, nil, nil)
        ]
      #else
        return [Guarded_forward(weights, workspace, states, inputs, outputs, steps)]
      #endif
    }

    @main struct Program {
      static func main() {
        let arguments = CommandLine.arguments + [""]
        let mistake = arguments[1]
        func sized(_ name: String, _ count: Int) -> Int { mistake == name ? count - 1 : count }
        func floats(_ name: String, _ count: Int) -> [Float] {
          [Float](repeating: 0.5, count: sized(name, count))
        }
        var tokens = [Int32](repeating: 1, count: sized("tokens", 6))
        if mistake == "large" { tokens[4] = 5 }
        if mistake == "negative" { tokens[0] = -1 }
        if mistake == "status" {
          print(status(), status(steps: 0))
          print(status(steps: -1), status(steps: 4))
          print(status(tokens: [0, 0, 0, 0, 0, 5]), status(tokens: [-1, 0, 0, 0, 0, 0]))
          print(status(last: [0, 5]), status(tokens: [0, 0, 0, 0, 9, 9], steps: 2))
          print((0..<5).map { status(missing: $0) })
          print(status(missing: 2, element: 1), status(missing: 3, element: 0))
          print(Guarded_bind(nil, nil, nil))
          #if PARALLEL
            print(status(worker: 1, workers: 1), status(worker: -1), status(workers: 0))
            print(status(workers: 2))
            print(statuses(areThree: true), statuses(last: [0, 5], areThree: true))
            print(statuses(tokens: [0, 0, 0, 0, 0, 5], areThree: true), statuses(steps: 4, areThree: true))
            print(statuses(missing: 3, areThree: true), statuses(areThree: true))
          #endif
        }
        let model = Guarded(Guarded.Weights(W: floats("W", 20), U: floats("U", 20)))
        var state = Guarded.State()
        let first = state
        if mistake == "state" { state.h_a = [1] }
        if mistake == "last" { state.last[1] = 7 }
        var logits = floats("logits", 30)
        let steps = mistake == "more" ? 4 : mistake == "fewer" ? -1 : 3
        model.forward(
          tokens: tokens, scale: floats("scale", 24), state: &state, logits: &logits, steps: steps)
        if mistake == "slots" {
          var slots = model.slots
          slots.momentum_buffer.U.removeLast()
          model.slots = slots
        }
        var (loss, norm) = (floats("loss", 1), floats("norm", 1))
        let seed: Int32 = mistake == "seed" ? -2 : 1
        let next = [Int32](repeating: mistake == "next" ? 6 : 1, count: 6)
        model.train(
          tokens: tokens, scale: floats("", 24), next: next, seed: seed, state: &state, loss: &loss,
          gradient_norm: &norm)
        // A state that is not shared is filled in place.
        func place(_ array: inout [Float]) -> UnsafeMutableRawPointer? {
          array.withUnsafeMutableBytes { $0.baseAddress }
        }
        let before = place(&state.h_a)
        state.reset()
        print(state == first, place(&state.h_a) == before)
      }
    }
    """

  private static let messages = [
    ("W", "weights.W has 19 elements, but needs 20"),
    ("U", "weights.U has 19 elements, but needs 20"),
    ("tokens", "tokens has 5 elements, but needs 6"),
    ("scale", "scale has 23 elements, but needs 24"),
    ("logits", "logits has 29 elements, but needs 30"),
    ("loss", "loss has 0 elements, but needs 1"),
    ("norm", "gradient_norm has 0 elements, but needs 1"),
    ("state", "state.h_a has 1 element, but needs 8"),
    ("slots", "slots.momentum_buffer.U has 19 elements, but needs 20"),
    ("large", "tokens[4] is 5, but must be below 5"),
    ("negative", "tokens[0] is -1, but must be at least 0"),
    ("last", "state.last[1] is 7, but must be below 5"),
    ("next", "next[0] is 6, but must be below 5"),
    ("seed", "seed is -2, but must be at least 0"),
    ("more", "steps is 4, but must be in 0...3"),
    ("fewer", "steps is -1, but must be in 0...3"),
  ]

  /// What calls by threads return: all of a team get the same, whatever is wrong.
  private static let statusesOfWorkers = """
    4 4 4
    1
    [0, 0, 0] [3, 3, 3]
    [3, 3, 3] [2, 2, 2]
    [1, 1, 1] [0, 0, 0]

    """

  /// The checks hold in every build, and an array that is too short is never written to.
  @Test(arguments: [("-O", true), ("-Ounchecked", false)])
  func holdInEveryBuild(_ level: String, _ isParallel: Bool) throws {
    var options = CompilationOptions(target: .native)
    options.dividesAll = isParallel
    let compilation = try Compilation(
      Source(path: "guarded.graph", utf8: Array(Self.graph.utf8)), options: options)
    let folder = FileManager.default.temporaryDirectory.path + "/graphc-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try writeFile(Array(compilation.file.text.utf8), to: "\(folder)/guarded.swift")
    try writeFile(Array(Self.program.utf8), to: "\(folder)/program.swift")
    let compiler = try SwiftCompiler.find(cache: CompileCache(folder: folder + "/cache"))
    let flags = compilation.file.compilerFlags.map { $0 == "-O" ? level : $0 }
    let program = "\(folder)/program"
    let build = try Subprocess(
      compiler.path,
      flags + (isParallel ? ["-D", "PARALLEL"] : [])
        + ["-parse-as-library", "-module-name", "Program", "\(folder)/guarded.swift"]
        + ["\(folder)/program.swift", "-o", program], timeout: 300)
    try #require(build.ending == .exited(status: 0), "\(build.output)")

    let right = try Subprocess(program, ["none"], timeout: 60)
    #expect(right.ending == .exited(status: 0))
    #expect(right.output == "true true\n")
    for (mistake, message) in Self.messages {
      let run = try Subprocess(program, [mistake], timeout: 60)
      #expect(run.output.contains("Fatal error: \(message)\n"), "\(mistake): \(run.output)")
      #expect(run.ending != .exited(status: 0), "\(mistake)")
    }
    let statuses = try Subprocess(program, ["status"], timeout: 60)
    let expected = """
      0 0
      2 2
      3 3
      3 0
      [1, 1, 1, 1, 1]
      1 1
      1

      """ + (isParallel ? Self.statusesOfWorkers : "") + "true true\n"
    #expect(statuses.output == expected)
  }

  /// Truth values are 0 or 1 for callers by Swift and by C.
  @Test func includeTruthValues() throws {
    let graph = """
      model Truths {
        input keep : bool[3]
        input one : bool
        output y = f32(keep) + f32(one)
      }
      """
    let compilation = try Compilation(
      Source(path: "truths.graph", utf8: Array(graph.utf8)),
      options: CompilationOptions(target: .native))
    let text = compilation.file.text
    #expect(text.contains("`bool[3]`, 3 elements, each 0 or 1."))
    for check in [
      "guard greatest(keep, 3) < 2 else {", "guard greatest(one, 1) < 2 else {",
      "if greatest(x0, 3) >= 2 { return 3 }", "if greatest(x1, 1) >= 2 { return 3 }",
    ] {
      #expect(text.contains(check), "\(check)")
    }
  }

}

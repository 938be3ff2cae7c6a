import Foundation
import Tensors

@testable import Runner

/// A model written by hand that follows the calling convention, compiled once for all tests.
enum Toy {

  /// What the manifest of the model says.
  static let manifest = Manifest(
    model: "Toy", symbolPrefix: "toy", library: "toy.so", source: "toy.swift",
    target: .init(
      name: "native", architecture: Processor.Architecture.own.rawValue, features: []),
    compiler: "none", dims: [.init(name: "num_steps", size: 4), .init(name: "batch", size: 2)],
    parameters: [
      .init(name: "W", shape: [3, 2], initializer: .iota),
      .init(name: "b", shape: [2], initializer: .constant(0.5)),
    ],
    slots: [.init(name: "momentum.W", shape: [3, 2], initializer: .ones)],
    states: [
      .init(name: "count", shape: [2], carried: true, initializer: .zeros),
      .init(name: "fresh", shape: [2], carried: false, initializer: .ones),
      .init(name: "learned", shape: [2], carried: false, initializer: nil, parameter: "b"),
      .init(name: "computed", shape: [], carried: false, initializer: nil),
      .init(
        name: "place", element: .index, classes: 5, shape: [2], carried: true,
        initializer: .literal([3, 4])),
      .init(name: "odd", element: .bool, shape: [], carried: false, initializer: .ones),
    ],
    weightBytes: 32, bindWorkspaceBytes: 16,
    entries: [
      .init(
        name: "forward",
        inputs: [
          .init(name: "x", element: .f32, shape: [4, 2, 3], counted: true),
          .init(name: "tokens", element: .index, classes: 5, shape: [4, 2], counted: true),
          .init(name: "flag", element: .bool, shape: [2]),
        ],
        outputs: [
          .init(name: "y", element: .f32, shape: [4, 2, 2], counted: true),
          .init(name: "next", element: .index, classes: 6, shape: [4, 2], counted: true),
          .init(name: "negated", element: .bool, shape: [2]),
        ],
        workspaceBytes: 64, steps: 4, countedDim: "num_steps"),
      .init(
        name: "step", inputs: [.init(name: "scale", element: .f32, shape: [])],
        outputs: [.init(name: "tiny", element: .f32, shape: [])], workspaceBytes: 0, steps: 1),
      .init(
        name: "train",
        inputs: [
          .init(name: "gradient", element: .f32, shape: [3, 2]),
          .init(name: "lr", element: .f32, shape: [], defaultValue: 0.5),
        ],
        outputs: [.init(name: "loss", element: .f32, shape: [])], workspaceBytes: 16, steps: 1,
        updatesParameters: true),
    ])

  /// The Swift source of the model.
  ///
  /// `forward`: y[t] = x[t] W + b, next[t] = tokens[t] + 1, negated = not flag, all states go up by
  /// one a step. `step`: tiny = scale * 1e-30, and states go up by one. So does `place`, from 4 to
  /// 0, while `odd` changes. `train`: momentum.W += gradient, W -= lr * momentum.W, b += 1,
  /// loss = lr, and states go up by one.
  private static let source = """
    public typealias Table = UnsafePointer<UnsafeRawPointer?>
    public typealias MutableTable = UnsafePointer<UnsafeMutableRawPointer?>

    func read<T>(_ table: Table, _ i: Int, _ type: T.Type) -> UnsafePointer<T> {
      table[i].unsafelyUnwrapped.assumingMemoryBound(to: type)
    }

    func write<T>(_ table: MutableTable, _ i: Int, _ type: T.Type) -> UnsafeMutablePointer<T> {
      table[i].unsafelyUnwrapped.assumingMemoryBound(to: type)
    }

    func count(_ states: MutableTable) {
      for s in 0..<3 { for i in 0..<2 { write(states, s, Float.self)[i] += 1 } }
      write(states, 3, Float.self)[0] += 1
      let place = write(states, 4, Int32.self)
      for i in 0..<2 { place[i] = (place[i] + 1) % 5 }
      write(states, 5, Int32.self)[0] ^= 1
    }

    @_cdecl("toy_bind")
    public func bind(
      parameters: Table, weights: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) -> Int32 {
      let w = weights.assumingMemoryBound(to: Float.self)
      for i in 0..<6 { w[i] = read(parameters, 0, Float.self)[i] }
      for i in 0..<2 { w[6 + i] = read(parameters, 1, Float.self)[i] }
      workspace.assumingMemoryBound(to: Float.self)[3] = 1
      return 0
    }

    @_cdecl("toy_forward")
    public func forward(
      weights: UnsafeRawPointer, workspace: UnsafeMutableRawPointer, states: MutableTable,
      inputs: Table, outputs: MutableTable, steps: Int
    ) -> Int32 {
      let w = weights.assumingMemoryBound(to: Float.self)
      write(states, 3, Float.self)[0] = 10
      for t in 0..<steps {
        for row in 0..<2 {
          let r = t * 2 + row
          for j in 0..<2 {
            var sum = w[6 + j]
            for k in 0..<3 { sum += read(inputs, 0, Float.self)[r * 3 + k] * w[k * 2 + j] }
            write(outputs, 0, Float.self)[r * 2 + j] = sum
          }
          write(outputs, 1, Int32.self)[r] = read(inputs, 1, Int32.self)[r] + 1
        }
        count(states)
      }
      for i in 0..<2 { write(outputs, 2, Int32.self)[i] = 1 - read(inputs, 2, Int32.self)[i] }
      return 0
    }

    @_cdecl("toy_step")
    public func step(
      weights: UnsafeRawPointer, workspace: UnsafeMutableRawPointer, states: MutableTable,
      inputs: Table, outputs: MutableTable, steps: Int
    ) -> Int32 {
      write(outputs, 0, Float.self)[0] = read(inputs, 0, Float.self)[0] * 1e-30
      for _ in 0..<steps { count(states) }
      return 0
    }

    @_cdecl("toy_train")
    public func train(
      parameters: MutableTable, slots: MutableTable, weights: UnsafeMutableRawPointer,
      workspace: UnsafeMutableRawPointer, states: MutableTable, inputs: Table,
      outputs: MutableTable, steps: Int
    ) -> Int32 {
      let lr = read(inputs, 1, Float.self)[0]
      let (w, b) = (write(parameters, 0, Float.self), write(parameters, 1, Float.self))
      let momentum = write(slots, 0, Float.self)
      for i in 0..<6 {
        momentum[i] += read(inputs, 0, Float.self)[i]
        w[i] -= lr * momentum[i]
      }
      for i in 0..<2 { b[i] += 1 }
      let bound = weights.assumingMemoryBound(to: Float.self)
      for i in 0..<6 { bound[i] = w[i] }
      for i in 0..<2 { bound[6 + i] = b[i] }
      write(outputs, 0, Float.self)[0] = lr
      count(states)
      return 0
    }

    """

  /// The folder of the compiled model, which is compiled when it is first asked for.
  static let folder = Result { try compile() }

  private static func compile() throws -> String {
    let folder = try temporaryFolder()
    try write(source, to: "\(folder)/toy.swift")
    try manifest.encoded().withUnsafeBytes { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(Manifest.fileName)"))
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "swiftc", "-O", "-wmo", "-parse-as-library", "-emit-library", "-swift-version", "6",
      "-module-name", "Toy", "\(folder)/toy.swift", "-o", "\(folder)/\(manifest.library)",
    ]
    try process.run()
    process.waitUntilExit()
    struct Failure: Error {}
    guard process.terminationStatus == 0 else { throw Failure() }
    return folder
  }

  /// Returns a new session of the model.
  static func session() throws -> Session {
    try Session(CompiledModel(folder: folder.get()))
  }

  /// Inputs of `forward` for `steps` steps: x counts from 0, tokens are 0…4, flag is false, true.
  static func inputs(steps: Int = 4) -> [String: Tensor] {
    [
      "x": Tensor(shape: [steps, 2, 3], (0..<6 * steps).map { Float($0) }),
      "tokens": Tensor(shape: [steps, 2], .int64((0..<2 * steps).map { Int64($0 % 5) })),
      "flag": Tensor(shape: [2], .bool([false, true])),
    ]
  }

}

/// The folder of all temporary files of these tests, removed when they end.
private let temporaryRoot: String = {
  atexit { try? FileManager.default.removeItem(atPath: temporaryRoot) }
  return FileManager.default.temporaryDirectory
    .appendingPathComponent("graphc-tests-\(UUID().uuidString)").path
}()

/// Returns the path of a new folder.
func temporaryFolder() throws -> String {
  let folder = "\(temporaryRoot)/\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  return folder
}

/// Writes `text` to the file at `path`.
func write(_ text: String, to path: String) throws {
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
}

/// Returns the error that `body` throws, or `nil`.
func runnerError(_ body: () throws -> Void) -> RunnerError? {
  do {
    try body()
    return nil
  } catch {
    return error as? RunnerError
  }
}

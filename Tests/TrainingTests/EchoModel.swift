import Foundation
import Runner

@testable import Training

/// A model written by hand that follows the calling convention and tells what it was given,
/// compiled once for all tests.
enum EchoModel {

  /// Returns what the manifest says where windows have `shape`.
  static func manifest(shape: [Int] = [3, 2]) -> Manifest {
    func tokens(_ name: String) -> Manifest.Value {
      .init(name: name, element: .index, classes: 6, shape: shape)
    }
    return Manifest(
      model: "Echo", symbolPrefix: "echo", library: "echo.so", source: "echo.swift",
      target: .init(
        name: "native", architecture: Processor.Architecture.own.rawValue, features: []),
      compiler: "none", dims: [],
      parameters: [
        .init(name: "W", shape: [6], initializer: .zeros),
        .init(name: "start", shape: [2], initializer: .ones),
      ],
      slots: [.init(name: "momentum.W", shape: [6], initializer: .zeros)],
      states: [
        .init(name: "h", shape: [2], carried: true, initializer: nil, parameter: "start"),
        .init(name: "fresh", shape: [], carried: false, initializer: .zeros),
        .init(
          name: "k", element: .index, classes: 1000, shape: [], carried: true, initializer: .zeros),
      ],
      weightBytes: 24, bindWorkspaceBytes: 0,
      entries: [
        .init(
          name: "forward", inputs: [tokens("tokens")],
          outputs: [.init(name: "logits", element: .f32, shape: shape + [6])], workspaceBytes: 0,
          steps: 1),
        .init(
          name: "train",
          inputs: [
            tokens("tokens"), tokens("next"),
            .init(name: "lr", element: .f32, shape: [], defaultValue: 0.1),
            .init(name: "clip", element: .f32, shape: [], defaultValue: 1),
          ],
          outputs: [
            .init(name: "gradient_norm", element: .f32, shape: []),
            .init(name: "loss", element: .f32, shape: []),
          ], workspaceBytes: 0, steps: 1, updatesParameters: true),
      ])
  }

  /// The Swift source of the model.
  ///
  /// `forward`: a logit of 50 for each token itself and 0 for all others, states go up by one.
  /// `train`: W[i] += 10 * tokens[i] + next[i], momentum.W[i] += lr, start[0] += clip,
  /// loss = fresh, gradient_norm = h[0], then states go up by one.
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
      for i in 0..<2 { write(states, 0, Float.self)[i] += 1 }
      write(states, 1, Float.self)[0] += 1
      write(states, 2, Int32.self)[0] += 1
    }

    @_cdecl("echo_bind")
    public func bind(
      parameters: Table, weights: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) -> Int32 { 0 }

    @_cdecl("echo_forward")
    public func forward(
      weights: UnsafeRawPointer, workspace: UnsafeMutableRawPointer, states: MutableTable,
      inputs: Table, outputs: MutableTable, steps: Int
    ) -> Int32 {
      let logits = write(outputs, 0, Float.self)
      for i in 0..<36 { logits[i] = 0 }
      for i in 0..<6 { logits[6 * i + Int(read(inputs, 0, Int32.self)[i])] = 50 }
      count(states)
      return 0
    }

    @_cdecl("echo_train")
    public func train(
      parameters: MutableTable, slots: MutableTable, weights: UnsafeMutableRawPointer,
      workspace: UnsafeMutableRawPointer, states: MutableTable, inputs: Table,
      outputs: MutableTable, steps: Int
    ) -> Int32 {
      for i in 0..<6 {
        let (token, next) = (read(inputs, 0, Int32.self)[i], read(inputs, 1, Int32.self)[i])
        write(parameters, 0, Float.self)[i] += Float(10 * token + next)
        write(slots, 0, Float.self)[i] += read(inputs, 2, Float.self)[0]
      }
      write(parameters, 1, Float.self)[0] += read(inputs, 3, Float.self)[0]
      write(outputs, 0, Float.self)[0] = write(states, 0, Float.self)[0]
      write(outputs, 1, Float.self)[0] = write(states, 1, Float.self)[0]
      count(states)
      return 0
    }

    """

  /// The folder of the compiled model, which is compiled when it is first asked for.
  private static let folder = Result { try compile() }

  private static func compile() throws -> String {
    let folder = try temporaryFolder()
    try Data(source.utf8).write(to: URL(fileURLWithPath: "\(folder)/echo.swift"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "swiftc", "-O", "-wmo", "-parse-as-library", "-emit-library", "-swift-version", "6",
      "-module-name", "Echo", "\(folder)/echo.swift", "-o", "\(folder)/echo.so",
    ]
    try process.run()
    process.waitUntilExit()
    struct Failure: Error {}
    guard process.terminationStatus == 0 else { throw Failure() }
    return folder
  }

  /// Returns a session of the model, bound to its first values.
  static func session(shape: [Int] = [3, 2]) throws -> Session {
    let session = try Session(CompiledModel(manifest(shape: shape), folder: folder.get()))
    try session.bindInitial()
    return session
  }

  /// The roles of the model's values.
  static func roles(isBatchFirst: Bool = false) -> TextRoles {
    TextRoles(input: "tokens", label: "next", logits: "logits", isBatchFirst: isBatchFirst)
  }

}

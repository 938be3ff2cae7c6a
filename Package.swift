// swift-tools-version: 6.2

import PackageDescription

/// The settings of every target: a warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The settings of test targets. Tests of optimised code need not be optimised themselves, and take
/// less time to build so.
let testing =
  strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// Returns a library target of the compiler that imports `dependencies`.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// Returns the test target of `name`, which imports `dependencies` too.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
    exclude: name == "Driver" ? ["Cases", "Recorded"] : [], swiftSettings: testing)
}

/// The graphs that ship with graphc.
let graphs = [
  "audio_lstm", "bidirectional_lstm", "char_rnn", "concat_identity", "deep_lstm", "dense_lstm",
  "forecast", "gru", "hello", "lenet", "lstm", "names", "rnn", "seq2seq", "tagger",
]

/// The cells that models can use without defining them.
let cells = [
  "dense", "embedding", "gru", "gru_reset_before", "layer_norm_lstm", "lstm", "peephole_lstm",
  "rnn",
  "rnn_relu",
]

/// The texts that models are trained on when no other is given.
let texts = [
  "hello", "names/Dorgun", "names/Ishiri", "names/Kelwen", "names/Velari", "prose",
]

/// The paths of all that is embedded.
let embedded: [String] =
  graphs.map { "\($0).graph" } + cells.map { "cells/\($0).cell.graph" } + texts.map { "\($0).txt" }

let package = Package(
  name: "graphc",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "graphc", targets: ["graphc"]),
    .executable(name: "graphc-run", targets: ["graphc-run"]),
  ],
  dependencies: [],
  targets: [
    library("Diagnostics"),
    library("IR", ["Diagnostics"]),
    library("Parsing", ["IR", "Diagnostics"]),
    library("Tensors", ["Diagnostics"]),
    library("Interpreter", ["IR", "Tensors"]),
    library("Optimizer", ["IR", "Interpreter", "Diagnostics"]),
    library("Planning", ["IR"]),
    library("CodeGen", ["Diagnostics", "IR", "Planning"]),
    library("Runner", ["Tensors", "Diagnostics"]),
    library("Text", ["Tensors", "Diagnostics"]),
    library("Training", ["IR", "Runner", "Text", "Tensors", "Diagnostics"]),
    .target(
      name: "Graphs", path: "Graphs", exclude: ["README.md", "rnn.svg"],
      resources: embedded.map { .embedInCode($0) }, swiftSettings: strict),
    library(
      "Driver",
      [
        "Diagnostics", "IR", "Parsing", "Tensors", "Interpreter", "Optimizer", "Planning",
        "CodeGen", "Runner", "Text", "Training", "Graphs",
      ]),
    .executableTarget(
      name: "graphc", dependencies: ["Diagnostics", "Driver"], swiftSettings: strict),
    .executableTarget(
      name: "graphc-run", dependencies: ["Diagnostics", "Runner"], swiftSettings: strict),
    tests("CodeGen"),
    tests("Diagnostics"),
    tests("Interpreter", ["IR", "Tensors"]),
    tests("Optimizer", ["Diagnostics", "IR", "Interpreter", "Parsing"]),
    tests("Parsing", ["Diagnostics", "IR", "Graphs"]),
    tests("Tensors"),
    tests("Text", ["Graphs", "Tensors"]),
    tests("Runner", ["Tensors"]),
    tests("Training", ["IR", "Runner", "Text", "Tensors"]),
    .testTarget(
      name: "DriverToolTests",
      dependencies: ["CodeGen", "Driver", "Graphs", "Optimizer", "Runner", "Tensors"],
      swiftSettings: testing),
    tests(
      "Driver",
      [
        "CodeGen", "Diagnostics", "Graphs", "IR", "Interpreter", "Optimizer", "Parsing", "Planning",
        "Runner", "Tensors", "Text", "Training",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

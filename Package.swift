// swift-tools-version: 6.2

import PackageDescription

/// The settings of every target: a warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Returns a library target of the compiler that imports `dependencies`.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// Returns the test target of `name`, which imports `dependencies` too.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
    exclude: name == "Driver" ? ["Cases", "Recorded"] : [], swiftSettings: strict)
}

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
    library("Text", ["Tensors"]),
    library("Training", ["Runner", "Text", "Tensors", "Diagnostics"]),
    .target(
      name: "Graphs", path: "Graphs", exclude: ["README.md", "rnn.svg"],
      resources: [
        .embedInCode("concat_identity.graph"), .embedInCode("forecast.graph"),
        .embedInCode("hello.graph"), .embedInCode("hello.txt"), .embedInCode("lenet.graph"),
        .embedInCode("names.graph"), .embedInCode("names/Dorgun.txt"),
        .embedInCode("names/Ishiri.txt"), .embedInCode("names/Kelwen.txt"),
        .embedInCode("names/Velari.txt"), .embedInCode("rnn.graph"), .embedInCode("prose.txt"),
        .embedInCode("tagger.graph"),
      ], swiftSettings: strict),
    library(
      "Driver",
      [
        "Diagnostics", "IR", "Parsing", "Tensors", "Interpreter", "Optimizer", "Planning",
        "CodeGen", "Runner", "Text", "Training", "Graphs",
      ]),
    .executableTarget(name: "graphc", dependencies: ["Driver"], swiftSettings: strict),
    .executableTarget(name: "graphc-run", dependencies: ["Runner"], swiftSettings: strict),
    tests("CodeGen"),
    tests("Diagnostics"),
    tests("Interpreter", ["IR", "Tensors"]),
    tests("Optimizer", ["Diagnostics", "IR", "Interpreter", "Parsing"]),
    tests("Parsing", ["Diagnostics", "IR", "Graphs"]),
    tests("Tensors"),
    tests("Text", ["Graphs", "Tensors"]),
    tests("Runner", ["Tensors"]),
    tests("Training", ["Runner", "Text", "Tensors"]),
    .testTarget(
      name: "DriverToolTests",
      dependencies: ["CodeGen", "Driver", "Graphs", "Optimizer", "Runner", "Tensors"],
      swiftSettings: strict),
    tests(
      "Driver",
      [
        "CodeGen", "Diagnostics", "Graphs", "IR", "Interpreter", "Optimizer", "Parsing", "Planning",
        "Runner", "Tensors", "Text", "Training",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

import IR
import Optimizer
import Testing

@Suite struct RandomProductTests {

  @Test(arguments: 1...16)
  func randomModelsKeepTheirNumbers(_ seed: Int) throws {
    var writer = RandomModel(seed: UInt64(seed))
    let text = writer.text()
    for schedule in PassContext.Schedule.allCases {
      var model = try ProductModel(text)
      try model.apply(
        .foldConstants, .simplifyAlgebra, .mergeDuplicates, .concatenateLinears, .mergeLinears,
        .gatherOneHot, schedule: schedule)
      try model.apply(
        .hoistProducts, .mergeDuplicates, .removeDeadNodes, .fuseElementwise, schedule: schedule)
    }
  }

}

/// A writer of models with one scan, whose lines are drawn at random.
private struct RandomModel {

  private var state: UInt64
  private var parameters: [String] = []
  private var lines: [String] = []

  /// The values that a line can read, by their width.
  private var values: [Int: [String]] = [3: ["x[t]", "one_hot(tokens[t])"], 4: ["h", "g"]]

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15
  }

  private mutating func draw(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % count
  }

  private mutating func value(_ width: Int) -> String {
    let known = values[width] ?? []
    return known[draw(known.count)]
  }

  private mutating func parameter(_ shape: String) -> String {
    parameters.append("param P\(parameters.count) : f32[\(shape)] = zeros")
    return "P\(parameters.count - 1)"
  }

  private mutating func product() -> String {
    let widths = draw(3) == 0 ? [4] : draw(2) == 0 ? [3, 4] : [3]
    let parts = widths.map { value($0) }
    let weight = parameter("\(widths.reduce(0, +)), 4")
    let list = draw(4) == 0 && parts.count > 1 ? "concat(\(parts[0]), \(parts[1]), axis: 1)" : nil
    let bias = draw(2) == 0 ? ", " + parameter("4") : ""
    return "linear(\(list ?? "[\(parts.joined(separator: ", "))]"), \(weight)\(bias))"
  }

  private mutating func expression() -> String {
    switch draw(9) {
    case 0, 1: return product()
    case 2: return "\(product()) + \(product()) + \(parameter("4"))"
    case 3: return "\(product()) + \(value(4))"
    case 4: return "tanh(\(value(4)))"
    case 5: return "\(value(4)) * \(value(4))"
    case 6: return "softmax(\(value(4)), axis: 1)"
    case 7: return "sigmoid(\(product())) * \(value(4))"
    default: return "where(\(value(4)) > 0, \(value(4)), \(parameter("4")))"
    }
  }

  /// Returns the text of the model.
  mutating func text() -> String {
    let count = 3 + draw(8)
    let (first, second) = (draw(count), draw(count))
    for i in 0..<count {
      lines.append("v\(i) = \(expression())")
      values[4, default: []].append("v\(i)")
      if i == first { lines.append("h = tanh(\(value(4)))") }
      if i == second { lines.append("g = tanh(\(product()))") }
      if draw(3) == 0 { lines.append("y\(i)[t] = \(value(4))") }
    }
    lines.append("out[t] = \(expression())")
    let outputs = lines.filter { $0.contains("[t] = ") }.map { "output \($0.prefix { $0 != "[" })" }
    return """
      model M {
        dim batch = 2, steps = 3
        input x : f32[steps, batch, 3]
        input tokens : index<3>[steps, batch]
        carried state h : f32[batch, 4] = zeros
        carried state g : f32[batch, 4] = zeros
        \(parameters.joined(separator: "\n  "))
        scan t in steps\(draw(3) == 0 ? " reverse" : "") {
          \(lines.joined(separator: "\n    "))
        }
        \(outputs.joined(separator: "\n  "))
      }
      """
  }

}

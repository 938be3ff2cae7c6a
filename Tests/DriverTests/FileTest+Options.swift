import Driver
import Foundation
import Optimizer

extension FileTest {

  /// Returns the options of the header, for `target`.
  func options(for target: TargetCPU = FileTest.target) throws -> CompilationOptions {
    var result = CompilationOptions(target: target)
    for option in (option("options") ?? "").split(separator: ",") {
      let words = option.split(separator: " ").map(String.init)
      switch (words.first, words.dropFirst().first) {
      case ("unroll", "full"): result.unrolling = .full
      case ("unroll", "auto"): result.unrolling = .auto
      case ("unroll", let n?):
        guard let count = Int(n), count > 0 else { throw unknown(option) }
        result.unrolling = .by(count)
      case ("schedule", let name?):
        guard let schedule = PassContext.Schedule(rawValue: name) else { throw unknown(option) }
        result.schedule = schedule
      case ("dim", let name?):
        guard words.count == 4, words[2] == "=", let value = Int(words[3]) else {
          throw unknown(option)
        }
        result.dimensions.append((name, value))
      default: throw unknown(option)
      }
    }
    return result
  }

  private func unknown(_ option: some StringProtocol) -> TestFailure {
    TestFailure("\(name) has the unknown option '\(option)'")
  }

  /// Returns the passes that the header names, which are some of `known`.
  func passes(among known: [Pass]) throws -> [Pass] {
    try commands.map { command in
      guard let pass = known.first(where: { $0.name == command }) else {
        throw TestFailure("\(name) names the unknown command or pass '\(command)'")
      }
      return pass
    }
  }

}

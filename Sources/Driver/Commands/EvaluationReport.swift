import Diagnostics
import Foundation
import Tensors
import Training

/// How a model does on examples, as a person or a program reads it.
struct EvaluationReport {

  /// The most classes that a table shows.
  private static let classLimit = 64

  let evaluation: Evaluation

  /// The names of the classes; `nil` for their numbers.
  let classes: [ExactText]?

  /// The results in a few words: `accuracy 83.4 %`, or `loss 0.012, root mean squared error 0.11`.
  ///
  /// `prefix` stands in front of each of them.
  func summary(_ prefix: String = "") -> String {
    let loss = "\(prefix)loss \(Self.number(evaluation.loss))"
    if let accuracy = evaluation.accuracy {
      return "\(loss), \(prefix)accuracy \(Self.percentage(accuracy))"
    }
    guard let error = evaluation.rootMeanSquare else { return loss }
    return "\(prefix)mean squared error \(Self.number(evaluation.loss)), "
      + "\(prefix)root mean squared error \(Self.number(error))"
  }

  /// The accuracy of each class and the confusion matrix as tables; empty if there are no classes.
  var tables: String {
    guard let counts = evaluation.counts else { return "" }
    let n = counts.found.count
    guard n <= Self.classLimit else {
      return "\(grouped(n)) classes, too many for tables; --json gives all of them\n"
    }
    let rows = (0..<n).map { i in
      [heading(i), "\(grouped(counts.found[i]))", Self.percentage(counts, of: i)]
    }
    let header = (0..<n).map { "\($0)" }
    let confusion = (0..<n).map { i in
      [heading(i)]
        + (0..<n).map { j in
          let count = counts.confusion[i * n + j]
          return count == 0 ? "." : "\(count)"
        }
    }
    return table([["class", "count", "accuracy"]] + rows)
      + "\nconfusion: what it is, by what the model takes it for\n"
      + table([["class"] + header] + confusion)
  }

  /// The results as a JSON object.
  var json: JSON {
    var members: [JSON.Member] = [
      .init("count", .integer(evaluation.count)), .init("loss", Self.value(evaluation.loss)),
    ]
    if let error = evaluation.rootMeanSquare {
      members.append(.init("root_mean_square_error", Self.value(error)))
    }
    if let counts = evaluation.counts {
      let n = counts.found.count
      members.append(.init("accuracy", Self.value(counts.accuracy)))
      members.append(
        .init(
          "classes",
          .array(
            (0..<n).map { i in
              [
                "name": .string(name(i)), "count": .integer(counts.found[i]),
                "correct": .integer(counts.correct[i]),
              ]
            })))
      if !counts.confusion.isEmpty {
        members.append(
          .init(
            "confusion",
            .array(
              (0..<n).map { i in
                .array(counts.confusion[i * n..<(i + 1) * n].map(JSON.integer))
              })))
      }
    }
    return .object(members)
  }

  private func name(_ index: Int) -> String {
    classes.flatMap { index < $0.count ? $0[index].string.printable : nil } ?? "\(index)"
  }

  /// Returns the number and the name of class `index`.
  private func heading(_ index: Int) -> String {
    classes == nil ? "\(index)" : "\(index) \(name(index))"
  }

  private static func percentage(_ counts: Evaluation.Counts, of index: Int) -> String {
    counts.found[index] == 0
      ? "-" : percentage(Double(counts.correct[index]) / Double(counts.found[index]))
  }

  /// Returns the part `fraction` of a whole as a person reads it.
  static func percentage(_ fraction: Double) -> String { "\(fixed(fraction * 100, 1)) %" }

  /// Returns a loss in four digits.
  static func number(_ x: Double) -> String { String(format: "%.4g", x) }

  /// Returns `x`, or null if it is not finite, which JSON has no number for.
  static func value(_ x: Double) -> JSON { x.isFinite ? .number(x) : .null }

}

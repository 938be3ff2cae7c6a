import Diagnostics
import Foundation
import Runner
import Tensors

/// The table of a training in the format CSV: one row an epoch.
///
/// Rows are added as they come. A part of a row that a killed process left behind, and rows behind
/// the checkpoint that a training goes on from, are removed when it goes on.
package struct TrainingLog: Sendable {

  /// The results of an epoch.
  package struct Row: Equatable, Sendable {

    /// The number of the epoch, from one.
    package let epoch: Int

    /// The number of updates at its end.
    package let update: Int

    /// The mean losses, and the accuracy of a classifier.
    package let trainLoss: Double
    package let validLoss: Double?
    package let validAccuracy: Double?

    /// The mean norm of the gradients before clipping.
    package let gradientNorm: Double?

    /// The learning rate of the last update.
    package let learningRate: Double?

    /// The tokens, rows or updates a second.
    package let rate: Double

    /// Returns the row of a training that counts `unit` as a line.
    func line(of unit: TrainingUnit) -> String {
      func text(_ number: Double?) -> String { number.map { String(format: "%.6g", $0) } ?? "" }
      let losses = [trainLoss, validLoss].map { $0.map(unit.quantity) }
      let numbers =
        losses + (unit == .rows ? [validAccuracy] : []) + [gradientNorm, learningRate]
      let columns =
        ["\(epoch)", "\(update)"] + numbers.map(text) + [String(format: "%.0f", rate)]
      return columns.joined(separator: ",") + "\n"
    }

  }

  /// Returns the names of the columns of a training that counts `unit`; the one that differs from
  /// run to run stands last.
  static func header(of unit: TrainingUnit) -> String {
    let accuracy = unit == .rows ? "valid_accuracy," : ""
    return "epoch,update,train_\(unit.quantity),valid_\(unit.quantity),\(accuracy)gradient_norm,lr,"
      + "\(unit.rawValue)_per_second\n"
  }

  /// The most bytes that a log may have.
  private static let limit = 1 << 30

  private let path: String
  private let unit: TrainingUnit

  /// Starts the log at `path` of a training that counts `unit`: anew, or behind the rows of the
  /// first `epochs` epochs if that is given and the file exists.
  package init(_ path: String, of unit: TrainingUnit, after epochs: Int?) throws(RunnerError) {
    self.path = path
    self.unit = unit
    do {
      var text = Self.header(of: unit)
      if let epochs, FileManager.default.fileExists(atPath: path) {
        text = try Self.kept(
          String(decoding: readFile(path, limit: Self.limit), as: UTF8.self), text, epochs, path)
      }
      try writeFileIfChanged(Array(text.utf8), to: path)
    } catch let error as FileError {
      throw RunnerError(error)
    } catch let error as RunnerError {
      throw error
    } catch {
      preconditionFailure("a log throws file errors and errors of its own")
    }
  }

  /// Returns `header` and the rows of the first `epochs` epochs of `text`, the content of `path`.
  private static func kept(
    _ text: String, _ header: String, _ epochs: Int, _ path: String
  ) throws(RunnerError) -> String {
    guard text.hasPrefix(header) else {
      throw RunnerError(
        .input, "'\(path.printable)' is no log of a training: its first line is another one")
    }
    var result = header
    var last = 0
    let columnCount = header.split(separator: ",").count
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // Behind the last line feed stands nothing, or a part of a row.
    for (number, line) in lines.enumerated().dropFirst().dropLast() {
      let columns = line.split(separator: ",", omittingEmptySubsequences: false)
      guard columns.count == columnCount, let epoch = Int(columns[0]), epoch > last else {
        throw RunnerError(
          .input, "'\(path.printable)' is no log of a training: line \(number + 1) is no row")
      }
      if epoch > epochs { break }
      last = epoch
      result += "\(line)\n"
    }
    return result
  }

  /// Adds `row`.
  func append(_ row: Row) throws(RunnerError) {
    do {
      try appendToFile(Array(row.line(of: unit).utf8), at: path)
    } catch {
      throw RunnerError(error)
    }
  }

}

import Diagnostics
import Foundation
import Runner
import Tensors

/// The table of a training in the format CSV: one row an epoch.
///
/// Rows are added as they come. A part of a row that a killed process left behind, and rows behind the
/// checkpoint that a training goes on from, are removed when it goes on.
package struct TrainingLog: Sendable {

  /// The results of an epoch.
  package struct Row: Equatable, Sendable {

    /// The number of the epoch, from one.
    package let epoch: Int

    /// The number of updates at its end.
    package let update: Int

    package let trainPerplexity: Double
    package let validPerplexity: Double?

    /// The mean norm of the gradients before clipping.
    package let gradientNorm: Double?

    /// The learning rate of the last update.
    package let learningRate: Double?

    package let tokensPerSecond: Double

    /// The row as a line.
    var line: String {
      func text(_ number: Double?) -> String { number.map { String(format: "%.6g", $0) } ?? "" }
      return "\(epoch),\(update),\(text(trainPerplexity)),\(text(validPerplexity)),"
        + "\(text(gradientNorm)),\(text(learningRate)),\(String(format: "%.0f", tokensPerSecond))\n"
    }

  }

  /// The names of the columns; the one that differs from run to run stands last.
  static let header =
    "epoch,update,train_perplexity,valid_perplexity,gradient_norm,lr,tokens_per_second\n"

  /// The most bytes that a log may have.
  private static let limit = 1 << 30

  private let path: String

  /// Starts the log at `path`: anew, or behind the rows of the first `epochs` epochs if that is given
  /// and the file exists.
  package init(_ path: String, after epochs: Int?) throws(RunnerError) {
    self.path = path
    do {
      var text = Self.header
      if let epochs, FileManager.default.fileExists(atPath: path) {
        text = try Self.kept(
          String(decoding: readFile(path, limit: Self.limit), as: UTF8.self), epochs, path)
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

  /// Returns the header and the rows of the first `epochs` epochs of `text`, the content of `path`.
  private static func kept(
    _ text: String, _ epochs: Int, _ path: String
  ) throws(RunnerError) -> String {
    guard text.hasPrefix(header) else {
      throw RunnerError(
        .input, "'\(path.printable)' is no log of a training: its first line is another one")
    }
    var result = header
    var last = 0
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // Behind the last line feed stands nothing, or a part of a row.
    for (number, line) in lines.enumerated().dropFirst().dropLast() {
      let columns = line.split(separator: ",", omittingEmptySubsequences: false)
      guard columns.count == 7, let epoch = Int(columns[0]), epoch > last else {
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
      try appendToFile(Array(row.line.utf8), at: path)
    } catch {
      throw RunnerError(error)
    }
  }

}

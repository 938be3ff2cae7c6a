import Foundation
import Tensors
import Testing

@testable import Training

@Suite struct TrainingLogTests {

  private static let header = TrainingLog.header(of: .tokens)

  private func row(_ epoch: Int, valid: Double? = nil, norm: Double? = 0.25) -> TrainingLog.Row {
    TrainingLog.Row(
      epoch: epoch, update: 8 * epoch, trainLoss: log(28.1234567 / Double(epoch)),
      validLoss: valid.map { log($0) }, validAccuracy: 0.5, gradientNorm: norm,
      learningRate: norm.map { _ in 1 },
      rate: 812_345.4)
  }

  @Test func writesRows() throws {
    let path = "\(try temporaryFolder())/log.csv"
    let log = try TrainingLog(path, of: .tokens, after: nil)
    try log.append(row(1, valid: 30))
    try log.append(row(2, norm: nil))
    #expect(
      try text(path) == """
        epoch,update,train_perplexity,valid_perplexity,gradient_norm,lr,tokens_per_second
        1,8,28.1235,30,0.25,1,812345
        2,16,14.0617,,,,812345

        """)
  }

  @Test func namesTheLossOfWhatReadsNoText() throws {
    let path = "\(try temporaryFolder())/log.csv"
    try TrainingLog(path, of: .rows, after: nil).append(row(1, valid: exp(2)))
    #expect(
      try text(path) == """
        epoch,update,train_loss,valid_loss,valid_accuracy,gradient_norm,lr,rows_per_second
        1,8,3.3366,2,0.5,0.25,1,812345

        """)
    try TrainingLog(path, of: .updates, after: nil).append(row(1))
    #expect(
      try text(path) == """
        epoch,update,train_loss,valid_loss,gradient_norm,lr,updates_per_second
        1,8,3.3366,,0.25,1,812345

        """)
    // The log of another kind of training is not gone on with.
    #expect(runnerError { _ = try TrainingLog(path, of: .rows, after: 1) }?.kind == .input)
  }

  @Test func goesOnBehindTheRowsOfACheckpoint() throws {
    let path = "\(try temporaryFolder())/log.csv"
    let log = try TrainingLog(path, of: .tokens, after: nil)
    for epoch in 1...4 { try log.append(row(epoch)) }
    let whole = try text(path)
    // A killed process left a part of a row.
    try writeFile(Array((whole + "5,40,3").utf8), to: path)
    let again = try TrainingLog(path, of: .tokens, after: 2)
    #expect(try text(path).split(separator: "\n").count == 3)
    for epoch in 3...4 { try again.append(row(epoch)) }
    #expect(try text(path) == whole)
    _ = try TrainingLog(path, of: .tokens, after: 9)
    #expect(try text(path) == whole)
    // A new training has a new log, and one that has none yet starts it.
    _ = try TrainingLog(path, of: .tokens, after: nil)
    #expect(try text(path) == Self.header)
    try FileManager.default.removeItem(atPath: path)
    _ = try TrainingLog(path, of: .tokens, after: 2)
    #expect(try text(path) == Self.header)
  }

  @Test(arguments: [
    ("", "its first line is another one"), ("a,b\n1,2\n", "its first line is another one"),
    (Self.header + "1,2,3\n", "line 2 is no row"),
    (Self.header + "x,8,1,,,1,1\n", "line 2 is no row"),
    (Self.header + "1,8,1,,,1,1\n1,8,1,,,1,1\n", "line 3 is no row"),
    (Self.header + "\n", "line 2 is no row"),
  ])
  func refusesOtherFiles(_ content: String, _ message: String) throws {
    let path = "\(try temporaryFolder())/log.csv"
    try writeFile(Array(content.utf8), to: path)
    let error = runnerError { _ = try TrainingLog(path, of: .tokens, after: 3) }
    #expect(error?.message == "'\(path)' is no log of a training: \(message)")
    #expect(try text(path) == content)
  }

  @Test func reportsAFolder() throws {
    let path = try temporaryFolder()
    #expect(runnerError { _ = try TrainingLog(path, of: .tokens, after: nil) }?.kind == .input)
    #expect(runnerError { _ = try TrainingLog(path, of: .tokens, after: 1) }?.kind == .input)
  }

}

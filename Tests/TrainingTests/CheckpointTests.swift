import Foundation
import Runner
import Tensors
import Testing
import Text

@testable import Training

@Suite struct CheckpointTests {

  /// A checkpoint in the second epoch.
  private func checkpoint() throws -> (Checkpoint, TrainingCase) {
    var training = try TrainingCase()
    training.settings.epochs = nil
    training.settings.updates = 6
    try training.train()
    return (try training.checkpoint(), training)
  }

  @Test func holdsEverythingUnderItsName() throws {
    let (checkpoint, training) = try checkpoint()
    let file = try Safetensors(bytes: bytes(training.files.model), name: "w")
    #expect(
      file.entries.map(\.name) == [
        "optimizer.momentum.table", "optimizer.momentum.trace", "state.count", "state.seen",
        "table", "trace",
      ])
    #expect(file["state.count"]?.elements == .int64([6, 6]))
    #expect(file.metadata["tokenizer"] == "letters")
    #expect(file.metadata["vocabulary"] == #"["<unk>","a","b","c","d"]"#)
    #expect(file.metadata["graph"] == "0123456789abcdef0123")
    for (key, value) in [
      ("checkpoint_version", "1"), ("epoch", "1"), ("update", "6"), ("position", "2"),
      ("seed", "7"), ("partition", "sequential"), ("dims", #"{"batch":2}"#),
    ] { #expect(file.metadata[ExactText(key)] == value) }
    #expect(checkpoint.progress.update == 6 && checkpoint.progress.position == 2)
    #expect(checkpoint.file == file)
  }

  @Test func survivesNumbersThatAreNone() throws {
    var (checkpoint, _) = try checkpoint()
    checkpoint.progress.setEpochs([
      .init(number: 1, trainingLoss: 0.1 + 0.2, validationLoss: .nan),
      .init(number: 2, trainingLoss: 1e-300, validationLoss: 3),
    ])
    checkpoint.progress.normSum = .infinity
    let again = try Checkpoint(checkpoint.file, of: Bigram().manifest, name: "w")
    #expect(again.file == checkpoint.file)
    #expect(again.progress.epochs[0].validationLoss?.isNaN == true)
    #expect(again.progress.epochs[1] == checkpoint.progress.epochs[1])
  }

  @Test func namesTheLinesThatDiffer() throws {
    let data = TrainingData.fixed
    func origin(_ lines: [String]) -> TrainingOrigin {
      TrainingOrigin(
        graph: lines.joined(), lines: lines, dims: [], coding: nil, data: data,
        partition: .sequential, seed: 0)
    }
    let found = origin(["model A {", "  y = tanh(x)", "  output y", "}"])
    #expect(
      found.differences(from: origin(["model A {", "  y = relu(x)", "  output y", "}"])) == [
        "the digest of the graph is model A {  y = t, expected model A {  y = r",
        "its graph has '  y = tanh(x)'", "its graph lacks '  y = relu(x)'",
      ])
    let many = origin((0..<20).map { "line \($0)" })
    #expect(found.differences(from: many).count == 10)
    #expect(found.differences(from: many).last == "and 16 lines more")
    // The lines are in the file.
    var checkpoint = try checkpoint().0
    checkpoint.origin = found
    let again = try Checkpoint(checkpoint.file, of: Bigram().manifest, name: "w")
    #expect(again.origin == found)
    var file = checkpoint.file
    file.metadata["graph_lines"] = "[1]"
    #expect(
      runnerError { _ = try Checkpoint(file, of: Bigram().manifest, name: "w") }?.message
        == "'w' is damaged: found a number as 'graph_lines', expected strings")
  }

  /// However many epochs there are, the file has the results of about a thousand, spread over all.
  @Test func keepsSomeOfManyEpochs() throws {
    var (checkpoint, _) = try checkpoint()
    var progress = TrainingProgress()
    for number in 1...5003 {
      progress.end(.init(number: number, trainingLoss: Double(number), validationLoss: nil))
      #expect(progress.epochCount == number && progress.epochs.count <= 1001)
    }
    #expect(progress.epochs.map(\.number) == Array(stride(from: 8, through: 5000, by: 8)) + [5003])
    #expect(progress.epochs.allSatisfy { $0.trainingLoss == Double($0.number) })
    progress.update = 5003
    checkpoint.progress = progress
    let again = try Checkpoint(checkpoint.file, of: Bigram().manifest, name: "w")
    #expect(again.progress == progress)
  }

  @Test func listsAllDifferences() throws {
    let (checkpoint, training) = try checkpoint()
    let symbols: [ExactText] = ["<unk>", "a", "e", "c", "d"]
    let other = TrainingOrigin(
      graph: "fedcba9876543210", dims: [.init(name: "batch", size: 3), .init(name: "n", size: 1)],
      coding: TextCoding(tokenizer: .characters, vocabulary: try Vocabulary(symbols: symbols)),
      data: .fixed, partition: .random, seed: 8)
    var tensors = checkpoint.file.tensors
    tensors["trace"] = Tensor(shape: [4], [0, 0, 0, 0])
    tensors["state.count"] = Tensor(shape: [2], [0, 0])
    tensors["optimizer.momentum.table"] = nil
    tensors["optimizer.velocity"] = Tensor(shape: [], [0])
    tensors["extra"] = Tensor(shape: [], [0])
    let changed = try Checkpoint(
      Safetensors(tensors, metadata: checkpoint.file.metadata), of: Bigram().manifest, name: "w")
    let error = runnerError { try changed.check(Bigram().manifest, other, name: "w") }
    #expect(
      error?.rendered == """
        error: the training in 'w' is another one and cannot go on; '--weights' starts from its \
        parameters alone:
          the digest of the graph is 0123456789abcdef, expected fedcba9876543210
          dim 'batch' is 2, expected 3
          dim 'n' is missing, expected 1
          the tokenizer is 'letters', expected 'characters'
          symbol 2 of the vocabulary is 'b', expected 'e'
          the text is another one, or divided otherwise
          the partition is sequential, expected random
          the seed is 7, expected 8
          'trace' is f32[4], expected f32[5]
          missing: 'optimizer.momentum.table' of f32[5, 5]
          'state.count' is f32[2], expected i64[2]
          left over: 'extra'
          left over: 'optimizer.velocity'

        """)
    try checkpoint.check(Bigram().manifest, training.origin, name: "w")
  }

  @Test func refusesAnotherTraining() throws {
    let (_, training) = try checkpoint()
    let before = try bytes(training.files.model)
    for change: (inout TrainingCase) -> Void in [
      { $0.settings.seed = 1 }, { $0.settings.partition = .random }, { $0.steps = 2 },
      { $0.batch = 3 }, { $0.data = TrainingData(TrainingCase.tokens, validationFraction: 0.3) },
    ] {
      var other = training
      change(&other)
      let error = runnerError { try other.train(isResumed: true) }
      // Only the number of steps shows in nothing but the digest of the graph.
      if other.steps == training.steps {
        #expect(error?.message.contains(" is another one and cannot go on; ") == true)
        #expect(error?.kind == .input)
        #expect(try bytes(training.files.model) == before)
      }
    }
  }

  @Test func needsACheckpoint() throws {
    let (checkpoint, training) = try checkpoint()
    try writeFile(
      Safetensors(checkpoint.values.parameters).bytes(), to: training.files.model ?? "")
    let error = runnerError { try training.train(isResumed: true) }
    #expect(error?.message.contains("holds no training that could go on; '--weights'") == true)
  }

  @Test(
    arguments: [
      ("checkpoint_version", "2", "'w' has checkpoint version 2, expected 1"),
      ("checkpoint_version", "x", "found 'x' as 'checkpoint_version', expected a whole number"),
      ("update", "-1", "found '-1' as 'update', expected a whole number from 0 to "),
      ("update", "9223372036854775807", "as 'update', expected a whole number"),
      ("update", nil, "found nothing as 'update', expected a value"),
      ("position", "7", "found '7' as 'position', expected a whole number from 0 to 6"),
      ("epoch", "2", "found 1 numbers as 'train_losses', expected 2, for 2 epochs"),
      ("epoch", "1e9", "found '1e9' as 'epoch'"),
      ("seed", "18446744073709551616", "as 'seed', expected a whole number"),
      ("seed", "7\u{1B}[2J", #"found '7\u{1B}[2J' as 'seed'"#),
      ("partition", "both", "found 'both' as 'partition', expected sequential or random"),
      ("loss_sum", "nan", "found 'nan' as 'loss_sum', expected a finite number"),
      ("loss_sum", "much", "found 'much' as 'loss_sum', expected a number"),
      ("train_losses", "[1", "found no JSON as 'train_losses'"),
      ("train_losses", "{}", "found no array as 'train_losses', expected one"),
      ("train_losses", "[[]]", "found an array as 'train_losses', expected numbers"),
      (
        "valid_losses", "[]", "found 0 numbers as 'valid_losses', expected 1, for 1 epochs"
      ),
      ("dims", "[]", "found no object as 'dims', expected one"),
      ("dims", #"{"batch": 2.5}"#, "found a number as 'dims', expected sizes"),
      ("graph", nil, "found nothing as 'graph'"),
      ("text", nil, "found nothing as 'text'"),
      ("vocabulary", "[1]", "found a number as symbol 0, expected a string"),
      ("tokenizer", nil, "'w' has a vocabulary, but no tokenizer"),
    ] as [(String, String?, String)])
  func refusesDamagedRemarks(_ key: String, _ value: String?, _ message: String) throws {
    var file = try checkpoint().0.file
    file.metadata[ExactText(key)] = value
    let error = runnerError { _ = try Checkpoint(file, of: Bigram().manifest, name: "w") }
    #expect(error?.kind == .input)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "none")")
  }

  @Test func refusesAPlaceBehindTheEpoch() throws {
    let (checkpoint, training) = try checkpoint()
    var file = checkpoint.file
    file.metadata["position"] = "5"
    try writeFile(file.bytes(), to: training.files.model ?? "")
    let error = runnerError { try training.train(isResumed: true) }
    #expect(error?.message.hasSuffix("is damaged: found 5 updates in an epoch of 4") == true)
  }

  /// A file that was cut anywhere, as by another program, is refused and left alone.
  @Test func refusesPartsOfAFile() throws {
    let (_, training) = try checkpoint()
    let path = training.files.model ?? ""
    let whole = try bytes(path)
    for count in stride(from: 0, to: whole.count, by: 61) {
      try writeFile(Array(whole.prefix(count)), to: path)
      #expect(runnerError { try training.train(isResumed: true) }?.kind == .input)
      #expect(try bytes(path).count == count)
    }
  }

  /// Files that were damaged at random are refused, or trained on.
  @Test func survivesDamagedFiles() throws {
    let (_, training) = try checkpoint()
    let path = training.files.model ?? ""
    let whole = try bytes(path)
    var (state, accepted) = (UInt64(1), 0)
    for _ in 0..<500 {
      var mutant = whole
      for _ in 0..<3 {
        // D. E. Knuth's linear congruential generator MMIX.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        mutant[Int(state >> 33) % mutant.count] ^= UInt8(1) << UInt8(state >> 30 & 7)
      }
      try writeFile(mutant, to: path)
      if runnerError({ try training.train(isResumed: true) }) == nil { accepted += 1 }
    }
    #expect(accepted > 0 && accepted < 500)
  }

  @Test func refusesNamesThatAFileNeeds() throws {
    for name in ["state.h", "optimizer.m", Safetensors.metadataKey] {
      let manifest = Manifest(
        model: "M", symbolPrefix: "m", library: "l", source: "s", target: .none, compiler: "c",
        dims: [], parameters: [.init(name: name, shape: [], initializer: .zeros)],
        slots: [.init(name: "m", shape: [], initializer: .zeros)],
        states: [.init(name: "h", shape: [], carried: true, initializer: .zeros)],
        weightBytes: 0, bindWorkspaceBytes: 0, entries: [])
      let error = runnerError { try manifest.checkTrainingNames() }
      #expect(
        error?.message
          == "the parameter '\(name)' has a name that a file of training needs; rename it")
    }
  }

}

import Foundation
import Runner
import Tensors
import Text

/// A training from its start, or from a checkpoint, to its end.
///
/// Which numbers it makes is a function of the model's first values, the settings and the data
/// alone, however often it was stopped and gone on with. Order at the end of an epoch: what is kept
/// apart is evaluated, the row is added to the log, then a checkpoint that is due is taken. So the
/// log is never behind the checkpoint.
///
/// A learning rate that is too large ruins the parameters one update before the loss shows it. So a
/// checkpoint is written only when the loss behind it is known: that of the next update, and at the
/// end that of one more update, which is undone.
package struct TrainingRun {

  /// Who watches a training.
  package struct Observer {

    /// Returns `true` iff the training is to stop behind the update under way.
    package let isInterrupted: () -> Bool

    /// Takes the status after each update, and after each epoch.
    package let observe: (TrainingStatus) -> Void

    /// Creates an observer.
    package init(
      isInterrupted: @escaping () -> Bool = { false },
      observe: @escaping (TrainingStatus) -> Void = { _ in }
    ) {
      self.isInterrupted = isInterrupted
      self.observe = observe
    }

  }

  let model: any TrainableModel
  package let data: TrainingData
  let settings: TrainingSettings
  let origin: TrainingOrigin
  let files: TrainingFiles

  package internal(set) var progress = TrainingProgress()

  /// The progress of the checkpoint that was last saved, or gone on from.
  var savedProgress: TrainingProgress?

  /// A checkpoint that waits for the loss behind it.
  var pending: Checkpoint?

  /// The mean loss over what is kept apart, as last found.
  var validationLoss: Double?

  /// How the model does on the examples that are kept apart, as last found.
  private var evaluation: Evaluation?

  /// The results of an epoch that the limit of updates cut.
  var cutEpoch: TrainingProgress.Epoch?

  /// The mean norm of the gradients of the last complete epoch.
  private var lastNorm: Double?

  /// The learning rates.
  private var rates = LearningRates(.constant, count: 1) { _ in 1 }

  /// The updates of this process.
  private var work = TrainingWork()

  /// The number of updates of the epoch under way.
  private var batchCount = 0

  /// Creates the training of `model`, whose numbers are its first ones, on `data`.
  ///
  /// Throws if a part of the data is too short for a window, or a batch, or has tokens that the
  /// model does not know, or the names of the model cannot be saved.
  package init(
    _ model: any TrainableModel, data: TrainingData, settings: TrainingSettings,
    origin: TrainingOrigin, files: TrainingFiles
  ) throws {
    self.model = model
    self.data = data
    self.settings = settings
    self.origin = origin
    self.files = files
    try model.manifest.checkTrainingNames()
    if case .text(let training, let validation) = data {
      for part in [training, validation] {
        if let token = part.first(where: { $0 < 0 || $0 >= model.classes }) {
          throw RunnerError(.input, "the text has token \(token), expected 0..<\(model.classes)")
        }
      }
    }
    _ = try batches(ofEpoch: 0)
    if case .text(_, let validation) = data, !validation.isEmpty {
      _ = try validationWindows(of: validation)
    }
    rates = LearningRates(settings.schedule, count: updateCount, updatesOfEpoch: updates)
  }

  /// The most updates that are counted.
  private static let updateLimit = 1 << 40

  /// The number of updates of the whole training, if its schedule asks for that: of its epochs,
  /// where these are limited, so that a stop after some updates changes no rate.
  private var updateCount: Int {
    let limit = Self.updateLimit
    guard settings.schedule.hasParts else { return limit }
    guard let epochs = settings.epochs else { return min(settings.updates ?? limit, limit) }
    guard case .text = data else {
      let (count, overflow) = epochs.multipliedReportingOverflow(by: updates(ofEpoch: 0))
      return overflow ? limit : min(count, limit)
    }
    var result = 0
    for epoch in 0..<epochs where result < limit { result += updates(ofEpoch: epoch) }
    return min(result, limit)
  }

  /// Returns the number of updates of epoch `epoch`, from zero.
  private func updates(ofEpoch epoch: Int) -> Int {
    switch data {
    case .fixed: 1
    case .text(let tokens, _):
      settings.partition.windowCount(
        of: tokens.count, batch: model.batch, steps: model.steps, epoch: epoch, seed: settings.seed)
    case .rows(let rows, _, _): rows.count / model.batch
    }
  }

  /// Returns the place of update `position` of the epoch under way.
  private func place(of position: Int) -> LearningRates.Place {
    LearningRates.Place(
      updates: progress.update - progress.position + position,
      epochs: Double(progress.epochCount) + Double(position) / Double(batchCount))
  }

  /// Returns the batches of epoch `epoch`, from zero.
  func batches(ofEpoch epoch: Int) throws -> EpochBatches {
    switch data {
    case .fixed: return .fixed
    case .text(let training, _):
      let windows = try settings.partition.windows(
        of: training, batch: model.batch, steps: model.steps, epoch: epoch, seed: settings.seed)
      return .windows(windows, isAfresh: settings.partition == .random)
    case .rows(let training, let validation, _):
      guard training.count >= model.batch else {
        let apart =
          validation.isEmpty ? "" : ", without the \(validation.count) that are kept apart"
        throw RunnerError(
          .input,
          "there are \(training.count) rows to train on\(apart), but a batch takes \(model.batch)")
      }
      return .rows(
        ShuffledRows(
          training, batch: model.batch,
          random: RandomStream(seed: settings.seed, name: "order of epoch \(epoch)")))
    }
  }

  private func validationWindows(of tokens: [Int32]) throws(TextError) -> SequentialWindows {
    do {
      return try SequentialWindows(tokens, batch: model.batch, steps: model.steps)
    } catch {
      throw TextError("the part for validation is too short: \(error.message)")
    }
  }

  /// Trains until a limit is reached or `observer` interrupts.
  ///
  /// The model and the plot are saved at the end in both cases. Throws if a loss is not finite or a
  /// file cannot be written; then the last checkpoint is as it was.
  package mutating func run(_ observer: Observer = Observer()) throws -> TrainingEnding {
    let log = try files.log.map {
      try TrainingLog($0, of: data.unit, after: savedProgress?.epochCount)
    }
    if let rate = settings.learningRate { model.setLearningRate(rate) }
    while !reachedLimit {
      guard try runEpoch(log, observer) else {
        // Without an update there is nothing that would be worth the place of an older file.
        if progress.update > 0 { try finish() }
        return .interrupted(status)
      }
    }
    // A training that had come to its end before has evaluated nothing in this process.
    if case .rows = data, data.hasValidation, evaluation == nil {
      validationLoss = try validate(observer) ?? validationLoss
    }
    try finish()
    return .done(status)
  }

  /// `true` iff the training is at its end.
  private var reachedLimit: Bool {
    progress.epochCount >= settings.epochs ?? .max || progress.update >= settings.updates ?? .max
  }

  /// Does what is left of the epoch under way; returns `false` if `observer` interrupted that.
  private mutating func runEpoch(_ log: TrainingLog?, _ observer: Observer) throws -> Bool {
    let batches = try batches(ofEpoch: progress.epochCount)
    batchCount = batches.count
    let start = work
    guard try run(batches, observer) else { return false }
    if data.hasValidation {
      guard let loss = try validate(observer) else { return false }
      validationLoss = loss
    }
    try log?.append(row(work.subtracting(start)))
    let epoch = progress.epoch(validationLoss: validationLoss)
    if progress.position == batchCount {
      lastNorm = gradientNorm
      progress.end(epoch)
    } else {
      cutEpoch = epoch
    }
    observer.observe(status)
    if isCheckpointDue { pending = try checkpoint() }
    return true
  }

  /// Trains on `batches` from where the epoch is up to its end or to the limit of updates; returns
  /// `false` if `observer` interrupted that.
  private mutating func run(_ batches: EpochBatches, _ observer: Observer) throws -> Bool {
    let clock = ContinuousClock()
    while progress.position < batchCount, !reachedLimit {
      if observer.isInterrupted() { return false }
      let start = clock.now
      if let rate = settings.learningRate, settings.schedule != .constant {
        model.setLearningRate(rates.rate(rate, at: place(of: progress.position)))
      }
      model.setCounters(seed: settings.seed, update: progress.update)
      let (loss, norm) = try batches.update(model, at: progress.position)
      let seconds = (clock.now - start) / .seconds(1)
      try check(loss)
      if let pending { try write(pending) }
      progress.add(loss: Double(loss), norm: norm.map(Double.init) ?? .nan)
      work.add(tokens: batches.size, seconds)
      observer.observe(status)
      // One that is due at the end of an epoch is taken behind what belongs to it.
      if progress.position < batchCount, isCheckpointDue { pending = try checkpoint() }
    }
    return true
  }

  private var isCheckpointDue: Bool {
    files.checkpointInterval.map { progress.update % $0 == 0 } ?? false
  }

  /// Returns the mean loss over what is kept apart, or `nil` if `observer` interrupted that; leaves
  /// the carried states as they are.
  private mutating func validate(_ observer: Observer) throws -> Double? {
    let states = try model.currentStates()
    let loss: Double?
    var isComplete = true
    switch data {
    case .text(_, let validation):
      var perplexity = Perplexity()
      model.restart()
      for window in try validationWindows(of: validation) {
        isComplete = !observer.isInterrupted()
        if !isComplete { break }
        try model.evaluate(inputs: window.inputs, labels: window.labels, &perplexity)
      }
      loss = perplexity.averageCrossEntropy
    case .rows(_, let validation, _):
      var found: Evaluation?
      for start in stride(from: 0, to: validation.count, by: model.batch) {
        isComplete = !observer.isInterrupted()
        if !isComplete { break }
        model.restart()
        let end = min(start + model.batch, validation.count)
        try model.evaluate(rows: Array(validation[start..<end]), &found)
      }
      if isComplete { evaluation = found }
      loss = found?.loss
    case .fixed: loss = nil
    }
    try model.restoreStates(states)
    return isComplete ? loss : nil
  }

  /// The mean norm of the gradients of the epoch under way, or of the last one before its first
  /// update; `nil` if it is unknown.
  private var gradientNorm: Double? {
    guard progress.position > 0 else { return lastNorm }
    return progress.meanNorm.isNaN ? nil : progress.meanNorm
  }

  /// The row of the epoch under way, whose updates in this process took `work`.
  private func row(_ work: TrainingWork) -> TrainingLog.Row {
    TrainingLog.Row(
      epoch: progress.epochCount + 1, update: progress.update,
      trainLoss: progress.meanLoss, validLoss: validationLoss, validAccuracy: evaluation?.accuracy,
      gradientNorm: gradientNorm,
      learningRate: settings.learningRate.map { rate in
        rates.rate(rate, at: place(of: max(progress.position - 1, 0)))
      }, rate: work.tokensPerSecond)
  }

  private var status: TrainingStatus {
    let loss = progress.position > 0 ? progress.meanLoss : progress.epochs.last?.trainingLoss
    return TrainingStatus(
      epochs: progress.epochCount, position: progress.position, update: progress.update,
      expectedUpdates: expectedUpdates, epochLimit: settings.epochs,
      unit: data.unit, trainLoss: loss ?? .nan, validLoss: validationLoss, evaluation: evaluation,
      gradientNorm: gradientNorm, work: work)
  }

  /// The number of updates at the end, if epochs go on to have as many as now.
  private var expectedUpdates: Int? {
    let byEpochs = settings.epochs.map { epochs -> Int in
      let (rest, overflow) = (epochs - progress.epochCount).multipliedReportingOverflow(
        by: batchCount)
      return overflow ? .max : progress.update - progress.position + max(rest, 0)
    }
    return [byEpochs, settings.updates].compactMap { $0 }.min()
  }

}

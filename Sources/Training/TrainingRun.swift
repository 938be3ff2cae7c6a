import Foundation
import Runner
import Text

/// A training from its start, or from a checkpoint, to its end.
///
/// Which numbers it makes is a function of the model's first values, the settings and the data alone,
/// however often it was stopped and gone on with. Order at the end of an epoch: the tokens that are
/// kept apart are evaluated, the row is added to the log, then a checkpoint that is due is taken. So
/// the log is never behind the checkpoint.
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

  /// The mean cross entropy over the tokens that are kept apart, as last found.
  var validationLoss: Double?

  /// The results of an epoch that the limit of updates cut.
  var cutEpoch: TrainingProgress.Epoch?

  /// The mean norm of the gradients of the last complete epoch.
  private var lastNorm: Double?

  /// The updates of this process.
  private var work = TrainingWork()

  /// The number of windows of the epoch under way.
  private var windowCount = 0

  /// Creates the training of `model`, whose numbers are its first ones, on `data`.
  ///
  /// Throws if a part of the data is too short for a window or has tokens that the model does not
  /// know, or the names of the model cannot be saved.
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
    guard case .text(let training, let validation) = data else { return }
    for part in [training, validation] {
      if let token = part.first(where: { $0 < 0 || $0 >= model.classes }) {
        throw RunnerError(.input, "the text has token \(token), expected 0..<\(model.classes)")
      }
    }
    _ = try windows(ofEpoch: 0)
    if !validation.isEmpty { _ = try validationWindows() }
  }

  /// Returns the windows of epoch `epoch`, from zero; `nil` if no text is read.
  func windows(ofEpoch epoch: Int) throws(TextError) -> (any TextWindows)? {
    guard case .text(let training, _) = data else { return nil }
    return try settings.partition.windows(
      of: training, batch: model.batch, steps: model.steps, epoch: epoch, seed: settings.seed)
  }

  private func validationWindows() throws(TextError) -> SequentialWindows {
    do {
      return try SequentialWindows(data.validation, batch: model.batch, steps: model.steps)
    } catch {
      throw TextError("the part for validation is too short: \(error.message)")
    }
  }

  /// Trains until a limit is reached or `observer` interrupts.
  ///
  /// The model and the plot are saved at the end in both cases. Throws if a loss is not finite or a
  /// file cannot be written; then the last checkpoint is as it was.
  package mutating func run(_ observer: Observer = Observer()) throws -> TrainingEnding {
    let log = try files.log.map { try TrainingLog($0, after: savedProgress?.epochs.count) }
    if let rate = settings.learningRate { model.setLearningRate(rate) }
    while !reachedLimit {
      guard try runEpoch(log, observer) else {
        // Without an update there is nothing that would be worth the place of an older file.
        if progress.update > 0 { try finish() }
        return .interrupted(status)
      }
    }
    try finish()
    return .done(status)
  }

  /// `true` iff the training is at its end.
  private var reachedLimit: Bool {
    progress.epochs.count >= settings.epochs ?? .max || progress.update >= settings.updates ?? .max
  }

  /// Does what is left of the epoch under way; returns `false` if `observer` interrupted that.
  private mutating func runEpoch(_ log: TrainingLog?, _ observer: Observer) throws -> Bool {
    let windows = try windows(ofEpoch: progress.epochs.count)
    windowCount = windows?.count ?? 1
    let start = work
    guard try runWindows(windows, observer) else { return false }
    if !data.validation.isEmpty {
      guard let loss = try validate(observer) else { return false }
      validationLoss = loss
    }
    try log?.append(row(work.subtracting(start)))
    let epoch = progress.epoch(validationLoss: validationLoss)
    if progress.position == windowCount {
      lastNorm = gradientNorm
      progress.end(epoch)
    } else {
      cutEpoch = epoch
    }
    observer.observe(status)
    if isCheckpointDue { pending = try checkpoint() }
    return true
  }

  /// Trains on `windows`, or on fixed inputs, from where the epoch is up to its end or to the limit of
  /// updates; returns `false` if `observer` interrupted that.
  private mutating func runWindows(
    _ windows: (any TextWindows)?, _ observer: Observer
  ) throws -> Bool {
    let clock = ContinuousClock()
    var window: SequentialWindows.Element = windows?.emptyWindow ?? ([], [])
    while progress.position < windowCount, !reachedLimit {
      if observer.isInterrupted() { return false }
      let start = clock.now
      if progress.position == 0 || settings.partition == .random { model.restart() }
      if let rate = settings.learningRate, settings.schedule != .constant {
        model.setLearningRate(settings.schedule.rate(rate, update: progress.update))
      }
      model.setCounters(seed: settings.seed, update: progress.update)
      windows?.fill(&window.inputs, &window.labels, at: progress.position)
      let (loss, norm) = model.update(inputs: window.inputs, labels: window.labels)
      let seconds = (clock.now - start) / .seconds(1)
      try check(loss)
      if let pending { try write(pending) }
      progress.add(loss: Double(loss), norm: norm.map(Double.init) ?? .nan)
      work.add(tokens: windows == nil ? 1 : window.inputs.count, seconds)
      observer.observe(status)
      // One that is due at the end of an epoch is taken behind what belongs to it.
      if progress.position < windowCount, isCheckpointDue { pending = try checkpoint() }
    }
    return true
  }

  private var isCheckpointDue: Bool {
    files.checkpointInterval.map { progress.update % $0 == 0 } ?? false
  }

  /// Returns the mean cross entropy over the tokens that are kept apart, or `nil` if `observer`
  /// interrupted that; leaves the carried states as they are.
  private func validate(_ observer: Observer) throws -> Double? {
    let states = try model.currentStates()
    var perplexity = Perplexity()
    model.restart()
    for window in try validationWindows() {
      if observer.isInterrupted() { break }
      model.evaluate(inputs: window.inputs, labels: window.labels, &perplexity)
    }
    try model.restoreStates(states)
    return observer.isInterrupted() ? nil : perplexity.averageCrossEntropy
  }

  /// The mean norm of the gradients of the epoch under way, or of the last one before its first
  /// window; `nil` if it is unknown.
  private var gradientNorm: Double? {
    guard progress.position > 0 else { return lastNorm }
    return progress.meanNorm.isNaN ? nil : progress.meanNorm
  }

  /// The row of the epoch under way, whose updates in this process took `work`.
  private func row(_ work: TrainingWork) -> TrainingLog.Row {
    TrainingLog.Row(
      epoch: progress.epochs.count + 1, update: progress.update,
      trainPerplexity: exp(progress.meanLoss), validPerplexity: validationLoss.map { exp($0) },
      gradientNorm: gradientNorm,
      learningRate: settings.learningRate.map { rate in
        settings.schedule.rate(rate, update: max(progress.update - 1, 0))
      }, tokensPerSecond: work.tokensPerSecond)
  }

  private var status: TrainingStatus {
    let loss = progress.position > 0 ? progress.meanLoss : progress.epochs.last?.trainingLoss
    return TrainingStatus(
      epochs: progress.epochs.count, position: progress.position, update: progress.update,
      expectedUpdates: expectedUpdates, epochLimit: settings.epochs,
      trainPerplexity: loss.map { exp($0) } ?? .nan,
      validPerplexity: validationLoss.map { exp($0) }, gradientNorm: gradientNorm, work: work)
  }

  /// The number of updates at the end, if epochs go on to have as many windows as now.
  private var expectedUpdates: Int? {
    let byEpochs = settings.epochs.map { epochs -> Int in
      let (rest, overflow) = (epochs - progress.epochs.count).multipliedReportingOverflow(
        by: windowCount)
      return overflow ? .max : progress.update - progress.position + max(rest, 0)
    }
    return [byEpochs, settings.updates].compactMap { $0 }.min()
  }

}

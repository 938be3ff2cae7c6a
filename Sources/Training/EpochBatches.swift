import Runner
import Tensors
import Text

/// What a model is given in the updates of an epoch, in their order.
enum EpochBatches {

  /// The same inputs in the one update.
  case fixed

  /// Windows of a text; states start afresh at the first one, or at each.
  case windows(any TextWindows, isAfresh: Bool)

  /// Examples, states afresh for each batch.
  case rows(ShuffledRows)

  /// The number of updates.
  var count: Int {
    switch self {
    case .fixed: 1
    case .windows(let windows, _): windows.count
    case .rows(let rows): rows.count
    }
  }

  /// The number of tokens or examples of an update; 1 if there are none.
  var size: Int {
    switch self {
    case .fixed: 1
    case .windows(let windows, _): windows.steps * windows.batch
    case .rows(let rows): rows.batch
    }
  }

  /// Does update `position` of the epoch.
  func update(
    _ model: any TrainableModel, at position: Int
  ) throws(RunnerError) -> (loss: Float, gradientNorm: Float?) {
    switch self {
    case .fixed:
      model.restart()
      return try model.update(inputs: [], labels: [])
    case .windows(let windows, let isAfresh):
      if isAfresh || position == 0 { model.restart() }
      var window = windows.emptyWindow
      windows.fill(&window.inputs, &window.labels, at: position)
      return try model.update(inputs: window.inputs, labels: window.labels)
    case .rows(let rows):
      model.restart()
      return try model.update(rows: rows.rows(at: position))
    }
  }

}

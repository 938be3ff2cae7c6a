/// The files that a training writes.
package struct TrainingFiles: Equatable, Sendable {

  /// The file of the trained model.
  package var model: String?

  /// The number of updates from one checkpoint to the next, besides those at the end.
  package var checkpointInterval: Int?

  /// The table of the epochs.
  package var log: String?

  /// The picture of the perplexities.
  package var plot: String?

  /// Creates the files of a training that writes none.
  package init() {}

}

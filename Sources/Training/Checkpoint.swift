import Diagnostics
import Runner
import Tensors
import Text

/// All that a training needs to go on with the same bits: what the one file of a trained model
/// holds.
///
/// The file is a safetensors file with the parameters under their names, what the optimiser keeps
/// under `optimizer.` and the carried states under `state.`. Its remarks, which are strings, hold
/// the rest. Everything random is a function of the seed and of the place in the training, so that
/// no other random state exists.
package struct Checkpoint: Equatable, Sendable {

  package var values: ModelValues
  package var origin: TrainingOrigin
  package var progress: TrainingProgress

  /// Creates a checkpoint.
  package init(values: ModelValues, origin: TrainingOrigin, progress: TrainingProgress) {
    self.values = values
    self.origin = origin
    self.progress = progress
  }

  /// The version of the remarks that is written and read.
  static let version = 1

  /// The keys of the remarks.
  enum Key: String {

    case version = "checkpoint_version"
    case graph

    /// The lines of the graph in its canonical form.
    case lines = "graph_lines"

    case dims
    case text
    case partition
    case seed
    case update

    /// The number of complete epochs.
    case epoch

    case position
    case lossSum = "loss_sum"
    case normSum = "gradient_norm_sum"

    /// The mean losses of those complete epochs that are kept.
    case trainingLosses = "train_losses"
    case validationLosses = "valid_losses"

  }

  /// The file.
  package var file: Safetensors {
    var remarks = origin.coding?.metadata ?? [:]
    func set(_ key: Key, _ value: String) { remarks[ExactText(key.rawValue)] = value }
    set(.version, "\(Self.version)")
    set(.graph, origin.graph)
    if let lines = origin.lines {
      set(.lines, JSON.array(lines.map(JSON.string)).printed(.compact))
    }
    set(
      .dims,
      JSON.object(origin.dims.map { .init($0.name, .integer($0.size)) }).printed(.compact))
    set(.text, origin.text)
    set(.partition, origin.partition.rawValue)
    set(.seed, "\(origin.seed)")
    set(.update, "\(progress.update)")
    set(.epoch, "\(progress.epochCount)")
    set(.position, "\(progress.position)")
    // The shortest text that gives the same number.
    set(.lossSum, "\(progress.lossSum)")
    set(.normSum, "\(progress.normSum)")
    set(.trainingLosses, Self.list(progress.epochs.map(\.trainingLoss)))
    set(.validationLosses, Self.list(progress.epochs.map(\.validationLoss)))
    return Safetensors(values.tensors, metadata: remarks)
  }

  /// Returns `numbers` as a JSON array, with null for what is missing.
  private static func list(_ numbers: [Double?]) -> String {
    JSON.array(numbers.map { $0.map { $0.isFinite ? .number($0) : .string("nan") } ?? .null })
      .printed(.compact)
  }

  /// Throws a list of the differences if a model that `manifest` describes cannot go on from here,
  /// in a training with `expected` as its origin; `name` names the file.
  package func check(
    _ manifest: Manifest, _ expected: TrainingOrigin, name: String
  ) throws(RunnerError) {
    var differences: [String] = []
    let found = values.tensors
    let types = manifest.trainingTypes
    for (name, type) in types {
      guard let tensor = found[name] else {
        differences.append("missing: '\(name)' of \(type)")
        continue
      }
      if tensor.type != type { differences.append("'\(name)' is \(tensor.type), expected \(type)") }
    }
    let known = Set(types.map(\.name))
    for name in found.keys.sorted() where !known.contains(name) {
      differences.append("left over: '\(name.printable)'")
    }
    differences = origin.differences(from: expected) + differences
    guard differences.isEmpty else {
      throw RunnerError(
        .input,
        "the training in '\(name.printable)' is another one and cannot go on; '--weights' starts from "
          + "its parameters alone", details: differences)
    }
  }

}

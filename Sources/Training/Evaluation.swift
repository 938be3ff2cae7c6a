import Foundation
import Text

/// How a model does on examples: its loss, and for a classifier which classes it takes for which.
///
/// Sums are taken in double precision. A number that is not finite makes the results not a number
/// from then on.
package struct Evaluation: Equatable, Sendable {

  /// What a model gives for an example.
  package enum Task: Equatable, Sendable {

    /// One of that many classes, by its logits; the loss is the cross entropy in nats.
    case classes(Int)

    /// Numbers; the loss is the mean of the squared errors.
    case numbers

  }

  /// What the classes of some places are, and what the model takes them for.
  package struct Counts: Equatable, Sendable {

    /// The number of places of each class.
    package fileprivate(set) var found: [Int]

    /// The number of places of each class that the model takes for it.
    package fileprivate(set) var correct: [Int]

    /// The number of places of class *i* that the model takes for class *j*, at *i* × classes +
    /// *j*; empty if the classes are too many for that.
    package fileprivate(set) var confusion: [Int]

    /// The part of all places that the model takes for what they are.
    package var accuracy: Double {
      Double(correct.reduce(0, +)) / Double(found.reduce(0, +))
    }

  }

  /// The most classes whose confusion is counted.
  private static let confusionLimit = 256

  package let task: Task

  /// The sum of the losses of all places.
  private var lossSum = 0.0

  /// The number of places: one for each label that counts.
  package private(set) var count = 0

  /// The counts of a classifier.
  package private(set) var counts: Counts?

  /// Creates the evaluation of no examples.
  package init(_ task: Task) {
    self.task = task
    guard case .classes(let n) = task else { return }
    let zeros = Array(repeating: 0, count: n)
    counts = Counts(
      found: zeros, correct: zeros,
      confusion: n <= Self.confusionLimit ? Array(repeating: 0, count: n * n) : [])
  }

  /// The mean loss of a place; not a number if there are none.
  package var loss: Double { lossSum / Double(count) }

  /// The part of the places that a classifier gets right; `nil` of other models.
  package var accuracy: Double? { counts?.accuracy }

  /// The square root of the mean squared error; `nil` of classifiers.
  package var rootMeanSquare: Double? { task == .numbers ? loss.squareRoot() : nil }

  /// Adds a place of class `label` for which a classifier gives `logits`.
  ///
  /// - Requires: the task is one of as many classes as there are logits, of which `label` is one.
  package mutating func add(logits: ArraySlice<Float>, label: Int32) {
    let label = Int(label)
    guard case .classes(let n) = task, logits.count == n, (0..<n).contains(label) else {
      preconditionFailure("logits and label are those of the classes")
    }
    lossSum += crossEntropy(of: logits, label: label)
    count += 1
    // The first of the largest, as `argmax` gives it.
    var best = logits.startIndex
    for i in logits.indices where logits[i] > logits[best] { best = i }
    let guess = best - logits.startIndex
    counts?.found[label] += 1
    if guess == label { counts?.correct[label] += 1 }
    if counts?.confusion.isEmpty == false { counts?.confusion[label * n + guess] += 1 }
  }

  /// Adds a place at which a model gives `value` instead of `label`.
  ///
  /// - Requires: the task is one of numbers.
  package mutating func add(value: Float, label: Float) {
    precondition(task == .numbers, "the model gives numbers")
    let error = Double(value) - Double(label)
    lossSum += error * error
    count += 1
  }

}

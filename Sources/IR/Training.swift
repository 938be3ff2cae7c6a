import Diagnostics

/// A tensor that an optimiser keeps from update to update.
package struct Slot: Sendable {

  package var name: String
  package var type: TensorType
  package var initial: InitialValue
  package var span: SourceSpan
  package var comments: Comments

  /// Creates a slot.
  package init(
    name: String, type: TensorType, initial: InitialValue, span: SourceSpan = .none,
    comments: Comments = .init()
  ) {
    self.name = name
    self.type = type
    self.initial = initial
    self.span = span
    self.comments = comments
  }

}

/// What training minimises, and how.
package struct Training: Sendable {

  /// How gradients are kept small.
  package enum Clip: Hashable, Sendable {

    /// All together are scaled so that their norm is at most the given number.
    case globalNorm(Double)

    /// Each element is kept between minus and plus the given number.
    case value(Double)

  }

  /// A number without axes.
  package var loss: Value

  package var clip: Clip?
  package var optimizer: OptimizerChoice

  /// The parameters that keep their values, in the order of the declarations.
  package var frozen: [ID<Parameter>]

  package var span: SourceSpan
  package var comments: Comments

  /// The comments of the fields, by their names.
  package var fieldComments: [String: Comments]

  /// Creates the description of a training.
  package init(
    loss: Value, clip: Clip?, optimizer: OptimizerChoice, frozen: [ID<Parameter>],
    span: SourceSpan = .none, comments: Comments = .init(), fieldComments: [String: Comments] = [:]
  ) {
    self.loss = loss
    self.clip = clip
    self.optimizer = optimizer
    self.frozen = frozen
    self.span = span
    self.comments = comments
    self.fieldComments = fieldComments
  }

}

/// An optimiser and the numbers that a text gives it.
package struct OptimizerChoice: Hashable, Sendable {

  /// The rule by which parameters follow their gradients.
  package enum Rule: String, CaseIterable, Hashable, Sendable {

    case sgd, adam, adamw, rmsprop

    /// The numbers that the rule takes and what they are where a text gives none: those of PyTorch,
    /// whose documentation of `torch.optim` defines the rules. Without a default the part of the
    /// rule that a number is for is left out.
    package var numbers: [(name: String, standard: Double?)] {
      switch self {
      case .sgd: [("lr", 1e-3), ("momentum", nil), ("weight_decay", nil)]
      case .adam:
        [
          ("lr", 1e-3), ("beta1", 0.9), ("beta2", 0.999), ("eps", 1e-8), ("weight_decay", nil),
        ]
      case .adamw:
        [
          ("lr", 1e-3), ("beta1", 0.9), ("beta2", 0.999), ("eps", 1e-8), ("weight_decay", 1e-2),
        ]
      case .rmsprop:
        [
          ("lr", 1e-2), ("alpha", 0.99), ("eps", 1e-8), ("weight_decay", nil), ("momentum", nil),
        ]
      }
    }

  }

  package var rule: Rule

  /// The numbers that the text gives, in the order of the rule's.
  package var given: [String: Double]

  /// `true` iff momentum looks ahead; of `sgd` with a momentum only.
  package var isNesterov: Bool

  /// Creates a choice.
  package init(_ rule: Rule, given: [String: Double] = [:], isNesterov: Bool = false) {
    self.rule = rule
    self.given = given
    self.isNesterov = isNesterov
  }

  /// Returns the number called `name`: what the text gives, or what the rule has without.
  package subscript(name: String) -> Double? {
    given[name] ?? rule.numbers.first { $0.name == name }?.standard
  }

  /// Returns `true` iff the number called `name` can be `x`.
  package static func permits(_ x: Double, for name: String) -> Bool {
    x >= 0 && (!fractions.contains(name) || x < 1)
  }

  /// Returns what the number called `name` can be, behind "a number".
  package static func range(of name: String) -> String {
    fractions.contains(name) ? "from 0 up to, but not including, 1" : "from 0 on"
  }

  /// The numbers that weigh the old value of an average.
  private static let fractions = ["beta1", "beta2", "alpha"]

  /// The text of the choice.
  package var description: String {
    var arguments = rule.numbers.compactMap { number in
      given[number.name].map { "\(number.name): \(numberText($0))" }
    }
    if isNesterov { arguments.append("nesterov: true") }
    return "\(rule.rawValue)(\(arguments.joined(separator: ", ")))"
  }

}

/// What a person wants of a training run, where a text says so.
package struct RunSettings: Hashable, Sendable {

  /// How a text becomes windows.
  package enum Partition: String, CaseIterable, Hashable, Sendable {

    /// In order, so that a state can be carried from one to the next.
    case sequential

    /// In a random order, each from a fresh state.
    case random

  }

  package var epochs: Int?
  package var partition: Partition?
  package var seed: Int?
  package var schedule: LearningRateSchedule?

  /// The comments of the fields, by their names.
  package var fieldComments: [String: Comments] = [:]

  /// Creates settings that say nothing.
  package init() {}

  /// The fields that are given, and their values as text.
  package var fields: [(name: String, text: String)] {
    let all: [(String, String?)] = [
      ("epochs", epochs.map { "\($0)" }), ("partition", partition?.rawValue),
      ("seed", seed.map { "\($0)" }), ("schedule", schedule?.description),
    ]
    return all.compactMap { name, text in text.map { (name: name, text: $0) } }
  }

}

extension Module {

  /// Returns the name of what `target` is, unless it is a state.
  package func name(of target: Entry.Update.Target) -> String? {
    switch target {
    case .state: nil
    case .parameter(let p): parameters[p].name
    case .slot(let s): slots[s].name
    }
  }

}

extension Entry {

  /// The number of lines, the last ones outside of scans, that stand in the block `train`.
  var lossLineCount: Int {
    guard training != nil else { return 0 }
    let own = linesOfLoss
    return graph.body.nodes.reversed().prefix { own.contains($0) }.count
  }

  /// Removes the section `train` with its lines.
  package mutating func removeTraining() {
    separateLoss()
    graph.body.nodes.removeLast(lossLineCount)
    training = nil
    rewrite { _, _ in false }
  }

  /// Puts the lines that only the loss needs behind all others.
  mutating func separateLoss() {
    guard training != nil else { return }
    let own = linesOfLoss
    graph.body.nodes =
      graph.body.nodes.filter { !own.contains($0) } + graph.body.nodes.filter { own.contains($0) }
  }

  /// The lines outside of scans that neither an update nor an output needs but the loss does, and
  /// those that read them.
  package var linesOfLoss: Set<ID<Node>> {
    guard let training else { return [] }
    let others = needed(for: updates.map(\.value) + outputs.map(\.value))
    var result = needed(for: [training.loss]).subtracting(others)
    for id in graph.body.nodes
    where graph.values(readBy: id).contains(where: {
      result.contains($0.node)
    }) {
      result.insert(id)
    }
    return result
  }

  /// Returns the lines outside of scans that `roots` need.
  private func needed(for roots: [Value]) -> Set<ID<Node>> {
    var result = Set(roots.flatMap { graph.roots(of: $0) }.map(\.node))
    for id in graph.body.nodes.reversed() where result.contains(id) {
      result.formUnion(graph.values(readBy: id).map(\.node))
    }
    return result
  }

}

extension Graph {

  /// Returns the values that `value` is, or is a place of.
  fileprivate func roots(of value: Value) -> [Value] {
    if case .at = op(of: value) { return self[value.node].operands.flatMap { roots(of: $0) } }
    return [value]
  }

  /// Returns the values that node `id` reads, those that the bodies of a scan read too.
  fileprivate func values(readBy id: ID<Node>) -> [Value] {
    var result = self[id].operands
    if case .scan(let scan) = self[id].op {
      for block in [scan.body] + (scan.remainder.map { [$0] } ?? []) {
        result += block.results + block.nodes.flatMap { values(readBy: $0) }
      }
    }
    return result.flatMap { roots(of: $0) }
  }

}

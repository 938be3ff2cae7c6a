import Diagnostics
import IR

extension Pass {

  /// Writes a model's lines out as entries.
  ///
  /// `forward` is what the model says, without labels that it does not use. `step` is `forward` for
  /// one step: each scan is replaced by its body, and what has the scanned axis loses it. There is
  /// no `step` where nothing is scanned, or where one step does not stand for itself. `train` is
  /// the model with its section `train`, if it has one. There alone elements are dropped: each
  /// `dropout` is given the number of its place and reads two inputs more, the seed and the number
  /// of the update. In all of them states keep `flush` of what they are assigned.
  ///
  ///     input x : f32[n, 8]               entry forward { … as before … }
  ///     label y : f32[n, 8]
  ///     scan t in n {              =>     entry step {
  ///       h = tanh(x[t] + h)                input x : f32[8]
  ///       ys[t] = h                         h_1 = tanh(x + h)
  ///     }                                   h = flush(h_1)
  ///     output ys                           output ys = h
  ///                                       }
  package static let writeEntries = Pass("entries", "write the model out as entries") {
    (module, context) in
    guard module.form == .model, context.permitsRewrite() else { return }
    module.entries[0].flushStates(among: module.states)
    let forward = module.entries[0].forward(in: module)
    var train = module.entries[0]
    module.form = .entries
    module.entries = [forward]
    do throws(StepRefusal) {
      if let step = try StepWriter(forward, of: module)?.step() { module.entries.append(step) }
    } catch {
      context.record("no step: \(error.reason)")
    }
    if train.training != nil {
      train.name = "train"
      train.graph.body.closingComments = []
      train.writeDropout(besides: module.namesOfDeclarations)
      module.entries.append(train)
    }
  }

}

/// Returns an error that says why `module` has no entry `step`, or `nil` if it has one or gets one.
package func stepRefusal(of module: Module) -> Diagnostic? {
  if module.entries.contains(where: { $0.name == "step" }) { return nil }
  guard let first = module.entries.first else {
    return .noStep("it has no entries", at: module.nameSpan)
  }
  // What only a training computes has no part in steps.
  let forward =
    module.form == .model
    ? first.forward(in: module) : module.entries.first { $0.name == "forward" } ?? first
  do throws(StepRefusal) {
    guard let writer = try StepWriter(forward, of: module) else {
      return .noStep("it has no scan over a dimension", at: module.nameSpan)
    }
    try writer.check()
  } catch {
    return .noStep(error.reason, at: error.span.file == nil ? module.nameSpan : error.span)
  }
  return module.form == .model ? nil : .noStep("none is written", at: module.nameSpan)
}

extension Diagnostic {

  /// Returns an error reporting that there is no entry `step`, for `reason`.
  fileprivate static func noStep(_ reason: String, at span: SourceSpan) -> Diagnostic {
    .error(.noStep, "the model has no entry 'step': \(reason)", at: span)
  }

}

extension Entry {

  /// Returns the entry `forward` of `module`, whose lines these are.
  fileprivate func forward(in module: Module) -> Entry {
    var result = self
    result.name = "forward"
    result.removeTraining()
    result.removeDropout(in: module.dimensions)
    result.removeUnusedLabels()
    return result
  }

  /// Removes the labels that no line uses.
  fileprivate mutating func removeUnusedLabels() {
    var used = Set<Int>()
    for node in graph.nodes {
      if case .source(.input(let i)) = node.op { used.insert(i) }
    }
    let kept = inputs.indices.filter { inputs[$0].role == .input || used.contains($0) }
    if kept.count == inputs.count { return }
    replaceSources { source in
      guard case .input(let i) = source, let new = kept.firstIndex(of: i) else { return source }
      return .input(new)
    }
    inputs = kept.map { inputs[$0] }
  }

}

import Diagnostics
import IR

extension Pass {

  /// Writes out what the section `train` of an entry asks for: the gradients of the loss by reverse
  /// mode, through scans too, then clipping and the rule of the optimiser.
  ///
  ///     entry train {                          entry train {
  ///       input x : f32[3]                       input x : f32[3]
  ///       y = W * x                              input lr : f32 = 1
  ///       output y                               y = W * x
  ///       train {                                loss = mean(y * y)
  ///         loss = mean(y * y)           =>      d_W = …
  ///         optimizer = sgd(lr: 1)               update W = W - lr * d_W
  ///       }                                      output loss
  ///     }                                        output gradient_norm = …
  ///                                            }
  ///
  /// Gradients stop at the start of the call. What the numbers of clipping and of the optimiser
  /// are becomes inputs with defaults, so that a caller can change them from call to call.
  package static let differentiate = Pass(
    "differentiate", "write out the gradients and the updates of training", readsDimensions: true
  ) { (module, context) in
    for i in module.entries.indices {
      guard let training = module.entries[i].training, context.permitsRewrite() else { continue }
      do throws(CompilationError) {
        try module.differentiate(entry: i, training, &context)
      } catch {
        context.diagnostics.insert(contentsOf: error.diagnostics.elements)
        // Without its loss an entry is complete, so that the module stays well-formed.
        module.entries[i].removeTraining()
      }
    }
  }

}

extension Module {

  /// Replaces entry `index` by one that does an update as `training` says.
  fileprivate mutating func differentiate(
    entry index: Int, _ training: Training, _ context: inout PassContext
  ) throws(CompilationError) {
    var entry = entries[index]
    entry.training = nil
    entry.outputs = [Entry.Output(name: "loss", value: training.loss, span: training.span)]
    var targets: [ID<Parameter>] = []
    let active = entry.graph.activeSources(of: training.loss)
    for p in parameters.ids where !training.frozen.contains(p) {
      if sources(of: p).contains(where: active.contains) {
        targets.append(p)
      } else {
        let name = parameters[p].name
        context.record("\(name) stays: the loss does not depend on it", in: entry.name)
      }
    }
    if targets.isEmpty {
      throw CompilationError(
        .noGradient("the loss depends on no parameter that is trained", at: training.span))
    }
    let gradient = try gradientEntry(
      of: entry, in: self, outputs: ["loss"], by: targets.map { parameters[$0].name })
    for kept in gradient.kept {
      let count = (kept.type.sizes(in: dimensions) ?? []).reduce(1, *)
      let type = kept.type.description(in: dimensions)
      context.record(
        "keeps \(kept.name), '\(type)', for the sweep back: \(count * 4) bytes", in: entry.name)
    }
    var writer = UpdateWriter(gradient.entry, module: self, training)
    writer.write(targets)
    self = writer.module
    entries[index].inputs = writer.entry.inputs
    entries[index].graph = writer.entry.graph
    entries[index].updates = writer.entry.updates
    entries[index].outputs = writer.entry.outputs
    entries[index].training = nil
  }

}

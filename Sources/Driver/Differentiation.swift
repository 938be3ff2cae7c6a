import Diagnostics
import IR
import Optimizer

extension Module {

  /// Returns the model with its entries written out and the lengths of scans as choices: the form
  /// that is differentiated. The loss of training is an output, `loss`, if no other has that name.
  func preparedForGradients(_ options: CompilationOptions) throws -> Module {
    var options = options
    options.passes = [.writeEntries, .maskLengths].filter { pass in
      !finishedPasses.contains(pass.name)
    }
    options.rewriteLimit = nil
    var result = self
    _ = try Compilation.optimize(&result, options)
    result.addLoss()
    return result
  }

  /// Lets the entry `forward` give the loss that the entry `train` is to minimise, if there is one.
  private mutating func addLoss() {
    guard let train = entries.firstIndex(where: { $0.training != nil }) else { return }
    var entry = entries[train]
    guard let training = entry.training, !entry.outputs.contains(where: { $0.name == "loss" })
    else { return }
    entry.training = nil
    entry.name = "forward"
    entry.outputs.append(Entry.Output(name: "loss", value: training.loss, span: training.span))
    entries = [entry]
    settle()
  }

  /// Returns the module with one entry, `gradient`, what that keeps from step to step, and the
  /// inputs that are the gradients of `outputs`.
  ///
  /// - Requires: the module is prepared for gradients.
  func withGradient(
    of outputs: [String], by names: [String], isSeeded: Bool, _ options: CompilationOptions
  ) throws -> (module: Module, kept: [Gradient.Kept], seeds: [String?]) {
    guard let forward = entries.first(where: { $0.name == "forward" }) ?? entries.first else {
      preconditionFailure("a model has an entry")
    }
    let gradient = try gradientEntry(
      of: forward, in: self, outputs: outputs, by: names, isSeeded: isSeeded)
    return (with(gradient, for: options.target.machine), gradient.kept, gradient.seeds)
  }

}

import Diagnostics
import IR
import Optimizer

extension Module {

  /// Returns the model with its entries written out and the lengths of scans as choices: the form
  /// that is differentiated.
  func preparedForGradients(_ options: CompilationOptions) throws(CompilationError) -> Module {
    var options = options
    options.passes = [.writeEntries, .maskLengths].filter { pass in
      !finishedPasses.contains(pass.name)
    }
    options.rewriteLimit = nil
    var result = self
    _ = try Compilation.optimize(&result, options)
    return result
  }

  /// Returns the module with one entry, `gradient`, what that keeps from step to step, and the
  /// inputs that are the gradients of `outputs`.
  ///
  /// - Requires: the module is prepared for gradients.
  func withGradient(
    of outputs: [String], by names: [String], isSeeded: Bool, _ options: CompilationOptions
  ) throws(CompilationError) -> (module: Module, kept: [Gradient.Kept], seeds: [String?]) {
    guard let forward = entries.first(where: { $0.name == "forward" }) ?? entries.first else {
      preconditionFailure("a model has an entry")
    }
    let gradient = try gradientEntry(
      of: forward, in: self, outputs: outputs, by: names, isSeeded: isSeeded)
    return (with(gradient, for: options.target.machine), gradient.kept, gradient.seeds)
  }

}

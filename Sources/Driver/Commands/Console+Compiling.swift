import Diagnostics
import IR
import Optimizer

extension Console {

  /// Compiles the entries `names` of `source` alone, and reports warnings.
  ///
  /// Throws if one of them does not exist, with the reason.
  func compile(
    _ source: Source, entries names: [String], _ options: CompilationOptions
  ) throws -> Compilation {
    try reporting(source) {
      var warnings = DiagnosticSet()
      let original = try source.module(overriding: options.dimensions, warnings: &warnings)
      var module = original
      if module.form == .model {
        var writing = options
        writing.passes = [.writeEntries]
        _ = try Compilation.optimize(&module, writing)
      }
      for name in names { try requireEntry(name, of: module, from: original) }
      module.entries.removeAll { !names.contains($0.name) }
      let compilation = try Compilation(
        module, options: options.completed(for: module), warnings: warnings)
      report(compilation.warnings, in: source)
      return compilation
    }
  }

}

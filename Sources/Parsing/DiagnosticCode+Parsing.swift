import Diagnostics

extension DiagnosticCode {

  /// The codes of texts that are no model.
  ///
  /// In an example, a first line `// --dim name=value` stands for the command line.
  package static let parsing: [DiagnosticCode] = text + declarations + cells + lines

}

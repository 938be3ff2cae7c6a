/// The graphs and the text that ship with graphc.
package enum EmbeddedGraphs {

  /// The shipped graphs in the order of their file names.
  private static let files: [(name: String, contents: [UInt8])] = [
    ("concat_identity.graph", PackageResources.concat_identity_graph),
    ("hello.graph", PackageResources.hello_graph),
    ("lenet.graph", PackageResources.lenet_graph),
    ("rnn.graph", PackageResources.rnn_graph),
  ]

  /// The file names of the shipped graphs, sorted.
  package static var names: [String] { files.map(\.name) }

  /// The English text that a character language model is trained on when no other is given.
  ///
  /// It is ASCII and uses all 26 letters.
  package static let prose = String(decoding: PackageResources.prose_txt, as: UTF8.self)

  /// Returns the text that the graph in the file called `name` reads when no other is given: its own if
  /// one ships with it.
  package static func defaultText(ofGraph name: String) -> String {
    name == "hello.graph" ? String(decoding: PackageResources.hello_txt, as: UTF8.self) : prose
  }

  /// Returns the source of the shipped graph whose file is called `name`, or `nil` if there is none.
  package static func text(named name: String) -> String? {
    files.first { $0.name == name }.map { String(decoding: $0.contents, as: UTF8.self) }
  }

}

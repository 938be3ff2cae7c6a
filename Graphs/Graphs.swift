/// The graphs and the text that ship with graphc.
package enum EmbeddedGraphs {

  /// The shipped graphs in the order of their file names.
  private static let files: [(name: String, contents: [UInt8])] = [
    ("concat_identity.graph", PackageResources.concat_identity_graph),
    ("forecast.graph", PackageResources.forecast_graph),
    ("hello.graph", PackageResources.hello_graph),
    ("lenet.graph", PackageResources.lenet_graph),
    ("names.graph", PackageResources.names_graph),
    ("rnn.graph", PackageResources.rnn_graph),
    ("tagger.graph", PackageResources.tagger_graph),
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

  /// Returns the rows of text, a class each, that the graph in the file called `name` reads when no
  /// folder is given; none if no such rows ship with it.
  package static func rows(ofGraph name: String) -> [(name: String, text: String)] {
    if name != "names.graph" { return [] }
    let files = [
      ("Dorgun", PackageResources.Dorgun_txt), ("Ishiri", PackageResources.Ishiri_txt),
      ("Kelwen", PackageResources.Kelwen_txt), ("Velari", PackageResources.Velari_txt),
    ]
    return files.map { name, contents in (name, String(decoding: contents, as: UTF8.self)) }
  }

  /// Returns the source of the shipped graph whose file is called `name`, or `nil` if there is none.
  package static func text(named name: String) -> String? {
    files.first { $0.name == name }.map { String(decoding: $0.contents, as: UTF8.self) }
  }

}

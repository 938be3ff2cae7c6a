/// The graphs and the text that ship with graphc.
package enum EmbeddedGraphs {

  /// The shipped graphs in the order of their file names.
  private static let files: [(name: String, contents: [UInt8])] = [
    ("audio_lstm.graph", PackageResources.audio_lstm_graph),
    ("bidirectional_lstm.graph", PackageResources.bidirectional_lstm_graph),
    ("char_rnn.graph", PackageResources.char_rnn_graph),
    ("concat_identity.graph", PackageResources.concat_identity_graph),
    ("deep_lstm.graph", PackageResources.deep_lstm_graph),
    ("dense_lstm.graph", PackageResources.dense_lstm_graph),
    ("forecast.graph", PackageResources.forecast_graph),
    ("gru.graph", PackageResources.gru_graph),
    ("hello.graph", PackageResources.hello_graph),
    ("lenet.graph", PackageResources.lenet_graph),
    ("lstm.graph", PackageResources.lstm_graph),
    ("names.graph", PackageResources.names_graph),
    ("rnn.graph", PackageResources.rnn_graph),
    ("seq2seq.graph", PackageResources.seq2seq_graph),
    ("tagger.graph", PackageResources.tagger_graph),
  ]

  /// The cells that a model can use without defining them, sorted by their names, and their texts.
  package static let cells: [(name: String, text: String)] = [
    ("dense", PackageResources.dense_cell_graph),
    ("embedding", PackageResources.embedding_cell_graph),
    ("gru", PackageResources.gru_cell_graph),
    ("gru_reset_before", PackageResources.gru_reset_before_cell_graph),
    ("layer_norm_lstm", PackageResources.layer_norm_lstm_cell_graph),
    ("lstm", PackageResources.lstm_cell_graph),
    ("peephole_lstm", PackageResources.peephole_lstm_cell_graph),
    ("rnn", PackageResources.rnn_cell_graph),
    ("rnn_relu", PackageResources.rnn_relu_cell_graph),
  ].map { (name: $0.0, text: String(decoding: $0.1, as: UTF8.self)) }

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

  /// Returns the file name of the shipped graph that `name` is, with or without its ending; `nil` if
  /// there is none.
  package static func fileName(of name: String) -> String? {
    [name, "\(name).graph"].first { names.contains($0) }
  }

  /// Returns the source of the shipped graph whose file is called `name`, or `nil` if there is none.
  package static func text(named name: String) -> String? {
    files.first { $0.name == name }.map { String(decoding: $0.contents, as: UTF8.self) }
  }

}

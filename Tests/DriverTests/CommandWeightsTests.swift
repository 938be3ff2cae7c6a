import Foundation
import Tensors
import Testing

@testable import Driver

@Suite struct CommandWeightsTests {

  /// What PyTorch would save of a module with an LSTM, `rnn`, and a linear layer, `decoder`.
  private static let file: Safetensors = {
    func tensor(_ shape: [Int], _ scale: Float) -> Tensor {
      Tensor(shape: shape, (0..<shape.reduce(1, *)).map { scale * Float($0) })
    }
    return Safetensors([
      "rnn.weight_ih_l0": tensor([8, 3], 1), "rnn.weight_hh_l0": tensor([8, 2], 0.5),
      "rnn.bias_ih_l0": tensor([8], 1), "rnn.bias_hh_l0": tensor([8], 2),
      "decoder.weight": tensor([3, 2], 1), "decoder.bias": tensor([3], 1),
    ])
  }()

  private static let sizes = dimensions(["vocab=3", "hidden=2"])

  private static func saved(_ file: Safetensors) throws -> String {
    let path = temporaryFile("w.safetensors")
    try Data(file.bytes()).write(to: URL(fileURLWithPath: path))
    return path
  }

  private static func elements(_ file: Safetensors, _ name: String) -> [Float] {
    guard case .float32(let elements)? = file[name]?.elements else { return [] }
    return elements
  }

  @Test func listsAFile() throws {
    let run = graphc(["weights", try Self.saved(Self.file)])
    #expect(run.status == 0 && run.errors == "")
    #expect(
      run.output == """
        decoder.bias      f32[3]
        decoder.weight    f32[3, 2]
        rnn.bias_hh_l0    f32[8]
        rnn.bias_ih_l0    f32[8]
        rnn.weight_hh_l0  f32[8, 2]
        rnn.weight_ih_l0  f32[8, 3]
        6 tensors, 65 numbers

        """)
    let json = graphc(["weights", try Self.saved(Self.file), "--json"]).output
    let tensors = try JSON(parsing: Array(json.utf8))["tensors"]?.elements
    #expect(tensors?.count == 6 && tensors?[1]["name"]?.text == "decoder.weight")
  }

  @Test func saysWhatWouldFit() throws {
    let path = try Self.saved(Self.file)
    let run = graphc(["weights", path, "--for", "lstm.graph"] + Self.sizes)
    #expect(run.status == 1)
    #expect(run.output.contains("missing    W_xi              f32[3, 2]\n"))
    #expect(run.output.contains("\nleft over  rnn.bias_hh_l0    f32[8]\n"))
    #expect(run.output.contains("\nthe weights do not fit model 'LSTM'\n"))
    #expect(
      run.output.hasSuffix(
        "they would fit with --convention pytorch --map 'rnn.*=lstm.*' --map 'decoder.*=output.*'\n"
      ), "\(run.output)")
    let deep = graphc(["weights", path, "--for", "gru.graph"] + Self.sizes)
    #expect(deep.status == 1 && !deep.output.contains("would fit"))
    let json = graphc(["weights", path, "--for", "lstm.graph", "--json"] + Self.sizes)
    let answer = try JSON(parsing: Array(json.output.utf8))
    #expect(answer["fits"] == .bool(false))
    #expect(answer["would_fit"]?.elements?.first?["convention"]?.text == "pytorch")
  }

  @Test func convertsAndConvertsBack() throws {
    let path = try Self.saved(Self.file)
    let (own, back) = (temporaryFile("own.safetensors"), temporaryFile("back.safetensors"))
    let maps = ["--convention", "pytorch", "--map", "rnn=lstm", "--map", "decoder=output"]
    let run = graphc(
      ["weights", path, "--for", "lstm.graph", "--save", own] + maps + Self.sizes)
    #expect(run.status == 0, "\(run.errors)")
    let converted = try Safetensors(bytes: readFile(own, limit: 1 << 20), name: own)
    // The second gate is the third and the fourth row of the stacked matrices.
    #expect(Self.elements(converted, "W_xf") == [6, 9, 7, 10, 8, 11])
    #expect(Self.elements(converted, "W_hf") == [2, 3, 2.5, 3.5])
    #expect(Self.elements(converted, "b_f") == [6, 9])
    #expect(Self.elements(converted, "W_hq") == [0, 2, 4, 1, 3, 5])
    let other = graphc(
      ["weights", own, "--for", "lstm.graph", "--to", "pytorch", "--save", back] + Self.sizes)
    #expect(other.status == 0, "\(other.errors)")
    let again = try Safetensors(bytes: readFile(back, limit: 1 << 20), name: back)
    #expect(again["lstm.weight_ih_l0"] == Self.file["rnn.weight_ih_l0"])
    #expect(again["lstm.weight_hh_l0"] == Self.file["rnn.weight_hh_l0"])
    #expect(again["output.weight"] == Self.file["decoder.weight"])
    #expect(Self.elements(again, "lstm.bias_ih_l0") == [0, 3, 6, 9, 12, 15, 18, 21])
    #expect(Self.elements(again, "lstm.bias_hh_l0") == [Float](repeating: 0, count: 8))
  }

  /// What is saved has the names that '--map' says, whatever the file that is read has.
  @Test func savesUnderOtherNames() throws {
    let path = try Self.saved(Self.file)
    let (own, back) = (temporaryFile("own.safetensors"), temporaryFile("back.safetensors"))
    let maps = ["--map", "rnn=lstm", "--map", "decoder=output"]
    let read = graphc(
      ["weights", path, "--for", "lstm.graph", "--convention", "pytorch", "--save", own] + maps
        + Self.sizes)
    #expect(read.status == 0, "\(read.errors)")
    let saved = graphc(
      ["weights", own, "--for", "lstm.graph", "--to", "pytorch", "--save", back] + maps
        + Self.sizes)
    #expect(saved.status == 0, "\(saved.errors)")
    let again = try Safetensors(bytes: readFile(back, limit: 1 << 20), name: back)
    #expect(again.entries.map(\.name) == Self.file.entries.map(\.name))
    #expect(again["rnn.weight_hh_l0"] == Self.file["rnn.weight_hh_l0"])
  }

  /// PyTorch saves no biases of a layer that has none.
  @Test func readsZerosForBiasesThatAreMissing() throws {
    var file = Self.file
    file["rnn.bias_ih_l0"] = nil
    file["rnn.bias_hh_l0"] = nil
    let path = try Self.saved(file)
    let maps = ["--convention", "pytorch", "--map", "rnn=lstm", "--map", "decoder=output"]
    let refused = graphc(["weights", path, "--for", "lstm.graph"] + maps + Self.sizes)
    #expect(refused.status == 1)
    #expect(
      refused.output.hasSuffix(
        "they would fit with --convention pytorch --map rnn=lstm --map decoder=output "
          + "--zero '*bias*'\n"), "\(refused.output)")
    let own = temporaryFile("own.safetensors")
    let run = graphc(
      ["weights", path, "--for", "lstm.graph", "--zero", "rnn.bias_*", "--save", own] + maps
        + Self.sizes)
    #expect(run.status == 0, "\(run.errors)")
    let converted = try Safetensors(bytes: readFile(own, limit: 1 << 20), name: own)
    #expect(Self.elements(converted, "b_f") == [0, 0])
    #expect(Self.elements(converted, "b_q") == [0, 1, 2])
  }

  @Test func namesTheEquationThatDoesNotFit() throws {
    var file = Self.file
    file["rnn.weight_hh_l0"] = Tensor(shape: [2, 8], [Float](repeating: 0, count: 16))
    file["rnn.bias_hh_l0"] = nil
    file["decoder.weight"] = nil
    file["decoder.bias"] = nil
    let run = graphc(
      [
        "run", "dense_lstm.graph", "--interpret", "--weights", try Self.saved(file),
        "--convention", "pytorch", "--map", "rnn.*_l0=layer.*",
      ] + dimensions(["inputs=3", "hidden=2"]))
    #expect(run.status == 1)
    #expect(
      run.errors.hasSuffix(
        """
        error: the weights do not fit model 'DenseLSTM' under convention 'pytorch':
          'rnn.weight_hh_l0' is f32[2, 8], expected f32[8, 2], for 'layer.weight_hh = \
        transpose(concat(layer.W_hi, layer.W_hf, layer.W_hg, layer.W_ho, axis: 1))'
          missing: 'rnn.bias_hh_l0' of f32[8], for 'layer.bias_ih + layer.bias_hh = \
        concat(layer.b_i, layer.b_f, layer.b_g, layer.b_o, axis: 0)'

        """), "\(run.errors)")
  }

  @Test(arguments: [
    (
      ["--for", "lstm.graph", "--convention", "torch"], 1,
      "model 'LSTM' has no convention 'torch'; it has pytorch"
    ),
    (["--map", "a=b"], 2, "'--map' goes with '--for FILE'"),
    (["--for", "lstm.graph", "--map", "a.*=b"], 2, "'--map a.*=b' needs one '*' on both sides"),
    (["--for", "lstm.graph", "--map", "ab"], 2, "'--map' needs FILE=NAME, found 'ab'"),
    (["--for", "lstm.graph", "--to", "pytorch"], 2, "'--to' goes with '--save'"),
    (["--for", "lstm.graph", "--map", "a=b"], 2, "'--map a=b' applies to no tensor"),
    (
      ["--for", "deep_lstm.graph", "--map", "a=layer0", "--map", "b=layer0"], 2,
      "'--map' says twice where 'layer0' is"
    ),
    (
      ["--for", "deep_lstm.graph", "--convention", "pytorch", "--map", "*=*"], 2,
      "'--map *=*' changes no name"
    ),
    (
      ["--for", "deep_lstm.graph", "--convention", "pytorch", "--map", "a=layer0", "--map"]
        + ["b=layer0.weight_ih"], 2, "'--map b=layer0.weight_ih' changes no name"
    ),
  ])
  func refusesWhatItCannotDo(_ arguments: [String], _ status: Int32, _ message: String) throws {
    let run = graphc(["weights", try Self.saved(Self.file)] + arguments)
    #expect(run.status == status)
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  /// The options that read the file.
  private static let maps =
    ["--convention", "pytorch", "--map", "rnn=lstm", "--map", "decoder=output"]

  @Test func passesOverWhatIsLeftOver() throws {
    var file = Self.file
    file["bn.num_batches_tracked"] = Tensor(shape: [], .int64([7]))
    let path = try Self.saved(file)
    let base = ["weights", path, "--for", "lstm.graph"] + Self.maps + Self.sizes
    let refused = graphc(base)
    #expect(refused.status == 1)
    #expect(
      refused.output.hasSuffix(
        "with --convention pytorch --map rnn=lstm --map decoder=output only these would be left "
          + "over: 'bn.num_batches_tracked'; '--ignore NAME' passes over a tensor\n"),
      "\(refused.output)")
    let own = temporaryFile("own.safetensors")
    let run = graphc(base + ["--ignore", "*num_batches_tracked", "--save", own])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("ignored    bn.num_batches_tracked  i64\n"), "\(run.output)")
    let saved = try Safetensors(bytes: readFile(own, limit: 1 << 20), name: own)
    #expect(saved.entries.count == 14 && saved["W_xi"] != nil)
  }

  /// A prefix that a wrapper has put before all names is no part of the other renamings, whatever
  /// the order of the options; a tensor can be renamed alone.
  @Test func joinsAPrefixWithOtherNames() throws {
    var file = Safetensors()
    for entry in Self.file.entries { file["module.\(entry.name)"] = entry.tensor }
    file["module.decoder.bias"] = nil
    file["head.0.offset=b"] = Self.file["decoder.bias"]
    let maps = ["module.*=*", "rnn=lstm", "decoder=output", "head.0.offset=b=output.bias"]
    for order in [[0, 1, 3, 2], [3, 1, 2, 0]] {
      let run = graphc(
        ["weights", try Self.saved(file), "--for", "lstm.graph", "--convention", "pytorch"]
          + order.flatMap { ["--map", maps[$0]] } + Self.sizes)
      #expect(run.status == 0, "\(run.output)\(run.errors)")
    }
  }

  @Test(arguments: [
    (["--zero", "nosuch"], "'--zero nosuch' applies to no tensor that the file lacks"),
    (["--zero", "*"], "'--zero *' applies to no tensor that the file lacks"),
    (["--ignore", "*"], "'--ignore *' applies to nothing that is left over"),
    (["--map", "module.*=*"], "'--map module.*=*' applies to no tensor of the file"),
  ])
  func refusesOptionsThatApplyToNothing(_ options: [String], _ message: String) throws {
    let path = try Self.saved(Self.file)
    let own = temporaryFile("own.safetensors")
    let run = graphc(
      ["weights", path, "--for", "lstm.graph", "--save", own] + Self.maps + options + Self.sizes)
    #expect(run.status == 2 && run.errors.contains("error: \(message)"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: own))
    let tokens = temporaryFile("t.npy")
    try writeFile(Tensor(shape: [1, 1], .int64([0])).npyBytes(), to: tokens)
    let other = graphc(
      ["run", "lstm.graph", "--interpret", "--weights", path, "--input", "tokens=\(tokens)"]
        + Self.maps + options + Self.sizes + dimensions(["batch=1", "num_steps=1"]))
    #expect(other.status == 2 && other.errors.contains("error: \(message)"), "\(other.errors)")
  }

  /// `--zero` takes the name that a tensor has in the file or in the model.
  @Test func readsZerosByBothNames() throws {
    var file = Self.file
    file["decoder.bias"] = nil
    let path = try Self.saved(file)
    for name in ["decoder.bias", "output.bias"] {
      let run = graphc(
        ["weights", path, "--for", "lstm.graph", "--zero", name] + Self.maps + Self.sizes)
      #expect(run.status == 0, "\(run.output)")
    }
  }

  /// Two layers of one shape, whose names say nothing, are listed and not paired.
  @Test func listsLayersThatCouldBeAnyOf() throws {
    let text = """
      model Two {
        dim batch = 2
        input x : f32[batch, 3]
        use forward = dense(inputs: 3, outputs: 2)
        use backward = dense(inputs: 3, outputs: 2)
        output a = forward(x)
        output b = backward(x)
      }

      """
    let graph = temporaryFile("two.graph")
    try Data(text.utf8).write(to: URL(fileURLWithPath: graph))
    let zeros = { (shape: [Int]) in
      Tensor(shape: shape, Array(repeating: 0, count: shape.reduce(1, *)))
    }
    let path = try Self.saved(
      Safetensors([
        "bwd.weight": zeros([2, 3]), "bwd.bias": zeros([2]), "fwd.weight": zeros([2, 3]),
        "fwd.bias": zeros([2]),
      ]))
    let run = graphc(["weights", path, "--for", graph])
    #expect(run.status == 1)
    #expect(
      run.output.hasSuffix(
        "under convention 'pytorch' 'forward', 'backward' could be any of 'bwd.*', 'fwd.*'; "
          + "'--map' says which\n"), "\(run.output)")
    #expect(!run.output.contains("would fit"))
    let json = try JSON(
      parsing: Array(graphc(["weights", path, "--for", graph, "--json"]).output.utf8))
    #expect(json["would_fit"]?.elements?.isEmpty == true)
    let layers = json["undecided"]?.elements?.first?["layers"]?.elements?.compactMap(\.text)
    #expect(layers == ["forward", "backward"])
    // What is said once decides the rest.
    let refused = graphc(
      ["run", graph, "--interpret", "--weights", path, "--convention", "pytorch"]
        + ["--map", "fwd=forward"])
    #expect(refused.status == 1)
    #expect(
      refused.errors.hasSuffix(
        "  they would fit with --convention pytorch --map fwd=forward --map 'bwd.*=backward.*'\n"),
      "\(refused.errors)")
  }

  /// Names with slashes, as Keras has them, and a suffix after a colon.
  @Test func findsLayersWithSlashes() throws {
    let zeros = { (shape: [Int]) in
      Tensor(shape: shape, Array(repeating: 0, count: shape.reduce(1, *)))
    }
    let path = try Self.saved(
      Safetensors([
        "lstm/lstm_cell/kernel:0": zeros([3, 8]),
        "lstm/lstm_cell/recurrent_kernel:0": zeros([2, 8]), "lstm/lstm_cell/bias:0": zeros([8]),
      ]))
    let run = graphc(
      ["weights", path, "--for", "dense_lstm.graph"] + dimensions(["inputs=3", "hidden=2"]))
    #expect(
      run.output.hasSuffix(
        "they would fit with --convention keras --map 'lstm/lstm_cell/*:0=layer.*'\n"),
      "\(run.output)")
  }

  /// A model with a layer that the convention says nothing of is not written as that.
  @Test func refusesToWriteHalfAConvention() throws {
    let text = """
      cell plain(inputs) {
        input x : f32[batch, inputs]
        param scale : f32[inputs] = ones
        output y = x * scale
      }

      model Mixed {
        dim batch = 2
        input x : f32[batch, 3]
        use first = plain(inputs: 3)
        use last = dense(inputs: 3, outputs: 2)
        output y = last(first(x))
      }

      """
    let graph = temporaryFile("mixed.graph")
    try Data(text.utf8).write(to: URL(fileURLWithPath: graph))
    let ones = { (shape: [Int]) in
      Tensor(shape: shape, Array(repeating: 1, count: shape.reduce(1, *)))
    }
    let path = try Self.saved(
      Safetensors(["first.scale": ones([3]), "last.W": ones([3, 2]), "last.b": ones([2])]))
    let saved = temporaryFile("k.safetensors")
    try Data("old".utf8).write(to: URL(fileURLWithPath: saved))
    let run = graphc(["weights", path, "--for", graph, "--to", "keras", "--save", saved])
    #expect(run.status == 1 && run.output == "")
    #expect(
      run.errors.hasSuffix(
        "error: model 'Mixed' has no convention 'keras' for 'first', so its weights cannot be "
          + "written as that\n"), "\(run.errors)")
    #expect(try String(contentsOfFile: saved, encoding: .utf8) == "old")
  }

  /// Keras keeps the two biases of its GRU in the rows of one tensor.
  @Test func convertsAGRUOfKeras() throws {
    let text = """
      model Gated {
        dim batch = 1
        input x : f32[batch, 2]
        use l = gru(inputs: 2, hidden: 3)
        output y = l(x)
      }

      """
    let graph = temporaryFile("gated.graph")
    try Data(text.utf8).write(to: URL(fileURLWithPath: graph))
    func numbers(_ shape: [Int], _ first: Float) -> Tensor {
      Tensor(shape: shape, (0..<shape.reduce(1, *)).map { first + Float($0) })
    }
    let file = Safetensors([
      "gru.kernel": numbers([2, 9], 0), "gru.recurrent_kernel": numbers([3, 9], 100),
      "gru.bias": numbers([2, 9], 1),
    ])
    let own = temporaryFile("own.safetensors")
    let base = ["--for", graph, "--map", "gru=l"]
    let run = graphc(
      ["weights", try Self.saved(file)] + base + ["--convention", "keras", "--save", own])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    let read = try Safetensors(bytes: readFile(own, limit: 1 << 20), name: own)
    // The gates are z, r, n; the first row of biases is 1 to 9, the second 10 to 18.
    #expect(Self.elements(read, "l.W_xz") == [0, 1, 2, 9, 10, 11])
    #expect(Self.elements(read, "l.W_hr") == [103, 104, 105, 112, 113, 114, 121, 122, 123])
    #expect(Self.elements(read, "l.b_z") == [11, 13, 15])
    #expect(Self.elements(read, "l.b_r") == [17, 19, 21])
    #expect(Self.elements(read, "l.b_xn") == [7, 8, 9])
    #expect(Self.elements(read, "l.b_hn") == [16, 17, 18])
    // A tensor is listed once, with all that is made of it.
    #expect(
      run.output.contains(
        "fits       gru.bias              f32[2, 9]  l.bias[0, 0 ..< 6] + l.bias[1, 0 ..< 6] = "
          + "concat(l.b_z, l.b_r, axis: 0); l.bias[0, 6 ..< 9] = l.b_xn; l.bias[1, 6 ..< 9] = "
          + "l.b_hn\n"), "\(run.output)")
    let back = temporaryFile("back.safetensors")
    let other = graphc(["weights", own] + base + ["--to", "keras", "--save", back])
    #expect(other.status == 0, "\(other.errors)")
    let again = try Safetensors(bytes: readFile(back, limit: 1 << 20), name: back)
    #expect(again["gru.kernel"] == file["gru.kernel"])
    #expect(again["gru.recurrent_kernel"] == file["gru.recurrent_kernel"])
    #expect(again["gru.bias"]?.shape == [2, 9])
    #expect(
      Self.elements(again, "gru.bias")
        == [11, 13, 15, 17, 19, 21, 7, 8, 9, 0, 0, 0, 0, 0, 0, 16, 17, 18])
  }

  /// The remarks of a trained model have the sizes that shapes do not tell.
  @Test func saysWhichSizesOfDimsFit() throws {
    let graph = temporaryFile("sized.graph")
    let text = """
      model Sized {
        dim width = 2, gates = 4 * width, more = 1, batch = 3
        input x : f32[batch, width]
        param W : f32[width, gates + more] = ones
        output y = linear(x, W)
      }

      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: graph))
    let W = Tensor(shape: [3, 14], Array(repeating: 1, count: 42))
    let trained = try Self.saved(
      Safetensors(["W": W], metadata: ["dims": #"{"width":3,"more":2,"batch":8}"#]))
    let hint = "--dim width=3 --dim more=2 fits them\n"
    let listed = graphc(["weights", trained, "--for", graph])
    #expect(listed.status == 1 && listed.output.hasSuffix(hint), "\(listed.output)")
    let run = graphc(["run", graph, "--interpret", "--weights", trained])
    #expect(run.status == 1 && run.errors.hasSuffix(hint), "\(run.errors)")
    let printed = graphc(["compile", graph, "--weights", trained, "--print", "plan"])
    #expect(printed.status == 0)
    #expect(
      printed.errors == "note: width = 3 from the weights\nnote: more = 2 from the weights\n")
    for remarks in [#"{"width":3,"more":3}"#, #"{"more":1e9}"#, "[", "{}"] {
      let other = try Self.saved(Safetensors(["W": W], metadata: ["dims": remarks]))
      let run = graphc(["compile", graph, "--weights", other, "--print", "plan"])
      #expect(run.status == 1 && !run.errors.contains("fits them"), "\(run.errors)")
    }
  }

  /// What a file has is shown, whatever becomes of it, and files of other formats are named.
  @Test func showsTheTypesOfTheFile() throws {
    let header =
      #"{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[4,6]}}"#
    let path = temporaryFile("types.safetensors")
    var bytes = [UInt8(header.utf8.count)] + [UInt8](repeating: 0, count: 7)
    bytes += Array(header.utf8) + [0, 0, 0, 0, 0, 0]
    try writeFile(bytes, to: path)
    #expect(
      graphc(["weights", path]).output == "a  bf16[2]\nb  f8_e5m2[2]\n2 tensors, 4 numbers\n")
    let model = """
      model Eight {
        param a : f32[2] = ones
        output y = a * 2
      }

      """
    let refused = graphc("run", model, ["--interpret", "--weights", path])
    #expect(refused.errors.contains("  left over: 'b' of f8_e5m2[2]\n"), "\(refused.errors)")
    let run = graphc("run", model, ["--interpret", "--weights", path, "--ignore", "b"])
    #expect(run.output == "y: f32[2] = [0, 0]\n", "\(run.errors)")

    let onnx = temporaryFile("m.onnx")
    try writeFile([8, 8, 0x12, 7] + Array("pytorch".utf8), to: onnx)
    for (arguments, expected) in [
      (["check", onnx], "the text of a graph"), (["weights", onnx], "a safetensors file"),
      (["run", "-", "--interpret", "--input", "x=\(onnx)"], "a .npy file"),
    ] {
      let run = graphc(
        arguments, input: Array("model M {\n  input x : f32\n  output y = x + 1\n}\n".utf8))
      #expect(run.status == 1)
      #expect(run.errors.contains("found an ONNX model, expected \(expected); "), "\(run.errors)")
    }
  }

}

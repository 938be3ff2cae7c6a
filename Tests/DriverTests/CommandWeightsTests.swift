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
        "they would fit with --convention pytorch --map 'rnn.*=lstm.*' --map 'decoder.*=output.*' "
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
    (["--for", "lstm.graph", "--map", "ab"], 2, "'--map' needs FILE=LAYER, found 'ab'"),
    (["--for", "lstm.graph", "--to", "pytorch"], 2, "'--to' goes with '--save'"),
    (["--for", "lstm.graph", "--map", "a=b"], 2, "'--map a.*=b.*' applies to no tensor"),
    (
      ["--for", "deep_lstm.graph", "--map", "a=layer0", "--map", "b=layer0"], 2,
      "'--map' says twice where 'layer0.*' is"
    ),
  ])
  func refusesWhatItCannotDo(_ arguments: [String], _ status: Int32, _ message: String) throws {
    let run = graphc(["weights", try Self.saved(Self.file)] + arguments)
    #expect(run.status == status)
    #expect(run.errors.contains(message), "\(run.errors)")
  }

}

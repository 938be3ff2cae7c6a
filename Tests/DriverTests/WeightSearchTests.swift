import Diagnostics
import Tensors
import Testing

@testable import Driver

/// What is offered for files that call layers otherwise.
@Suite struct WeightSearchTests {

  /// A model with a dense layer of its own for each of `layers`, and a file with one for each of
  /// `places`.
  private static func advice(
    _ layers: [String], _ places: [String], widths: [Int]? = nil, others: [(String, Int)] = [],
    options: [WeightRenaming] = []
  ) throws -> (WeightAdvice, Safetensors) {
    let lines = zip(layers, widths ?? layers.map { _ in 2 }).map { layer, width in
      """
        use \(layer) = dense(inputs: 2, outputs: \(width))
        output out_\(layer) = \(layer)(x)

      """
    }
    let text =
      "model M {\n  dim batch = 1\n  input x : f32[batch, 2]\n\(lines.joined())}\n"
    var warnings = DiagnosticSet()
    let module = try Source(path: "m.graph", utf8: Array(text.utf8))
      .module(overriding: [], warnings: &warnings)
    var tensors: [String: Tensor] = [:]
    let widths = widths ?? places.map { _ in 2 }
    for (i, (place, width)) in (Array(zip(places, widths)) + others).enumerated() {
      tensors["\(place).weight"] = Tensor(
        shape: [width, 2], (0..<2 * width).map { Float(10 * i + $0) })
      tensors["\(place).bias"] = Tensor(shape: [width], (0..<width).map { Float(100 * i + $0) })
    }
    let file = Safetensors(tensors)
    let mapping = try WeightMapping(module, convention: "pytorch", renamings: options)
    return (WeightAdvice(mapping, file), file)
  }

  /// Returns the place that is offered for each of `layers`, or `nil` if no mapping is.
  private static func offer(_ layers: [String], _ places: [String]) throws -> [String]? {
    let (advice, file) = try advice(layers, places)
    guard advice.isDecided else { return nil }
    return layers.map { layer in
      let name = advice.offers[0].fileName(of: "\(layer).weight", in: file)
      return String(name.dropLast(".weight".count))
    }
  }

  /// Names that decide, with the place of each layer.
  @Test(
    arguments: [
      (["l0", "l1", "l2"], ["rnn.2", "rnn.0", "rnn.1"], ["rnn.0", "rnn.1", "rnn.2"]),
      (
        (0..<12).map { "l\($0)" }, (0..<12).map { "layers.\($0)" }, (0..<12).map { "layers.\($0)" }
      ),
      (["encoder", "decoder"], ["m.decoder", "m.encoder"], ["m.encoder", "m.decoder"]),
      (["encoder", "decoder"], ["decoder.fc", "encoder.fc"], ["encoder.fc", "decoder.fc"]),
      (["fwd", "bwd"], ["bwd", "fwd"], ["fwd", "bwd"]),
      (["l0", "l0_reverse"], ["rnn/l0_reverse", "rnn/l0"], ["rnn/l0", "rnn/l0_reverse"]),
      (["a1", "a2"], ["x.01.y", "x.02.y"], ["x.01.y", "x.02.y"]),
      (
        ["layer0_cell0", "layer0_cell1", "layer1_cell0", "layer1_cell1"],
        ["cells.0.layers.0", "cells.1.layers.0", "cells.0.layers.1", "cells.1.layers.1"],
        ["cells.0.layers.0", "cells.1.layers.0", "cells.0.layers.1", "cells.1.layers.1"]
      ),
      (["enc0", "enc1", "dec0"], ["dec.0", "enc.0", "enc.1"], ["enc.0", "enc.1", "dec.0"]),
      (["b0_l0", "b1_l1"], ["x.0.0", "x.1.1"], ["x.0.0", "x.1.1"]),
      (["single"], ["anything.else"], ["anything.else"]),
    ] as [([String], [String], [String])])
  func offersWhatNamesDecide(
    _ layers: [String], _ places: [String], _ expected: [String]
  ) throws {
    #expect(try Self.offer(layers, places) == expected)
  }

  /// Names that do not decide, each with an offer that somebody could make.
  @Test(
    arguments: [
      (["forward", "backward"], ["bwd", "fwd"]),
      (["query", "key"], ["k_proj", "q_proj"]),
      (["first", "second"], ["act_out", "fc_in"]),
      (["layer1", "layer2"], ["rnn.0", "rnn.1"]),
      (["l0", "l1"], ["l1", "l2"]),
      (["l0", "l1"], ["a.0", "b.1"]),
      (["l0_0", "l0_1", "l1_0", "l1_1"], ["x.0.0", "x.0.1", "x.1.0", "x.1.1"]),
      (["dir0_layer1", "dir1_layer0"], ["rnn.0.dir.1", "rnn.1.dir.0"]),
      (
        ["l0_0", "l0_1", "l1_0", "l1_1", "l2_0", "l2_1"],
        ["x.0.0", "x.1.0", "x.0.1", "x.1.1", "x.0.2", "x.1.2"]
      ),
      (["q", "k"], ["q.k", "k.q"]),
      (["a", "b"], ["x.a", "x_a"]),
    ] as [([String], [String])])
  func offersNothingWhereNamesDoNotDecide(_ layers: [String], _ places: [String]) throws {
    let (advice, _) = try Self.advice(layers, places)
    #expect(advice.offers.isEmpty && advice.partial.isEmpty)
    #expect(advice.open.count == 1)
    #expect(advice.lines.allSatisfy { $0.contains(" could be any of ") && !$0.contains("fit") })
    #expect(advice.open[0].ambiguities[0].layers.sorted() == layers.sorted())
  }

  /// Two layers of one shape, of which a single one is in the file, and the other way round.
  @Test func offersNothingThatIsNotThere() throws {
    #expect(try Self.offer(["a", "b"], ["x"]) == nil)
    #expect(try Self.offer(["a"], ["x", "y"]) == nil)
    let (advice, _) = try Self.advice(["a"], ["a", "y"])
    #expect(advice.offers.isEmpty)
    #expect(
      advice.lines == [
        "with --convention pytorch only these would be left over: 'y.bias', 'y.weight'; "
          + "'--ignore NAME' passes over a tensor"
      ])
  }

  /// A layer whose shape nothing else has needs no name, and leaves the other ones to theirs.
  @Test func takesShapesThatOnlyOneLayerHas() throws {
    let (advice, file) = try Self.advice(
      ["l0", "head", "l1"], ["m.0", "out", "m.1"], widths: [2, 3, 2])
    #expect(advice.isDecided)
    let names = ["l0", "head", "l1"].map { advice.offers[0].fileName(of: "\($0).bias", in: file) }
    #expect(names == ["m.0.bias", "out.bias", "m.1.bias"])
    let own = try WeightRenaming("b=forward")
    let (rest, others) = try Self.advice(["forward", "backward"], ["a", "b"], options: [own])
    #expect(rest.isDecided)
    #expect(rest.offers[0].fileName(of: "backward.bias", in: others) == "a.bias")
    #expect(
      rest.lines == [
        "they would fit with --convention pytorch --map b=forward --map 'a.*=backward.*'"
      ])
  }

  /// The names of a layer in a model and in a file, by what it is.
  private struct Naming {

    let layers: [String]
    let places: [String]

    /// Draws the names of some layers: words or numbers, one or two of them, which file and model
    /// may write in another order, count from another number, and call otherwise.
    init(_ random: inout SplitMix64) {
      let hasTwo = Bool.random(using: &random)
      let counts = [Int.random(in: 1...4, using: &random), Int.random(in: 1...3, using: &random)]
      let numbers = (0..<2).map { _ in Int.random(in: 0..<3, using: &random) > 0 }
      let shifts = (0..<2).map { _ in max(0, Int.random(in: -3...1, using: &random)) }
      let areOtherWords = Int.random(in: 0..<4, using: &random) == 0
      let isSwapped = hasTwo && Bool.random(using: &random)
      let words = [["alpha", "beta", "gamma", "delta"], ["up", "down", "left"]]
      let others = [["one", "two", "three", "four"], ["north", "south", "west"]]
      // Both sides call a part by the same word, or by words that say nothing.
      let hasLabels = Bool.random(using: &random)
      func part(_ column: Int, _ i: Int, inFile: Bool) -> String {
        if numbers[column] { return "\(i + (inFile ? shifts[column] : 0))" }
        return inFile && areOtherWords ? others[column][i] : words[column][i]
      }
      var layers: [String] = []
      var places: [String] = []
      for a in 0..<counts[0] {
        for b in 0..<(hasTwo ? counts[1] : 1) where !(hasTwo && a + b == 3) {
          let own = [part(0, a, inFile: false), part(1, b, inFile: false)]
          let other = [part(0, a, inFile: true), part(1, b, inFile: true)]
          let labels = hasLabels ? ["stage", "way"] : ["p", "q"]
          layers.append(
            "\(labels[0])\(own[0])" + (hasTwo ? "_\(labels[1])\(own[1])" : ""))
          let foreign = hasLabels ? ["stages", "way"] : ["r", "s"]
          let parts = ["\(foreign[0]).\(other[0])", "\(foreign[1]).\(other[1])"]
          places.append(
            (hasTwo ? isSwapped ? parts.reversed() : parts : [parts[0]]).joined(separator: "."))
        }
      }
      let prefix = ["", "model.", "module/net/"].randomElement(using: &random) ?? ""
      self.layers = layers
      self.places = places.map { prefix + $0 }
    }

  }

  /// Whatever is offered gives each layer the tensors that are its own, also if some have shapes
  /// that others do not, and if there is more in the file.
  @Test func neverOffersAnotherPlace() throws {
    var random = SplitMix64(seed: 8)
    var counts = ["offered": 0, "partial": 0, "open": 0]
    for _ in 0..<500 {
      let naming = Naming(&random)
      let order = naming.layers.indices.shuffled(using: &random)
      let layers = order.map { naming.layers[$0] }
      let places = order.map { naming.places[$0] }
      let most = Int.random(in: 2...3, using: &random)
      let widths = layers.map { _ in Int.random(in: 2...most, using: &random) }
      let others = (0..<max(0, Int.random(in: -3...2, using: &random))).map {
        ("else.\($0)", Int.random(in: 2...4, using: &random))
      }
      let (advice, file) = try Self.advice(layers, places, widths: widths, others: others)
      #expect(advice.offers.count + advice.partial.count + advice.open.count <= 1)
      let mapping = advice.offers.first ?? advice.partial.first?.mapping
      counts[advice.offers.isEmpty ? mapping == nil ? "open" : "partial" : "offered", default: 0] +=
        1
      guard let mapping else { continue }
      let found = layers.map { mapping.fileName(of: "\($0).weight", in: file) }
      #expect(found == places.map { "\($0).weight" }, "\(layers)")
      // What is pasted is what was found.
      let pasted = try mapping.renamings.map { try WeightRenaming($0.text) }
      #expect(pasted == mapping.renamings)
    }
    // With one layer, or the same numbers or words, something is offered; else mostly nothing.
    #expect(counts.values.allSatisfy { $0 > 40 }, "\(counts)")
  }

}

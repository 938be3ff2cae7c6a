import Diagnostics
import IR
import Runner
import Tensors

/// What the tensors of a file are to a model.
package struct WeightFit: Sendable {

  /// What is said of a tensor.
  package enum Verdict: String, Sendable {

    case fits
    case missing
    case misshapen
    case leftOver = "left over"

    /// Left over, as the command line permits.
    case ignored

  }

  /// A tensor of the file, or one that is not there.
  package struct Item: Sendable {

    package let verdict: Verdict
    package let name: String

    /// The type that the file has; empty if it has none.
    package var found = ""

    /// The type that the file should have.
    package var expected: String?

    /// What is wrong with a tensor that is misshapen, to stand after its name.
    package var phrase = ""

    /// The equations that the tensor is in, with semicolons between them.
    package var equation: String?

  }

  package fileprivate(set) var items: [Item] = []

  /// The parameters that the file gives.
  package fileprivate(set) var parameters: [String: Tensor] = [:]

  /// The options that apply to nothing, a phrase each.
  package fileprivate(set) var idleOptions: [String] = []

  /// `true` iff each tensor of the file has its place and none is missing.
  package var isComplete: Bool {
    items.allSatisfy { $0.verdict == .fits || $0.verdict == .ignored }
  }

  /// The names of the tensors of which the verdict is `verdict`.
  func names(_ verdict: Verdict) -> [String] {
    items.filter { $0.verdict == verdict }.map(\.name)
  }

  /// What does not fit, a line each.
  package var problems: [String] {
    let missing = names(.missing).sorted()
    return items.compactMap { item in
      let place = item.equation.map { ", for '\($0)'" } ?? ""
      let name = "'\(item.name.printable)'"
      switch item.verdict {
      case .fits, .ignored: return nil
      case .missing: return "missing: \(name) of \(item.expected ?? "")\(place)"
      case .misshapen: return "\(name) \(item.phrase)\(place)"
      case .leftOver:
        let near = suggestion(for: item.name, among: missing)
        return "left over: \(name) of \(item.found)"
          + (near.map { "; did you mean '\($0)'?" } ?? "")
      }
    }
  }

}

extension WeightMapping {

  /// Returns what `file` gives to the parameters.
  package func fit(_ file: Safetensors) -> WeightFit {
    var reader = WeightReader(mapping: self, file: file)
    return reader.run()
  }

  /// Returns `file` with the parameters in place of the tensors that they are made of.
  ///
  /// If they do not fit, the error says what would.
  package func parameters(in file: Safetensors) throws(RunnerError) -> Safetensors {
    let fit = fit(file)
    guard fit.isComplete else {
      let under = convention.map { " under convention '\($0.name)'" } ?? ""
      throw RunnerError(
        .input, "the weights do not fit model '\(module.name)'\(under)",
        details: fit.problems + fit.idleOptions + WeightAdvice(self, file).lines)
    }
    if let idle = fit.idleOptions.first { throw RunnerError(.commandLine, idle) }
    return Safetensors(fit.parameters, metadata: file.metadata)
  }

  /// Throws if there are layers of which the convention says nothing, so that what `tensors`
  /// returns would be a file of no program.
  ///
  /// A parameter without a layer has its own name everywhere.
  package func checkConvertible() throws(RunnerError) {
    guard let convention else { return }
    var order: [String] = []
    var isCovered: [String: Bool] = [:]
    let solved = Set(convention.equations.flatMap(\.term.parameters))
    for (i, parameter) in module.parameters.enumerated() {
      guard let layer = parameter.name.layer else { continue }
      if isCovered[layer] == nil { order.append(layer) }
      isCovered[layer] = solved.contains(ID(i)) || isCovered[layer] ?? false
    }
    let lacking = order.filter { isCovered[$0] == false }
    guard !lacking.isEmpty else { return }
    throw RunnerError(
      .input,
      "model '\(module.name)' has no convention '\(convention.name)' for "
        + lacking.map { "'\($0)'" }.joined(separator: ", ")
        + ", so its weights cannot be written as that")
  }

  /// Returns the tensors that `parameters`, all of the model's, make up; of a sum the first is the
  /// whole, the others are zero.
  package func tensors(of parameters: [String: Tensor]) throws(RunnerError) -> Safetensors {
    var values: [String: [Float]] = [:]
    for parameter in module.parameters {
      guard case .float32(let elements)? = parameters[parameter.name]?.elements else {
        throw RunnerError(.input, "the parameter '\(parameter.name)' is missing")
      }
      values[parameter.name] = elements
    }
    var result: [String: Block] = [:]
    for equation in equations {
      let value = value(of: equation.term, values)
      for (i, part) in equation.tensors.enumerated() {
        let name = fileName(of: part.tensor)
        var block = result[name] ?? Block(zeros: shape(of: part.tensor))
        if i == 0 { block.replace(module.ranges(of: part, in: equation), by: value.elements) }
        result[name] = block
      }
    }
    return Safetensors(result.mapValues { Tensor(shape: $0.shape, $0.elements) })
  }

}

/// The comparison of a file with what a model needs.
private struct WeightReader {

  let mapping: WeightMapping
  let file: Safetensors

  private var result = WeightFit()

  /// The names of the file that have a place.
  private var used: Set<String> = []

  /// The places of the options that were of use.
  private var usedZeros: Set<Int> = []

  /// The equations that each tensor is in, if there is a convention.
  private var texts: [String: [String]] = [:]

  init(mapping: WeightMapping, file: Safetensors) {
    self.mapping = mapping
    self.file = file
    guard mapping.convention != nil else { return }
    for equation in mapping.equations {
      let text = mapping.module.text(of: equation)
      for tensor in Set(equation.tensors.map(\.tensor)) { texts[tensor, default: []].append(text) }
    }
  }

  mutating func run() -> WeightFit {
    for equation in mapping.equations {
      if let value = value(of: equation) {
        mapping.solve(equation.term, value, into: &result.parameters)
      }
    }
    let usedIgnored = addLeftOver()
    for (i, pattern) in mapping.zeros.enumerated() where !usedZeros.contains(i) {
      result.idleOptions.append(
        "'--zero \(pattern.printable)' applies to no tensor that the file lacks")
    }
    for (i, pattern) in mapping.ignored.enumerated() where !usedIgnored.contains(i) {
      result.idleOptions.append(
        "'--ignore \(pattern.printable)' applies to nothing that is left over")
    }
    for renaming in mapping.renamings where renaming.isUniversal {
      let isUsed = mapping.tensorNames.contains {
        mapping.fileName(of: $0) == mapping.fileName(of: $0, in: file)
          && file.holds(mapping.fileName(of: $0))
      }
      if !isUsed {
        result.idleOptions.append(
          "'--map \(renaming.text.printable)' applies to no tensor of the file")
      }
    }
    return result
  }

  /// Returns the sum of the tensors in `equation`, or `nil` if one is not there or does not fit.
  private mutating func value(of equation: Convention.Equation) -> Block? {
    let shape = mapping.shape(of: equation.term)
    var sum: Block?
    var isComplete = true
    for part in equation.tensors {
      guard let whole = tensor(part.tensor) else {
        isComplete = false
        continue
      }
      let block = whole.slice(mapping.module.ranges(of: part, in: equation))
      if let first = sum {
        sum?.elements = zip(first.elements, block.elements).map { $0 + $1 }
      } else {
        sum = Block(shape: shape, elements: block.elements)
      }
    }
    return isComplete ? sum : nil
  }

  /// Returns the tensor of the file that the model calls `tensor`, and says of it what it is to the
  /// model; `nil` if it is not there or does not fit.
  private mutating func tensor(_ tensor: String) -> Block? {
    let name = mapping.fileName(of: tensor, in: file)
    let shape = mapping.shape(of: tensor)
    let expected = "f32" + (shape.isEmpty ? "" : "\(shape)")
    // A tensor of several equations is spoken of once.
    let isNew = used.insert(name).inserted
    func item(_ verdict: WeightFit.Verdict, found: String = "", phrase: String = "") {
      guard isNew else { return }
      result.items.append(
        WeightFit.Item(
          verdict: verdict, name: name, found: found,
          expected: verdict == .fits ? nil : expected, phrase: phrase,
          equation: texts[tensor]?.joined(separator: "; ")))
    }
    if let given = file[name] {
      switch given.floats(shape: shape) {
      case .success(let elements):
        item(.fits, found: given.type)
        return Block(shape: shape, elements: elements)
      case .failure(let mismatch):
        item(.misshapen, found: given.type, phrase: mismatch.phrase)
        return nil
      }
    }
    if let unread = file.unread.first(where: { $0.name == name }) {
      item(.misshapen, found: unread.type, phrase: "is \(unread.type), expected \(expected)")
      return nil
    }
    if let zero = mapping.zero(tensor, name) {
      usedZeros.insert(zero)
      item(.fits, found: "zero")
      return Block(zeros: shape)
    }
    item(.missing)
    return nil
  }

  /// Adds what of the file has no place; returns the places of the options that permit it.
  private mutating func addLeftOver() -> Set<Int> {
    var permitting: Set<Int> = []
    for heading in file.listing
    where !used.contains(heading.name) && !heading.name.belongsToTraining {
      let name = heading.name
      let permission = mapping.ignored.indices.filter { name.matches(mapping.ignored[$0]) }
      permitting.formUnion(permission)
      result.items.append(
        WeightFit.Item(
          verdict: permission.isEmpty ? .leftOver : .ignored, name: name, found: heading.type))
    }
    return permitting
  }

}

extension String {

  /// What comes before the last dot, which is a layer; `nil` if there is none.
  var layer: String? {
    lastIndex(of: ".").map { String(self[..<$0]) }
  }

}

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

  }

  /// A tensor of the file, or one that is not there.
  package struct Item: Sendable {

    package let verdict: Verdict
    package let name: String

    /// The type that the file has, or should have.
    package let found: String
    package let expected: String?

    /// The equation that the tensor stands in.
    package let equation: String?

  }

  package fileprivate(set) var items: [Item] = []

  /// The parameters that the file gives.
  package fileprivate(set) var parameters: [String: Tensor] = [:]

  /// `true` iff each tensor of the file has its place and none is missing.
  package var isComplete: Bool { items.allSatisfy { $0.verdict == .fits } }

  /// What does not fit, a line each.
  package var problems: [String] {
    items.filter { $0.verdict != .fits }.map { item in
      let place = item.equation.map { ", for '\($0)'" } ?? ""
      switch item.verdict {
      case .missing: return "missing: '\(item.name)' of \(item.expected ?? "")\(place)"
      case .leftOver: return "left over: '\(item.name.printable)' of \(item.found)"
      case .misshapen, .fits:
        return "'\(item.name)' is \(item.found), expected \(item.expected ?? "")\(place)"
      }
    }
  }

}

extension WeightMapping {

  /// Returns what `file` gives to the parameters.
  package func fit(_ file: Safetensors) -> WeightFit {
    var result = WeightFit()
    var used: Set<String> = []
    for equation in equations {
      let shape = shape(of: equation.term)
      let isPlain = equation.tensors.count == 1 && equation.tensors[0].range == nil
      let text = isPlain && convention == nil ? nil : module.text(of: equation)
      var sum: Block?
      var isComplete = true
      for part in equation.tensors {
        let name = fileName(of: part.tensor)
        let expected = self.shape(of: part, shape)
        let given =
          file[name]
          ?? (isZero(name)
            ? Tensor(shape: expected, [Float](repeating: 0, count: expected.reduce(1, *))) : nil)
        guard let tensor = given else {
          isComplete = false
          result.items.append(
            WeightFit.Item(
              verdict: .missing, name: name, found: "", expected: "f32\(expected)", equation: text))
          continue
        }
        guard let elements = tensor.floats, tensor.shape == expected else {
          isComplete = false
          used.insert(name)
          result.items.append(
            WeightFit.Item(
              verdict: .misshapen, name: name, found: tensor.typeText, expected: "f32\(expected)",
              equation: text))
          continue
        }
        if used.insert(name).inserted {
          result.items.append(
            WeightFit.Item(
              verdict: .fits, name: name, found: file[name] == nil ? "zero" : tensor.typeText,
              expected: nil, equation: text))
        }
        let whole = Block(shape: expected, elements: elements)
        let block =
          part.range == nil ? whole : whole.slice(axis: 0, places(of: part, expected))
        if let first = sum {
          sum?.elements = zip(first.elements, block.elements).map { $0 + $1 }
        } else {
          sum = block
        }
      }
      if isComplete, let sum { solve(equation.term, sum, into: &result.parameters) }
    }
    for entry in file.entries where !used.contains(entry.name) && !entry.name.belongsToTraining {
      result.items.append(
        WeightFit.Item(
          verdict: .leftOver, name: entry.name, found: entry.tensor.typeText, expected: nil,
          equation: nil))
    }
    return result
  }

  /// Returns `file` with the parameters in place of the tensors that they are made of.
  package func parameters(in file: Safetensors) throws(RunnerError) -> Safetensors {
    if convention == nil, renamings.isEmpty, zeros.isEmpty { return file }
    let fit = fit(file)
    guard fit.isComplete else {
      let under = convention.map { " under convention '\($0.name)'" } ?? ""
      throw RunnerError(
        .input, "the weights do not fit model '\(module.name)'\(under)", details: fit.problems)
    }
    return Safetensors(fit.parameters, metadata: file.metadata)
  }

  /// Returns the tensors that `parameters`, all of the model's, make up; of a sum the first is the
  /// whole, the others are zero.
  package func tensors(of parameters: [String: Tensor]) throws(RunnerError) -> Safetensors {
    var values: [String: [Float]] = [:]
    for parameter in module.parameters {
      guard let elements = parameters[parameter.name]?.floats else {
        throw RunnerError(.input, "the parameter '\(parameter.name)' is missing")
      }
      values[parameter.name] = elements
    }
    var result: [String: Block] = [:]
    for equation in equations {
      let value = value(of: equation.term, values)
      for (i, part) in equation.tensors.enumerated() {
        let name = fileName(of: part.tensor)
        let shape = shape(of: part, value.shape)
        var block =
          result[name]
          ?? Block(shape: shape, elements: [Float](repeating: 0, count: shape.reduce(1, *)))
        if i == 0 {
          let width = shape.dropFirst().reduce(1, *)
          let places = places(of: part, shape)
          block.elements.replaceSubrange(
            places.lowerBound * width..<places.upperBound * width, with: value.elements)
        }
        result[name] = block
      }
    }
    return Safetensors(result.mapValues { Tensor(shape: $0.shape, $0.elements) })
  }

}

extension Tensor {

  /// The elements as 32-bit numbers, or `nil` if they are integers or truth values, or if a finite
  /// one is too large.
  fileprivate var floats: [Float]? {
    switch elements {
    case .float32(let e): return e
    case .float64(let e):
      let narrowed = e.map { Float($0) }
      return zip(e, narrowed).allSatisfy { !$0.isFinite || $1.isFinite } ? narrowed : nil
    case .int64, .bool: return nil
    }
  }

  /// The type as messages print it.
  package var typeText: String { "\(elements.typeName)\(shape.isEmpty ? "" : "\(shape)")" }

}

import Diagnostics
import IR
import Interpreter
import Optimizer
import Runner
import Tensors

/// A comparison of gradients with central differences, in double precision.
///
/// The function is a sum of all elements of all outputs that are numbers, each with a random
/// factor. Its derivative by one element *x* is taken from two central differences, *D(h) = (f(x +
/// h) - f(x - h)) / 2h*, of which *(4 D(h / 2) - D(h)) / 3* has an error of order *h^4*. Values of
/// `detach` are held.
///
/// Where *f* has a kink between *x - h* and *x + h*, the differences say nothing: there D(h) and
/// D(h / 2) differ, or the slopes on both sides do and do not come closer with h.
struct GradientCheck {

  /// The largest error of a gradient that is right.
  static let tolerance = 1e-6

  /// The largest part of the probes that may be skipped.
  static let skippedLimit = 0.1

  /// The most elements of a tensor that are probed.
  static let probeLimit = 64

  /// What the largest derivative counts as if it is less: where all derivatives vanish, errors are
  /// relative to this. The function is of magnitude one.
  static let floor = 1e-3

  /// What a small instance is at most, by the name of the dim; others are shrunk from eight.
  private static let sizes = ["batch": 2, "num_steps": 4, "steps": 4, "hidden": 5]

  /// How far probes move.
  private static let h = 1e-5

  /// What was found for a parameter, an input or a state.
  struct Finding {

    let name: String
    let kind: String

    /// The number of all elements, of those that were probed, and of those that were skipped.
    let count: Int
    let probes: Int
    let skipped: Int

    /// The largest derivative.
    let largest: Double

    let error: Double

    /// The finding in one line.
    var summary: String {
      "\(kind) \(name): error \(scientific(error)), largest \(scientific(largest)), "
        + "\(probes) of \(counted(count, "element"))"
        + (skipped > 0 ? ", \(skipped) skipped" : "")
    }

  }

  /// The model with its entries, and the one with its gradient.
  private let module: Module
  private let gradient: Module

  private let leaves: [(name: String, kind: String, type: TensorType)]
  private let parameters: [String: DenseArray]
  private let states: [String: DenseArray]
  private let inputs: [String: DenseArray]

  /// The factors of outputs, by the names of the outputs.
  private let factors: [String: DenseArray]

  /// The inputs of the gradient that the factors are, in the order of the outputs.
  private let seeds: [(output: String, input: String)]

  /// Creates the check of `module`, which is prepared for gradients, on numbers drawn with `seed`.
  init(
    _ module: Module, seed: UInt64, _ options: CompilationOptions
  ) throws {
    self.module = module
    let manifest = Manifest(interpreting: module)
    guard let entry = module.entries.first, let described = manifest.entries.first else {
      preconditionFailure("a model has an entry")
    }
    let numbers = RandomNumbers(seed: seed)
    parameters = numbers.parameters(of: manifest).mapValues { DenseArray($0) }
    inputs = numbers.inputs(of: described, call: 0).mapValues { DenseArray($0) }
    var leaves = module.parameters.map { ($0.name, "parameter", $0.type) }
    leaves += entry.inputs.map { ($0.name, "input", $0.type) }
    var states: [String: DenseArray] = [:]
    for state in manifest.states {
      guard let declared = module.states.first(where: { $0.name == state.name }),
        declared.type.element == .f32
      else { continue }
      // A state that starts at a parameter is part of what the parameter does.
      if case .parameter = declared.initial, !declared.isCarried { continue }
      let elements = numbers.uniform(
        state.shape.reduce(1, *), within: 1, name: "state \(state.name)")
      states[state.name] = DenseArray(shape: state.shape, elements.map(Double.init))
      leaves.append((state.name, "state", declared.type))
    }
    self.states = states
    self.leaves = leaves.filter { $0.2.element == .f32 }
      .map { (name: $0.0, kind: $0.1, type: $0.2) }
    var factors: [String: DenseArray] = [:]
    // One-hot rows are numbers for those who run a model, but have no gradient.
    let outputs = zip(entry.outputs, described.outputs).filter { output, _ in
      entry.graph.type(of: output.value).element == .f32
    }.map(\.1)
    let count = outputs.reduce(0) { $0 + $1.shape.reduce(1, *) }
    for output in outputs {
      let elements = numbers.uniform(
        output.shape.reduce(1, *), within: 1, name: "factor of \(output.name)")
      let scale = 1 / Double(max(1, count)).squareRoot()
      factors[output.name] = DenseArray(
        shape: output.shape, elements.map { Double($0) * scale })
    }
    guard !outputs.isEmpty else {
      throw RunnerError(.input, "no output of the model is of numbers, which could have gradients")
    }
    self.factors = factors
    let result = try module.withGradient(
      of: outputs.map(\.name), by: self.leaves.map(\.name), isSeeded: true, options)
    gradient = result.module
    seeds = zip(outputs, result.seeds).compactMap { output, seed in
      seed.map { (output.name, $0) }
    }
  }

  /// Returns a finding for each parameter, each input and each state that is of numbers.
  func findings(seed: UInt64) throws(RunnerError) -> [Finding] {
    var given = inputs
    for (output, input) in seeds { given[input] = factors[output] }
    let known = Set(gradient.entries[0].inputs.map(\.name))
    let analytic: Interpreter.Results
    let base: Interpreter.Results
    do {
      analytic = try Interpreter(gradient).evaluate(
        entry: "gradient", parameters: parameters, inputs: given.filter { known.contains($0.key) },
        states: states)
      base = try evaluate { _ in }
    } catch {
      throw RunnerError(error)
    }
    guard value(base).isFinite else {
      throw RunnerError(
        .input, "outputs are not finite for random numbers, so that there are no differences")
    }
    var result: [Finding] = []
    for (leaf, output) in zip(leaves, analytic.outputs.suffix(leaves.count)) {
      do {
        result.append(try finding(leaf.name, leaf.kind, output.value, base, seed: seed))
      } catch {
        throw RunnerError(error)
      }
    }
    return result
  }

  /// What the model is given.
  private struct Given {
    var parameters: [String: DenseArray]
    var inputs: [String: DenseArray]
    var states: [String: DenseArray]
  }

  private func evaluate(
    holding detached: [DenseArray]? = nil, _ change: (inout Given) -> Void
  ) throws(InterpreterError) -> Interpreter.Results {
    var given = Given(parameters: parameters, inputs: inputs, states: states)
    change(&given)
    return try Interpreter(module).evaluate(
      entry: module.entries[0].name, parameters: given.parameters, inputs: given.inputs,
      states: given.states, holding: detached)
  }

  /// Returns the sum of the products of outputs with their factors.
  private func value(_ results: Interpreter.Results) -> Double {
    var sum = 0.0
    for (name, output) in results.outputs {
      guard let factor = factors[name] else { continue }
      for (x, y) in zip(output.elements, factor.elements) { sum += x * y }
    }
    return sum
  }

  private func finding(
    _ name: String, _ kind: String, _ analytic: DenseArray, _ base: Interpreter.Results,
    seed: UInt64
  ) throws(InterpreterError) -> Finding {
    let count = analytic.elements.count
    let places = Self.places(count, seed: seed, name: name)
    let middle = value(base)
    func f(_ place: Int, _ distance: Double) throws(InterpreterError) -> Double {
      value(
        try evaluate(holding: base.detached) { given in
          switch kind {
          case "parameter": given.parameters[name]?.add(distance, at: place)
          case "input": given.inputs[name]?.add(distance, at: place)
          default: given.states[name]?.add(distance, at: place)
          }
        })
    }
    var probes: [(analytic: Double, wide: Probe, narrow: Probe)] = []
    for place in places {
      let wide = Probe(
        above: try f(place, Self.h), middle, below: try f(place, -Self.h), h: Self.h)
      let narrow = Probe(
        above: try f(place, Self.h / 2), middle, below: try f(place, -Self.h / 2),
        h: Self.h / 2)
      probes.append((analytic.elements[place], wide, narrow))
    }
    let scale = probes.reduce(Self.floor) { max($0, abs($1.narrow.slope)) }
    var (error, largest, skipped) = (0.0, 0.0, 0)
    for (analytic, wide, narrow) in probes {
      let isKink =
        abs(wide.slope - narrow.slope) > 1e-7 * scale
        || abs(narrow.bend) > 1e-3 * scale && abs(narrow.bend) > 0.75 * abs(wide.bend)
      if isKink {
        skipped += 1
        continue
      }
      let numeric = (4 * narrow.slope - wide.slope) / 3
      largest = max(largest, abs(numeric))
      let difference = abs(analytic - numeric)
      error = difference.isNaN ? .infinity : max(error, difference)
    }
    return Finding(
      name: name, kind: kind, count: count, probes: places.count, skipped: skipped,
      largest: largest, error: error / max(largest, Self.floor))
  }

  /// The differences of *f* around a place.
  private struct Probe {

    /// The central difference, and the difference of the slopes on both sides.
    let slope: Double
    let bend: Double

    init(above: Double, _ f: Double, below: Double, h: Double) {
      slope = (above - below) / (2 * h)
      bend = ((above - f) - (f - below)) / h
    }

  }

  /// Returns the places of the elements that are probed: all, or some that `seed` and `name`
  /// decide.
  private static func places(_ count: Int, seed: UInt64, name: String) -> [Int] {
    if count <= probeLimit { return Array(0..<count) }
    let order = Initializer.uniform(low: 0, high: 1).values(
      count: count, seed: seed, name: "places of \(name)")
    return order.indices.sorted { (order[$0], $0) < (order[$1], $1) }.prefix(probeLimit).sorted()
  }

}

extension GradientCheck {

  /// Returns the dimensions of a small instance of the model in `source`: `dimensions`, and what
  /// can be shrunk of the others.
  static func smallDimensions(
    of source: Source, _ dimensions: [(name: String, value: Int)]
  ) throws -> [(name: String, value: Int)] {
    var result = dimensions
    var ignored = DiagnosticSet()
    var module = try source.module(overriding: result, warnings: &ignored)
    for i in module.dimensions.indices {
      let d = module.dimensions[i]
      let limit = sizes[d.name] ?? 8
      // Sizes that are shrunk without a rule differ, so that one is not taken for another.
      let size = sizes[d.name] ?? 6 + i % 3
      if d.value <= limit || result.contains(where: { $0.name == d.name }) { continue }
      let attempt = result + [(d.name, size)]
      // Where it does not check any more, the size stays.
      guard let smaller = try? source.module(overriding: attempt, warnings: &ignored) else {
        continue
      }
      (result, module) = (attempt, smaller)
    }
    return result
  }

}

extension DenseArray {

  /// Adds `distance` to the element at `place`.
  fileprivate mutating func add(_ distance: Double, at place: Int) {
    var elements = elements
    elements[place] += distance
    self = DenseArray(shape: shape, elements)
  }

}

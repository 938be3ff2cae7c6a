import Diagnostics
import Driver
import IR
import Interpreter
import Optimizer
import Planning
import Runner

/// A random graph, and what it must compute.
struct RandomModel: Sendable {

  /// The values that inputs and states have.
  private static let range = 1.0

  /// What a tolerance may be at most: with more, nothing would be tested.
  private static let largestTolerance = 1e-2

  /// How the graph is compiled.
  enum Form: String, CaseIterable, Sendable {

    /// By the passes that others need to start from.
    case plain

    /// By all passes.
    case optimized

    /// By all passes, three steps at once.
    case unrolled

    /// By all passes, all steps one after the other.
    case straight

    /// By all passes, products in front of scans.
    case hoisted

  }

  let seed: UInt64
  let graph: GraphText

  /// The module after the passes that others need to start from.
  let module: Module

  /// A call that is compared.
  private struct Call {

    let entry: Entry
    let steps: Int?
    let inputs: [String: DenseArray]
    let results: VariedResults

    /// The tolerances of outputs and states by name.
    let tolerances: [String: Double]

  }

  /// Reads `graph`, which was made from `seed`.
  init(_ graph: GraphText, seed: UInt64) throws {
    self.seed = seed
    let source = GraphSource(path: "random.graph", utf8: Array(graph.description.utf8))
    var warnings = DiagnosticSet()
    var module: Module
    do {
      module = try source.module(overriding: [], warnings: &warnings)
      var options = CompilationOptions(target: .native)
      options.passes = [.writeEntries, .maskLengths] + (graph.loss == nil ? [] : [.differentiate])
      _ = try Compilation.optimize(&module, options)
    } catch let error as CompilationError {
      let text = error.diagnostics.sorted.map { $0.rendered(in: source.files) }.joined()
      throw TestFailure("seed \(seed) is refused:\n\(text)\n\(graph.description)")
    }
    self.graph = graph
    self.module = module
  }

  /// Returns the graph of `seed` with the first outputs whose rounding can be bounded well, or with
  /// the first of all if it is given special numbers: these show in others too.
  ///
  /// Most graphs lose what then nothing needs, since that is not compared; one in eight keeps it.
  ///
  /// Some graphs are trained, unless `trains` is false: the pass that writes training out reads
  /// dimensions.
  static func bounded(seed: UInt64, trains: Bool = true) throws -> RandomModel {
    var graph = GraphGenerator.graph(seed: seed)
    if !trains { graph.loss = nil }
    graph.removeImpossibleTraining(seed: seed)
    let model = try RandomModel(graph, seed: seed)
    let forward = model.module.entries[0]
    let analysis = RoundingAnalysis(model.module, forward, range: range)
    let useful = forward.outputs.filter { output in
      analysis.bound(of: output.value).error < largestTolerance
    }
    let isSpecial = SpecialNumbers.isGiven(to: seed)
    let names = isSpecial ? graph.outputs : useful.map(\.name)
    graph.outputs = Array(names.prefix(isSpecial ? 8 : 4))
    if seed % 8 != 0 { graph.prune(keeping: graph.states) }
    return try RandomModel(graph, seed: seed)
  }

  /// Returns the target that the graph of `seed`, and of others in the same sixteen, is compiled
  /// for: in every other sixteen one with vectors of another width, as far as the machine runs it.
  static func target(ofSeed seed: UInt64) -> TargetCPU {
    let number = Int((seed - 1) / 16)
    let targets = TargetCPU.all.filter { $0.runs(on: .host) }
    return number % 2 == 1 ? targets[number / 2 % targets.count] : .native
  }

  /// Returns the options for `form`.
  func options(_ form: Form) -> CompilationOptions {
    var options = CompilationOptions(target: Self.target(ofSeed: seed))
    switch form {
    case .plain: options.passes = [.writeEntries, .maskLengths, .differentiate]
    case .optimized:
      options.dividesAll = true
      options.loopsAll = seed % 2 == 0
    case .unrolled:
      options.unrolling = .by(3)
      options.loopsAll = true
    case .straight: options.unrolling = .full
    case .hoisted: options.schedule = .hoist
    }
    return options
  }

  /// Returns what the graph of `seed` is given.
  static func values(seed: UInt64) -> SeededValues {
    var values = SeededValues(seed: seed, range: range)
    values.specials = SpecialNumbers.given(to: seed)
    return values
  }

  /// Returns how the numbers of `model`, compiled from the graph, differ from those of the
  /// interpreter, or of one thread from those of three; `nil` if they do not.
  func failure(of model: CompiledModel) throws -> String? {
    let values = Self.values(seed: seed)
    // Gradients are written for parameters and states that are finite: see `WildValues`.
    var kept = values
    if graph.loss != nil { kept.specials.removeAll { !$0.isFinite } }
    let parameters = kept.withSpecials(try Interpreter(module).parameters(seed: seed))
    let states = try kept.states(of: module)
    let session = try Session(model, threads: 1)
    let isParallel = model.manifest.entries.contains { $0.isParallel }
    let team = isParallel ? try Session(model, threads: 3) : nil
    for call in try calls(values, parameters, states, model.manifest) {
      let found = try session.run(
        module, entry: call.entry.name, parameters: parameters, inputs: call.inputs,
        states: states, steps: call.steps)
      if let team {
        let other = try team.run(
          module, entry: call.entry.name, parameters: parameters, inputs: call.inputs,
          states: states, steps: call.steps)
        for ((name, a), (_, b)) in zip(found.outputs, other.outputs)
        where !a.hasSameNumbers(as: b) {
          return "'\(name)' of entry '\(call.entry.name)' depends on the number of threads"
        }
      }
      let problem = call.results.difference(found) { name, _ in
        call.tolerances[name].flatMap { $0 < Self.largestTolerance ? $0 : nil }
      }
      if let problem {
        let steps = call.steps.map { " in \($0) steps" } ?? ""
        return "entry '\(call.entry.name)'\(steps): \(problem)"
      }
    }
    return nil
  }

  /// Returns what is compared: each entry, and `forward` with fewer steps if it counts them.
  private func calls(
    _ values: SeededValues, _ parameters: [String: DenseArray], _ states: [String: DenseArray],
    _ manifest: Manifest
  ) throws -> [Call] {
    var result: [Call] = []
    for entry in module.entries {
      let analysis = RoundingAnalysis(module, entry, range: Self.range)
      var tolerances: [String: Double] = [:]
      for output in entry.outputs {
        tolerances[output.name] = analysis.bound(of: output.value).error
      }
      for state in module.states { tolerances[state.name] = 0 }
      for update in entry.updates {
        let name: String
        switch update.target {
        case .state(let s): name = module.states[s].name
        case .parameter(let p): name = module.parameters[p].name
        case .slot(let s): name = module.slots[s].name
        }
        tolerances[name] = analysis.bound(of: update.value).error
      }
      var counts: [Int?] = [nil]
      let compiled = manifest.entries.first { $0.name == entry.name }
      // What the passes have written may count steps where what they have read does not.
      if let compiled, compiled.countedDim != nil, entry.countedDimension(in: module) != nil {
        counts.append(compiled.steps / 2)
      }
      for steps in counts {
        let inputs = try cut(
          values.inputs(of: entry, in: module), for: entry, steps)
        let results = try VariedResults(isSpecial: !values.specials.isEmpty) { reading in
          try Interpreter(module).evaluate(
            entry: entry.name, parameters: parameters, inputs: inputs, states: states,
            steps: steps, reading: reading)
        }
        result.append(
          Call(
            entry: entry, steps: steps, inputs: inputs, results: results, tolerances: tolerances))
      }
    }
    return result
  }

  /// Returns `inputs` as they are given to a call of `steps` steps.
  private func cut(
    _ inputs: [String: DenseArray], for entry: Entry, _ steps: Int?
  ) throws -> [String: DenseArray] {
    guard let steps, let counted = entry.countedDimension else { return inputs }
    var result = inputs
    for input in entry.inputs where input.type.shape.first?.dimension == counted {
      guard let whole = inputs[input.name] else { continue }
      let rest = Array(whole.shape.dropFirst())
      result[input.name] = DenseArray(
        shape: [steps] + rest, Array(whole.elements.prefix(steps * rest.reduce(1, *))))
    }
    return result
  }

}

extension GraphText {

  /// Lets the graph, which was made from `seed`, do without training if its loss has no gradient.
  mutating func removeImpossibleTraining(seed: UInt64) {
    if loss != nil, (try? RandomModel(self, seed: seed)) == nil { loss = nil }
  }

}

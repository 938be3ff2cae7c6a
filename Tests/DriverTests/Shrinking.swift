import IR

/// The search for a small graph that fails like a large one.
struct Shrinking {

  /// The most calls of the compiler.
  private static let limit = 12

  private let model: RandomModel
  private let form: RandomModel.Form

  /// Creates the search for `model`, which fails when compiled as `form`.
  init(_ model: RandomModel, _ form: RandomModel.Form) {
    self.model = model
    self.form = form
  }

  /// Returns what is wrong with `outcome`, the compiled `model`; `nil` if nothing is.
  static func problem(
    _ outcome: CompilerBatch.Outcome?, of model: RandomModel
  ) -> String? {
    do {
      guard let outcome else { return "it was not compiled" }
      return try model.failure(of: outcome.get())
    } catch {
      return "\(error)"
    }
  }

  /// Returns the smallest graph that was found to fail.
  ///
  /// All graphs with one line or one output fewer are compiled in one call; the smallest that fails
  /// is the next to be made smaller. Each round ends with fewer lines, so this ends.
  func smallest() -> RandomModel {
    var best = model
    for round in 0..<Self.limit {
      var candidates = best.graph.cuts
      for name in best.graph.outputs where best.graph.outputs.count > 1 {
        var graph = best.graph
        graph.outputs = [name]
        graph.prune()
        candidates.append(graph)
      }
      guard let next = smallestFailure(candidates, round, below: best.graph) else { return best }
      best = next
    }
    return best
  }

  private func smallestFailure(
    _ candidates: [GraphText], _ round: Int, below graph: GraphText
  ) -> RandomModel? {
    var batch = CompilerBatch(
      "Shrinking\(model.seed)\(form)\(round)_", target: RandomModel.target(ofSeed: model.seed))
    var models: [(String, RandomModel)] = []
    for (i, candidate) in candidates.enumerated()
    where (candidate.lineCount, candidate.outputs.count) < (graph.lineCount, graph.outputs.count) {
      guard let model = try? RandomModel(candidate, seed: model.seed) else { continue }
      models.append(("S\(i)", model))
      batch.add(model.module, as: "S\(i)", options: model.options(form))
    }
    models.sort { $0.1.graph.lineCount < $1.1.graph.lineCount }
    guard let outcomes = try? batch.outcomes() else { return nil }
    return models.first { Self.problem(outcomes[$0.0], of: $0.1) != nil }?.1
  }

}

extension RandomModel {

  /// `true` iff a scan of the graph carries at least two states.
  var hasScanWithSeveralStates: Bool {
    module.entries[0].graph.nodes.contains { node in
      guard case .scan(let scan) = node.op else { return false }
      return scan.carried.count >= 2
    }
  }

}

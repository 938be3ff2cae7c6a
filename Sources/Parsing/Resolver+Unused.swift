import Diagnostics
import IR

extension Resolver {

  /// Warns about what nothing reads, unless something is wrong anyway.
  mutating func warnAboutUnused() {
    guard !reporter.diagnostics.containsError else { return }
    let labels = module.entries.flatMap(\.inputs).filter { $0.role == .label }
    let labelNames = Set(labels.map(\.span))
    for definition in scopes.definitions where !definition.isUsed {
      let name = definition.name
      if name.text.hasPrefix("_") { continue }
      switch definition.kind {
      case .dimension: report(.unused(.unusedDimension, "dimension", name))
      case .parameter: report(.unused(.unusedParameter, "parameter", name))
      case .constant: report(.unused(.unusedConstant, "constant", name))
      case .input:
        // Labels are for entries that compare with them.
        if !labelNames.contains(name.span) { report(.unused(.unusedInput, "input", name)) }
      case .value, .bound:
        if module.finishedPasses.isEmpty { report(.unused(.unusedValue, "value", name)) }
      case .state(let i):
        if !states[i].isAssigned { report(.unused(.unusedState, "state", name)) }
      case .step, .stack, .poisoned: break
      }
    }
    for (i, state) in states.enumerated() where !state.isAssigned {
      guard let id = state.id, module.states[id].isCarried,
        scopes.definitions.contains(where: { $0.isState(i) && $0.isUsed })
      else { continue }
      report(.unassignedState(state.name))
    }
  }

}

extension Definition {

  fileprivate func isState(_ i: Int) -> Bool {
    if case .state(let found) = kind { return found == i && isUsed }
    return false
  }

}

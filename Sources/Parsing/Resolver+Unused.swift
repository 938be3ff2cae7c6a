import Diagnostics
import IR

extension Resolver {

  /// Warns about what nothing reads, unless something is wrong anyway.
  mutating func warnAboutUnused() {
    guard !reporter.containsError else { return }
    let labels = module.entries.flatMap(\.inputs).filter { $0.role == .label }
    let labelNames = Set(labels.map(\.span))
    for definition in scopes.definitions {
      let name = definition.name
      guard !definition.isUsed else {
        if case .state(let i) = definition.kind, let id = states[i].id, !states[i].isAssigned,
          module.states[id].isCarried
        {
          report(.unassignedState(name))
        }
        continue
      }
      if name.text.hasPrefix("_") { continue }
      switch definition.kind {
      case .dimension: report(.unused(.unusedDimension, "dimension", name))
      case .parameter: report(.unused(.unusedParameter, "parameter", name))
      case .constant: report(.unused(.unusedConstant, "constant", name))
      case .slot: report(.unused(.unusedState, "slot", name))
      case .input:
        // Labels are for entries that compare with them.
        if !labelNames.contains(name.span) { report(.unused(.unusedInput, "input", name)) }
      case .value, .bound:
        if module.finishedPasses.isEmpty { report(.unused(.unusedValue, "value", name)) }
      case .state(let i):
        if !states[i].isAssigned { report(.unused(.unusedState, "state", name)) }
      case .step, .stack, .use, .poisoned: break
      }
    }
  }

}

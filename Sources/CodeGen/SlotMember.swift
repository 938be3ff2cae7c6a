import IR

/// A member of a model's type of slots.
enum SlotMember {

  /// The slot at a position.
  case single(Int)

  /// A slot of its shape for each parameter: the name of all, the first, and the distance from each
  /// to the next.
  case each(name: String, identifier: String, first: Int, distance: Int)

  /// Returns the members for the slots of `module`, in order.
  static func members(of module: Module) -> [SlotMember] {
    var result: [SlotMember] = []
    var others = Set(module.slots.indices)
    for i in module.slots.indices where others.contains(i) {
      if let member = each(from: i, of: module), case .each(_, _, _, let distance) = member {
        for k in module.parameters.indices { others.remove(i + k * distance) }
        result.append(member)
      } else {
        result.append(.single(i))
      }
    }
    return result
  }

  /// Returns the member for the slots of all parameters if that at position `first` is the first of
  /// them.
  private static func each(from first: Int, of module: Module) -> SlotMember? {
    let (parameters, slots) = (module.parameters, module.slots)
    guard let suffix = parameters.first.map({ ".\($0.name)" }), slots[first].name.hasSuffix(suffix)
    else { return nil }
    let name = String(slots[first].name.dropLast(suffix.count))
    let second = slots.dropFirst(first + 1).firstIndex { $0.name.hasPrefix("\(name).") }
    let distance = second.map { $0 - first } ?? 1
    for (k, p) in parameters.enumerated() {
      let i = first + k * distance
      guard slots.indices.contains(i), slots[i].name == "\(name).\(p.name)",
        slots[i].type == p.type, case .zeros = slots[i].initial
      else { return nil }
    }
    return .each(name: name, identifier: name, first: first, distance: distance)
  }

  /// Gives the slots of all parameters an identifier among `names`.
  mutating func name(_ names: inout SwiftNames) {
    guard case .each(let name, _, let first, let distance) = self else { return }
    self = .each(
      name: name, identifier: names.identifier(name), first: first, distance: distance)
  }

}

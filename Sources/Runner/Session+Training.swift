import Tensors

extension Session {

  /// Returns the values that the parameters have now, by name.
  ///
  /// - Requires: weights are bound, and an entry updates parameters.
  package func currentParameters() -> [String: Tensor] {
    guard let parameters else { preconditionFailure("parameters that are updated are kept") }
    return tensors(of: manifest.parameters, in: parameters)
  }

  /// Returns the values that the slots have now, by name.
  ///
  /// - Requires: weights are bound.
  package func currentSlots() -> [String: Tensor] {
    precondition(isBound, "weights are bound")
    return tensors(of: manifest.slots, in: slots)
  }

  private func tensors(
    of declared: [Manifest.Parameter], in memory: MemoryTable
  ) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (value, block) in zip(declared, memory.blocks) {
      result[value.name] = Tensor(
        shape: value.shape, block.load(value.shape.elementCount, as: Float.self))
    }
    return result
  }

  /// Sets slot `name` to `value`, from where the next update goes on.
  ///
  /// - Requires: weights are bound; binding would undo it.
  package func setSlot(_ name: String, to value: Tensor) throws(RunnerError) {
    precondition(isBound, "weights are bound")
    let known = manifest.slots.map(\.name)
    guard let index = known.firstIndex(of: name) else {
      throw RunnerError(.input, unknown("slot", name, among: known))
    }
    switch value.floats(shape: manifest.slots[index].shape) {
    case .success(let elements): slots.blocks[index].store(elements)
    case .failure(let mismatch): throw RunnerError(.input, "slot '\(name)' \(mismatch.phrase)")
    }
  }

}

import Foundation
import Tensors

/// A compiled model with weights and states of its own.
///
/// A class, because it owns the memory that the model's functions read and write in place. It is
/// used by one thread at a time.
///
/// Safety: each block is as large as the manifest says and lives as long as the session; the
/// functions of the model are called nowhere else, and only while weights are bound.
package final class Session: ModelSession {

  package let model: CompiledModel

  package var manifest: Manifest { model.manifest }

  private let weights: AlignedMemory
  private let workspace: AlignedMemory
  let states: MemoryTable
  let slots: MemoryTable

  /// The parameters as an entry that updates them left them, or as they were bound.
  ///
  /// Kept only if the model needs them besides the weights, which are made of them.
  private(set) var parameters: MemoryTable?

  /// The first values of the states; zero where an entry computes one, or it is a parameter.
  private let firstStates: MemoryTable

  /// The parameter that the first value of each state is, if it is one.
  private let firstParameters: [Int?]

  /// The memory of the inputs and outputs of each entry that was called.
  private var buffers: [EntryBuffers?]

  /// The threads that do the calls of entries that can be divided.
  private let team: Team

  /// Creates a session of `model`, whose weights are not bound yet.
  ///
  /// Calls are done by as many threads as there are cores, but at most by `threads`, and by one
  /// where no entry is large enough to be divided; results have the same bits for every number.
  package init(_ model: CompiledModel, threads: Int? = nil) throws(RunnerError) {
    let manifest = model.manifest
    self.model = model
    let isParallel = manifest.entries.contains { $0.isParallel }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    self.team = Team(count: isParallel ? min(threads ?? cores, Self.mostThreads) : 1)
    self.weights = try AlignedMemory(byteCount: manifest.weightBytes, for: "weights")
    self.workspace = try AlignedMemory(
      byteCount: manifest.entries.map(\.workspaceBytes).max() ?? 0, for: "workspace")
    self.states = try MemoryTable(shapes: manifest.states.map(\.shape), for: "states")
    self.firstStates = try MemoryTable(shapes: manifest.states.map(\.shape), for: "states")
    self.slots = try MemoryTable(shapes: manifest.slots.map(\.shape), for: "slots")
    self.firstParameters = manifest.states.map { state in
      state.parameter.flatMap { name in manifest.parameters.firstIndex { $0.name == name } }
    }
    self.buffers = Array(repeating: nil, count: manifest.entries.count)
  }

  /// The most threads that a session starts.
  private static let mostThreads = 64

  /// `true` iff weights are bound.
  package private(set) var isBound = false

  /// Binds `parameters` by name, each of its declared shape, and resets all slots and states.
  ///
  /// Slots and states that start at random values draw them with `seed`. Parameters that are
  /// missing, left over or misshapen are listed in one error, and then nothing has changed.
  package func bind(
    parameters: [String: Tensor], seed: UInt64 = 0
  ) throws(RunnerError) {
    try bind(model.manifest.values(of: parameters), seed: seed)
  }

  /// Binds the parameters' initial values, drawn with `seed`, and resets all slots and states.
  package func bindInitial(seed: UInt64 = 0) throws(RunnerError) {
    try bind(model.manifest.initialValues(seed: seed), seed: seed)
  }

  /// Binds `values`, in the order of the manifest.
  private func bind(_ values: [[Float]], seed: UInt64) throws(RunnerError) {
    let manifest = model.manifest
    let parameters = try MemoryTable(shapes: manifest.parameters.map(\.shape), for: "parameters")
    for (block, elements) in zip(parameters.blocks, values) { block.store(elements) }
    let scratch = try AlignedMemory(byteCount: manifest.bindWorkspaceBytes, for: "workspace")
    let status = withExtendedLifetime((parameters, scratch)) {
      model.bind(parameters.addresses, weights.pointer, scratch.pointer)
    }
    try CallStatus.check(status, of: "bind")
    let isUpdated = manifest.entries.contains { $0.updatesParameters }
    let isFirst = firstParameters.contains { $0 != nil }
    self.parameters = isUpdated || isFirst ? parameters : nil
    for (block, slot) in zip(slots.blocks, manifest.slots) {
      block.store(
        slot.initializer.values(count: slot.shape.elementCount, seed: seed, name: slot.name))
    }
    for (block, state) in zip(firstStates.blocks, manifest.states) {
      if let first = state.firstValue(seed: seed) { block.store(first) }
    }
    isBound = true
    reset()
  }

  /// Sets all states to their first values; one that an entry computes becomes zero until then.
  ///
  /// A state that starts at a parameter gets the value that the parameter has now.
  ///
  /// - Requires: weights are bound.
  package func reset() {
    precondition(isBound, "weights are bound")
    for i in states.blocks.indices { resetState(i) }
  }

  /// Sets the states that are not carried to their first values.
  ///
  /// - Requires: weights are bound.
  package func resetUncarriedStates() {
    precondition(isBound, "weights are bound")
    for (i, state) in model.manifest.states.enumerated() where !state.carried { resetState(i) }
  }

  private func resetState(_ index: Int) {
    guard let parameter = firstParameters[index] else {
      return states.blocks[index].copy(firstStates.blocks[index])
    }
    guard let parameters else { preconditionFailure("parameters that states start at are kept") }
    states.blocks[index].copy(parameters.blocks[parameter])
  }

  /// Returns the value that state `name` has now: 32-bit numbers, integers or truth values.
  package func state(named name: String) throws(RunnerError) -> Tensor {
    let index = try stateIndex(name)
    return model.manifest.states[index].value.load(from: states.blocks[index], steps: 1)
  }

  /// Sets state `name` to `value`, from where the next call goes on if the state is carried.
  ///
  /// - Requires: weights are bound; binding would undo it.
  package func setState(_ name: String, to value: Tensor) throws(RunnerError) {
    precondition(isBound, "weights are bound")
    let index = try stateIndex(name)
    switch model.manifest.states[index].given(value) {
    case .success(let fitted): states.blocks[index].store(fitted)
    case .failure(let mismatch): throw RunnerError(.input, "state '\(name)' \(mismatch.phrase)")
    }
  }

  private func stateIndex(_ name: String) throws(RunnerError) -> Int {
    let known = model.manifest.states.map(\.name)
    if let index = known.firstIndex(of: name) { return index }
    throw RunnerError(.input, unknown("state", name, among: known))
  }

  /// Runs entry `name` once and returns its outputs by name.
  ///
  /// `inputs` are named after the entry's inputs, or after states, which then start there. A
  /// carried state that is not given goes on where the last call ended, any other starts afresh.
  /// Indices may be of any integer type, truth values also 0 and 1, other numbers of either float
  /// type. Inputs that have a default need not be given. Those that are missing, left over,
  /// misshapen or out of range are listed in one error, and then no state has changed.
  ///
  /// In an entry with a counted dim, the first axis of its inputs may be shorter: that many steps
  /// are run. `steps` states the count, too, and cuts inputs that are longer.
  ///
  /// - Requires: weights are bound.
  package func run(
    entry name: String, inputs: [String: Tensor], steps: Int? = nil
  ) throws(RunnerError) -> [String: Tensor] {
    let call = try prepare(entry: name, inputs: inputs, steps: steps)
    try runPrepared(call)
    return outputs(of: call)
  }

  /// Returns a call of entry `name` that can be made many times, its inputs and states in place.
  ///
  /// As `run` but for the call itself. The memory belongs to the session and the entry: a later
  /// preparation of the same entry writes the same inputs.
  ///
  /// - Requires: weights are bound.
  package func prepare(
    entry name: String, inputs: [String: Tensor], steps: Int? = nil
  ) throws(RunnerError) -> PreparedCall {
    precondition(isBound, "weights are bound")
    let manifest = model.manifest
    let index = try manifest.entryIndex(name)
    let memory = try entryBuffers(index)
    let entry = manifest.entries[index]
    let (count, given) = try manifest.place(inputs, of: entry, in: memory, steps: steps)
    for (i, state) in manifest.states.enumerated() {
      if let value = given[i] {
        states.blocks[i].store(value)
      } else if !state.carried {
        resetState(i)
      }
    }
    return PreparedCall(entry: entry, function: model.entries[index], buffers: memory, steps: count)
  }

  /// Returns the memory of the inputs and outputs of entry `index`, made at its first use.
  private func entryBuffers(_ index: Int) throws(RunnerError) -> EntryBuffers {
    if let memory = buffers[index] { return memory }
    let memory = try EntryBuffers(model.manifest.entries[index])
    buffers[index] = memory
    return memory
  }

  /// Makes `call` once, without allocating.
  ///
  /// Every state, carried or not, goes on where the last call ended.
  ///
  /// Throws if the model refuses what the call's inputs or the states were set to since then.
  ///
  /// - Requires: `call` was prepared by `self`.
  package func runPrepared(_ call: PreparedCall) throws(RunnerError) {
    let inputs = call.buffers.inputs.addresses
    let outputs = call.buffers.outputs.mutableAddresses
    // All workers return the same.
    var status: Int32 = 0
    switch call.function {
    case .reading(let function):
      status = function(
        weights.pointer, workspace.pointer, states.mutableAddresses, inputs, outputs, call.steps)
    case .updating(let function):
      guard let parameters else { preconditionFailure("parameters that are updated are kept") }
      status = function(
        parameters.mutableAddresses, slots.mutableAddresses, weights.pointer, workspace.pointer,
        states.mutableAddresses, inputs, outputs, call.steps)
    case .sharedReading(let function):
      team.run { worker, workers, team in
        let own = function(
          weights.pointer, workspace.pointer, states.mutableAddresses, inputs, outputs, call.steps,
          worker, workers, team, Team.meet)
        if worker == 0 { status = own }
      }
    case .sharedUpdating(let function):
      guard let parameters else { preconditionFailure("parameters that are updated are kept") }
      team.run { worker, workers, team in
        let own = function(
          parameters.mutableAddresses, slots.mutableAddresses, weights.pointer, workspace.pointer,
          states.mutableAddresses, inputs, outputs, call.steps, worker, workers, team, Team.meet)
        if worker == 0 { status = own }
      }
    }
    try CallStatus.check(status, of: call.entry.name)
  }

  /// Returns the outputs of the last time that `call` was made.
  package func outputs(of call: PreparedCall) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (value, block) in zip(call.entry.outputs, call.buffers.outputs.blocks) {
      result[value.name] = value.load(from: block, steps: call.steps)
    }
    return result
  }

}

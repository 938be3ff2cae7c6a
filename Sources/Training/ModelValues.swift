import Runner
import Tensors

/// The numbers of a model in training, by name.
package struct ModelValues: Equatable, Sendable {

  /// The parameters.
  package var parameters: [String: Tensor]

  /// What the optimiser keeps.
  package var slots: [String: Tensor]

  /// The carried states.
  package var states: [String: Tensor]

  /// Creates the numbers of a model.
  package init(
    parameters: [String: Tensor] = [:], slots: [String: Tensor] = [:],
    states: [String: Tensor] = [:]
  ) {
    self.parameters = parameters
    self.slots = slots
    self.states = states
  }

  /// The first parameter, by name, that has a number which is not finite; `nil` if none has.
  ///
  /// - Complexity: O(*n*), where *n* is the number of elements.
  package var damagedParameter: String? {
    parameters.sorted { $0.key < $1.key }.first { _, tensor in
      guard case .float32(let elements) = tensor.elements else { return false }
      return !elements.allSatisfy(\.isFinite)
    }?.key
  }

  /// The tensors under the names that they have in a file.
  var tensors: [String: Tensor] {
    var result = parameters
    for (name, slot) in slots { result[Manifest.trainingPrefixes.slot + name] = slot }
    for (name, state) in states { result[Manifest.trainingPrefixes.state + name] = state }
    return result
  }

  /// Creates the numbers in `tensors`, which have the names of a file of the model that `manifest`
  /// describes.
  init(_ tensors: [String: Tensor], of manifest: Manifest) {
    self.init()
    let known = Set(manifest.parameters.map(\.name))
    let prefixes = Manifest.trainingPrefixes
    for (name, tensor) in tensors {
      if !known.contains(name), name.hasPrefix(prefixes.slot) {
        slots[String(name.dropFirst(prefixes.slot.count))] = tensor
      } else if !known.contains(name), name.hasPrefix(prefixes.state) {
        states[String(name.dropFirst(prefixes.state.count))] = tensor
      } else {
        parameters[name] = tensor
      }
    }
  }

}

extension Manifest {

  /// The states that a training saves: those from where the next call goes on.
  var savedStates: [State] { states.filter { $0.carried && !$0.startsComputed } }

  /// The names that tensors have in a file of the model's training, and their types.
  var trainingTypes: [(name: String, type: String)] {
    let prefixes = Self.trainingPrefixes
    return parameters.map { ($0.name, typeName("f32", $0.shape)) }
      + slots.map { (prefixes.slot + $0.name, typeName("f32", $0.shape)) }
      + savedStates.map { (prefixes.state + $0.name, typeName($0.element.storedName, $0.shape)) }
  }

  /// Throws if two tensors of a file of the model's training would have one name.
  func checkTrainingNames() throws(RunnerError) {
    var seen: Set<String> = []
    for (name, _) in trainingTypes {
      guard seen.insert(name).inserted, name != Safetensors.metadataKey else {
        throw RunnerError(
          .input, "the parameter '\(name)' has a name that a file of training needs; rename it")
      }
    }
  }

}

extension Manifest.Element {

  /// The name of the element type in which a state is saved, as messages print it.
  fileprivate var storedName: String {
    switch self {
    case .f32: "f32"
    case .index: "i64"
    case .bool: "bool"
    }
  }

}

/// Returns the type of a tensor as messages print it.
private func typeName(_ element: String, _ shape: [Int]) -> String {
  shape.isEmpty ? element : "\(element)\(shape)"
}

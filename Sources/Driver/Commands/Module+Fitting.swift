import Diagnostics
import IR
import Runner
import Tensors

extension Module {

  /// Returns what `body` does, which binds `weights` to parameters of the module.
  ///
  /// If they do not fit, but would with other sizes of dims, the error says so.
  func advising<R>(
    on weights: Safetensors?, _ body: () throws(RunnerError) -> R
  ) throws(RunnerError) -> R {
    do {
      return try body()
    } catch {
      guard let sizes = weights.flatMap({ sizes(fitting: $0.tensors) }) else { throw error }
      let options = sizes.map { "--dim \($0.name)=\($0.size)" }.joined(separator: " ")
      throw RunnerError(
        error.kind, error.message, file: error.file,
        details: error.details + ["\(options) fits them"])
    }
  }

  /// Returns the dims that need other sizes for every parameter to have the shape of its tensor; `nil`
  /// if none do, or no sizes are such.
  private func sizes(fitting tensors: [String: Tensor]) -> [(name: String, size: Int)]? {
    var sized = dimensions
    var sizes: [ID<Dimension>: Int] = [:]
    for parameter in parameters {
      guard let shape = tensors[parameter.name]?.shape, shape.count == parameter.type.shape.count
      else { return nil }
      for (extent, size) in zip(parameter.type.shape, shape) {
        guard let d = extent.dimension, dimensions[d].definition == nil else { continue }
        guard sizes.updateValue(size, forKey: d) ?? size == size, size > 0 else { return nil }
        sized[d].value = size
      }
    }
    for parameter in parameters {
      let shape = parameter.type.shape.map { $0.expanded(in: dimensions)?.value(in: sized) }
      guard shape == tensors[parameter.name]?.shape.map(Optional.some) else { return nil }
    }
    let changed = dimensions.ids.filter { sized[$0].value != dimensions[$0].value }
    return changed.isEmpty
      ? nil : changed.map { (name: dimensions[$0].name, size: sized[$0].value) }
  }

}

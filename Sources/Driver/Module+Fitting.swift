import IR
import Tensors
import Training

extension Module {

  /// The largest size of a dim.
  private static let largestSize = 1 << 31

  /// Returns the dims that need other sizes for every parameter to have the shape of its tensor in
  /// `file`, as its shapes or its remarks say; `nil` if none do, or no sizes are such.
  func sizes(fitting file: Safetensors) -> [(name: String, size: Int)]? {
    var sized = dimensions
    var sizes: [ID<Dimension>: Int] = [:]
    for parameter in parameters {
      guard let shape = file[parameter.name]?.shape, shape.count == parameter.type.shape.count
      else { return nil }
      for (extent, size) in zip(parameter.type.shape, shape) {
        guard let d = extent.dimension, dimensions[d].definition == nil else { continue }
        guard sizes.updateValue(size, forKey: d) ?? size == size else { return nil }
      }
    }
    // The others count only where shapes are computed from them.
    let trained = file.trainedDims
    for parameter in parameters {
      for extent in parameter.type.shape {
        for d in extent.expanded(in: dimensions)?.dimensions ?? [] where sizes[d] == nil {
          sizes[d] = trained[dimensions[d].name]
        }
      }
    }
    for (d, size) in sizes {
      guard (1...Self.largestSize).contains(size) else { return nil }
      sized[d].value = size
    }
    for parameter in parameters {
      let shape = parameter.type.shape.map { $0.expanded(in: dimensions)?.value(in: sized) }
      guard shape == file[parameter.name]?.shape.map(Optional.some) else { return nil }
    }
    let changed = dimensions.ids.filter { sized[$0].value != dimensions[$0].value }
    return changed.isEmpty
      ? nil : changed.map { (name: dimensions[$0].name, size: sized[$0].value) }
  }

}

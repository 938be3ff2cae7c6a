import CodeGen
import IR
import Interpreter
import Planning
import Runner
import Tensors

extension Compilation {

  /// The name of the Swift file: that of the model in lower case.
  package var sourceName: String { "\(file.symbolPrefix.lowercased()).swift" }

  /// The name of the library.
  package var libraryName: String {
    #if canImport(Darwin)
      "lib\(file.symbolPrefix).dylib"
    #else
      "lib\(file.symbolPrefix).so"
    #endif
  }

  /// Returns what the runner has to know of the compiled model.
  package func manifest(compiler: String) -> Manifest {
    Manifest(
      model: module.name, symbolPrefix: file.symbolPrefix, library: libraryName,
      source: sourceName, target: options.target.name, compiler: compiler,
      dims: module.dimensions.map { Manifest.Dimension(name: $0.name, size: $0.value) },
      parameters: module.parameters.map { p in
        Manifest.Parameter(
          name: p.name, shape: sizes(p.type), initializer: initializer(p.initial))
      },
      states: module.states.map(state), weightBytes: plan.weightBytes,
      bindWorkspaceBytes: plan.bind.workspaceBytes,
      entries: module.entries.indices.map(entry))
  }

  private func sizes(_ type: TensorType) -> [Int] {
    guard let sizes = type.sizes(in: module.dimensions) else {
      preconditionFailure("sizes of a well-formed module do not overflow")
    }
    return sizes
  }

  private func initializer(_ initial: InitialValue) -> Initializer {
    guard let result = initial.evaluated(in: module.dimensions) else {
      preconditionFailure("parameters do not start at other parameters")
    }
    return result
  }

  private func state(_ state: State) -> Manifest.State {
    var parameter: String?
    if case .parameter(let p) = state.initial { parameter = module.parameters[p].name }
    return Manifest.State(
      name: state.name, shape: sizes(state.type), carried: state.isCarried,
      initializer: state.initial.evaluated(in: module.dimensions), parameter: parameter)
  }

  private func entry(_ index: Int) -> Manifest.Entry {
    let entry = module.entries[index]
    let planned = plan.entries[index]
    let counted = planned.countedDimension
    func value(_ name: String, _ type: TensorType) -> Manifest.Value {
      let element: Manifest.Element
      var classes: Int?
      switch type.element {
      case .f32, .oneHot: element = .f32
      case .bool: element = .bool
      case .index(let n):
        element = .index
        classes = n.value(in: module.dimensions)
      }
      return Manifest.Value(
        name: name, element: element, classes: classes, shape: sizes(type),
        counted: counted != nil && type.shape.first?.dimension == counted)
    }
    return Manifest.Entry(
      name: planned.name, inputs: entry.inputs.map { value($0.name, $0.type) },
      outputs: entry.outputs.map { value($0.name, entry.graph.type(of: $0.value).dense) },
      workspaceBytes: planned.workspaceBytes,
      steps: counted.map { module.dimensions[$0].value } ?? 1,
      countedDim: counted.map { module.dimensions[$0].name })
  }

}

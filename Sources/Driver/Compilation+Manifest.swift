import CodeGen
import IR
import Interpreter
import Planning
import Runner
import Tensors

extension Compilation {

  /// The name of the Swift file.
  package var sourceName: String { file.name }

  /// The name of the library.
  package var libraryName: String {
    #if canImport(Darwin)
      "lib\(file.symbolPrefix).dylib"
    #else
      "lib\(file.symbolPrefix).so"
    #endif
  }

  /// Returns what the runner has to know of the compiled model, whose library is the file
  /// `library`; before it is compiled, without that and the compiler.
  package func manifest(compiler: String = "none", library: String? = nil) -> Manifest {
    Manifest(
      model: module.name, symbolPrefix: file.symbolPrefix, library: library ?? libraryName,
      source: sourceName, target: options.target.requirements, compiler: compiler,
      dims: module.manifestDimensions, parameters: module.manifestParameters,
      slots: module.manifestSlots, states: module.manifestStates, weightBytes: plan.weightBytes,
      bindWorkspaceBytes: plan.bind.workspaceBytes,
      entries: zip(module.entries, plan.entries).map { entry, planned in
        // A call that changes parameters binds them again in the same workspace.
        let bind = entry.updatesParameters ? plan.bind.workspaceBytes : 0
        return module.manifest(
          of: entry, workspaceBytes: max(planned.workspaceBytes, bind),
          counted: planned.countedDimension, isParallel: planned.isParallel)
      })
  }

}

extension Manifest {

  /// Creates what a caller has to know of `module`, which nothing was compiled from.
  package init(interpreting module: Module) {
    self.init(
      model: module.name, symbolPrefix: "none", library: "none", source: "none", target: .none,
      compiler: "none", dims: module.manifestDimensions, parameters: module.manifestParameters,
      slots: module.manifestSlots, states: module.manifestStates, weightBytes: 0,
      bindWorkspaceBytes: 0,
      entries: module.entries.map { entry in
        module.manifest(of: entry, workspaceBytes: 0, counted: entry.countedDimension(in: module))
      })
  }

}

extension Module {

  fileprivate var manifestDimensions: [Manifest.Dimension] {
    dimensions.map { Manifest.Dimension(name: $0.name, size: $0.value) }
  }

  fileprivate var manifestParameters: [Manifest.Parameter] {
    parameters.map { p in
      Manifest.Parameter(
        name: p.name, shape: sizes(p.type), initializer: initializer(p.initial, p.type))
    }
  }

  fileprivate var manifestSlots: [Manifest.Parameter] {
    slots.map { s in
      Manifest.Parameter(
        name: s.name, shape: sizes(s.type), initializer: initializer(s.initial, s.type))
    }
  }

  fileprivate var manifestStates: [Manifest.State] {
    states.map { state in
      var parameter: String?
      if case .parameter(let p) = state.initial { parameter = parameters[p].name }
      return Manifest.State(
        name: state.name, element: element(state.type), classes: classes(state.type),
        shape: sizes(state.type), carried: state.isCarried,
        initializer: state.initial.evaluated(for: state.type, in: dimensions), parameter: parameter)
    }
  }

  private func element(_ type: TensorType) -> Manifest.Element {
    switch type.element {
    case .f32, .oneHot: .f32
    case .bool: .bool
    case .index: .index
    }
  }

  private func classes(_ type: TensorType) -> Int? {
    guard case .index(let n) = type.element else { return nil }
    return n.value(in: dimensions)
  }

  private func sizes(_ type: TensorType) -> [Int] {
    guard let sizes = type.sizes(in: dimensions) else {
      preconditionFailure("sizes of a well-formed module do not overflow")
    }
    return sizes
  }

  private func initializer(_ initial: InitialValue, _ type: TensorType) -> Initializer {
    guard let result = initial.evaluated(for: type, in: dimensions) else {
      preconditionFailure("parameters do not start at other parameters")
    }
    return result
  }

  fileprivate func manifest(
    of entry: Entry, workspaceBytes: Int, counted: ID<Dimension>?, isParallel: Bool = false
  ) -> Manifest.Entry {
    func value(
      _ name: String, _ type: TensorType, defaultValue: Double? = nil
    ) -> Manifest.Value {
      Manifest.Value(
        name: name, element: element(type), classes: classes(type), shape: sizes(type),
        counted: counted != nil && type.shape.first?.dimension == counted,
        defaultValue: defaultValue)
    }
    return Manifest.Entry(
      name: entry.name,
      inputs: entry.inputs.map { value($0.name, $0.type, defaultValue: $0.defaultValue) },
      outputs: entry.outputs.map { value($0.name, entry.graph.type(of: $0.value).dense) },
      workspaceBytes: workspaceBytes, steps: counted.map { dimensions[$0].value } ?? 1,
      countedDim: counted.map { dimensions[$0].name }, updatesParameters: entry.updatesParameters,
      isParallel: isParallel)
  }

}

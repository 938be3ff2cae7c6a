import Tensors

/// What a compiled model offers, as `graphc compile` writes it beside the library.
///
/// The functions of the library are `P_bind` and one `P_<entry>` for each entry, where P is
/// `symbolPrefix`; their types are those of `CompiledModel.BindFunction`, and of `EntryFunction` or
/// `UpdateFunction`.
package struct Manifest: Codable, Equatable, Sendable {

  /// The format that this version writes and reads.
  package static let currentFormatVersion = 3

  /// The name of the file in the folder of a compiled model.
  package static let fileName = "manifest.json"

  /// What a library was compiled for.
  package struct Target: Codable, Equatable, Sendable {

    /// The name of the CPU.
    package let name: String

    /// The name of the instruction set, as `Processor.Architecture` has it.
    package let architecture: String

    /// The features that the library may use, by the names that `Processor` has for them.
    package let features: [String]

    /// Creates a target.
    package init(name: String, architecture: String, features: [String]) {
      self.name = name
      self.architecture = architecture
      self.features = features
    }

    /// That of a manifest without a library.
    package static let none = Target(name: "none", architecture: "none", features: [])

    /// The most missing features that a message names.
    private static let namedFeatures = 3

    /// Returns why `host` cannot run the library, or `nil` if it can.
    package func obstacle(on host: Processor) -> String? {
      guard architecture == host.architecture.rawValue else {
        return "this machine is \(host.architecture.rawValue), not \(architecture.printable)"
      }
      let missing = host.lacking(features).map(\.printable)
      if missing.isEmpty { return nil }
      let named = missing.prefix(Self.namedFeatures).joined(separator: ", ")
      let others = missing.count - Self.namedFeatures
      if others <= 0 { return "this CPU lacks \(named)" }
      return "this CPU lacks \(named) and \(others) more feature\(others == 1 ? "" : "s")"
    }

  }

  /// A dimension and its size.
  package struct Dimension: Codable, Equatable, Sendable {

    package let name: String
    package let size: Int

    /// Creates a dimension.
    package init(name: String, size: Int) {
      self.name = name
      self.size = size
    }

  }

  /// The type of the elements of a tensor, by the name that it has in a graph.
  package enum Element: String, Codable, Sendable {

    /// `Float` in memory.
    case f32

    /// `Int32` in memory, at least 0 and below the number of classes.
    case index

    /// `Int32` in memory, 0 or 1.
    case bool

  }

  /// A parameter or a slot, in memory dense and row-major.
  package struct Parameter: Codable, Equatable, Sendable {

    package let name: String
    package let shape: [Int]
    package let initializer: Initializer

    /// Creates a parameter or a slot.
    package init(name: String, shape: [Int], initializer: Initializer) {
      self.name = name
      self.shape = shape
      self.initializer = initializer
    }

  }

  /// A state, in memory dense and row-major, read and written in place.
  package struct State: Codable, Equatable, Sendable {

    package let name: String
    package let element: Element

    /// The number of classes of an index; `nil` for other elements.
    package let classes: Int?

    package let shape: [Int]

    /// `true` iff a call goes on where the last one ended.
    package let carried: Bool

    /// The rule for the first value, unless that is a parameter or is computed by the entry.
    package let initializer: Initializer?

    /// The name of the parameter that is the first value, if one is; its elements are `f32`.
    package let parameter: String?

    /// Creates a state.
    package init(
      name: String, element: Element = .f32, classes: Int? = nil, shape: [Int], carried: Bool,
      initializer: Initializer?, parameter: String? = nil
    ) {
      self.name = name
      self.element = element
      self.classes = classes
      self.shape = shape
      self.carried = carried
      self.initializer = initializer
      self.parameter = parameter
    }

    /// The state as an input and an output of every call.
    var value: Value { Value(name: name, element: element, classes: classes, shape: shape) }

    /// `true` iff an entry computes the first value at every call, so that none can be given.
    package var startsComputed: Bool { initializer == nil && parameter == nil }

  }

  /// An input or an output of an entry, in memory dense and row-major.
  package struct Value: Codable, Equatable, Sendable {

    package let name: String
    package let element: Element

    /// The number of classes of an index; `nil` for other elements.
    package let classes: Int?

    package let shape: [Int]

    /// `true` iff the first axis is the one that the run-time count of steps shortens.
    package let counted: Bool

    /// The number that an input without axes, an `f32` or an index, is where it is not given; `nil`
    /// if it must be given.
    package let defaultValue: Double?

    /// Creates an input or an output.
    package init(
      name: String, element: Element, classes: Int? = nil, shape: [Int], counted: Bool = false,
      defaultValue: Double? = nil
    ) {
      self.name = name
      self.element = element
      self.classes = classes
      self.shape = shape
      self.counted = counted
      self.defaultValue = defaultValue
    }

  }

  /// A function of the model.
  package struct Entry: Codable, Equatable, Sendable {

    package let name: String
    package let inputs: [Value]
    package let outputs: [Value]
    package let workspaceBytes: Int

    /// The number of steps that the entry was compiled for, which callers pass to it: the size of
    /// the scanned dim, or 1 if nothing is scanned.
    package let steps: Int

    /// The dim whose run-time count may be smaller than its size, if there is one.
    package let countedDim: String?

    /// `true` iff a call changes parameters and slots; then it binds the new parameters, too.
    package let updatesParameters: Bool

    /// `true` iff several threads can do a call together.
    package let isParallel: Bool

    /// Creates an entry.
    package init(
      name: String, inputs: [Value], outputs: [Value], workspaceBytes: Int, steps: Int,
      countedDim: String? = nil, updatesParameters: Bool = false,
      isParallel: Bool = false
    ) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.workspaceBytes = workspaceBytes
      self.steps = steps
      self.countedDim = countedDim
      self.updatesParameters = updatesParameters
      self.isParallel = isParallel
    }

  }

  package let formatVersion: Int

  /// The name of the model in the graph.
  package let model: String

  /// What the names of the library's functions start with.
  package let symbolPrefix: String

  /// The name of the library's file, in the folder of the manifest.
  package let library: String

  /// The name of the Swift file that the library was compiled from.
  package let source: String

  /// What the library was compiled for.
  package let target: Target

  /// What the Swift compiler says of its version.
  package let compiler: String

  package let dims: [Dimension]
  package let parameters: [Parameter]

  /// What an optimiser keeps from update to update, by names such as `momentum.W_hh`.
  package let slots: [Parameter]

  package let states: [State]
  package let weightBytes: Int
  package let bindWorkspaceBytes: Int
  package let entries: [Entry]

  /// Creates a manifest of the current format.
  package init(
    model: String, symbolPrefix: String, library: String, source: String, target: Target,
    compiler: String, dims: [Dimension], parameters: [Parameter], slots: [Parameter] = [],
    states: [State], weightBytes: Int, bindWorkspaceBytes: Int, entries: [Entry]
  ) {
    self.formatVersion = Self.currentFormatVersion
    self.model = model
    self.symbolPrefix = symbolPrefix
    self.library = library
    self.source = source
    self.target = target
    self.compiler = compiler
    self.dims = dims
    self.parameters = parameters
    self.slots = slots
    self.states = states
    self.weightBytes = weightBytes
    self.bindWorkspaceBytes = bindWorkspaceBytes
    self.entries = entries
  }

}

extension Manifest.Parameter {

  /// The type as a graph writes it.
  var type: String { "f32\(shape.suffix)" }

}

extension Manifest.Value {

  /// Returns the shape in a call of `steps` steps.
  func shape(steps: Int) -> [Int] {
    counted ? [steps] + shape.dropFirst() : shape
  }

  /// Returns the type as a graph writes it, in a call of `steps` steps.
  func type(steps: Int) -> String {
    let shape = shape(steps: steps)
    return (element == .index ? "index<\(classes ?? 0)>" : element.rawValue)
      + shape.suffix
  }

}

extension Array where Element == Int {

  /// The product of all extents.
  ///
  /// - Requires: it fits into `Int`, as it does for every shape of a checked manifest.
  var elementCount: Int { reduce(1, *) }

  /// The text of a shape behind an element type; empty for a scalar.
  var suffix: String { isEmpty ? "" : "\(self)" }

}

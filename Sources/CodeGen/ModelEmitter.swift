import IR
import Planning

/// The writer of a model's type and of its C functions.
struct ModelEmitter {

  let plan: Plan
  let module: Module

  /// A tensor of the interface.
  struct Field {

    /// The name in the graph.
    let name: String

    let type: TensorType

    /// The number of elements.
    let count: Int

    /// The type as the graph writes it.
    let text: String

    /// The number that the field has where the caller gives none; of those without axes only.
    var defaultValue: Double?

    /// The Swift identifier.
    var identifier = ""

    /// The limit of each element, if they are indices or truth values, which are 0 or 1.
    ///
    /// What has as many values as there are positive integers has no other limit.
    let limit: Int?

    init(_ name: String, _ type: TensorType, _ module: Module) {
      guard let sizes = type.sizes(in: module.dimensions) else {
        preconditionFailure("sizes of a well-formed module do not overflow")
      }
      self.name = name
      self.type = type
      count = sizes.reduce(1, *)
      text = type.description(in: module.dimensions)
      switch type.element {
      case .index(let n): limit = n.value(in: module.dimensions).map { min($0, 1 << 31) }
      case .bool: limit = 2
      case .f32, .oneHot: limit = nil
      }
    }

    var element: String { Scalar32(type.element) == .float ? "Float" : "Int32" }

    /// The type, the number of elements and what truth values are.
    var documentation: String {
      let elements = count == 1 ? "1 element" : "\(count) elements"
      return "`\(text)`, \(elements)\(type.element == .bool ? ", each 0 or 1" : "")"
    }

    /// The identifier in a message, where it needs no backticks.
    var shown: String { SwiftNames.plain(identifier) }

  }

  /// What a call of an entry is given besides states.
  struct Interface {

    var inputs: [Field]
    var outputs: [Field]

  }

  private(set) var parameters: [Field]
  private(set) var slots: [Field]
  private(set) var slotMembers: [SlotMember]
  private(set) var states: [Field]
  private(set) var interfaces: [Interface]

  /// The words of the texts of the type and of the C functions that are no names of the graph.
  private(set) var words: Set<String> = []

  /// Creates the writer of `module`, whose type and C functions are named later.
  init(plan: Plan, module: Module) {
    self.plan = plan
    self.module = module
    parameters = module.parameters.map { Field($0.name, $0.type, module) }
    slots = module.slots.map { Field($0.name, $0.type, module) }
    slotMembers = SlotMember.members(of: module)
    states = module.states.map { Field($0.name, $0.type, module) }
    interfaces = module.entries.map { entry in
      Interface(
        inputs: entry.inputs.map { input in
          var field = Field(input.name, input.type, module)
          field.defaultValue = input.defaultValue
          return field
        },
        outputs: entry.outputs.map { output in
          Field(output.name, entry.graph.type(of: output.value).dense, module)
        })
    }
    nameFields()
  }

  /// Names the members of each type and the parameters of each method, so that none is a word of
  /// the text in which Swift would look it up.
  private mutating func nameFields() {
    var names = SwiftNames.anonymous
    let name = { (fields: inout [Field], names: inout SwiftNames) in
      for i in fields.indices { fields[i].identifier = names.identifier(fields[i].name) }
    }
    name(&parameters, &names)
    name(&slots, &names)
    for i in slotMembers.indices { slotMembers[i].name(&names) }
    name(&states, &names)
    for i in interfaces.indices {
      name(&interfaces[i].inputs, &names)
      name(&interfaces[i].outputs, &names)
    }
    var text = SourceWriter()
    emit(as: "", into: &text)
    emitSymbols(prefix: "", into: &text)
    words = SwiftNames.words(of: text.lines)
    // All are written before any is named, because texts mention each other's members.
    let own = { (emit: (inout SourceWriter) -> Void) in
      var text = SourceWriter()
      emit(&text)
      return SwiftNames(avoiding: SwiftNames.words(of: text.lines))
    }
    var (ofWeights, ofSlots, ofState) = (own(emitWeights), own(emitSlots), own(emitState))
    var ofEntries = interfaces.indices.map { i in own { emitEntry(i, &$0) } }
    name(&parameters, &ofWeights)
    name(&slots, &ofSlots)
    for i in slotMembers.indices { slotMembers[i].name(&ofSlots) }
    name(&states, &ofState)
    for i in interfaces.indices {
      name(&interfaces[i].inputs, &ofEntries[i])
      name(&interfaces[i].outputs, &ofEntries[i])
    }
  }

  /// `true` iff an entry changes parameters, which the model then has to keep.
  var isTrained: Bool { module.entries.contains(where: \.updatesParameters) }

  /// The expressions of the table of pointers to the parameters that the model keeps, if it has
  /// any, and of that to the slots.
  private var parameterTable: [String] { parameters.isEmpty ? [] : ["memory.places"] }

  private var slotTable: [String] {
    slots.isEmpty ? [] : ["memory.places + \(parameters.count)"]
  }

  /// Appends the model's type, called `typeName`.
  func emit(as typeName: String, into writer: inout SourceWriter) {
    writer.line("/// The model \(module.name) with its weights.")
    writer.line("///")
    writer.comment(
      "Calls write to memory that copies share: use one value from one task at a time.",
      mark: "///")
    writer.block("public struct \(typeName) {") { writer in
      writer.line("")
      emitWeights(&writer)
      if !states.isEmpty { emitState(&writer) }
      if isTrained, !slots.isEmpty { emitSlots(&writer) }
      writer.line("private let memory = Memory()")
      writer.line("")
      emitInitializer(&writer)
      if isTrained { emitAccess(&writer) }
      for i in plan.entries.indices {
        emitEntry(i, &writer)
        emitEntryCall(i, &writer)
      }
      emitMemory(&writer)
    }
  }

  private func emitWeights(_ writer: inout SourceWriter) {
    let comparison = isTrained && hasSlotForEach ? ", Equatable" : ""
    writer.line("/// The parameters, each in row-major order.")
    writer.block("public struct Weights: Sendable\(comparison) {") { writer in
      writer.line("")
      for p in parameters {
        writer.line("/// `\(p.text)`, \(p.count) numbers.")
        writer.line("public var \(p.identifier): [Float]\(isTrained ? " = []" : "")")
        writer.line("")
      }
      writer.line("/// Creates weights.")
      writer.function("public init", parameters.map { "\($0.identifier): [Float]" }) { writer in
        for p in parameters { writer.line("self.\(p.identifier) = \(p.identifier)") }
      }
      writer.line("")
      if !parameters.isEmpty { emitEach(&writer) }
    }
    writer.line("")
  }

  private func emitState(_ writer: inout SourceWriter) {
    let needsWeights = module.states.contains { state in
      if case .parameter = state.initial { return true }
      return false
    }
    let arguments = needsWeights ? ["_ weights: Weights"] : []
    writer.line("/// What goes from call to call; a copy is another sequence.")
    writer.block("public struct State: Sendable, Equatable {") { writer in
      writer.line("")
      for s in states {
        writer.line("/// \(s.documentation).")
        writer.line("public var \(s.identifier): [\(s.element)]")
        writer.line("")
      }
      writer.line("/// Creates the state in which a sequence starts.")
      writer.function("public init", arguments) { writer in
        for (s, state) in zip(states, module.states) {
          writer.list("\(s.identifier) = ", [initialText(state.initial, s)], "")
        }
      }
      writer.line("")
      writer.line("/// Goes back to the start of a sequence.")
      writer.function("public mutating func reset", arguments) { writer in
        for (s, state) in zip(states, module.states) {
          writer.list("assign(&\(s.identifier), ", [elementsText(state.initial, s)], ")")
        }
      }
      writer.line("")
    }
    writer.line("")
  }

  /// Returns the Swift expression of the array that `field` starts as.
  func initialText(_ initial: InitialValue, _ field: Field) -> String {
    switch initial {
    case .zeros, .ones, .constant:
      return "[\(field.element)](repeating: \(number(initial, field)), count: \(field.count))"
    case .iota: return "(0..<\(field.count)).map { \(field.element)($0) }"
    case .literal(let elements):
      let scalar = Scalar32(field.type.element)
      return "[\(elements.map { literal($0.value, scalar) }.joined(separator: ", "))]"
    case .parameter(let p): return "weights.\(parameters[p.position].identifier)"
    case .uniform, .normal, .scaled: preconditionFailure("states do not start at random")
    }
  }

  /// Returns the Swift expression of the elements that `field` starts with, without an array of
  /// them.
  private func elementsText(_ initial: InitialValue, _ field: Field) -> String {
    switch initial {
    case .zeros, .ones, .constant:
      "repeatElement(\(number(initial, field)), count: \(field.count))"
    case .iota: "(0..<\(field.count)).lazy.map { \(field.element)($0) }"
    case .literal, .parameter, .uniform, .normal, .scaled: initialText(initial, field)
    }
  }

  /// Returns the literal of each element of `field`, which starts as the constant `initial`.
  private func number(_ initial: InitialValue, _ field: Field) -> String {
    switch initial {
    case .zeros: "0"
    case .ones: "1"
    case .constant(let x):
      literal(x.value(in: module.dimensions), Scalar32(field.type.element))
    case .iota, .literal, .parameter, .uniform, .normal, .scaled:
      preconditionFailure("the elements are equal")
    }
  }

  private func emitInitializer(_ writer: inout SourceWriter) {
    writer.line("/// Binds `weights`.")
    writer.line("///")
    writer.line("/// - Precondition: every array has as many numbers as its shape says.")
    let passing = parameters.isEmpty ? "" : "consuming "
    writer.block("public init(_ weights: \(passing)Weights) {") { writer in
      let places = isTrained ? "memory.places" : "parameters.places"
      let fill = "weights.each(Move(places: \(places), owner: \"weights\"))"
      if parameters.isEmpty {
        emitBindCall([], &writer)
      } else {
        if !isTrained { writer.line("let parameters = Parameters()") }
        writer.line(fill)
        if isTrained {
          emitBindCall(parameterTable, &writer)
        } else {
          writer.block("withExtendedLifetime(parameters) {") { emitBindCall(["$0.places"], &$0) }
        }
      }
      if isTrained, !slots.isEmpty { writer.line("slots = Slots()") }
    }
    writer.line("")
  }

  private func emitBindCall(_ tables: [String], _ writer: inout SourceWriter) {
    let worker = plan.bind.isParallel ? ["Worker()"] : []
    writer.list("bindEntry(", worker + ["memory.weights", "memory.workspace"] + tables, ")")
  }

  private func emitEntry(_ index: Int, _ writer: inout SourceWriter) {
    let planned = plan.entries[index]
    let (inputs, outputs) = (interfaces[index].inputs, interfaces[index].outputs)
    let steps = self.steps(of: planned)
    writer.line("/// Calls the entry \(planned.name).")
    writer.line("///")
    for x in inputs where x.defaultValue == nil {
      writer.line("/// - `\(x.shown)`: \(x.documentation).")
    }
    for y in outputs { writer.line("/// - `\(y.shown)`: gets \(y.documentation).") }
    if planned.countedDimension != nil {
      writer.comment(
        "- `steps`: how many steps to do, at most \(steps); arrays hold those first.", mark: "///")
    }
    writer.line("///")
    writer.comment(
      "- Precondition: arrays have at least that many elements, indices are in range.",
      mark: "///")
    let parameters =
      inputs.map { x in
        guard let number = x.defaultValue else { return "\(x.identifier): [\(x.element)]" }
        return "\(x.identifier): \(x.element) = \(literal(number, Scalar32(x.type.element)))"
      }
      + (states.isEmpty ? [] : ["state: inout State"])
      + outputs.map { "\($0.identifier): inout [\($0.element)]" }
      + (planned.countedDimension == nil ? [] : ["steps: Int = \(steps)"])
    writer.function("public func \(SwiftNames.stem(planned.name))", parameters) { writer in
      emitEntryBody(index, &writer)
    }
    writer.line("")
  }

  /// Returns the full count of steps of `entry`.
  func steps(of entry: EntryPlan) -> Int {
    entry.countedDimension.map { module.dimensions[$0].value } ?? 1
  }

  private func emitEntryBody(_ index: Int, _ writer: inout SourceWriter) {
    let planned = plan.entries[index]
    let (inputs, outputs) = (interfaces[index].inputs, interfaces[index].outputs)
    let isCounted = planned.countedDimension != nil
    if isCounted {
      let steps = self.steps(of: planned)
      writer.braced(
        "guard steps >= 0, steps <= \(steps) else {", "stop(steps: steps, most: \(steps))")
    }
    for x in inputs where x.defaultValue != nil {
      emitRangeCheck(ofNumber: x, &writer)
      writer.line("var \(x.identifier) = \(x.identifier)")
    }
    for field in inputs + outputs where field.defaultValue == nil {
      emitLeastCountCheck(field, count(of: field, in: planned), &writer)
    }
    for s in states {
      emitCountCheck(of: "state.\(s.identifier)", as: "state.\(s.shown)", s, &writer)
    }
    // Indices come last, because they are read.
    for x in inputs where x.defaultValue == nil {
      emitRangeCheck(x, of: x.identifier, as: x.shown, count(of: x, in: planned), &writer)
    }
    for s in states {
      let name = "state.\(s.identifier)"
      emitRangeCheck(s, of: name, as: "state.\(s.shown)", "\(s.count)", &writer)
    }
    let arrays =
      states.map { "&state.\($0.identifier)" }
      + inputs.map { $0.defaultValue == nil ? $0.identifier : "&\($0.identifier)" }
      + outputs.map { "&\($0.identifier)" }
    writer.list("\(SwiftNames.stem(planned.name))Call(", arrays + [isCounted ? "steps" : "1"], ")")
  }

  /// Appends the function that calls the entry at `index` after the checks.
  ///
  /// With a function of its own, which has an argument for each array of the state, a step of 0.1
  /// µs takes a tenth less time than with a call among the checks.
  private func emitEntryCall(_ index: Int, _ writer: inout SourceWriter) {
    let planned = plan.entries[index]
    let inputs = interfaces[index].inputs.enumerated().map { i, x in
      x.defaultValue == nil
        ? (name: "x\(i)", type: "[\(x.element)]", argument: "x\(i)")
        : (name: "x\(i)", type: "inout \(x.element)", argument: "&x\(i)")
    }
    let changed = { (letter: String, fields: [Field]) in
      fields.enumerated().map { i, field in
        (name: "\(letter)\(i)", type: "inout [\(field.element)]", argument: "&\(letter)\(i)")
      }
    }
    let arrays = changed("s", states) + inputs + changed("y", interfaces[index].outputs)
    let isUpdate = module.entries[index].updatesParameters
    writer.line("@inline(never)")
    writer.function(
      "private func \(SwiftNames.stem(planned.name))Call",
      arrays.map { "_ \($0.name): \($0.type)" } + ["_ steps: Int"]
    ) { writer in
      if planned.isParallel { writer.line("let worker = Worker()") }
      emitCall(
        planned,
        ["memory.weights", "memory.workspace"] + (isUpdate ? parameterTable + slotTable : [])
          + arrays.map(\.argument) + ["steps"],
        worker: "worker", rebinding: isUpdate ? parameterTable : nil, &writer)
    }
    writer.line("")
  }

  /// Returns the Swift expression of the number of elements of `field` that a call of `entry` with
  /// `steps` steps has.
  func count(of field: Field, in entry: EntryPlan) -> String {
    let steps = self.steps(of: entry)
    guard entry.countedDimension != nil, let first = field.type.shape.first,
      first.dimension == entry.countedDimension, steps > 0
    else { return "\(field.count)" }
    let each = field.count / steps
    return each == 1 ? "steps" : "steps &* \(each)"
  }

  /// Appends the call of the function of `entry` and, after it, that of `bind` for `parameters` if
  /// the entry changes them; `worker` is the caller.
  func emitCall(
    _ entry: EntryPlan, _ arguments: [String], worker: String,
    rebinding parameters: [String]? = nil, _ writer: inout SourceWriter
  ) {
    let function = "\(SwiftNames.stem(entry.name))Entry"
    let isParallel = entry.isParallel
    let all = (isParallel ? [worker] : []) + arguments
    writer.list("\(function)(", all, ")")
    guard let parameters else { return }
    if isParallel { writer.line("\(worker).meet()") }
    let caller = isParallel ? worker : "Worker()"
    let own = (plan.bind.isParallel ? [caller] : []) + arguments.prefix(2) + parameters
    if isParallel, !plan.bind.isParallel {
      writer.block("if \(worker).isFirst {") { $0.list("bindEntry(", own, ")") }
    } else {
      writer.list("bindEntry(", own, ")")
    }
  }

}

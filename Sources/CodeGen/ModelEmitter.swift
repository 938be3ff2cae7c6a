import IR
import Planning

/// The writer of a model's type and of its C functions.
struct ModelEmitter {

  private let plan: Plan
  private let module: Module
  private let typeName: String

  private let parameters: [Field]
  private let slots: [Field]
  private let states: [Field]

  init(plan: Plan, module: Module, typeName: String) {
    self.plan = plan
    self.module = module
    self.typeName = typeName
    func fields(_ declared: [(String, TensorType)]) -> [Field] {
      var names = SwiftNames(reserved: Self.reserved)
      return declared.map { Self.field($0, $1, in: module, &names) }
    }
    parameters = fields(module.parameters.map { ($0.name, $0.type) })
    slots = fields(module.slots.map { ($0.name, $0.type) })
    states = fields(module.states.map { ($0.name, $0.type) })
  }

  /// A tensor of the interface.
  private struct Field {

    var name: String
    var type: TensorType
    var count: Int
    var text: String

    /// The number that the field has where the caller gives none; of those without axes only.
    var defaultValue: Double?

    var element: String { Scalar32(type.element) == .float ? "Float" : "Int32" }

  }

  private static func field(
    _ name: String, _ type: TensorType, in module: Module, _ names: inout SwiftNames
  ) -> Field {
    guard let sizes = type.sizes(in: module.dimensions) else {
      preconditionFailure("sizes of a well-formed module do not overflow")
    }
    return Field(
      name: names.identifier(name), type: type, count: sizes.reduce(1, *),
      text: type.description(in: module.dimensions))
  }

  private static let reserved: Set<String> = [
    "weights", "workspace", "steps", "state", "State", "Weights", "memory", "reset", "forward",
    "step", "gradient", "train", "slots", "Slots", "parameters", "worker", "precondition",
    "reserve",
  ]

  /// `true` iff an entry changes parameters, which the model then has to keep.
  private var isTrained: Bool { module.entries.contains(where: \.updatesParameters) }

  /// Where each parameter, and each slot behind them, starts in the memory that keeps them.
  private var offsets: (parameters: [Int], slots: [Int], count: Int) {
    var end = 0
    var starts: [Int] = []
    for field in parameters + slots {
      starts.append(end)
      end += (field.count + 15) / 16 * 16
    }
    let count = parameters.count
    return (Array(starts.prefix(count)), Array(starts.dropFirst(count)), end)
  }

  /// The expressions of the pointers to the parameters that the model keeps.
  private var kept: [String] {
    offsets.parameters.map { pointer("memory.parameters", [("\($0)", 1)]) }
  }

  private var keptSlots: [String] {
    offsets.slots.map { pointer("memory.parameters", [("\($0)", 1)]) }
  }

  /// Appends the model's type.
  func emit(into writer: inout SourceWriter) {
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
      writer.line("private let memory: Memory")
      writer.line("")
      emitInitializer(&writer)
      if isTrained { emitAccess(&writer) }
      for i in plan.entries.indices { emitEntry(i, &writer) }
      emitMemory(&writer)
    }
  }

  private func emitWeights(_ writer: inout SourceWriter) {
    writer.line("/// The parameters, each in row-major order.")
    writer.block("public struct Weights: Sendable {") { writer in
      writer.line("")
      for p in parameters {
        writer.line("/// `\(p.text)`, \(p.count) numbers.")
        writer.line("public var \(p.name): [Float]")
        writer.line("")
      }
      writer.line("/// Creates weights.")
      writer.function("public init", parameters.map { "\($0.name): [Float]" }) { writer in
        for p in parameters { writer.line("self.\(p.name) = \(p.name)") }
      }
      writer.line("")
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
        writer.line("/// `\(s.text)`, \(s.count) elements.")
        writer.line("public var \(s.name): [\(s.element)]")
        writer.line("")
      }
      writer.line("/// Creates the state in which a sequence starts.")
      writer.function("public init", arguments) { writer in
        for (s, state) in zip(states, module.states) {
          writer.list("\(s.name) = ", [initialText(state, s)], "")
        }
      }
      writer.line("")
      writer.line("/// Goes back to the start of a sequence.")
      writer.function("public mutating func reset", arguments) {
        $0.line(needsWeights ? "self = State(weights)" : "self = State()")
      }
      writer.line("")
    }
    writer.line("")
  }

  private func emitSlots(_ writer: inout SourceWriter) {
    writer.line("/// What the optimiser keeps from update to update.")
    writer.block("public struct Slots: Sendable, Equatable {") { writer in
      writer.line("")
      for (s, slot) in zip(slots, module.slots) {
        writer.line("/// `\(s.text)`, \(s.count) numbers.")
        writer.list(
          "public var \(s.name): [Float] = ", [initialText(slot.initial, slot.type, s)], "")
        writer.line("")
      }
      writer.line("/// Creates what training starts with.")
      writer.line("public init() {}")
      writer.line("")
    }
    writer.line("")
  }

  /// Appends the access to the parameters and slots that the model keeps.
  private func emitAccess(_ writer: inout SourceWriter) {
    writer.line("/// The parameters as they are now.")
    writer.block("public var weights: Weights {") { writer in
      let arrays = zip(parameters, kept).map { p, start in
        "\(p.name): [Float](UnsafeBufferPointer(start: \(start), count: \(p.count)))"
      }
      writer.list("Weights(", arrays, ")")
    }
    writer.line("")
    if slots.isEmpty { return }
    writer.line("/// What the optimiser keeps, as it is now.")
    writer.line("///")
    writer.line("/// - Precondition: every array has as many numbers as its shape says.")
    writer.block("public var slots: Slots {") { writer in
      writer.block("get {") { writer in
        writer.line("var result = Slots()")
        for (s, start) in zip(slots, keptSlots) {
          writer.list(
            "result.\(s.name) = [Float](",
            ["UnsafeBufferPointer(start: \(start), count: \(s.count))"], ")")
        }
        writer.line("return result")
      }
      writer.block("nonmutating set {") { writer in
        for (s, start) in zip(slots, keptSlots) {
          writer.line("precondition(newValue.\(s.name).count == \(s.count), \"\(s.text)\")")
          writer.line("(\(start)).update(from: newValue.\(s.name), count: \(s.count))")
        }
      }
    }
    writer.line("")
  }

  /// Returns the Swift expression of the elements that `state` starts with.
  private func initialText(_ state: State, _ field: Field) -> String {
    initialText(state.initial, state.type, field)
  }

  /// Returns the Swift expression of the elements of something of `type` that starts as `initial`
  /// says.
  private func initialText(_ initial: InitialValue, _ type: TensorType, _ field: Field) -> String {
    switch initial {
    case .zeros: return "[\(field.element)](repeating: 0, count: \(field.count))"
    case .ones: return "[\(field.element)](repeating: 1, count: \(field.count))"
    case .constant(let x):
      let text = literal(x.value(in: module.dimensions), Scalar32(type.element))
      return "[\(field.element)](repeating: \(text), count: \(field.count))"
    case .iota: return "(0..<\(field.count)).map { \(field.element)($0) }"
    case .literal(let elements):
      let scalar = Scalar32(type.element)
      return "[\(elements.map { literal($0.value, scalar) }.joined(separator: ", "))]"
    case .parameter(let p): return "weights.\(parameters[p.position].name)"
    case .uniform, .normal, .scaled: preconditionFailure("states do not start at random")
    }
  }

  private func emitInitializer(_ writer: inout SourceWriter) {
    writer.line("/// Binds `weights`.")
    writer.line("///")
    writer.line("/// - Precondition: every array has as many numbers as its shape says.")
    writer.block("public init(_ weights: Weights) {") { writer in
      for p in parameters {
        writer.line(
          "precondition(weights.\(p.name).count == \(p.count), \"\(p.text)\")")
      }
      writer.line("memory = Memory()")
      var arrays = parameters.map { "weights.\($0.name)" }
      if isTrained {
        for (start, p) in zip(kept, parameters) {
          writer.line("(\(start)).update(from: weights.\(p.name), count: \(p.count))")
        }
        arrays = kept
      }
      let worker = plan.bind.isParallel ? ["Worker()"] : []
      writer.list("bindEntry(", worker + ["memory.weights", "memory.workspace"] + arrays, ")")
      if isTrained, !slots.isEmpty { writer.line("slots = Slots()") }
    }
    writer.line("")
  }

  private func emitEntry(_ index: Int, _ writer: inout SourceWriter) {
    let entry = module.entries[index]
    let planned = plan.entries[index]
    var names = SwiftNames(reserved: Self.reserved)
    let inputs = entry.inputs.map { input in
      var result = Self.field(input.name, input.type, in: module, &names)
      result.defaultValue = input.defaultValue
      return result
    }
    let outputs = entry.outputs.map {
      Self.field($0.name, entry.graph.type(of: $0.value).dense, in: module, &names)
    }
    let steps = self.steps(of: planned)
    writer.line("/// Calls the entry \(planned.name).")
    writer.line("///")
    for x in inputs where x.defaultValue == nil {
      writer.line("/// - `\(x.name)`: `\(x.text)`, \(x.count) elements.")
    }
    for y in outputs { writer.line("/// - `\(y.name)`: gets `\(y.text)`, \(y.count) elements.") }
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
        guard let number = x.defaultValue else { return "\(x.name): [\(x.element)]" }
        return "\(x.name): \(x.element) = \(literal(number, Scalar32(x.type.element)))"
      }
      + (states.isEmpty ? [] : ["state: inout State"])
      + outputs.map { "\($0.name): inout [\($0.element)]" }
      + (planned.countedDimension == nil ? [] : ["steps: Int = \(steps)"])
    writer.function("public func \(SwiftNames.stem(planned.name))", parameters) { writer in
      emitEntryBody(index, planned, inputs, outputs, steps, &writer)
    }
    writer.line("")
  }

  /// Returns the full count of steps of `entry`.
  private func steps(of entry: EntryPlan) -> Int {
    entry.countedDimension.map { module.dimensions[$0].value } ?? 1
  }

  private func emitEntryBody(
    _ index: Int, _ planned: EntryPlan, _ inputs: [Field], _ outputs: [Field], _ steps: Int,
    _ writer: inout SourceWriter
  ) {
    let isCounted = planned.countedDimension != nil
    if isCounted {
      writer.line("precondition((0...\(steps)).contains(steps), \"0 to \(steps) steps\")")
    }
    func count(_ field: Field) -> String {
      guard isCounted, let first = field.type.shape.first,
        first.dimension == planned.countedDimension, steps > 0
      else { return "\(field.count)" }
      let each = field.count / steps
      return each == 1 ? "steps" : "steps &* \(each)"
    }
    for x in inputs where x.defaultValue != nil {
      if case .index(let n) = x.type.element, let limit = n.value(in: module.dimensions) {
        writer.line(rangeCheck(of: x.name, limit, x))
      }
      writer.line("var \(x.name) = \(x.name)")
    }
    for x in inputs where x.defaultValue == nil {
      writer.line("precondition(\(x.name).count >= \(count(x)), \"\(x.text)\")")
      emitRangeCheck(x, of: "\(x.name).prefix(\(count(x)))", &writer)
    }
    for y in outputs {
      writer.line("precondition(\(y.name).count >= \(count(y)), \"\(y.text)\")")
    }
    for s in states {
      writer.line("precondition(state.\(s.name).count == \(s.count), \"\(s.text)\")")
      emitRangeCheck(s, of: "state.\(s.name)", &writer)
    }
    let isUpdate = module.entries[index].updatesParameters
    let arrays =
      (isUpdate ? kept + keptSlots : []) + states.map { "&state.\($0.name)" }
      + inputs.map { $0.defaultValue == nil ? $0.name : "&\($0.name)" }
      + outputs.map { "&\($0.name)" }
    if planned.isParallel { writer.line("let worker = Worker()") }
    emitCall(
      planned, ["memory.weights", "memory.workspace"] + arrays + [isCounted ? "steps" : "1"],
      worker: "worker", rebinding: isUpdate ? kept : nil, &writer)
  }

  /// Appends a check that the indices in `elements` are in range, if `field` has indices.
  private func emitRangeCheck(
    _ field: Field, of elements: String, _ writer: inout SourceWriter
  ) {
    guard case .index(let n) = field.type.element, let limit = n.value(in: module.dimensions)
    else { return }
    writer.block("for index in \(elements) {") {
      $0.line(rangeCheck(of: "index", limit, field))
    }
  }

  /// Returns the check that the index `name` is below `limit`.
  private func rangeCheck(of name: String, _ limit: Int, _ field: Field) -> String {
    // What has as many values as there are positive integers has no upper limit.
    let upper = limit > Int(Int32.max) ? "" : " && \(name) < \(limit)"
    return "precondition(0 <= \(name)\(upper), \"\(field.text)\")"
  }

  /// Appends the call of the function of `entry` and, after it, that of `bind` for `parameters` if
  /// the entry changes them; `worker` is the caller.
  private func emitCall(
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

  private func emitMemory(_ writer: inout SourceWriter) {
    let workspace = ([plan.bind] + plan.entries).map(\.workspaceBytes).max() ?? 0
    writer.line("/// The block of weights and the workspace; a class, because it frees them.")
    writer.block("private final class Memory {") { writer in
      writer.line("")
      if isTrained {
        writer.line(
          "let parameters = UnsafeMutablePointer<Float>.allocate(capacity: \(offsets.count + 16))")
      }
      for (name, bytes) in [("weights", plan.weightBytes), ("workspace", workspace)] {
        writer.line(
          "let \(name) = UnsafeMutableRawPointer.allocate(byteCount: \(bytes + 64), alignment: 64)"
        )
      }
      writer.line("")
      writer.block("init() {") {
        if isTrained {
          $0.line("parameters.initialize(repeating: 0, count: \(offsets.count + 16))")
        }
        $0.line(
          "weights.initializeMemory(as: UInt8.self, repeating: 0, count: \(plan.weightBytes + 64))"
        )
        $0.line(
          "workspace.initializeMemory(as: UInt8.self, repeating: 0, count: \(workspace + 64))")
      }
      writer.line("")
      writer.block("deinit {") {
        if isTrained { $0.line("parameters.deallocate()") }
        $0.line("weights.deallocate()")
        $0.line("workspace.deallocate()")
      }
      writer.line("")
    }
    writer.line("")
  }

  /// Appends the C functions, whose names start with `prefix`, and what they share.
  func emitSymbols(prefix: String, into writer: inout SourceWriter) {
    writer.line("/// Makes the block of weights from the parameters, for callers by C.")
    writer.line("@c(\(prefix)_bind)")
    writer.function(
      "public func \(prefix)_bind",
      [
        "_ parameters: UnsafePointer<UnsafeRawPointer?>", "_ weights: UnsafeMutableRawPointer",
        "_ workspace: UnsafeMutableRawPointer",
      ]
    ) { writer in
      let names = parameters.indices.map { "p\($0)" }
      emitUnwrapped(names.enumerated().map { ("parameters[\($0)]", $1, "Float") }, &writer)
      let worker = plan.bind.isParallel ? ["Worker()"] : []
      writer.list("bindEntry(", worker + ["weights", "workspace"] + names, ")")
    }
    for i in plan.entries.indices { emitSymbol(i, prefix, &writer) }
    emitWorker(&writer)
  }

  /// Appends constants for the pointers in an array of C, with the types of their elements.
  private func emitUnwrapped(
    _ pointers: [(source: String, name: String, element: String)], _ writer: inout SourceWriter
  ) {
    emitGuard(
      pointers.map { "let \($0.name) = \($0.source)?.assumingMemoryBound(to: \($0.element).self)" },
      &writer)
  }

  /// Appends a `guard` of `conditions`, one a line, that returns.
  private func emitGuard(_ conditions: [String], _ writer: inout SourceWriter) {
    guard let first = conditions.first else { return }
    if conditions.count == 1 {
      writer.line("guard \(first) else { return }")
      return
    }
    writer.line("guard \(first),")
    writer.indented { writer in
      for (i, condition) in conditions.enumerated().dropFirst() {
        writer.line(condition + (i + 1 < conditions.count ? "," : ""))
      }
    }
    writer.line("else { return }")
  }

  private func emitSymbol(_ index: Int, _ prefix: String, _ writer: inout SourceWriter) {
    let entry = module.entries[index]
    let planned = plan.entries[index]
    writer.line("")
    writer.line("/// The entry \(planned.name), for callers by C.")
    let symbol = "\(prefix)_\(SwiftNames.stem(planned.name))"
    let isUpdate = entry.updatesParameters
    let updated =
      isUpdate
      ? [
        "_ parameters: UnsafePointer<UnsafeMutableRawPointer?>",
        "_ slots: UnsafePointer<UnsafeMutableRawPointer?>",
        "_ weights: UnsafeMutableRawPointer",
      ] : ["_ weights: UnsafeRawPointer"]
    writer.line("@c(\(symbol))")
    writer.function(
      "public func \(symbol)",
      updated + [
        "_ workspace: UnsafeMutableRawPointer",
        "_ states: UnsafePointer<UnsafeMutableRawPointer?>",
        "_ inputs: UnsafePointer<UnsafeRawPointer?>",
        "_ outputs: UnsafePointer<UnsafeMutableRawPointer?>", "_ steps: Int",
      ] + (planned.isParallel ? Self.teamParameters : [])
    ) { writer in
      func element(_ type: TensorType) -> String {
        Scalar32(type.element) == .float ? "Float" : "Int32"
      }
      var pointers: [(source: String, name: String, element: String)] = []
      let parameters = module.parameters.indices.map { "p\($0)" }
      if isUpdate {
        pointers += parameters.enumerated().map { ("parameters[\($0)]", $1, "Float") }
        pointers += module.slots.indices.map { ("slots[\($0)]", "o\($0)", "Float") }
      }
      for (i, state) in module.states.enumerated() {
        pointers.append(("states[\(i)]", "s\(i)", element(state.type)))
      }
      for (i, input) in entry.inputs.enumerated() {
        pointers.append(("inputs[\(i)]", "x\(i)", element(input.type)))
      }
      for (i, output) in entry.outputs.enumerated() {
        let type = entry.graph.type(of: output.value).dense
        pointers.append(("outputs[\(i)]", "y\(i)", element(type)))
      }
      emitUnwrapped(pointers, &writer)
      if planned.isParallel {
        writer.line(
          "let worker = Worker(index: worker, count: workers, team: team, barrier: barrier)")
      }
      emitCall(
        planned, ["weights", "workspace"] + pointers.map(\.name) + ["steps"], worker: "worker",
        rebinding: isUpdate ? parameters : nil, &writer)
    }
  }

  /// The parameters of a C function that several threads call together.
  private static let teamParameters = [
    "_ worker: Int", "_ workers: Int", "_ team: UnsafeMutableRawPointer?",
    "_ barrier: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?",
  ]

  /// Appends the type of the threads that do an entry together, if one is done so.
  private func emitWorker(_ writer: inout SourceWriter) {
    guard plan.entries.contains(where: \.isParallel) else { return }
    writer.line("")
    writer.line("/// One of the threads that do an entry together; all call it at the same time.")
    writer.block("fileprivate struct Worker {") { writer in
      writer.line("")
      writer.line("var index = 0")
      writer.line("var count = 1")
      writer.line("var team: UnsafeMutableRawPointer? = nil")
      writer.line("var barrier: (@convention(c) (UnsafeMutableRawPointer?) -> Void)? = nil")
      writer.line("")
      writer.line("/// `true` iff the worker does what is not divided.")
      writer.line("var isFirst: Bool { index == 0 }")
      writer.line("")
      writer.line("/// Returns which of `grains` grains of `size` elements the worker does.")
      writer.block("func share(_ grains: Int, by size: Int = 1) -> Range<Int> {") {
        $0.line("index &* grains / count &* size..<(index &+ 1) &* grains / count &* size")
      }
      writer.line("")
      writer.line("/// Waits until all workers have come here.")
      writer.line("func meet() { if count > 1, let barrier { barrier(team) } }")
      writer.line("")
    }
  }

}
